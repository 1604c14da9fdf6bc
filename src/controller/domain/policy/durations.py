"""Durations as people write them: 90s, 30m, 1h30m, 2d; "0" needs no unit."""

from __future__ import annotations

import re
from datetime import timedelta

from controller.domain.errors import TextError
from controller.domain.lookalikes import lookalike
from controller.domain.text import quoted

LONGEST = timedelta(days=3650)

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_PATTERN = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit, _ in _UNITS))
_EXPECTED = 'expected a number with a unit, such as "90s", "30m" or "1h30m"'


def parse_duration(text: str) -> timedelta:
    """
    Read days, hours, minutes and seconds, in this order, each at most once and whole.

    Raises TextError for anything else, for a bare number, and beyond ten years.
    """
    if text.strip() == "0":
        return timedelta(0)
    match = _PATTERN.fullmatch(text.strip())
    if not match or not any(match.groups()):
        raise TextError(f"cannot read the duration {quoted(text)}{lookalike(text)}: {_hint(text)}")
    seconds = sum(
        int(number) * size
        for number, (_, size) in zip(match.groups(), _UNITS, strict=True)
        if number
    )
    if seconds > LONGEST.total_seconds():
        raise TextError(
            f"the duration {quoted(text)} is too long: expected at most {LONGEST.days}d"
        )
    return timedelta(seconds=seconds)


def _hint(text: str) -> str:
    if re.fullmatch(r"\s*[0-9]+\s*", text):
        minutes = quoted(f"{text.strip()}m")
        return f"it has no unit; {_EXPECTED} (write {minutes} for minutes)"
    return _EXPECTED


def format_duration(duration: timedelta) -> str:
    """Write a duration of whole seconds so that `parse_duration` reads it back: "1h30m", "0"."""
    left = round(duration.total_seconds())
    parts = []
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0"
