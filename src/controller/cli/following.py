"""Follow stacks from the records until they have settled; the controller does the work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from controller.asking.stack_view import StackView
from controller.cli.report_views import make_report_view
from controller.cli.stacks import Stacks
from controller.domain.errors import EndPassError, PermanentError, RetryError
from controller.domain.reporting.report import BLOCKED, FAILED, STALE, Report, State

POLL_SECONDS = 3.0


def follow(stacks: Stacks, names: Sequence[str], *, wanted: State | None = None) -> list[Report]:
    """
    Look at the stacks until nothing is under way with any; return how they ended.

    Where they are `wanted` awake, a wake that is given up is the end. Raises PermanentError when
    the controller takes up none of it.
    """
    clock = stacks.deployment.clock
    looked_at = clock.now()
    pulse = _Pulse(stacks)
    try:
        with make_report_view(clock) as view:
            while True:
                looks = _look(stacks, names, patient=clock.now() - looked_at < STALE)
                if looks:
                    looked_at = clock.now()
                    view([look.report for look in looks])
                    going_on = [look for look in looks if not _is_over(look.report, wanted)]
                    if not going_on:
                        return [look.report for look in looks]
                    for look in going_on:
                        pulse.check(look)
                clock.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        click.echo(
            "no longer following; what was asked for stands (dormouse status shows it)", err=True
        )
        raise


def _look(stacks: Stacks, names: Sequence[str], *, patient: bool) -> list[StackView]:
    """The stacks as they are; none of them when AWS cannot be asked just now."""
    try:
        return stacks.look_at_all(names)
    except EndPassError:
        raise  # credentials that have run out do not come back
    except RetryError:
        if patient:
            return []
        raise


def _is_over(report: Report, wanted: State | None) -> bool:
    """Nothing more is to come: it has settled, or a person has to do something first."""
    if report.state is not State.GOING_TO_SLEEP:
        return report.has_settled
    given_up = report.phase == FAILED and wanted is State.AWAKE
    return given_up or report.phase == BLOCKED or report.status.stuck is not None


class _Pulse:
    """
    Whether passes go on writing. Only changes count, and not the times that are written: the
    clock of this machine may be off.
    """

    def __init__(self, stacks: Stacks) -> None:
        self._controller = stacks.deployment.controller
        self._last: dict[str, tuple[datetime | None, datetime]] = {}

    def check(self, look: StackView) -> None:
        """Raise PermanentError where nothing has been written for too long."""
        written_at = look.report.status.updated_at
        known, since = self._last.get(look.stack, (written_at, look.now))
        if known != written_at:
            since = look.now
        self._last[look.stack] = (written_at, since)
        if look.now - since > STALE:
            raise PermanentError(
                f"the controller has not worked on {look.stack} for {STALE.seconds // 60} "
                f'minutes; see the log of the function "{self._controller}" and its schedule; '
                "what was asked for stands, and is done once it runs"
            )
