"""`dormouse wake`: have stacks awake for a while, in the caller's name."""

from __future__ import annotations

import click

from controller.cli.asking import asked_end, conclude
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.stacks import Stacks, json_option, reason_option, stacks_argument
from controller.domain.reporting.report import State


@click.command("wake")
@stacks_argument()
@click.option(
    "--for",
    "duration",
    metavar="1h|close",
    default="",
    help="How long, or until office hours close. Default: the policy's wake_for.",
)
@reason_option
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it until awake.")
@deployment_option
@json_option
def command(
    stacks: tuple[str, ...],
    duration: str,
    reason: str,
    wait: bool,
    deployment: Deployment,
    as_json: bool,
) -> None:
    """
    Have a stack awake for a while, and print its address.

    Exit code 1 when it does not wake, with the cause. A wake that you asked for before is made
    longer, never shorter.
    """
    asked = Stacks(deployment)
    looks = [(look, asked_end(look, duration)) for look in asked.look_at_all(stacks)]
    for look, until in looks:
        asked.keep_awake(look, until, reason)
    conclude(asked, stacks, wanted=State.AWAKE if wait else None, as_json=as_json)
