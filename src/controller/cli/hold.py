"""`dormouse hold`: have stacks awake or asleep for a while, whatever leases and hours say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import click

from controller.asking.stack_view import StackView
from controller.cli.asking import conclude_stacks
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.ends import end_options, read_end
from controller.cli.groups import expand, yes_option
from controller.cli.stacks import Stacks, json_option, reason_option, stacks_argument
from controller.domain.decision.hold import Hold
from controller.domain.planning.plan import Target


@click.command("hold")
@stacks_argument()
@click.option(
    "--awake", is_flag=True, help="Keep it awake, also when idle or outside office hours."
)
@click.option("--asleep", is_flag=True, help="Keep it asleep, also in office hours.")
@click.option("--lift", "lifted", is_flag=True, help="End the current hold.")
@end_options
@reason_option
@deployment_option
@yes_option
@json_option
def command(
    stacks: tuple[str, ...],
    awake: bool,
    asleep: bool,
    lifted: bool,
    duration: timedelta | None,
    until: str | None,
    reason: str,
    deployment: Deployment,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Keep a stack awake, or asleep, until a time that you give.

    A hold overrides office hours and all wakes that were requested before; a later wake ends a
    hold asleep. A new hold replaces the one before.
    """
    published = Stacks(deployment)
    if awake + asleep + lifted != 1:
        raise click.UsageError("say what: one of --awake, --asleep and --lift")
    stacks = expand(published, stacks, "hold", yes=yes)
    if lifted:
        refuse_end(duration, until, "--lift")
        lift(published, stacks)
    else:
        state = Target.AWAKE if awake else Target.ASLEEP
        hold(published, stacks, state, duration, until, reason)
    conclude_stacks(published, stacks, as_json=as_json)


def hold(
    published: Stacks,
    names: Sequence[str],
    state: Target,
    duration: timedelta | None,
    until: str | None,
    reason: str,
) -> None:
    """Hold all of them; a wrong end ends the command before the first."""
    views = [(view, read_end(view, duration, until)) for view in published.load_views(names)]
    for view, end in views:
        published.hold(_make(view, state, end, published.caller, reason))


def lift(published: Stacks, names: Sequence[str]) -> None:
    for view in published.load_views(names):
        if view.records.hold is None:
            click.echo(f"{view.stack} is not held", err=True)
        else:
            published.lift_hold(view)


def refuse_end(duration: timedelta | None, until: str | None, option: str) -> None:
    if duration is not None or until is not None:
        raise click.UsageError(f"{option} takes neither --for nor --until")


def _make(view: StackView, state: Target, end: datetime, by: str, reason: str) -> Hold:
    return Hold(
        stack=view.stack,
        state=state,
        by=by,
        reason=reason,
        set_at=view.now,
        until=end,
        over=frozenset(lease.id for lease in view.records.leases),
    )
