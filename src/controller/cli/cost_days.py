"""The days of a month, as JSON and as rows for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from controller.domain.money.ledger import Statement, number
from controller.domain.planning.spec import Json

COLUMNS = ("stack", "date", "awake_hours", "spent", "always_on", "saved", "wakes")


def day_of(account: Statement) -> dict[str, Json]:
    """One day in UTC; hours and USD. What begins before the day is counted where it begins."""
    return {
        "date": f"{account.used.start:%Y-%m-%d}",
        "awake_hours": round(account.awake_hours, 2),
        "spent": number(account.spent),
        "always_on": number(account.always_on),
        "saved": number(account.saved),
        "wakes": account.used.wakes,
    }


def added_up(days: Iterable[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """The days of several stacks, each date once."""
    found: dict[str, dict[str, Json]] = {}
    for day in days:
        known = found.setdefault(day["date"], {"date": day["date"]})
        for name in day.keys() - {"date"}:
            known[name] = round(known.get(name, 0) + day[name], 4)
    return [found[date] for date in sorted(found)]


def as_csv(stacks: Sequence[tuple[str, Sequence[Mapping[str, Json]]]]) -> str:
    """RFC 4180, with a line of names; a line for each stack and day."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for stack, days in stacks:
        writer.writerows({"stack": stack, **day} for day in days)
    return text.getvalue()
