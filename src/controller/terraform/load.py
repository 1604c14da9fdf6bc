"""Read a state from a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from controller.domain.problem import Level, Problem
from controller.terraform.recognise import read_state
from controller.terraform.state import State, StateError


def load_state(path: Path, shown_as: str, *, found: bool = False) -> State:
    """Raises StateError, and OSError where the file cannot be read."""
    state = read_state(path.read_bytes(), shown_as)
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return replace(state, found=found, modified=modified.strftime("%Y-%m-%d %H:%M UTC"))


def load_found(path: Path, directory: Path) -> tuple[State | None, tuple[Problem, ...]]:
    """One that nobody has requested: if it cannot be read, that is reported, and it is left out."""
    try:
        return load_state(path, _shown(path, directory), found=True), ()
    except StateError as error:
        return None, (_left_out(str(error)),)
    except OSError as error:
        return None, (_left_out(f"{path}: {error.strerror}"),)


def _shown(path: Path, directory: Path) -> str:
    return path.relative_to(directory).as_posix() if path.is_relative_to(directory) else str(path)


def _left_out(text: str) -> Problem:
    return Problem(
        level=Level.WARNING,
        rule="state",
        message=f"{text}; it is left out (--no-state says nothing of it)",
    )
