"""`dormouse hours`: when the office hours open and close, local and UTC, with hours and money."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from controller.cli.compiling import spec_or_exit
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.hour_strip import Cell, legend, strip
from controller.cli.inputs import (
    InputError,
    TerraformCommand,
    check_directory,
    terraform_inputs,
)
from controller.cli.link_address import refuse_link
from controller.cli.profile_option import profile_option
from controller.cli.stacks import Stacks
from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.booking import Booking
from controller.domain.decision.history import Learned
from controller.domain.decision.hold import Hold
from controller.domain.decision.office_hours import Rules
from controller.domain.errors import TextError
from controller.domain.formatting import say_duration
from controller.domain.money.forecast import Forecast, make_forecast
from controller.domain.money.ledger import cost, number
from controller.domain.money.prices import find_prices, origin
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json, Spec
from controller.domain.planning.timing import Timing
from controller.domain.planning.wake_path import wake_path
from controller.domain.policy.policy_warnings import SHORTEST_GAP
from controller.domain.policy.schedule import OpenWindow
from controller.domain.reporting.report import rules_of
from controller.domain.reporting.status import Status
from controller.domain.timestamps import format_timestamp, parse_timestamp
from controller.links import STACK_NAME


@click.command("hours", cls=TerraformCommand)
@terraform_inputs
@click.argument("target", metavar="DIR|STACK")
@click.option("--days", type=click.IntRange(1, 731), default=14, show_default=True)
@click.option("--from", "start", metavar="DATE", help="A local date or an instant; default: now.")
@click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack's name, if not the folder's."
)
@deployment_option
@profile_option("How long AWS takes for a wake, instead of the measured time.", default=None)
@click.option("--json", "as_json", is_flag=True, help="Print the windows as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    target: str,
    days: int,
    start: str | None,
    stack_name: str | None,
    deployment: Deployment,
    profile: Timing | None,
    as_json: bool,
) -> None:
    """
    Show when a stack is open in the coming days, and what that costs.

    For a published STACK it uses the measured time of a wake; for a directory, an estimate.
    """
    spec, rules, now, hold = _find(ctx, target, stack_name, deployment)
    rules = _with_pace(spec, rules, profile) if profile else rules
    begin, end = _range(start, days, rules.policy.zone, now)
    calendar = Calendar(
        spec=spec,
        rules=rules,
        windows=tuple(_of_calendar(w, begin, end) for w in rules.windows(begin, end)),
        forecast=make_forecast(spec, rules, begin, end, hold),
        hold=hold if hold and begin < hold.until else None,
    )
    if as_json:
        click.echo(json.dumps(_to_json(calendar), indent=2))
    else:
        _print(calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    spec: Spec
    rules: Rules
    windows: tuple[OpenWindow, ...]
    forecast: Forecast
    hold: Hold | None = None

    @property
    def begin(self) -> datetime:
        return self.forecast.window.start

    @property
    def end(self) -> datetime:
        return self.forecast.window.end

    def hours_of(self, window: OpenWindow) -> float:
        """Hours of it in the calendar in which it is open, and not held asleep."""
        part = window.within(self.begin, self.end)
        closes_at = part.closes_at or self.end
        return max(0.0, (closes_at - max(part.opens_at, self.held_until)).total_seconds() / 3600)

    @property
    def held_until(self) -> datetime:
        """Until when a hold has it asleep; the calendar's beginning where none does."""
        if self.hold is None or self.hold.state is Target.AWAKE:
            return self.begin
        return max(self.begin, self.hold.until)

    def is_held(self, window: OpenWindow) -> bool:
        """Whether a hold keeps it asleep for some part of the window."""
        return max(window.opens_at, self.begin) < self.held_until

    @property
    def bookings(self) -> list[Booking]:
        """Those of which some part is in the calendar."""
        return [
            each
            for each in self.rules.bookings
            if each.opens_at < self.end and each.closes_at > self.begin
        ]

    def booked(self, window: OpenWindow) -> list[Booking]:
        """Those that have a part in the window."""
        return [
            each
            for each in self.bookings
            if each.opens_at >= window.opens_at
            and (window.closes_at is None or each.closes_at <= window.closes_at)
        ]

    @property
    def open_hours(self) -> float:
        return sum(self.hours_of(window) for window in self.windows)

    @property
    def spent(self) -> Decimal:
        return cost(self.forecast.spent, find_prices(self.spec.region))

    @property
    def always_on(self) -> Decimal:
        return cost(self.forecast.always, find_prices(self.spec.region))


def _of_calendar(window: OpenWindow, begin: datetime, end: datetime) -> OpenWindow:
    """Whole, even where it began before the calendar; one that never ends, as far as that goes."""
    return window if window.closes_at else window.within(begin, end)


def _find(
    ctx: click.Context, target: str, stack_name: str | None, deployment: Deployment
) -> tuple[Spec, Rules, datetime, Hold | None]:
    """A directory, compiled; or a published stack with what its wakes have taught, and its hold."""
    refuse_link(target)
    if not Path(target).exists() and STACK_NAME.fullmatch(target):
        view = Stacks(deployment).load_view(target)
        budget = view.report.budget
        rules = view.rules.with_stop(budget.stop) if budget else view.rules
        return view.report.spec, rules, view.now, view.report.hold
    spec = spec_or_exit(ctx, check_directory(target), stack_name)
    return spec, rules_of(spec, Status()), datetime.now(UTC), None


def _with_pace(spec: Spec, rules: Rules, timing: Timing) -> Rules:
    """The rules with the lead time that wakes at this pace would teach."""
    wakes = Learned(totals=(wake_path(spec, timing=timing).seconds,))
    paced = Rules.of(rules.policy, wakes.lead(rules.policy.wake_timeout), rules.schedule)
    return replace(rules, lead=paced.lead)


def _range(
    start: str | None, days: int, zone: ZoneInfo, now: datetime
) -> tuple[datetime, datetime]:
    """From the start of a local date (or an instant) over this many local days."""
    begin = now if start is None else _read_start(start, zone)
    local = begin.astimezone(zone)
    last = datetime.combine(local.date() + timedelta(days=days), local.time(), zone)
    return begin.astimezone(UTC), last.astimezone(UTC)


def _read_start(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone)
    except ValueError:
        pass
    try:
        return parse_timestamp(text)
    except TextError:
        raise InputError(
            f'--from: "{text}" is neither a date nor an instant; write 2026-03-27 or '
            f"2026-03-27T09:00:00Z"
        ) from None


def _to_json(calendar: Calendar) -> dict[str, Json]:
    forecast = calendar.forecast
    return {
        "stack": calendar.spec.stack,
        "time_zone": calendar.rules.policy.time_zone,
        "windows": [
            {
                "opens_at": format_timestamp(window.opens_at),
                "closes_at": format_timestamp(window.closes_at) if window.closes_at else None,
                **({"held": "asleep"} if calendar.is_held(window) else {}),
            }
            for window in calendar.windows
        ],
        "hold": calendar.hold.to_json() if calendar.hold else None,
        "bookings": [booking.public() for booking in calendar.bookings],
        "hours": round(calendar.open_hours, 2),
        "awake_hours": round(forecast.awake_hours, 2),
        "load_balancer_hours": number(forecast.spent.load_balancer),
        "elastic_ip_hours": number(forecast.spent.elastic_ip),
        "cost": number(calendar.spent),
        "always_on": number(calendar.always_on),
        "currency": "USD",
    }


def _print(calendar: Calendar) -> None:
    zone = calendar.rules.policy.zone
    if calendar.hold:
        click.echo(_say_hold(calendar.hold, zone))
    if not calendar.windows:
        click.echo(
            f"{calendar.spec.stack} has no office hours in this time: it wakes when somebody "
            "asks for it"
        )
    for window in calendar.windows:
        closes_at = window.closes_at or calendar.end
        opens, closes = window.opens_at.astimezone(zone), closes_at.astimezone(zone)
        until = f"{closes:%H:%M}" if opens.date() == closes.date() else f"{closes:%a %H:%M}"
        click.echo(
            f"{opens:%a %Y-%m-%d %H:%M} - {until:<9} {opens:%Z}   "
            f"{window.opens_at:%m-%d %H:%M} - {closes_at:%H:%M} UTC   "
            f"{calendar.hours_of(window):5.1f} h{_remark(calendar, window)}"
        )
    _print_strip(calendar)
    _print_money(calendar)


def _print_strip(calendar: Calendar) -> None:
    """When it is awake by that, half hour by half hour; a longer time would be many screens."""
    forecast, zone = calendar.forecast, calendar.rules.policy.zone
    if not forecast.stays or forecast.window.length > MOST_DRAWN:
        return
    click.echo()
    for line in strip(forecast.window, zone, forecast.stays):
        click.echo(line)
    click.echo(f"{'':<11}{legend(Cell.AWAKE, Cell.ASLEEP)}")


def _say_hold(hold: Hold, zone: ZoneInfo) -> str:
    why = f" ({hold.reason})" if hold.reason else ""
    until = f"{hold.until.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
    meanwhile = "nothing opens before that" if hold.state is Target.ASLEEP else "it stays awake"
    return f"{hold.by} holds {hold.stack} {hold.state} until {until}{why}: {meanwhile}"


def _remark(calendar: Calendar, window: OpenWindow) -> str:
    """
    Held asleep in it; who has booked it; or closed for so short a time before it that nobody
    would see it.
    """
    if calendar.is_held(window):
        return "   held asleep"
    who = ", ".join(dict.fromkeys(each.by for each in calendar.booked(window)))
    if who:
        return f"   booked by {who}"
    before = [each.closes_at for each in calendar.windows if each.closes_at]
    gaps = [window.opens_at - closed for closed in before if closed < window.opens_at]
    gap = min(gaps, default=timedelta.max)
    return f"   after {say_duration(gap)} closed" if gap <= SHORT else ""


SHORT = timedelta(minutes=SHORTEST_GAP)

MOST_DRAWN = timedelta(days=32)


def _print_money(calendar: Calendar) -> None:
    forecast = calendar.forecast
    click.echo(f"\n{calendar.open_hours:.1f} of {forecast.all_hours:.0f} hours open")
    if forecast.stays:
        click.echo(
            f"{forecast.awake_hours:.1f} hours awake, if it is used throughout; "
            f"{forecast.spent.load_balancer} load balancer hours are paid\n"
            f"  ({_why_longer(calendar.rules)})"
        )
    click.echo(
        f"{calendar.spent:.2f} $ with {forecast.spent.elastic_ip:.0f} hours of its Elastic IP, "
        f"{calendar.always_on:.2f} $ if always on\n  ({_origin(calendar.spec)})"
    )


def _origin(spec: Spec) -> str:
    return origin(find_prices(spec.region), spec.region)


def _why_longer(rules: Rules) -> str:
    reasons = []
    if rules.lead:
        reasons.append(f"woken {say_duration(rules.lead)} before it opens")
    if rules.policy.finish_paid_hour:
        reasons.append("kept to the end of the paid hour")
    return ", ".join(reasons) or "as long as it is open"
