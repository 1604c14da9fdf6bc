"""The result of an examination of an account: one line for each check."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"  # works, or could not be checked
    PROBLEM = "problem"  # a wake will fail, or money is running


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    `check` is a short stable name ("elastic-ip"), `subject` the checked resource (a Terraform
    address or an id); `message` says what was found and, if it is a problem, what was expected and
    the remedy. `checked` False: it could not be checked, so its state is unknown.
    """

    check: str
    level: Level
    subject: str
    message: str
    checked: bool = True

    def to_json(self) -> dict[str, Json]:
        return {
            "check": self.check,
            "level": str(self.level),
            "subject": self.subject,
            "message": self.message,
        }


def ok(check: str, subject: str, message: str) -> Finding:
    return Finding(check=check, level=Level.OK, subject=subject, message=message)


def warning(check: str, subject: str, message: str) -> Finding:
    return Finding(check=check, level=Level.WARNING, subject=subject, message=message)


def not_checked(check: str, subject: str, why: str) -> Finding:
    return Finding(check=check, level=Level.WARNING, subject=subject, message=why, checked=False)


def problem(check: str, subject: str, message: str) -> Finding:
    return Finding(check=check, level=Level.PROBLEM, subject=subject, message=message)


def count(findings: Sequence[Finding], level: Level) -> int:
    return sum(1 for each in findings if each.level is level)
