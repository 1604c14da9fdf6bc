"""`dormouse release`: release what the caller has requested, before it ends by itself."""

from __future__ import annotations

from functools import partial

import click

from controller.cli.asking import conclude, conclude_bookings
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.places import (
    Target,
    job_option,
    open_places,
    side_by_side,
    targets_argument,
)
from controller.cli.stacks import json_option


@click.command("release")
@targets_argument()
@job_option
@click.option("--booking", metavar="ID", help="Cancel this booking, as status lists it.")
@deployment_option
@json_option
def command(
    targets: tuple[Target, ...],
    job: str,
    booking: str | None,
    deployment: Deployment,
    as_json: bool,
) -> None:
    """
    End the wakes that you requested, or those of one --id; what others requested stays.

    The stack sleeps as soon as nothing else keeps it awake: requests of others, office hours,
    and the hour that is already paid. With a link it ends the wakes that this link requested.
    """
    places, clock = open_places(deployment, targets)
    if booking is not None:
        for cancel in side_by_side([partial(place.prepare_cancel, booking) for place in places]):
            cancel()
        conclude_bookings(places, as_json=as_json)
        return
    for place, release in zip(
        places,
        side_by_side([partial(place.prepare_release, job) for place in places]),
        strict=True,
    ):
        if release() == 0:
            click.echo(f"{place.stack}: there is nothing of yours to release", err=True)
    conclude(places, clock, as_json=as_json)
