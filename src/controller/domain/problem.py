"""What `dormouse check` reports: one finding, with its place in the user's files."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from controller.domain.dataclass import dataclass, field


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file as the user knows it: relative to the directory given, lines from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    One finding in a Terraform directory.

    `rule` is a short stable name for the kind of problem (a trap's name, or Terraform's kind of
    error: "syntax", "undeclared"); `message` is one sentence: what, found, expected, the remedy.
    `unknown` are the values whose absence is the problem, as (address, attribute), the attribute ""
    for a whole resource: the problem is solved when they are known.
    """

    level: Level
    rule: str
    message: str
    place: Place | None = None
    address: str = ""
    unknown: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        who = f"{self.address}: " if self.address else ""
        return f"{where}{who}{self.message}"

    def to_json(self) -> dict[str, Any]:
        return {
            "level": str(self.level),
            "rule": self.rule,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "address": self.address,
            "message": self.message,
        }
