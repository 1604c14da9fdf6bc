"""docs/reference/traps.md: what AWS refuses, from the tables."""

from __future__ import annotations

import re

from controller.domain.problem import Level
from controller.mapping.refusals import (
    LISTENERS,
    LOAD_BALANCERS,
    SERVICES,
    TARGET_GROUPS,
    Refusal,
)

HEAD = """\
# What AWS refuses, reported by `dormouse check`

`terraform validate` and `plan` accept all of it; `apply` and a wake would not get past it. Each
row names its rule (in brackets at the end of a problem's line), what it says, AWS's own words, and
where the fact was read. A *warning* is for what depends on the account or on the revision of the
task definition that a wake finds. What is not known before the stack wakes is not judged.

The rows are data in `src/controller/mapping/refusals`; the simulated AWS refuses by the same rows.
"""
PARTS = {
    "Load balancers": LOAD_BALANCERS,
    "Target groups": TARGET_GROUPS,
    "Listeners": LISTENERS,
    "Services": SERVICES,
}


def page() -> str:
    return HEAD + "".join(_part(title, rows) for title, rows in PARTS.items())


def _part(title: str, rows: tuple[Refusal, ...]) -> str:
    lines = [_row(row) for row in rows if not row.by_trap]
    return (
        f"\n## {title}\n\n| rule | what it says | AWS | source |\n|---|---|---|---|\n"
        + "\n".join(lines)
        + "\n"
    )


def _row(row: Refusal) -> str:
    kind = "" if row.level is Level.ERROR else " (warning)"
    said = _cell(row.text) if row.text else "its words are not known"
    return f"| `{row.rule}`{kind} | {_cell(row.advice)} | {said} | {_cell(row.source)} |"


def _cell(text: str) -> str:
    return re.sub(r"\{(\w+)\}", r"*\1*", text).replace("|", "\\|").replace("<", "&lt;")
