"""The end that --for asks for, and the beginning that --at does."""

from __future__ import annotations

from datetime import datetime

import click

from controller.asking.requested_end import end_asked_for
from controller.asking.stack_view import StackView
from controller.domain.decision.booking import start_asked_for
from controller.domain.errors import TextError


def asked_end(look: StackView, text: str, start: datetime | None = None) -> datetime:
    """Counted from `start`, or now. A wrong one ends the command before anything is written."""
    try:
        return end_asked_for(text, look.rules, start or look.now)
    except TextError as error:
        raise click.UsageError(f"--for: {error} ({look.stack})") from None


def asked_start(look: StackView, text: str) -> datetime:
    """The beginning that --at asks for."""
    try:
        return start_asked_for(text, look.rules.policy.zone, look.now)
    except TextError as error:
        raise click.UsageError(f"--at: {error} ({look.stack})") from None
