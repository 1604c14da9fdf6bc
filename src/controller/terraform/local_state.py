"""
The state that lies in the directory itself, if Terraform would take it.

| backend             | where the state of the workspace is                                        |
|---------------------|----------------------------------------------------------------------------|
| none                | `terraform.tfstate`; of a workspace: `terraform.tfstate.d/<ws>/…`          |
| `local`             | its `path`; of a workspace: `workspace_dir`, or the folder above           |
| any other, `cloud`  | not here: a `terraform.tfstate` beside it is a leftover                    |

What `terraform init` has settled (`<data dir>/terraform.tfstate`, which holds no state) counts
before what the files say, since `-backend-config` may have changed it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.domain.problem import Level, Problem
from controller.hcl.declarations import Backend
from controller.terraform.recognise import read_state
from controller.terraform.state import State, StateError
from controller.terraform.workspace import data_dir

_NAME = "terraform.tfstate"


def find_local_state(
    directory: Path, backend: Backend | None, workspace: str, environment: Mapping[str, str]
) -> tuple[State | None, tuple[Problem, ...]]:
    """The state, or None; one that is there and cannot be read is told, and left out."""
    backend = _settled(data_dir(directory, environment)) or backend
    path = _place(directory, backend, workspace)
    try:
        if path is None or not path.is_file() or path.stat().st_size == 0:
            return None, ()  # Terraform leaves an empty file behind when the state moves away
        return load_state(path, _shown(path, directory), found=True), ()
    except (OSError, StateError) as error:
        text = str(error) if isinstance(error, StateError) else f"{path}: {error.strerror}"
        return None, (_left_out(text),)


def load_state(path: Path, shown_as: str, *, found: bool = False) -> State:
    """Raises StateError, and OSError where the file cannot be read."""
    state = read_state(path.read_bytes(), shown_as)
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return replace(state, found=found, modified=modified.strftime("%Y-%m-%d %H:%M UTC"))


def _settled(folder: Path) -> Backend | None:
    try:
        data: Any = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        found = data["backend"]
        config = found.get("config") or {}
        texts = {name: value for name, value in config.items() if isinstance(value, str)}
        return Backend(str(found["type"]), texts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _place(directory: Path, backend: Backend | None, workspace: str) -> Path | None:
    if backend is not None and backend.type != "local":
        return None
    arguments = backend.arguments if backend else {}
    if workspace == "default":
        return directory / (arguments.get("path") or _NAME)
    return directory / (arguments.get("workspace_dir") or f"{_NAME}.d") / workspace / _NAME


def _shown(path: Path, directory: Path) -> str:
    return path.relative_to(directory).as_posix() if path.is_relative_to(directory) else str(path)


def _left_out(text: str) -> Problem:
    return Problem(
        level=Level.WARNING,
        rule="state",
        message=f"{text}; it is left out (--no-state says nothing of it)",
    )
