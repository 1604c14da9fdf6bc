"""
What is worth keeping between runs, in the user's own cache folder: one pickle for each thing.

A file is written whole or not at all, and read only where nobody else can have written it, since
reading a pickle runs what is in it. The cache changes no result: where no folder can be trusted,
nothing is kept and everything is created again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

_MOST_FILES: Final = 1000
"""Of one kind; half of them go, the oldest first, when there are more."""


def place_of(kind: str, *texts: str) -> Path | None:
    """The file for what is made of `texts` by this version of the code; None: keep nothing."""
    folder = cache_folder()
    if folder is None:
        return None
    parts = "\0".join((*texts, _version()))
    digest = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return folder / f"{kind}-{digest}.pickle"


def load(place: Path) -> Any:
    """What was saved there, or None."""
    with reading(place) as file:
        if file is None:
            return None
        with contextlib.suppress(Exception):  # whatever is wrong with it, it is created again
            return pickle.load(file)
    return None


def save(place: Path, thing: object) -> None:
    write(place, lambda file: pickle.dump(thing, file, protocol=pickle.HIGHEST_PROTOCOL))
    _make_room(place)


@contextmanager
def reading(place: Path) -> Iterator[IO[bytes] | None]:
    """The file if it is there and ours, else None."""
    try:
        trusted = is_ours(place) and is_ours(place.parent)
        file = place.open("rb") if trusted else None
    except OSError:
        file = None
    if file is None:
        yield None
        return
    with file:
        yield file


def write(place: Path, fill: Callable[[IO[bytes]], None]) -> None:
    """Write beside the file and move it there, so that nobody ever reads half of it."""
    try:
        handle, name = tempfile.mkstemp(dir=place.parent)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file)
        Path(name).replace(place)
    except (OSError, pickle.PicklingError, RecursionError):
        with contextlib.suppress(OSError):
            Path(name).unlink()


def is_ours(path: Path) -> bool:
    """
    Whether nobody else can have written it.

    Where files have no owner in this sense (Windows) the user's own folders are taken as they are.
    """
    if not hasattr(os, "getuid"):
        return True
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


@cache
def _version() -> str:
    """Anything that may change what is kept: our own code, the grammar's, the interpreter's."""
    here = Path(__file__).parent
    own = sorted((*here.glob("*.py"), *(here.parent / "domain").rglob("*.py")))
    # Finding a library is quicker than asking for its version, and tells it apart as well.
    specs = [importlib.util.find_spec(name) for name in ("lark", "hcl2")]
    libraries = [Path(spec.origin) for spec in specs if spec and spec.origin]
    return "\0".join((*map(state_of, (*own, *libraries)), sys.implementation.cache_tag or ""))


def state_of(path: Path) -> str:
    """Another text whenever the file is another one."""
    state = path.stat()
    return f"{path}:{state.st_size}:{state.st_mtime_ns}"


@cache
def cache_folder() -> Path | None:
    """The first cache folder of the user's own that can be written to; None: there is none."""
    for folder in _candidates():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(folder, os.W_OK) and is_ours(folder):
                return folder
        except OSError:
            continue
    return None


def _candidates() -> list[Path]:
    candidates = []
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if base and Path(base).is_absolute():
        candidates.append(Path(base) / "dormouse")
    with contextlib.suppress(RuntimeError):  # nobody's home
        candidates.append(Path.home() / ".cache" / "dormouse")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    candidates.append(Path(tempfile.gettempdir()) / f"dormouse-{user}")
    return candidates


def _make_room(place: Path) -> None:
    """Only where there are too many is a file asked for its age: a call for each of them."""
    kind = place.name.partition("-")[0]
    with contextlib.suppress(OSError):
        with os.scandir(place.parent) as entries:
            files = [entry for entry in entries if _is_kept(entry.name, kind)]
        if len(files) > _MOST_FILES:
            files.sort(key=lambda entry: entry.stat().st_mtime)
            for old in files[: -_MOST_FILES // 2]:
                Path(old).unlink(missing_ok=True)


def _is_kept(name: str, kind: str) -> bool:
    return name.startswith(f"{kind}-") and name.endswith(".pickle")
