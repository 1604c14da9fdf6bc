"""What AWS refused during a trial: what the code knows the meaning of, and what it does not."""

from __future__ import annotations

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.spec import Json
from controller.domain.text import LONGEST_CAUSE, clean

MOST_SURPRISES = 50
"""Texts that name a moment or an id would go on without end."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of AWS that is no success: an error, or a word in one that nobody foresaw."""

    operation: str
    code: str
    message: str

    def to_json(self) -> dict[str, Json]:
        return {"operation": self.operation, "code": self.code, "message": self.message}

    def __str__(self) -> str:
        return f"{self.operation}: {self.code}: {self.message}"


@dataclass
class Answers:
    """How often each came: what is foreseen with the text of its first time, else each text."""

    foreseen: dict[Refusal, int] = field(default_factory=dict)
    surprises: dict[Refusal, int] = field(default_factory=dict)

    def foresaw(self, operation: str, code: str, message: str) -> None:
        same = (one for one in self.foreseen if (one.operation, one.code) == (operation, code))
        refusal = next(same, None) or Refusal(operation, code, clean(message, LONGEST_CAUSE))
        self.foreseen[refusal] = self.foreseen.get(refusal, 0) + 1

    def surprised(self, operation: str, code: str, message: str) -> None:
        refusal = Refusal(operation, code, clean(message, LONGEST_CAUSE))
        if refusal in self.surprises or len(self.surprises) < MOST_SURPRISES:
            self.surprises[refusal] = self.surprises.get(refusal, 0) + 1
