"""`dormouse status`: how stacks stand, why, and what comes next."""

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
from controller.cli.stacks import Stacks, json_option, print_json
from controller.cli.told import Told
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
@click.option("--watch", is_flag=True, help="Follow what is under way until it has settled.")
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
        tolds = follow(*open_places(deployment, targets))
    elif named:
        places, _ = open_places(deployment, targets)
        tolds = side_by_side([place.look for place in places])
    else:
        tolds, unread = _readable(Stacks(deployment), targets)
    if as_json:
        print_json([told.stack for told in tolds] if named else (), [told.data for told in tolds])
    elif named:
        click.echo("\n\n".join("\n".join(_in_full(told)) for told in tolds))
    else:
        _print_all(tolds)
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


def _readable(stacks: Stacks, names: Sequence[Target]) -> tuple[list[Told], list[DormouseError]]:
    """How they stand, and why that is not known of others: one stack must not hide the rest."""
    unread: list[DormouseError] = []
    tolds = []
    for one in stacks.look_at_each([str(name) for name in names]):
        if isinstance(one, DormouseError):
            unread.append(one)
        elif isinstance(one, Exception):
            raise one
        else:
            tolds.append(Told(one.report.to_json()))
    return tolds, unread


def _print_all(tolds: Sequence[Told]) -> None:
    for line in _table(tolds):
        click.echo(line)
    for told in tolds:
        for warning in told.warnings:
            click.echo(f"warning: {told.stack}: {warning}", err=True)


def _table(tolds: Sequence[Told]) -> Iterator[str]:
    width = max((len(told.stack) for told in tolds), default=0)
    for told in tolds:
        shown = click.style(f"{told.state!s:<14}", fg=_COLOURS.get(told.state))
        yield f"{told.stack:<{width}}  {shown}  {_in_short(told)}"


def _in_short(told: Told) -> str:
    if told.cause:
        return f"{told.phase}: {told.cause}"
    if told.state is State.WAKING:
        eta = f", about {say_duration(told.eta)} more" if told.eta else ""
        return f"{told.phase}{eta}"
    end = told.changes_at
    until = f"until {say_local(end, told.zone)}: " if end else ""
    return f"{until}{told.reason}"


def _in_full(told: Told) -> Iterator[str]:
    yield click.style(told.summary, bold=True)
    for name, text in _facts(told):
        yield f"  {name:<9} {text}"


def _facts(told: Told) -> Iterator[tuple[str, str]]:
    yield "why", told.reason
    if told.phase != str(told.state):
        yield "phase", told.phase
    if told.cause:
        failed = told.phase in (FAILED, BLOCKED)
        yield "cause", click.style(told.cause, fg="red" if failed else None)
    if told.since:
        yield "since", say_local(told.since, told.zone)
    yield from _who(told)
    for held in told.held:
        since = told.now - parse_timestamp(held["since"])
        yield "waiting", f"{held['who']} at the door, for {format_duration(since)}"
    yield from (("steps", line) for line in _steps(told))
    for change in told.next:
        yield "next", f"{_local(told, change['at'])} {change['state']}: {change['reason']}"
    if told.owner:
        yield "owner", told.owner
    if told.expires:
        yield "expires", say_local(told.expires, told.zone)
    if told.state is State.ASLEEP and told.proof["at"]:
        yield from _proof(told)
    for warning in told.warnings:
        yield "warning", click.style(warning, fg="yellow")
    if told.money:
        spent, always = map(to_cents, told.money)
        saved = always - spent
        said = f"saved {say_money(saved)}" if saved > 0 else "nothing saved yet"
        yield "month", f"spent {say_money(spent)}, always on {say_money(always)}, {said}"
    if told.budget:
        yield "budget", _say_budget(told, told.budget)


def _say_budget(told: Told, budget: Mapping[str, Json]) -> str:
    """Write "14.20 $ of 20.00 $ are spent; as planned, it is used up on Mon 23 Nov 10:00 JST"."""
    spent, limit = (say_money(Decimal(str(budget[name]))) for name in ("spent", "limit"))
    said = f"{spent} of {limit} are spent; "
    if budget["used_up"]:
        resets = _local(told, budget["resets_at"])
        return f"{said}until {resets} only an admin link or --over-budget wakes it"
    if budget["used_up_at"]:
        return f"{said}as planned, it is used up on {_local(told, budget['used_up_at'])}"
    return f"{said}as planned, it lasts until the end of the month"


def _proof(told: Told) -> Iterator[tuple[str, str]]:
    result = told.proof["result"]
    colour = {Verdict.COULD_WAKE: "green", Verdict.COULD_NOT_WAKE: "red"}.get(result)
    yield "rehearsed", f"{_local(told, told.proof['at'])}: {click.style(result, fg=colour)}"
    for finding in told.proof["findings"]:
        yield "", f"{finding['rule']}: {finding['message']}"


def _who(told: Told) -> Iterator[tuple[str, str]]:
    for lease in told.leases:
        until = _local(told, lease["expires_at"])
        yield "asked by", f"{lease['holder']} until {until}{_because(lease['reason'])}"
    yield from (("booked", say_booking(told, booking)) for booking in told.bookings)
    hold = told.hold
    if hold:
        until = _local(told, hold["until"])
        yield "held by", f"{hold['by']} {hold['state']} until {until}{_because(hold['reason'])}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _local(told: Told, moment: str) -> str:
    return say_local(parse_timestamp(moment), told.zone)


def _steps(told: Told) -> Iterator[str]:
    if told.has_settled:
        return
    for step in told.steps:
        began = parse_timestamp(step["started_at"])
        ended = parse_timestamp(step["finished_at"]) if step["finished_at"] else None
        took = format_duration((ended or told.now) - began)
        usual = step["usual_seconds"]
        hint = (
            f", usually {format_duration(timedelta(seconds=usual))}" if usual and not ended else ""
        )
        yield f"{step['address']}: {step['step']} ({took}{'' if ended else ' so far'}{hint})"
