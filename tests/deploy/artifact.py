"""What the Lambda functions get, built by the recipe that `sam build` runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.stack import ROOT


def build(function: str, artifact: Path, **environment: str) -> str:
    """Fill the folder `artifact`; return what the build said."""
    command = ["make", "-s", "-C", str(ROOT / "src"), f"build-{function}"]
    result = subprocess.run(
        [*command, f"ARTIFACTS_DIR={artifact}"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr
