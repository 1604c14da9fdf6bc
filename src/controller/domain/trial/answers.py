"""What AWS refused during a trial: what the code knows the meaning of, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain.planning.spec import Json
from controller.domain.text import LONGEST_CAUSE, clean


@dataclass(frozen=True, slots=True)
class Refusal:
    operation: str
    code: str
    message: str

    def to_json(self) -> dict[str, Json]:
        return {"operation": self.operation, "code": self.code, "message": self.message}

    def __str__(self) -> str:
        return f"{self.operation}: {self.code}: {self.message}"


@dataclass
class Answers:
    """How often each refusal came, with the text of its first time."""

    foreseen: dict[Refusal, int] = field(default_factory=dict)
    surprises: dict[Refusal, int] = field(default_factory=dict)

    def add(self, operation: str, code: str, message: str, *, foreseen: bool) -> None:
        known = self.foreseen if foreseen else self.surprises
        same = (one for one in known if (one.operation, one.code) == (operation, code))
        refusal = next(same, None) or Refusal(operation, code, clean(message, LONGEST_CAUSE))
        known[refusal] = known.get(refusal, 0) + 1

    def refused(self, operation: str) -> bool:
        return any(each.operation == operation for each in (*self.foreseen, *self.surprises))
