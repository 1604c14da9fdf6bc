"""Shared by commands that request something: how they end, and what they print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from controller.cli.following import follow
from controller.cli.places import Place, PublishedStack, side_by_side
from controller.cli.say_booking import say_booking
from controller.cli.stack_status import StackStatus
from controller.cli.stacks import Stacks, print_json
from controller.domain.errors import DeniedError, PermanentError, RetryError
from controller.domain.ports import Clock
from controller.domain.reporting.report import State
from controller.domain.reporting.standing import say_local
from controller.domain.timestamps import parse_timestamp


def conclude_stacks(
    stacks: Stacks, names: Sequence[str], *, wanted: State | None = None, as_json: bool = False
) -> None:
    """As `conclude`, of published stacks alone."""
    places: list[Place] = [PublishedStack(stacks, name) for name in names]
    conclude(places, stacks.deployment.clock, wanted=wanted, as_json=as_json)


def conclude(
    places: Sequence[Place],
    clock: Clock,
    *,
    wanted: State | None = None,
    as_json: bool = False,
) -> None:
    """
    Say what holds now. With `wanted` the stacks are followed there first; exit 1 if one of them
    ends anywhere else.
    """
    with _recorded():
        if wanted:
            ends = follow(places, clock, wanted=wanted)
        else:
            ends = side_by_side([place.read_status for place in places])
    if as_json:
        print_json([place.stack for place in places], [status.data for status in ends])
    missed = [status for status in ends if wanted and status.state is not wanted]
    for status in ends:
        if status in missed:
            click.echo(f"error: {say_why_not(status, wanted)}", err=True)
        elif not as_json:
            click.echo(status.summary)
    if missed:
        click.get_current_context().exit(1)


def conclude_bookings(places: Sequence[Place], *, as_json: bool = False) -> None:
    """Say what is booked now, and what blocks it."""
    with _recorded():
        ends = side_by_side([place.read_status for place in places])
    if as_json:
        print_json([place.stack for place in places], [status.data for status in ends])
        return
    for status in ends:
        if not status.bookings:
            click.echo(f"{status.stack}: nothing is booked")
        for booking in status.bookings:
            click.echo(f"{status.stack} is booked: {say_booking(status, booking)}")
        _warn_of_hold(status)


@contextmanager
def _recorded() -> Iterator[None]:
    """An answer that cannot be read, as by an expired token, does not undo what was requested."""
    try:
        yield
    except (RetryError, DeniedError) as error:
        raise PermanentError(f"{error}; what you requested is recorded all the same") from None


def _warn_of_hold(status: StackStatus) -> None:
    hold = status.hold
    if hold is None or hold["state"] == "awake":
        return
    until = parse_timestamp(hold["until"])
    if any(parse_timestamp(booking["opens_at"]) < until for booking in status.bookings):
        click.echo(
            f"note: {hold['by']} holds {status.stack} asleep until "
            f"{say_local(until, status.zone)}; until then no booking wakes it",
            err=True,
        )


def say_why_not(status: StackStatus, wanted: State | None) -> str:
    """Why it is not as it was wanted."""
    stack, stuck = status.stack, status.stuck
    if stuck and status.state is State.GOING_TO_SLEEP:
        left = ", ".join(stuck["standing"])
        standing = f"; still there, and perhaps paid for: {left}" if left else ""
        return f"{stack} cannot go to sleep: {stuck['cause']}{standing}"
    if wanted is State.AWAKE:
        if status.cause:
            return f"{stack} did not wake and is put back to sleep: {status.cause}"
        return f"{stack} is not woken: {status.reason}"
    return f"{stack} does not sleep: {status.reason}"
