"""`dormouse status`: how stacks stand, why, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import click

from controller.asking.stack_view import StackView
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.following import follow
from controller.cli.screen import format_duration
from controller.cli.stacks import Stacks, json_option, print_json, stacks_argument
from controller.cli.telling import end_of_state, say_local, say_standing
from controller.domain.errors import DormouseError
from controller.domain.formatting import say_duration, say_money
from controller.domain.reporting.report import BLOCKED, FAILED, Report, State, policy_of
from controller.domain.timestamps import parse_timestamp

_COLOURS = {State.AWAKE: "green", State.WAKING: "yellow", State.GOING_TO_SLEEP: "yellow"}


@click.command("status")
@stacks_argument(required=False)
@click.option("--watch", is_flag=True, help="Follow what is under way until it has settled.")
@deployment_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    stacks: tuple[str, ...],
    watch: bool,
    deployment: Deployment,
    as_json: bool,
) -> None:
    """Show how stacks stand: all in a line each, or those that you name in full."""
    asked = Stacks(deployment)
    names = stacks or tuple(asked.names())
    if not names:
        click.echo(
            f'nothing is published to "{deployment.name}"; run "dormouse publish DIR"', err=True
        )
    unread: list[DormouseError] = []
    if watch and names:
        reports = follow(asked, names)
    elif stacks:
        reports = [look.report for look in asked.look_at_all(names)]
    else:
        reports, unread = _readable(asked.look_at_each(names))
    if as_json:
        print_json(stacks, [report.to_json() for report in reports])
    elif stacks:
        click.echo("\n\n".join("\n".join(_in_full(report)) for report in reports))
    else:
        _print_all(reports)
    for error in unread:
        click.echo(f"Error: {error}", err=True)
    ctx.exit(1 if unread else 0)


def _readable(found: list[StackView | Exception]) -> tuple[list[Report], list[DormouseError]]:
    """The reports, and why there is none of others: one stack must not hide the rest."""
    unread: list[DormouseError] = []
    reports = []
    for one in found:
        if isinstance(one, DormouseError):
            unread.append(one)
        elif isinstance(one, Exception):
            raise one
        else:
            reports.append(one.report)
    return reports, unread


def _print_all(reports: list[Report]) -> None:
    for line in _table(reports):
        click.echo(line)
    for report in reports:
        for warning in report.warnings:
            click.echo(f"warning: {report.spec.stack}: {warning}", err=True)


def _table(reports: list[Report]) -> Iterator[str]:
    width = max((len(report.spec.stack) for report in reports), default=0)
    for report in reports:
        state = str(report.state)
        shown = click.style(f"{state:<14}", fg=_COLOURS.get(report.state))
        yield f"{report.spec.stack:<{width}}  {shown}  {_in_short(report)}"


def _in_short(report: Report) -> str:
    if report.cause:
        return f"{report.phase}: {report.cause}"
    if report.state is State.WAKING:
        eta = f", about {say_duration(report.eta)} more" if report.eta else ""
        return f"{report.phase}{eta}"
    end = end_of_state(report)
    zone = policy_of(report.spec).zone
    until = f"until {say_local(end, zone)}: " if end else ""
    return f"{until}{report.decision.reason}"


def _in_full(report: Report) -> Iterator[str]:
    yield click.style(say_standing(report), bold=True)
    for name, text in _facts(report):
        yield f"  {name:<9} {text}"


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    zone = policy_of(report.spec).zone
    yield "why", report.decision.reason
    if report.phase != str(report.state):
        yield "phase", report.phase
    if report.cause:
        failed = report.phase in (FAILED, BLOCKED)
        yield "cause", click.style(report.cause, fg="red" if failed else None)
    if report.since:
        yield "since", say_local(report.since, zone)
    for lease in report.leases:
        reason = f": {lease.reason}" if lease.reason else ""
        yield "asked by", f"{lease.holder} until {say_local(lease.expires_at, zone)}{reason}"
    if report.hold:
        reason = f": {report.hold.reason}" if report.hold.reason else ""
        until = say_local(report.hold.until, zone)
        yield "held by", f"{report.hold.by} {report.hold.state} until {until}{reason}"
    for held in report.held:
        yield "waiting", f"{held.who} at the door, for {format_duration(report.now - held.since)}"
    yield from (("steps", line) for line in _steps(report))
    for change in report.next:
        yield "next", f"{say_local(change.at, zone)} {change.state}: {change.reason}"
    for warning in report.warnings:
        yield "warning", click.style(warning, fg="yellow")
    if report.saved:
        spent, always, saved = report.saved.in_cents()
        told = f"saved {say_money(saved)}" if saved > 0 else "nothing saved yet"
        yield "month", f"spent {say_money(spent)}, always on {say_money(always)}, {told}"


def _steps(report: Report) -> Iterator[str]:
    if report.has_settled:
        return
    for step in report.steps:
        began = parse_timestamp(step["started_at"])
        ended = parse_timestamp(step["finished_at"]) if step["finished_at"] else None
        took = format_duration((ended or report.now) - began)
        usual = step["usual_seconds"]
        hint = (
            f", usually {format_duration(timedelta(seconds=usual))}" if usual and not ended else ""
        )
        yield f"{step['address']}: {step['step']} ({took}{'' if ended else ' so far'}{hint})"
