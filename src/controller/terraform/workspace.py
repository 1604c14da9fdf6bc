"""Which workspace Terraform would take, and where it keeps its own files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def data_dir(directory: Path, environment: Mapping[str, str]) -> Path:
    """Where `terraform init` keeps its own; TF_DATA_DIR is relative to the directory."""
    return directory / (environment.get("TF_DATA_DIR") or ".terraform")


def workspace_of(directory: Path, environment: Mapping[str, str]) -> str:
    """TF_WORKSPACE, else what `terraform workspace select` has left behind."""
    named = environment.get("TF_WORKSPACE")
    if named:
        return named
    try:
        chosen = (data_dir(directory, environment) / "environment").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return "default"
    return chosen.strip() or "default"
