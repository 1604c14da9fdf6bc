"""Follow stacks from the records until they have settled; the controller does the work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click

from controller.cli.report_views import ReportView, make_report_view
from controller.cli.stacks import Look, Stacks
from controller.domain.errors import PermanentError
from controller.domain.report import BLOCKED, FAILED, Report, State

POLL_SECONDS = 3.0
STALE = timedelta(minutes=4)
"""A pass writes at least every half minute, and one that died is taken up within two minutes."""


def follow(stacks: Stacks, names: Sequence[str], *, quiet: bool = False) -> list[Report]:
    """
    Look at the stacks until nothing is under way with any; return how they ended.

    Raises PermanentError when the controller takes up none of it.
    """
    clock = stacks.deployment.clock
    started_at = clock.now()
    try:
        with make_report_view(clock, quiet=quiet) as view:
            while True:
                looks = [stacks.look(name) for name in names]
                view([look.report for look in looks])
                if all(is_over(look.report) for look in looks):
                    return [look.report for look in looks]
                for look in looks:
                    _check_alive(stacks, look, clock.now() - started_at)
                clock.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        click.echo(
            "no longer following; what was asked for stands (dormouse status shows it)", err=True
        )
        raise


def is_over(report: Report) -> bool:
    """Nothing more is to come: it has settled, or a person has to do something first."""
    given_up = report.state is State.GOING_TO_SLEEP and report.phase in (FAILED, BLOCKED)
    return report.has_settled or given_up or report.status.stuck is not None


def _check_alive(stacks: Stacks, look: Look, followed: timedelta) -> None:
    report = look.report
    seen_at = report.status.updated_at
    silent = followed if seen_at is None else min(followed, look.now - seen_at)
    if silent > STALE and not is_over(report):
        function = stacks.deployment.controller
        raise PermanentError(
            f"the controller has not worked on {look.stack} for {STALE.seconds // 60} minutes; "
            f'see the log of the function "{function}" and its schedule; what was asked for '
            "stands, and is done once it runs"
        )


__all__ = ["ReportView", "follow", "is_over"]
