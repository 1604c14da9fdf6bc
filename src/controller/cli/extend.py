"""`dormouse extend`: keep awake stacks awake for longer."""

from __future__ import annotations

import click

from controller.cli.asking import asked_end, conclude
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.stacks import Stacks, json_option, stacks_argument
from controller.domain.errors import PermanentError
from controller.domain.planning.plan import Target


@click.command("extend")
@stacks_argument()
@click.option(
    "--for",
    "duration",
    metavar="1h|close",
    default="",
    help="How long from now, or until office hours close. Default: the policy's wake_for.",
)
@deployment_option
@json_option
def command(stacks: tuple[str, ...], duration: str, deployment: Deployment, as_json: bool) -> None:
    """Keep an awake stack awake for so long from now; never shorter than it is already."""
    asked = Stacks(deployment)
    looks = [(look, asked_end(look, duration)) for look in asked.look_at_all(stacks)]
    for look, _ in looks:
        if look.report.decision.state is not Target.AWAKE:
            raise PermanentError(
                f'cannot extend: {look.stack} is {look.report.state}; wake it by "dormouse wake '
                f'{look.stack}"'
            )
    for look, until in looks:
        asked.keep_awake(look, until)
    conclude(asked, stacks, as_json=as_json)
