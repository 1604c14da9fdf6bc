"""A directory of a test, taken to the two-worlds form without Terraform and without AWS."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import small_stack
from controller.adopt.ports import RefusedError
from controller.adopt.prepare import Prepared, prepare
from controller.hcl.directory import read
from controller.hcl.world import Inputs
from controller.mapping.assemble import Compiled
from controller.mapping.compile import compile_stack
from controller.terraform.recognise import read_state
from controller.terraform.state import State

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STACK = small_stack.STACK.lstrip()


def compile_in(directory: Path, inputs: Inputs | None = None) -> Compiled:
    return compile_stack(directory, inputs or Inputs(region="eu-west-1"), NOW, stack="app")


def prepared(directory: Path, inputs: Inputs | None = None, state: bytes | None = None) -> Prepared:
    made: State | None = read_state(state, "terraform.tfstate") if state else None
    return prepare(directory, read(directory), lambda place: compile_in(place, inputs), made)


def adopted(directory: Path, text: str) -> str:
    """`main.tf` with this text after adopt, which has compiled it to the same requests."""
    (directory / "main.tf").write_bytes(text.encode())
    changes = prepared(directory).changes
    return next(one.after.decode() for one in changes.files if one.shown_as == "main.tf")


def refused(directory: Path, text: str) -> list[str]:
    """What is said of a directory that cannot be adopted."""
    (directory / "main.tf").write_text(text)
    try:
        prepared(directory)
    except RefusedError as error:
        return [str(problem) for problem in error.problems]
    return []
