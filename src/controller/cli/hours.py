"""`dormouse hours`: when the office hours open and close, local and UTC, with hours and money."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from controller.cli.compiling import spec_or_exit
from controller.cli.inputs import InputError, TerraformCommand, terraform_options
from controller.domain.errors import TextError
from controller.domain.moments import format_moment, parse_moment
from controller.domain.policy import Policy
from controller.domain.rates import asleep_hour, awake_hour
from controller.domain.schedule import Schedule, Window
from controller.domain.spec import Json, Spec


@click.command("hours", cls=TerraformCommand)
@terraform_options
@click.option("--days", type=click.IntRange(1, 731), default=14, show_default=True)
@click.option("--from", "start", metavar="DATE", help="A local date or an instant; default: now.")
@click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack's name, if not the folder's."
)
@click.option("--json", "as_json", is_flag=True, help="Print the windows as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path,
    days: int,
    start: str | None,
    stack_name: str | None,
    as_json: bool,
) -> None:
    """Show when the stack is open in the coming days, and what that costs."""
    spec = spec_or_exit(ctx, directory, stack_name)
    policy = Policy.from_json(spec.policy)
    begin, end = _range(start, days, policy.zone)
    windows = tuple(Schedule(policy).windows(begin, end))
    if as_json:
        click.echo(json.dumps(_to_json(spec, policy, windows, begin, end), indent=2))
    else:
        _print(spec, policy, windows, begin, end)


def _range(start: str | None, days: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the start of a local date (or an instant) over so many local days."""
    begin = datetime.now(UTC) if start is None else _read_start(start, zone)
    local = begin.astimezone(zone)
    last = datetime.combine(local.date() + timedelta(days=days), local.time(), zone)
    return begin.astimezone(UTC), last.astimezone(UTC)


def _read_start(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone)
    except ValueError:
        pass
    try:
        return parse_moment(text)
    except TextError:
        raise InputError(
            f'--from: "{text}" is neither a date nor an instant; write 2026-03-27 or '
            f"2026-03-27T09:00:00Z"
        ) from None


def _to_json(
    spec: Spec, policy: Policy, windows: tuple[Window, ...], begin: datetime, end: datetime
) -> dict[str, Json]:
    return {
        "stack": spec.stack,
        "time_zone": policy.time_zone,
        "windows": [
            {
                "opens_at": format_moment(window.opens_at),
                "closes_at": format_moment(window.closes_at) if window.closes_at else None,
            }
            for window in windows
        ],
        "hours": round(_hours(windows, begin, end), 2),
        "cost": round(float(_hours(windows, begin, end)) * float(awake_hour(spec)), 4),
        "currency": "USD",
    }


def _hours(windows: tuple[Window, ...], begin: datetime, end: datetime) -> float:
    parts = (window.within(begin, end) for window in windows)
    seconds = sum(((p.closes_at or end) - p.opens_at).total_seconds() for p in parts)
    return seconds / 3600


def _print(
    spec: Spec, policy: Policy, windows: tuple[Window, ...], begin: datetime, end: datetime
) -> None:
    zone = policy.zone
    if not windows:
        click.echo(
            f"{spec.stack} has no office hours in this time: it wakes when somebody asks for it"
        )
    for window in windows:
        part = window.within(begin, end)
        closes_at = window.closes_at or end
        hours = ((part.closes_at or end) - part.opens_at).total_seconds() / 3600
        opens = window.opens_at.astimezone(zone)
        closes = closes_at.astimezone(zone)
        same_day = opens.date() == closes.date()
        until = f"{closes:%H:%M}" if same_day else f"{closes:%a %H:%M}"
        click.echo(
            f"{opens:%a %Y-%m-%d %H:%M} - {until:<9} {opens:%Z}   "
            f"{window.opens_at:%m-%d %H:%M} - {closes_at:%H:%M} UTC   {hours:5.1f} h"
        )
    _print_money(spec, _hours(windows, begin, end), (end - begin).total_seconds() / 3600)


def _print_money(spec: Spec, awake: float, all_hours: float) -> None:
    rate, rest = float(awake_hour(spec)), float(asleep_hour(spec))
    spent = awake * rate + all_hours * rest
    always = all_hours * (rate + rest)
    click.echo(
        f"\n{awake:.1f} of {all_hours:.0f} hours open: {spent:.2f} $ with the Elastic IP, "
        f"{always:.2f} $ if always on (before started load balancer hours are rounded up)"
    )
