"""Moments as people write them: local to a stack's time zone, or an instant."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from controller.domain.errors import TextError
from controller.domain.lookalikes import lookalike
from controller.domain.policy.periods import parse_minute
from controller.domain.policy.wallclock import MINUTES_OF_DAY, first_instant
from controller.domain.text import quoted

_WALL = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})?[ T]?(?:(?P<time>\d{1,2}:\d{2})(?::00)?)?", re.ASCII
)


def parse_local(text: str, zone: ZoneInfo, now: datetime, *, needs_time: bool = False) -> datetime:
    """
    A time of day means the next one; a date its first moment; no offset means `zone`.

    Times of day are read as office hours read them: "9:00" and "24:00" too, and one that a clock
    put forward leaves out is the moment at which that happens. With `needs_time` a date alone is
    no moment. Raises TextError. The answer is in UTC.
    """
    word = text.strip()
    match = _WALL.fullmatch(word)
    if match and (match["time"] or (match["date"] and not needs_time)):
        return _on_the_wall(match, zone, now, word, needs_time)
    try:
        found = None if match or (needs_time and _is_date(word)) else datetime.fromisoformat(word)
        if found is not None:
            local = found if found.tzinfo else found.replace(tzinfo=zone)
            return local.astimezone(zone).astimezone(UTC)  # or it is no moment there
    except (ValueError, OverflowError):
        pass
    raise _unreadable(word, needs_time)


def _is_date(word: str) -> bool:
    """Of all the forms of ISO 8601, "2026-W50-1" too."""
    try:
        date.fromisoformat(word)
    except ValueError:
        return False
    return True


def _on_the_wall(
    match: re.Match[str], zone: ZoneInfo, now: datetime, text: str, needs_time: bool
) -> datetime:
    today = now.astimezone(zone).date()
    try:
        day = date.fromisoformat(match["date"]) if match["date"] else today
        minute = parse_minute(match["time"]) if match["time"] else 0
        at = first_instant(zone, day.toordinal() * MINUTES_OF_DAY + minute)
    except (ValueError, OverflowError, TextError):
        raise _unreadable(text, needs_time) from None
    if match["date"] is None and at <= now:
        return first_instant(zone, (day.toordinal() + 1) * MINUTES_OF_DAY + minute)
    return at


def _unreadable(text: str, needs_time: bool) -> TextError:
    examples = ["18:00", "2026-12-29", "2026-12-29 09:00"]
    if needs_time:
        examples.remove("2026-12-29")
    shown = ", ".join(f'"{example}"' for example in examples)
    return TextError(
        f'cannot read {quoted(text)}{lookalike(text)}; write {shown} or "2026-12-29T00:00:00Z"'
    )
