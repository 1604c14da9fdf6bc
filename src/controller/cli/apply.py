"""`dormouse apply`: wake a stack or put it to sleep from this machine, and show how it goes."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import click

from controller.cli.compiling import spec_or_exit
from controller.cli.inputs import TerraformCommand, terraform_options
from controller.cli.screen import format_duration
from controller.cli.target import Stack, open_stack, order_of
from controller.cli.views import View, make_view
from controller.domain.errors import TextError
from controller.domain.planning.draining import longest_drain
from controller.domain.planning.endpoint import find_endpoint
from controller.domain.planning.plan import Order, Target
from controller.domain.planning.serving import find_shortfalls, say_shortfalls
from controller.domain.planning.spec import Json, Spec
from controller.domain.policy.durations import parse_duration
from controller.domain.policy.policy import Policy
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Limits, Outcome, Result
from controller.reconcile.serving import Served

LONGEST_SLEEP = timedelta(minutes=45)
"""
A longer sleep is reported, with what still exists: a service may drain for a quarter of an hour
before its tasks are stopped, an Elastic IP be held for as long (AWS behaviour §3.4, F43).
"""


MOST_RENEWALS = 3
"""How often a run is restarted after its credentials expired: the SDK may have fresh ones."""


class Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(str(value))
        except TextError as error:
            self.fail(str(error), param, ctx)


@click.command("apply", cls=TerraformCommand)
@terraform_options
@click.option(
    "--to",
    "target",
    type=click.Choice([str(t) for t in Target]),
    required=True,
    help="The state to bring the stack to.",
)
@click.option("--safe", is_flag=True, help="Drain the service before the load balancer goes.")
@click.option(
    "--poll",
    type=Duration(),
    default="10s",
    show_default=True,
    help="The longest time between two reads of AWS.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack's name, if not the folder's."
)
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path,
    stack_name: str | None,
    target: str,
    safe: bool,
    poll: timedelta,
    as_json: bool,
) -> None:
    """
    Wake the stack, or put it to sleep, now and from this machine.

    It needs no table and no Lambda function. It may be interrupted and repeated at any time.

    Do not run it twice at the same time: one with --to awake and one with --to asleep may both
    succeed, and either may be the last. Then run the one that you want again.
    """
    spec = spec_or_exit(ctx, directory, stack_name)
    with open_stack(spec) as stack, make_view(spec, stack.clock) as view:
        started_at = stack.clock.now()
        try:
            outcome = _run(stack, Target(target), order_of(spec, safe=safe), poll, view)
        except KeyboardInterrupt:
            raise click.ClickException(_interrupted(target)) from None
        seconds = (stack.clock.now() - started_at).total_seconds()
    _show(spec, outcome, seconds, as_json=as_json)


def _run(stack: Stack, target: Target, order: Order, poll: timedelta, view: View) -> Outcome:
    """
    Reach the target; a wake that cannot finish is taken down again: fail towards cheap.

    Not what serves people, and not for credentials that have run out: those say nothing of it.
    """
    give_up_at, patience = _give_up_at(stack, target), _wake_timeout(stack.spec)
    limits = Limits(poll=poll, give_up_at=give_up_at, served=Served(patience=patience))
    outcome = _reconciler(stack, order, view).run(target, limits)
    for _ in range(MOST_RENEWALS):
        if outcome.result is not Result.UNFINISHED:
            break
        stack.clock.sleep(poll.total_seconds())
        stack = stack.afresh()
        outcome = _reconciler(stack, order, view, outcome).run(target, limits)
    if target is Target.AWAKE and outcome.result in (Result.FAILED, Result.BLOCKED):
        limits = Limits(poll=poll, give_up_at=_give_up_at(stack, Target.ASLEEP))
        taken_down = _reconciler(stack, order, view, outcome).run(Target.ASLEEP, limits)
        if outcome.observed is None and taken_down.cause == outcome.cause:
            raise click.ClickException(outcome.cause)  # never saw the stack, so changed nothing
        if taken_down.result is not Result.CONVERGED:
            raise click.ClickException(
                f"{outcome.cause}; taking it down again did not finish either, and it may still "
                f"cost money: {taken_down.cause}"
            )
    return outcome


def _reconciler(stack: Stack, order: Order, view: View, last: Outcome | None = None) -> Reconciler:
    """One that knows what the last run did."""
    return Reconciler(
        stack.spec,
        stack.cloud,
        stack.clock,
        stack.side_by_side,
        order=order,
        report=view,
        progress=last.progress if last else None,
        timeline=last.timeline if last else None,
    )


def _give_up_at(stack: Stack, target: Target) -> datetime:
    now = stack.clock.now()
    if target is Target.ASLEEP:
        return now + LONGEST_SLEEP + longest_drain(stack.spec)
    return now + _wake_timeout(stack.spec)


def _wake_timeout(spec: Spec) -> timedelta:
    return Policy.from_json(spec.policy).wake_timeout


def _interrupted(target: str) -> str:
    other = "asleep" if target == "awake" else "awake"
    return (
        f"stopped half-way to {target}; run the same command to continue, or with --to {other} to "
        f"go back"
    )


def _show(spec: Spec, outcome: Outcome, seconds: float, *, as_json: bool) -> None:
    reached = outcome.result is Result.CONVERGED
    is_up = outcome.target is Target.AWAKE and (reached or outcome.result is Result.DEGRADED)
    endpoint = None
    if is_up and outcome.observed:
        endpoint = find_endpoint(spec, outcome.observed)
    if as_json:
        data: dict[str, Json] = {
            "stack": spec.stack,
            "state": _state(outcome),
            "endpoint": endpoint.to_json() if endpoint else None,
            "seconds": round(seconds, 1),
            "steps": outcome.timeline.to_json(),
            "warning": outcome.cause if reached else "",
        }
        if not reached:
            data["error"] = outcome.cause
        click.echo(json.dumps(data, indent=2))
    elif reached:
        where = f" at {endpoint.text}" if endpoint else ""
        took = format_duration(timedelta(seconds=seconds))
        click.echo(f"{spec.stack} is {outcome.target}{where} (took {took})")
        if outcome.cause:
            click.echo(f"warning: {outcome.cause}", err=True)
    if not reached:
        click.echo(f"error: {_say_missed(spec, outcome)}", err=True)
        sys.exit(1)


def _state(outcome: Outcome) -> str:
    """The stack's state now; a stack that was left half-way has not reached its target."""
    if outcome.result in (Result.CONVERGED, Result.DEGRADED):
        return str(outcome.target)
    is_left = outcome.result is Result.UNFINISHED and outcome.target is Target.ASLEEP
    return str(Target.AWAKE if is_left else Target.ASLEEP)


def _say_missed(spec: Spec, outcome: Outcome) -> str:
    stack, cause = spec.stack, outcome.cause
    if outcome.result is Result.UNFINISHED:
        return (
            f"{stack} is half-way to {outcome.target} and was left as it is; what stands may cost "
            f"money: {cause}; get fresh credentials and run the same command again"
        )
    if outcome.result is Result.DEGRADED:
        short = say_shortfalls(find_shortfalls(spec, outcome.observed)) if outcome.observed else ""
        return f"{stack} is awake, but {short or 'does not run completely'}: {cause}"
    if outcome.target is Target.AWAKE:
        return f"{stack} did not wake and was put back to sleep: {cause}"
    return f"{stack} is not asleep, and may still cost money: {cause}"
