"""The end of a hold as people give it: --for a duration, or --until a local time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from controller.asking.stack_view import StackView
from controller.cli.apply import Duration
from controller.domain.errors import TextError
from controller.domain.policy.durations import LONGEST
from controller.domain.policy.local_times import parse_local

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


def read_end(view: StackView, duration: timedelta | None, until: str | None) -> datetime:
    """One of the two must be given, and lie ahead."""
    if (duration is None) == (until is None):
        raise click.UsageError("say how long: either --for, such as 3h, or --until, such as 18:00")
    end = _read_until(str(until), view) if duration is None else view.now + duration
    if end <= view.now:
        raise click.UsageError(
            f"the end would be {_local(end, view)}, expected a moment after now "
            f"({_local(view.now, view)})"
        )
    if end - view.now > LONGEST:
        raise click.UsageError(
            f"the end would be {_local(end, view)}, expected at most {LONGEST.days} days from now"
        )
    return end


def _read_until(text: str, view: StackView) -> datetime:
    try:
        return parse_local(text, view.rules.policy.zone, view.now)
    except TextError as error:
        raise click.UsageError(f"--until: {error}") from None


def _local(moment: datetime, view: StackView) -> str:
    return f"{moment.astimezone(view.rules.policy.zone):%Y-%m-%d %H:%M %Z}"
