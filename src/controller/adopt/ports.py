"""What an adoption needs from AWS, from the compiler, and for its progress display."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from controller.domain.planning.spec import Spec
from controller.domain.problem import Problem
from controller.mapping.assemble import Compiled


class Running(Protocol):
    """The resources of a stack that runs."""

    def tags(self, kind: str, arn: str) -> Mapping[str, str] | None:
        """None where AWS does not know the ARN."""

    def tag(self, kind: str, arn: str, tags: Mapping[str, str]) -> None: ...

    def untag(self, kind: str, arn: str, names: tuple[str, ...]) -> None: ...

    def left_to_do(self, spec: Spec) -> tuple[str, ...]:
        """What `dormouse plan` would still do to wake the stack; nothing where it is awake."""

    def standing(self, spec: Spec) -> Mapping[str, str]:
        """ARNs of what exists and is ours, by address."""


Compile = Callable[[Path], Compiled]
Say = Callable[[str], None]
"""Takes the line that says what is under way."""


class RefusedError(Exception):
    """The directory cannot be adopted as it is; nothing has been touched."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems
