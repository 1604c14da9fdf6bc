"""
Where the deployment's own files are: template, lock file, function code, and the shipped stack.

A checkout of the project has them where they are. An installed package carries copies of those that
are not Python code (`controller/shipped`, put there by the wheel's build); the code is the package
itself. Both give SAM the same input, so it builds the same bytes from either.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.domain.errors import PermanentError

PACKAGES = Path(__file__).resolve().parents[2]
"""The folder that holds the packages `controller`, `api` and `door`."""

SHIPPED = PACKAGES / "controller" / "shipped"
"""Only in an installed package."""

FILES = ("template.yaml", "samconfig.toml", "pyproject.toml", "uv.lock")
CODE = ("controller", "api", "door")
STACK = Path("infra/nsfw-api")


def is_checkout(folder: Path) -> bool:
    """Whether `folder` is a checkout of this project, from which SAM can build."""
    wanted = (*FILES, "src/Makefile", "src/controller/handlers")
    return all((folder / name).exists() for name in wanted)


def shipped_file(name: str) -> Path:
    """One of `FILES`, to read. Raises PermanentError where the installation is incomplete."""
    return _found(name)


def shipped_stack() -> Path:
    """The example that ships with Dormouse: a Terraform directory in the two-worlds form."""
    return _found(str(STACK))


@contextmanager
def sam_project() -> Iterator[Path]:
    """
    A folder in which `sam build` and `sam deploy` find all they need.

    In a checkout that folder itself; for an installed package one that is laid out for the time
    of the block.
    """
    for folder in (Path.cwd(), PACKAGES.parent):
        if is_checkout(folder):
            yield folder
            return
    with tempfile.TemporaryDirectory(prefix="dormouse-deploy-") as place:
        lay_out(Path(place))
        yield Path(place)


def lay_out(place: Path) -> None:
    """Fill the empty folder `place` with the files of a checkout that SAM reads."""
    for name in FILES:
        shutil.copyfile(shipped_file(name), place / name)
    source = place / "src"
    source.mkdir()
    shutil.copyfile(_found("src/Makefile", "Makefile"), source / "Makefile")
    ignored = shutil.ignore_patterns("__pycache__", "shipped")
    for name in CODE:
        shutil.copytree(PACKAGES / name, source / name, ignore=ignored)


def _found(in_checkout: str, in_package: str = "") -> Path:
    packaged, checked_out = SHIPPED / (in_package or in_checkout), PACKAGES.parent / in_checkout
    if packaged.exists():
        return packaged
    if checked_out.exists():
        return checked_out
    raise PermanentError(
        f"this installation lacks {in_checkout}, which its wheel should carry; "
        "install Dormouse again"
    )
