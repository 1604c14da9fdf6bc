"""The end of a hold as people give it: --for a duration, or --until a local time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from controller.cli.apply import Duration
from controller.cli.stacks import Look
from controller.domain.durations import LONGEST
from controller.domain.moments import format_moment
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


def read_end(look: Look, duration: timedelta | None, until: str | None) -> datetime:
    """One of the two must be given, and lie ahead."""
    if (duration is None) == (until is None):
        raise click.UsageError("say how long: either --for, such as 3h, or --until, such as 18:00")
    if duration is not None:
        end = look.now + duration
    else:
        end = parse_local(str(until), look.rules.policy.zone, look.now)
    if end <= look.now:
        raise click.UsageError(
            f"the end would be {format_moment(end)}, expected a moment after now "
            f"({format_moment(look.now)})"
        )
    if end - look.now > LONGEST:
        raise click.UsageError(
            f"the end would be {format_moment(end)}, expected at most {LONGEST.days} days from now"
        )
    return end


def parse_local(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A time of day means the next one; a date its first moment; no offset means `zone`."""
    found = _moment(text.strip())
    if isinstance(found, time):
        local = now.astimezone(zone)
        at = datetime.combine(local.date(), found, zone)
        if at <= local:
            at = datetime.combine(local.date() + timedelta(days=1), found, zone)
        return at.astimezone(UTC)
    if found is None:
        raise click.UsageError(
            f'--until: cannot read {quoted(text)}; write "18:00", "2026-12-29", '
            '"2026-12-29 09:00" or "2026-12-29T00:00:00Z"'
        )
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _moment(text: str) -> datetime | time | None:
    for read in (time.fromisoformat, datetime.fromisoformat):
        try:
            found = read(text)
        except ValueError:
            continue
        if ":" in text or isinstance(found, datetime):
            return found
    return None
