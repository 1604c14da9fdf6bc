"""
The state in the directory itself, if Terraform would take it.

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
from pathlib import Path
from typing import Any

from controller.hcl.declarations import Backend
from controller.terraform.workspace import data_dir

_NAME = "terraform.tfstate"


def local_state(
    directory: Path, backend: Backend | None, workspace: str, environment: Mapping[str, str]
) -> Path | None:
    """
    The file, or None where there is none.

    An empty one is what Terraform leaves behind when the state moves to another backend.
    """
    path = _place(directory, settled_backend(directory, backend, environment), workspace)
    try:
        return path if path and path.is_file() and path.stat().st_size else None
    except OSError:
        return None


def settled_backend(
    directory: Path, backend: Backend | None, environment: Mapping[str, str]
) -> Backend | None:
    """The backend in use; None where Terraform keeps the state in the directory itself."""
    return _settled(data_dir(directory, environment)) or backend


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
