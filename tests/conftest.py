"""What holds for all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def pytest_configure() -> None:
    """
    Keep what Python compiles in the virtual environment, for the workers and the commands too.

    Hundreds of tests start a Python of their own. Some environments let none keep what it has
    compiled (PYTHONDONTWRITEBYTECODE, as in many container images), and then each start takes
    three times as long.
    """
    if sys.prefix == sys.base_prefix:
        return
    kept = str(Path(sys.prefix) / "pycache")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = kept
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
