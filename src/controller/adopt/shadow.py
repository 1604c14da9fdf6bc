"""
A directory as it would be, beside the one that is: to be planned before anything is written.

Folders that hold a changed file, or lead to one or to the directory itself, are real; everything
else in them is a link to what the user has. So `../modules`, `file("../x")`, `.terraform` and a
local state are found as they are from the directory itself.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from controller.adopt.changes import Change

_LEVELS_ABOVE = 3


@contextmanager
def shadow_of(directory: Path, changes: Sequence[Change]) -> Iterator[Path]:
    """The directory in a copy with the changes in it, for the time of the block."""
    root = directory.resolve()
    files = {change.path.resolve(): change.after for change in changes}
    top = _top(root, list(files))
    with tempfile.TemporaryDirectory(prefix="dormouse-adopt-") as place:
        real = {folder for path in files for folder in _between(top, path.parent)}
        real |= set(_between(top, root))
        copy = Path(place).resolve() / "copy"
        _lay_out(top, copy, real, files)
        yield copy / root.relative_to(top)


def _top(root: Path, files: Sequence[Path]) -> Path:
    """The folder that contains all of it, a few levels up, for other files that these name."""
    above = root.parents[min(_LEVELS_ABOVE, len(root.parents)) - 1] if root.parents else root
    common = Path(os.path.commonpath([above, *(file.parent for file in files)]))
    return common if common != Path(common.anchor) else _lowest(root, files)


def _lowest(root: Path, files: Sequence[Path]) -> Path:
    """Where that would be the whole machine: the closest folder that holds them."""
    return Path(os.path.commonpath([root.parent, *(file.parent for file in files)]))


def _between(top: Path, folder: Path) -> Iterator[Path]:
    while folder != top:
        yield folder
        folder = folder.parent
    yield top


def _lay_out(folder: Path, copy: Path, real: set[Path], files: dict[Path, bytes]) -> None:
    copy.mkdir()
    for entry in folder.iterdir():
        if entry in real:
            _lay_out(entry, copy / entry.name, real, files)
        elif entry.resolve() not in files:
            (copy / entry.name).symlink_to(entry)
    for path, content in files.items():
        if path.parent == folder:
            (copy / path.name).write_bytes(content)
