"""Write the files of an adoption, and put them back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from controller.adopt.changes import Change
from controller.adopt.patch import taken_back
from controller.domain.errors import PermanentError

_SUFFIX = ".dormouse-new"


def write(changes: Iterable[Change]) -> None:
    """
    Write every file that is not written yet.

    Raises PermanentError for one that is neither as it was nor as it is to be.
    """
    for change in changes:
        _scratch(change.path).unlink(missing_ok=True)
        now = _read(change.path)
        if now == change.after:
            continue
        if now != change.before:
            raise PermanentError(
                f"{change.path} has been changed in the meantime; run dormouse adopt again"
            )
        replace(change.path, change.after)


def put_back(changes: Iterable[Change]) -> tuple[str, ...]:
    """
    Take our lines out again; what else has been changed since stays. Returns the files.

    Raises PermanentError where somebody has changed the same lines, before anything is written.
    """
    back = list(_back(changes))
    for path, content in back:
        if content is None:
            path.unlink(missing_ok=True)
        else:
            replace(path, content)
    return tuple(str(path) for path, _ in back)


def _back(changes: Iterable[Change]) -> Iterator[tuple[Path, bytes | None]]:
    for change in changes:
        _scratch(change.path).unlink(missing_ok=True)
        now = _read(change.path)
        if now == change.before:
            continue
        if now is None:
            if change.before is not None:
                yield change.path, change.before
            continue
        content = taken_back(change.before or b"", change.after, now)
        if content is None:
            raise PermanentError(
                f"{change.path} has been changed in the lines that adopt wrote, so it cannot be "
                "put back by itself; take count = var.awake … and the indexes [0] out by hand, "
                "then give --undo again"
            )
        is_empty = change.before is None and not content.strip()
        yield change.path, None if is_empty else content


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def replace(path: Path, content: bytes) -> None:
    """The file as a whole, through a link where it is one, with the rights that it had."""
    path = path.resolve()
    scratch = _scratch(path)
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            scratch.chmod(path.stat().st_mode & 0o7777)
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise PermanentError(f"cannot write {path}: {error.strerror}") from None


def _scratch(path: Path) -> Path:
    """What a process that was killed while it wrote has left; no file of Terraform's."""
    return path.with_name(f".{path.name}{_SUFFIX}")
