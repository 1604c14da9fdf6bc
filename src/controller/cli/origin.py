"""
Where a directory comes from, the same on every machine that has a clone of it.

It tells a stack that changed from another directory of the same name: many roots are called
"terraform". Nothing is run and nothing asked; git's own files say where the repository begins and
what it was cloned from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from controller.domain.planning.spec import Json, Spec

_URL = re.compile(r'\[remote "origin"\][^\[]*?^\s*url\s*=\s*(\S+)', re.MULTILINE | re.DOTALL)
_SCHEME = re.compile(r"^[a-z+]+://|^(?=[^/]*@[^/]*:)")


def find_origin(directory: Path) -> dict[str, str]:
    """
    {"repository": "github.com/me/app", "path": "infra/api"}; without git the whole path alone.

    The repository is "" where it was cloned from nowhere. Never has a user or password in it.
    """
    folder = directory.resolve()
    for above in (folder, *folder.parents):
        if (above / ".git").exists():
            path = folder.relative_to(above).as_posix()
            return {"repository": _repository(above / ".git"), "path": path}
    return {"path": folder.as_posix()}


def with_origin(spec: Spec, directory: Path) -> Mapping[str, Json]:
    """The source of a spec that is published from there."""
    return {**spec.source, "origin": find_origin(directory)}


def is_another(stored: Mapping[str, Json], found: Mapping[str, str]) -> bool:
    """Whether two directories are surely not the same one; what is unknown proves nothing."""
    before, now = stored.get("path"), found["path"]
    if before is None:
        return False
    if "repository" in stored and "repository" in found:
        known = stored["repository"], found["repository"]
        return before != now or (all(known) and known[0] != known[1])
    if "repository" in stored or "repository" in found:
        short, whole = sorted((str(before), str(now)), key=lambda path: path.startswith("/"))
        return short != "." and not whole.endswith(f"/{short}")
    return bool(before != now)


def describe(origin: Mapping[str, Json]) -> str:
    repository = origin.get("repository")
    return f"{origin['path']} of {repository}" if repository else str(origin["path"])


def _repository(git: Path) -> str:
    """Host and path of where it was cloned from, whichever way that is written."""
    try:
        if git.is_file():  # a worktree, or a submodule
            git = (git.parent / git.read_text().partition("gitdir:")[2].strip()).resolve()
            common = git / "commondir"
            git = (git / common.read_text().strip()).resolve() if common.is_file() else git
        match = _URL.search((git / "config").read_text())
    except (OSError, UnicodeDecodeError):
        return ""
    if match is None:
        return ""
    plain = _SCHEME.sub("", match[1]).rpartition("@")[2]
    return re.sub(r"^([^/:]+):(?!\d)", r"\1/", plain).removesuffix("/").removesuffix(".git")
