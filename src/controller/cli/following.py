"""Follow stacks by their status until they have settled; the controller does the work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from controller.cli.places import Place, PublishedStack, side_by_side
from controller.cli.report_views import make_report_view
from controller.cli.stack_status import StackStatus
from controller.cli.stacks import Stacks
from controller.domain.errors import EndPassError, PermanentError, RetryError
from controller.domain.ports import Clock
from controller.domain.reporting.report import BLOCKED, FAILED, STALE, State


def follow_stacks(stacks: Stacks, names: Sequence[str]) -> list[StackStatus]:
    """As `follow`, of published stacks alone."""
    return follow([PublishedStack(stacks, name) for name in names], stacks.deployment.clock)


REQUEST_STAYS = "no longer following; the request stays (dormouse status shows it)"


def follow(
    places: Sequence[Place],
    clock: Clock,
    *,
    wanted: State | None = None,
    farewell: str = REQUEST_STAYS,
) -> list[StackStatus]:
    """
    Look at the stacks until nothing is under way with any; return how they ended.

    Where they are `wanted` awake, a wake that is given up is the end. Raises PermanentError when
    the controller takes up none of it.
    """
    answered_at = clock.now()
    pulse = _Pulse()
    watching = False
    try:
        with make_report_view(clock) as view:
            while True:
                patient = clock.now() - answered_at < STALE
                statuses = _read_all(places, clock, watching=watching, patient=patient)
                watching = True
                if statuses:
                    answered_at = clock.now()
                    view(statuses)
                    going_on = [
                        (place, status)
                        for place, status in zip(places, statuses, strict=True)
                        if not _is_over(status, wanted)
                    ]
                    if not going_on:
                        return statuses
                    for place, status in going_on:
                        pulse.check(place, status)
    except KeyboardInterrupt:
        click.echo(farewell, err=True)
        raise


def _read_all(
    places: Sequence[Place], clock: Clock, *, watching: bool, patient: bool
) -> list[StackStatus]:
    """The stacks as they are; none of them when nobody can be asked just now."""
    try:
        first = [places[0].watch()] if watching else []  # here, where Ctrl-C is heard
        return first + side_by_side([place.read_status for place in places[len(first) :]])
    except EndPassError:
        raise  # credentials that have run out do not come back
    except RetryError as error:
        if patient:
            clock.sleep(min(error.after_seconds, 5.0))
            return []
        raise


def _is_over(status: StackStatus, wanted: State | None) -> bool:
    """Nothing more is to come: it has settled, or a person has to do something first."""
    if status.state is not State.GOING_TO_SLEEP:
        return status.has_settled
    given_up = status.phase == FAILED and wanted is State.AWAKE
    return given_up or status.phase == BLOCKED or status.stuck is not None


class _Pulse:
    """
    Whether passes go on writing. Only changes count, and not the times that are written: the
    clock of this machine may be off.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[datetime | None, datetime]] = {}

    def check(self, place: Place, status: StackStatus) -> None:
        """Raise PermanentError where nothing has been written for too long."""
        known, since = self._last.get(id(place), (status.updated_at, status.now))
        if known != status.updated_at:
            since = status.now
        self._last[id(place)] = (status.updated_at, since)
        if status.now - since > STALE:
            raise PermanentError(
                f"the controller has not worked on {status.stack} for {STALE.seconds // 60} "
                f"minutes; see {place.keeper}; the request stays, and is served once it runs"
            )
