"""Differences that somebody has judged harmless, with the reason, from a file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from controller.domain.dataclass import dataclass, fields
from controller.domain.errors import DormouseError
from local.fidelity.differences import Difference

SHIPPED = Path(__file__).with_name("judged.toml")


class JudgedError(DormouseError):
    """A file of judgements that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """
    Which differences are harmless, and why.

    Each text may hold "*" for anything; a difference must fit all of them. `recorded` and `ours`
    are compared as text.
    """

    reason: str
    service: str = "*"
    operation: str = "*"
    kind: str = "*"
    path: str = "*"
    recorded: str = "*"
    ours: str = "*"

    def covers(self, difference: Difference) -> bool:
        names = [each.name for each in fields(self) if each.name != "reason"]
        return all(_fits(getattr(self, each), str(getattr(difference, each))) for each in names)


def _fits(pattern: str, text: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL))


@dataclass(frozen=True, slots=True)
class Judged:
    """`open` are differences that no judgement covers; `unused` judgements that cover nothing."""

    open: list[Difference]
    harmless: list[tuple[Difference, Judgement]]
    unused: list[Judgement]


def judge(found: Sequence[Difference], judgements: Sequence[Judgement]) -> Judged:
    """The first judgement that covers a difference counts."""
    pairs = [(each, next((j for j in judgements if j.covers(each)), None)) for each in found]
    harmless = [(each, judgement) for each, judgement in pairs if judgement]
    used = [judgement for _, judgement in harmless]
    unused = [each for each in judgements if each not in used]
    return Judged([each for each, judgement in pairs if not judgement], harmless, unused)


def load(path: Path = SHIPPED) -> list[Judgement]:
    """The `[[judged]]` tables of a TOML file. Raises JudgedError."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("judged", [])
    except (OSError, ValueError) as error:
        raise JudgedError(f"{path}: cannot be read: {error}") from error
    return [_judgement(path, number, table) for number, table in enumerate(tables, 1)]


def _judgement(path: Path, number: int, table: dict[str, Any]) -> Judgement:
    known = {each.name for each in fields(Judgement)}
    wrong = sorted(table.keys() - known)
    if wrong or not table.get("reason") or len(table) < 2:
        found = ", ".join(wrong or table) or "nothing"
        raise JudgedError(
            f"{path}: [[judged]] number {number}: found {found}; expected a reason and some of "
            f"{', '.join(sorted(known - {'reason'}))}"
        )
    return Judgement(**{name: str(value) for name, value in table.items()})
