"""`dormouse cost`: what stacks have cost in a month, and what they have saved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import click

from controller.asking.stack_view import StackView
from controller.cli import cost_days
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.groups import expand
from controller.cli.hour_strip import strip_of_hours
from controller.cli.inputs import InputError
from controller.cli.pricing import prices_of
from controller.cli.stacks import Stacks, check_name
from controller.domain.dataclass import dataclass
from controller.domain.errors import TextError
from controller.domain.formatting import say_money
from controller.domain.money.controller_cost import Part, controller_cost, controller_parts
from controller.domain.money.ledger import (
    Past,
    Statement,
    account_days,
    month_usage,
    number,
    until_settled,
)
from controller.domain.money.month import Month
from controller.domain.money.past_hours import Hours, hours_between
from controller.domain.money.prices import Prices, origin
from controller.domain.money.usage import ZERO
from controller.domain.planning.spec import Json
from controller.domain.reporting.damage import Damaged

MOST_NAMED = 3
"""How many unreadable records are named; the rest is counted."""


@click.command("cost")
@click.argument("stack", required=False)
@click.option("--month", metavar="YYYY-MM", help="A calendar month in UTC; default: this one.")
@click.option("--json", "as_json", is_flag=True, help="Print the statement as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a line for each day, for a spreadsheet.")
@deployment_option
def command(
    stack: str | None, month: str | None, as_json: bool, as_csv: bool, deployment: Deployment
) -> None:
    """
    Show what a month has cost, and what it would have cost always on.

    Without a name, or with a pattern ("pr-*"), it prints a line for each stack, and the sum. With
    a full name it prints one stack hour by hour.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv print the same: name one of them")
    if stack and "*" not in stack:
        check_name(stack)
    published = Stacks(deployment)
    wanted = _month(month, deployment.clock.now())
    names = published.names()
    is_one = stack is not None and "*" not in stack
    views = published.load_views(expand(published, [stack]) if stack else names)
    regions = {view.stack: _region(view, deployment) for view in views}
    prices = {region: prices_of(region) for region in sorted(set(regions.values()))}
    bills = [
        _bill(published, view, wanted, prices[regions[view.stack]][0], len(names)) for view in views
    ]
    if as_csv:
        rows = [(bill.stack, bill.days) for bill in bills]
        click.echo(cost_days.as_csv(rows), nl=False)
        return
    if as_json:
        listed = bills[0].to_json() if is_one else _sum(wanted, bills)
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    for line in _in_full(bills[0]) if is_one else _table(wanted, bills):
        click.echo(line)
    _say_unreadable(bills)
    for region, (found, why_not) in prices.items():
        _say_origin(found, region, why_not)


def _region(view: StackView, deployment: Deployment) -> str:
    """A stack that names no region is in the controller's own."""
    region = view.records.spec.region or deployment.clients.dynamodb.meta.region_name
    return str(region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """
    The account of one stack, with its share of the controller's own cost.

    `unreadable` are the records of its history that could not be read: their content is missing.
    """

    stack: str
    account: Statement
    controller_parts: list[Part]
    days: list[dict[str, Json]]
    hours: Hours
    zone: ZoneInfo
    unreadable: tuple[str, ...] = ()

    @property
    def controller(self) -> Decimal:
        return controller_cost(self.controller_parts)

    def to_json(self) -> dict[str, Json]:
        return {
            "stack": self.stack,
            **self.account.to_json(),
            "controller": number(self.controller),
            "controller_parts": [part.to_json() for part in self.controller_parts],
            "days": self.days,
            "unreadable": list(self.unreadable),
        }


def _month(text: str | None, now: datetime) -> Month:
    if text is None:
        return Month.of(now)
    try:
        month = Month.parse(text)
    except TextError as error:
        raise InputError(f"--month: {error}") from None
    if month.start > now:
        raise InputError(f"--month: {month} has not begun; this month is {Month.of(now)}")
    return month


def _bill(published: Stacks, view: StackView, month: Month, prices: Prices, stacks: int) -> Bill:
    table, status = published.deployment.table, view.report.status
    with published.deployment.reaching(f'read the history of "{view.stack}"'):
        lost: list[Damaged] = []
        until = view.now + timedelta(seconds=1)
        events = until_settled(table.events(view.stack, month.start, until, lost), month)
        past = Past(uses=table.uses(view.stack, lost), events=events)
    known = status.meter, status.lifecycle
    used = month_usage(month, past, *known, view.now)
    days = account_days(month, past, *known, view.now)
    return Bill(
        stack=view.stack,
        account=Statement(used=used, prices=prices),
        days=[cost_days.day_of(Statement(used=each, prices=prices)) for each in days],
        hours=hours_between(past, *known, used.start, used.end, view.now),
        zone=view.rules.policy.zone,
        controller_parts=controller_parts(
            used.end - used.start, awake=used.awake, wakes=used.wakes, stacks=max(1, stacks)
        ),
        unreadable=tuple(each.record for each in lost),
    )


def _sum(month: Month, bills: Sequence[Bill]) -> dict[str, Json]:
    """The same fields for all stacks together; `lines` by item, `stacks` each of its own."""
    accounts = [bill.account for bill in bills]
    lines: dict[str, dict[str, Json]] = {}
    for account in accounts:
        for line in account.lines():
            known = lines.setdefault(line["item"], {**line, "hours": 0, "cost": 0, "always_on": 0})
            for name in ("hours", "cost", "always_on"):
                known[name] = round(known[name] + line[name], 4)
            if known["price"] != line["price"]:
                known["price"] = None  # of several regions
    return {
        "month": str(month),
        "currency": "USD",
        "awake_hours": round(sum(account.awake_hours for account in accounts), 2),
        "spent": number(sum((account.spent for account in accounts), ZERO)),
        "always_on": number(sum((account.always_on for account in accounts), ZERO)),
        "saved": number(sum((account.saved for account in accounts), ZERO)),
        "controller": number(sum((bill.controller for bill in bills), ZERO)),
        "elastic_ip": number(sum((account.elastic_ip for account in accounts), ZERO)),
        "wakes": sum(account.used.wakes for account in accounts),
        "lines": list(lines.values()),
        "days": cost_days.added_up(day for bill in bills for day in bill.days),
        "stacks": [bill.to_json() for bill in bills],
        "unreadable": sum(len(bill.unreadable) for bill in bills),
    }


def _in_full(bill: Bill) -> Iterator[str]:
    account, used = bill.account, bill.account.used
    yield click.style(f"{bill.stack} in {used.month}", bold=True) + _covered(account)
    if used.start >= used.end:
        return
    yield f"\n  {'':<30}{'hours':>10}{'price':>11}{'cost':>10}{'always on':>12}"
    for line in account.lines():
        costs = (say_money(Decimal(str(line[name]))) for name in ("cost", "always_on"))
        price = f"{line['price']:.6f}".rstrip("0")
        amount = f"{line['what']:<30}{line['hours']:>10.2f}{price:>11}"
        yield f"  {amount}{next(costs):>10}{next(costs):>12}"
    spent, always, saved = account.in_cents()
    yield f"  {'together':<51}{say_money(spent):>10}{say_money(always):>12}"
    text = f"saved {say_money(saved)}"
    if saved < 0:
        text = f"cost {say_money(-saved)} more than always on"
    woken = f"woken {used.wakes} time{'' if used.wakes == 1 else 's'}"
    yield ""
    yield click.style(f"  {text}", fg="green" if saved > 0 else None) + (
        f"; awake {account.awake_hours:.1f} hours, {woken}"
    )
    yield ""
    yield from (f"  {line}" for line in strip_of_hours(bill.hours, bill.zone))
    yield ""
    address = say_money(account.elastic_ip)
    yield f"  of it {address} for the Elastic IP, which is paid asleep or awake"
    yield f"  the controller itself: {_say_upkeep([bill])}"


def _covered(account: Statement) -> str:
    """Which part of the month it is about, where that is not all of it."""
    used = account.used
    if used.start >= used.end:
        return ": it was not published yet, so it cost and saved nothing here"
    said = []
    if used.start > used.month.start:
        said.append(f"since it was published, {_say(used.start)}")
    if used.end < used.month.end:
        said.append(f"until {_say(used.end)}")
    return f" ({', '.join(said)})" if said else ""


def _say(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _table(month: Month, bills: Sequence[Bill]) -> Iterator[str]:
    if not bills:
        yield "nothing is published"
        return
    yield click.style(str(month), bold=True)
    width = max(12, *(len(bill.stack) for bill in bills))
    heads = f"{'awake':>9}{'wakes':>7}{'spent':>10}{'always on':>12}{'saved':>10}"
    yield f"  {'':<{width}}{heads}"
    for bill in bills:
        yield f"  {bill.stack:<{width}}{_row([bill])}"
    if len(bills) > 1:
        yield click.style(f"  {'together':<{width}}{_row(bills)}", bold=True)
    addresses = sum((bill.account.elastic_ip for bill in bills), ZERO)
    yield ""
    yield f"  of it {say_money(addresses)} for Elastic IPs, which are paid asleep or awake"
    yield f"  the controller itself: {_say_upkeep(bills)}"


def _row(bills: Sequence[Bill]) -> str:
    accounts = [bill.account for bill in bills]
    hours = sum(account.awake_hours for account in accounts)
    wakes = sum(account.used.wakes for account in accounts)
    cents = [sum(column) for column in zip(*(a.in_cents() for a in accounts), strict=True)]
    spent, always, saved = (say_money(Decimal(amount)) for amount in cents)
    return f"{hours:>7.1f} h{wakes:>7}{spent:>10}{always:>12}{saved:>10}"


def _say_upkeep(bills: Sequence[Bill]) -> str:
    parts = [part for bill in bills for part in bill.controller_parts]
    without = sum((part.without_allowance for part in parts), ZERO)
    return (
        f"about {say_money(controller_cost(parts))} by assumed passes ({say_money(without)} where "
        "the account's free calls are used up otherwise)"
    )


def _say_unreadable(bills: Sequence[Bill]) -> None:
    for bill in bills:
        if bill.unreadable:
            count, which = len(bill.unreadable), ", ".join(bill.unreadable[:MOST_NAMED])
            records = "record" if count == 1 else "records"
            click.echo(
                f"warning: {count} {records} of the history of {bill.stack} cannot be read, and "
                f"its content is not in these sums: {which}{', …' if count > MOST_NAMED else ''}",
                err=True,
            )


def _say_origin(prices: Prices, region: str, why_not: str) -> None:
    click.echo(f"  {origin(prices, region)}, without tax")
    if why_not:
        click.echo(f"note: {why_not}; the prices are those of the release", err=True)
