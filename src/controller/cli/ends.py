"""The end of a hold as people give it: --for a duration, or --until a local time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from controller.asking.stack_view import StackView
from controller.cli.apply import Duration
from controller.domain.errors import TextError
from controller.domain.lookalikes import lookalike
from controller.domain.policy.durations import LONGEST
from controller.domain.policy.periods import parse_minute
from controller.domain.policy.wallclock import MINUTES_OF_DAY, first_instant
from controller.domain.text import quoted

Command = TypeVar("Command", bound=Callable[..., Any])


def end_options(command: Command) -> Command:
    """Declare --for and --until; the command gets them as `duration` and `until`."""
    for option in (
        click.option(
            "--until",
            metavar="TIME",
            help='Local to the stack: "18:00", "2026-12-29" (its first moment), '
            '"2026-12-29 09:00"; or an instant.',
        ),
        click.option("--for", "duration", type=Duration(), help='How long, such as "3h" or "10d".'),
    ):
        command = option(command)
    return command


def read_end(look: StackView, duration: timedelta | None, until: str | None) -> datetime:
    """One of the two must be given, and lie ahead."""
    if (duration is None) == (until is None):
        raise click.UsageError("say how long: either --for, such as 3h, or --until, such as 18:00")
    if duration is not None:
        end = look.now + duration
    else:
        end = parse_local(str(until), look.rules.policy.zone, look.now)
    if end <= look.now:
        raise click.UsageError(
            f"the end would be {_local(end, look)}, expected a moment after now "
            f"({_local(look.now, look)})"
        )
    if end - look.now > LONGEST:
        raise click.UsageError(
            f"the end would be {_local(end, look)}, expected at most {LONGEST.days} days from now"
        )
    return end


def _local(moment: datetime, look: StackView) -> str:
    return f"{moment.astimezone(look.rules.policy.zone):%Y-%m-%d %H:%M %Z}"


def parse_local(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """
    A time of day means the next one; a date its first moment; no offset means `zone`.

    Times of day are read as office hours read them: "9:00" and "24:00" too, and one that a clock
    put forward leaves out is the moment at which that happens.
    """
    word = text.strip()
    match = _WALL.fullmatch(word)
    if match and (match["date"] or match["time"]):
        return _on_the_wall(match, zone, now, word)
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise _unreadable(word) from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


_WALL = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})?[ T]?(?P<time>\d{1,2}:\d{2})?", re.ASCII)


def _on_the_wall(match: re.Match[str], zone: ZoneInfo, now: datetime, text: str) -> datetime:
    today = now.astimezone(zone).date()
    try:
        day = date.fromisoformat(match["date"]) if match["date"] else today
        minute = parse_minute(match["time"]) if match["time"] else 0
    except (ValueError, TextError):
        raise _unreadable(text) from None
    at = first_instant(zone, day.toordinal() * MINUTES_OF_DAY + minute)
    if match["date"] is None and at <= now:
        return first_instant(zone, (day.toordinal() + 1) * MINUTES_OF_DAY + minute)
    return at


def _unreadable(text: str) -> click.UsageError:
    return click.UsageError(
        f'--until: cannot read {quoted(text)}{lookalike(text)}; write "18:00", "2026-12-29", '
        '"2026-12-29 09:00" or "2026-12-29T00:00:00Z"'
    )
