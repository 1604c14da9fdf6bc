"""`dormouse pause`: have stacks asleep for a while, over a holiday for example."""

from __future__ import annotations

from datetime import timedelta

import click

from controller.cli import hold
from controller.cli.asking import conclude_stacks
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.ends import end_options
from controller.cli.stacks import Stacks, json_option, reason_option, stacks_argument
from controller.domain.planning.plan import Target


@click.command("pause")
@stacks_argument()
@end_options
@click.option("--resume", is_flag=True, help="Go back to office hours now.")
@reason_option
@deployment_option
@json_option
def command(
    stacks: tuple[str, ...],
    duration: timedelta | None,
    until: str | None,
    resume: bool,
    reason: str,
    deployment: Deployment,
    as_json: bool,
) -> None:
    """
    Keep stacks asleep until a time that you give, whatever their office hours say.

    It is the same as hold --asleep: a wake of a stack ends its pause.
    """
    published = Stacks(deployment)
    if resume:
        hold.refuse_end(duration, until, "--resume")
        hold.lift(published, stacks)
    else:
        hold.hold(published, stacks, Target.ASLEEP, duration, until, reason)
    conclude_stacks(published, stacks, as_json=as_json)
