"""`dormouse wake`: have stacks awake for a while, in the caller's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import click

from controller.cli.asking import conclude, conclude_bookings
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.groups import expand, yes_option
from controller.cli.places import (
    Target,
    Write,
    job_option,
    open_places,
    over_budget_option,
    side_by_side,
    targets_argument,
)
from controller.cli.stacks import Stacks, json_option, reason_option
from controller.domain.reporting.report import State


@click.command("wake")
@targets_argument()
@click.option(
    "--for",
    "duration",
    metavar="1h|close",
    default="",
    help="How long, or until office hours close. Default: the policy's wake_for.",
)
@click.option(
    "--at",
    metavar="TIME",
    help="Book it: awake from then on, local to the stack, as 2026-12-07 13:30; or an instant.",
)
@reason_option
@job_option
@over_budget_option
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it until awake.")
@deployment_option
@yes_option
@json_option
def command(
    targets: tuple[Target, ...],
    duration: str,
    at: str | None,
    reason: str,
    job: str,
    over_budget: bool,
    wait: bool,
    deployment: Deployment,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Wake a stack for a while, and print its address.

    Exit code 1 if it does not wake, with the cause. A wake that you requested before becomes
    longer, never shorter.

    --at books it like office hours: it is woken early enough to be awake then, notifications say
    so, and hours shows it. dormouse release --booking cancels it.
    """
    targets = expand(Stacks(deployment), targets, "wake", yes=yes)
    places, clock = open_places(deployment, targets, over_budget=over_budget)
    if at is not None:
        prepare = [partial(place.prepare_booking, at, duration, reason, job) for place in places]
        _write_all(prepare)
        conclude_bookings(places, as_json=as_json)
        return
    _write_all([partial(place.prepare_wake, duration, reason, job) for place in places])
    conclude(places, clock, wanted=State.AWAKE if wait else None, as_json=as_json)


def _write_all(prepare: Sequence[Callable[[], Write]]) -> None:
    """Any problem with one of them is reported before the first is written."""
    for write in side_by_side(prepare):
        write()
