"""The end that --for asks for, and the beginning that --at does."""

from __future__ import annotations

from datetime import datetime

import click

from controller.asking.requested_end import parse_end
from controller.asking.stack_view import StackView
from controller.domain.decision.booking import parse_start
from controller.domain.errors import TextError


def requested_end(view: StackView, text: str, start: datetime | None = None) -> datetime:
    """Counted from `start`, or now. A wrong one ends the command before anything is written."""
    try:
        return parse_end(text, view.rules, start or view.now)
    except TextError as error:
        raise click.UsageError(f"--for: {error} ({view.stack})") from None


def requested_start(view: StackView, text: str) -> datetime:
    """The beginning that --at asks for."""
    try:
        return parse_start(text, view.rules.policy.zone, view.now)
    except TextError as error:
        raise click.UsageError(f"--at: {error} ({view.stack})") from None
