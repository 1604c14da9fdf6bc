"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest


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


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """
    Keep the garbage collector from looking through the collected tests again and again.

    They and the modules are half a million objects that stay; to look through them takes half a
    second each time, a tenth of what the tests take.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(20_000, 20, 10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, which wait for minutes: last, they would run alone."""
    items.sort(key=lambda item: item.get_closest_marker("emulator") is None)


@pytest.fixture(scope="session", autouse=True)
def service_models():
    """
    The files of botocore that have been read, by path, for all sessions of this process.

    A command in this process opens a session of its own, which would read the model of each
    service again: 50 ms for each client. Nobody changes what was read.
    """
    from botocore.loaders import JSONFileLoader

    read, known = JSONFileLoader.load_file, {}

    def load_file(self, path):
        if known.get(path) is None:
            known[path] = read(self, path)
        return known[path]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", load_file)
        yield known
