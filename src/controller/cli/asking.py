"""What the commands that ask for something share: how they end, and what they say then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from controller.asking.requested_end import end_asked_for
from controller.asking.stack_view import StackView
from controller.cli.following import follow
from controller.cli.stacks import Stacks, print_json
from controller.cli.telling import say_standing
from controller.domain.errors import TextError
from controller.domain.reporting.report import Report, State


def asked_end(look: StackView, text: str, option: str = "--for") -> datetime:
    """The end that --for asks for; a wrong one ends the command before anything is written."""
    try:
        return end_asked_for(text, look.rules, look.now)
    except TextError as error:
        raise click.UsageError(f"{option}: {error} ({look.stack})") from None


def conclude(
    stacks: Stacks,
    names: Sequence[str],
    *,
    wanted: State | None = None,
    as_json: bool = False,
) -> None:
    """
    Say what holds now. With `wanted` the stacks are followed there first; exit 1 if one of them
    ends anywhere else.
    """
    if wanted:
        reports = follow(stacks, names, wanted=wanted)
    else:
        reports = [look.report for look in stacks.look_at_all(names)]
    if as_json:
        print_json(names, [report.to_json() for report in reports])
    missed = [report for report in reports if wanted and report.state is not wanted]
    for report in reports:
        if report in missed:
            click.echo(f"error: {_why(report, wanted)}", err=True)
        elif not as_json:
            click.echo(say_standing(report))
    if missed:
        click.get_current_context().exit(1)


def _why(report: Report, wanted: State | None) -> str:
    stack = report.spec.stack
    if report.status.stuck and report.state is State.GOING_TO_SLEEP:
        left = ", ".join(report.status.stuck.standing)
        standing = f"; still there, and perhaps paid for: {left}" if left else ""
        return f"{stack} cannot go to sleep: {report.status.stuck.cause}{standing}"
    if wanted is State.AWAKE:
        if report.cause:
            return f"{stack} did not wake and is put back to sleep: {report.cause}"
        return f"{stack} is not woken: {report.decision.reason}"
    return f"{stack} does not sleep: {report.decision.reason}"
