"""`dormouse status`: the state of stacks, why, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

import click

from controller.cli.deployment import Deployment, deployment_option
from controller.cli.following import follow
from controller.cli.groups import expand
from controller.cli.places import Target, open_places, side_by_side, targets_argument
from controller.cli.say_booking import say_booking
from controller.cli.screen import format_duration
from controller.cli.stack_status import StackStatus
from controller.cli.stacks import Stacks, json_option, print_json
from controller.domain.errors import DormouseError
from controller.domain.formatting import say_duration, say_money, to_cents
from controller.domain.planning.spec import Json
from controller.domain.reporting.proof import Verdict
from controller.domain.reporting.report import BLOCKED, FAILED, State
from controller.domain.reporting.standing import say_local
from controller.domain.timestamps import parse_timestamp

_COLOURS = {State.AWAKE: "green", State.WAKING: "yellow", State.GOING_TO_SLEEP: "yellow"}


@click.command("status")
@targets_argument(required=False)
@click.option("--watch", is_flag=True, help="Follow a transition until it has ended.")
@deployment_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    targets: tuple[Target, ...],
    watch: bool,
    deployment: Deployment,
    as_json: bool,
) -> None:
    """
    Show the state of all stacks, a line for each; with names, each in detail.

    A link in place of a stack's name needs no rights in AWS.
    """
    unread: list[DormouseError] = []
    named = list(targets)
    targets = expand(Stacks(deployment), targets) if targets else tuple(_published(deployment))
    if watch and targets:
        found = follow(*open_places(deployment, targets))
    elif named:
        places, _ = open_places(deployment, targets)
        found = side_by_side([place.read_status for place in places])
    else:
        found, unread = _readable(Stacks(deployment), targets)
    if as_json:
        print_json(
            [status.stack for status in found] if named else (), [status.data for status in found]
        )
    elif named:
        click.echo("\n\n".join("\n".join(_in_full(status)) for status in found))
    else:
        _print_all(found)
    for error in unread:
        click.echo(f"Error: {error}", err=True)
    ctx.exit(1 if unread else 0)


def _published(deployment: Deployment) -> list[str]:
    names = Stacks(deployment).names()
    if not names:
        click.echo(
            f'nothing is published to "{deployment.name}"; run "dormouse publish DIR"', err=True
        )
    return names


def _readable(
    stacks: Stacks, names: Sequence[Target]
) -> tuple[list[StackStatus], list[DormouseError]]:
    """Their state, and why it is not known of others: one stack must not hide the rest."""
    unread: list[DormouseError] = []
    found = []
    for one in stacks.try_load_views([str(name) for name in names]):
        if isinstance(one, DormouseError):
            unread.append(one)
        elif isinstance(one, Exception):
            raise one
        else:
            found.append(StackStatus(one.report.to_json()))
    return found, unread


def _print_all(found: Sequence[StackStatus]) -> None:
    for line in _table(found):
        click.echo(line)
    for status in found:
        for warning in status.warnings:
            click.echo(f"warning: {status.stack}: {warning}", err=True)


def _table(found: Sequence[StackStatus]) -> Iterator[str]:
    width = max((len(status.stack) for status in found), default=0)
    for status in found:
        shown = click.style(f"{status.state!s:<14}", fg=_COLOURS.get(status.state))
        yield f"{status.stack:<{width}}  {shown}  {_in_short(status)}"


def _in_short(status: StackStatus) -> str:
    if status.cause:
        return f"{status.phase}: {status.cause}"
    if status.state is State.WAKING:
        eta = f", about {say_duration(status.eta)} more" if status.eta else ""
        return f"{status.phase}{eta}"
    end = status.changes_at
    until = f"until {say_local(end, status.zone)}: " if end else ""
    return f"{until}{status.reason}"


def _in_full(status: StackStatus) -> Iterator[str]:
    yield click.style(status.summary, bold=True)
    for name, text in _facts(status):
        yield f"  {name:<9} {text}"


def _facts(status: StackStatus) -> Iterator[tuple[str, str]]:
    yield "why", status.reason
    if status.phase != str(status.state):
        yield "phase", status.phase
    if status.cause:
        failed = status.phase in (FAILED, BLOCKED)
        yield "cause", click.style(status.cause, fg="red" if failed else None)
    if status.since:
        yield "since", say_local(status.since, status.zone)
    yield from _who(status)
    for held in status.held:
        since = status.now - parse_timestamp(held["since"])
        yield "waiting", f"{held['who']} at the door, for {format_duration(since)}"
    yield from (("steps", line) for line in _steps(status))
    for change in status.next:
        yield "next", f"{_local(status, change['at'])} {change['state']}: {change['reason']}"
    if status.owner:
        yield "owner", status.owner
    if status.expires:
        yield "expires", say_local(status.expires, status.zone)
    if status.state is State.ASLEEP and status.proof["at"]:
        yield from _proof(status)
    for warning in status.warnings:
        yield "warning", click.style(warning, fg="yellow")
    if status.money:
        spent, always = map(to_cents, status.money)
        saved = always - spent
        said = f"saved {say_money(saved)}" if saved > 0 else "nothing saved yet"
        yield "month", f"spent {say_money(spent)}, always on {say_money(always)}, {said}"
    if status.budget:
        yield "budget", _say_budget(status, status.budget)


def _say_budget(status: StackStatus, budget: Mapping[str, Json]) -> str:
    """Write "14.20 $ of 20.00 $ are spent; as planned, it is used up on Mon 23 Nov 10:00 JST"."""
    spent, limit = (say_money(Decimal(str(budget[name]))) for name in ("spent", "limit"))
    said = f"{spent} of {limit} are spent; "
    if budget["used_up"]:
        resets = _local(status, budget["resets_at"])
        return f"{said}until {resets} only an admin link or --over-budget wakes it"
    if budget["used_up_at"]:
        return f"{said}as planned, it is used up on {_local(status, budget['used_up_at'])}"
    return f"{said}as planned, it lasts until the end of the month"


def _proof(status: StackStatus) -> Iterator[tuple[str, str]]:
    result = status.proof["result"]
    colour = {Verdict.COULD_WAKE: "green", Verdict.COULD_NOT_WAKE: "red"}.get(result)
    yield "rehearsed", f"{_local(status, status.proof['at'])}: {click.style(result, fg=colour)}"
    for finding in status.proof["findings"]:
        yield "", f"{finding['rule']}: {finding['message']}"


def _who(status: StackStatus) -> Iterator[tuple[str, str]]:
    for lease in status.leases:
        until = _local(status, lease["expires_at"])
        yield "asked by", f"{lease['holder']} until {until}{_because(lease['reason'])}"
    yield from (("booked", say_booking(status, booking)) for booking in status.bookings)
    hold = status.hold
    if hold:
        until = _local(status, hold["until"])
        yield "held by", f"{hold['by']} {hold['state']} until {until}{_because(hold['reason'])}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _local(status: StackStatus, moment: str) -> str:
    return say_local(parse_timestamp(moment), status.zone)


def _steps(status: StackStatus) -> Iterator[str]:
    if status.has_settled:
        return
    for step in status.steps:
        began = parse_timestamp(step["started_at"])
        ended = parse_timestamp(step["finished_at"]) if step["finished_at"] else None
        took = format_duration((ended or status.now) - began)
        usual = step["usual_seconds"]
        hint = (
            f", usually {format_duration(timedelta(seconds=usual))}" if usual and not ended else ""
        )
        yield f"{step['address']}: {step['step']} ({took}{'' if ended else ' so far'}{hint})"
