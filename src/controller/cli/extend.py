"""`dormouse extend`: keep awake stacks awake for longer."""

from __future__ import annotations

from functools import partial

import click

from controller.cli.asking import conclude
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.groups import expand, yes_option
from controller.cli.places import (
    Target,
    job_option,
    open_places,
    over_budget_option,
    side_by_side,
    targets_argument,
)
from controller.cli.stacks import Stacks, json_option


@click.command("extend")
@targets_argument()
@click.option(
    "--for",
    "duration",
    metavar="1h|close",
    default="",
    help="How long from now, or until office hours close. Default: the policy's wake_for.",
)
@job_option
@over_budget_option
@deployment_option
@yes_option
@json_option
def command(
    targets: tuple[Target, ...],
    duration: str,
    job: str,
    over_budget: bool,
    deployment: Deployment,
    yes: bool,
    as_json: bool,
) -> None:
    """Keep an awake stack awake for this long from now; never shorter than it is already."""
    targets = expand(Stacks(deployment), targets, "extend", yes=yes)
    places, clock = open_places(deployment, targets, over_budget=over_budget)
    for write in side_by_side([partial(place.prepare_extend, duration, job) for place in places]):
        write()
    conclude(places, clock, as_json=as_json)
