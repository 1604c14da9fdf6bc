"""Programs of others that the deployment is tried with, each in an environment of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.cli import toolbox
from controller.domain.errors import DormouseError
from deploy.side_venv import SideVenvError, find_python, locked, side_venv
from deploy.stack import deploy

MINISTACK = "ministack==1.5.33\naws-sam-translator==1.115.0\n"
"""An AWS that others wrote; it wants its own release of boto3, so it is not in uv.lock."""

AS_OF = ("--exclude-newer", "2026-11-25")
"""What these two need besides is taken as of that day."""


def runtime() -> Path:
    """The functions' Python with what AWS puts into it: its client and its SDK."""
    try:
        version = deploy()["Controller"]["Properties"]["Runtime"].removeprefix("python")
        return side_venv("runtime", locked("runtime"), python=find_python(version))
    except SideVenvError as error:
        pytest.skip(f"the functions' runtime cannot be had here: {error}")


def ministack() -> Path:
    """The interpreter that runs `-m ministack`."""
    try:
        return side_venv("ministack", MINISTACK, options=AS_OF)
    except SideVenvError as error:
        pytest.skip(f"ministack cannot be had here: {error}")


def sam() -> Path:
    """The SAM command line of the release that `dormouse deploy` brings."""
    try:
        toolbox.bring_sam()
        return Path(toolbox.sam()[0])
    except DormouseError as error:
        pytest.skip(f"SAM cannot be had here: {error}")
