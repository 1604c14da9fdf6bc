"""`dormouse sleep`: put stacks to sleep until their next office hours."""

from __future__ import annotations

import click

from controller.cli.asking import conclude_stacks
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.groups import expand, yes_option
from controller.cli.stacks import Stacks, json_option, reason_option, stacks_argument
from controller.domain.reporting.report import State


@click.command("sleep")
@stacks_argument()
@reason_option
@click.option("--wait/--no-wait", default=False, show_default=True, help="Follow it until asleep.")
@deployment_option
@yes_option
@json_option
def command(
    stacks: tuple[str, ...],
    reason: str,
    wait: bool,
    deployment: Deployment,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Put a stack to sleep until its next office hours, or until somebody wakes it.

    A stack that is already held asleep stays as it is. With --wait, exit code 1 if it does not
    fall asleep.
    """
    published = Stacks(deployment)
    stacks = expand(published, stacks, "sleep", yes=yes)
    for view in published.load_views(stacks):
        published.put_to_sleep(view, reason)
    conclude_stacks(published, stacks, wanted=State.ASLEEP if wait else None, as_json=as_json)
