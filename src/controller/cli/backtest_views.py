"""How a backtest is shown on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

import click

from controller.cli.hour_strip import LEGEND, strip
from controller.cli.screen import format_duration
from controller.domain.formatting import say_duration
from controller.domain.money.prices import origin

if TYPE_CHECKING:
    from controller.cli.backtested import Backtest, Suggestion

_MOST_MISSED = 8


def print_backtest(test: Backtest, suggestions: Sequence[Suggestion]) -> None:
    for line in _lines(test):
        click.echo(line)
    if suggestions:
        click.echo()
        for line in _suggested(test, suggestions):
            click.echo(line)


def print_ranking(tests: Sequence[Backtest], others: int) -> None:
    """A line for each load balancer, that with the most to save first."""
    if tests:
        click.echo(
            f"{'':<32} {'used':>7} {'awake':>7} {'always on':>10} {'asleep':>8} {'saved':>8}"
        )
    for test in tests:
        result = test.result
        share = test.past.window.length / timedelta(days=30)
        monthly = [float(amount) / share if share else 0 for amount in (test.always_on, test.spent)]
        click.echo(
            f"{test.stack:<32} {result.hours_used:5.0f} h {result.hours_awake:5.0f} h "
            f"{monthly[0]:8.2f} $ {monthly[1]:6.2f} $ {monthly[0] - monthly[1]:6.2f} $"
        )
    if tests:
        click.echo("Money for 30 days, if each is awake only when somebody asks for it.")
        click.echo("Next: dormouse adopt DIR, with the Terraform directory of one of them.")
    else:
        click.echo(
            "there is no network load balancer in this account and region; set AWS_PROFILE or "
            "AWS_REGION to look elsewhere"
        )
    if others:
        click.echo(f"{others} of another kind are left out: Dormouse does not put those to sleep.")


def _lines(test: Backtest) -> Iterator[str]:
    result, zone = test.result, test.policy.zone
    start, end = (moment.astimezone(zone) for moment in (result.window.start, result.window.end))
    yield f"{test.stack}, {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
    yield f"times are in {test.policy.time_zone}, the time zone of its policy"
    yield ""
    yield from strip(result.window, zone, result.stays, result.used, result.unknown)
    yield f"{'':<11}{LEGEND}"
    yield ""
    hours = result.window.length / timedelta(hours=1)
    yield f"used {result.hours_used:.1f} h; awake {result.hours_awake:.1f} of {hours:.0f} h"
    yield from _money(test)
    yield from _missed(test)
    yield from _apart(test)
    if result.unknown:
        yield f"{result.hours_unknown:.1f} h have no counts, and count as use"
    yield (
        f"Assumed: a wake takes {format_duration(test.past.wake)}; whoever meets it asleep "
        "wakes it, and keeps it awake while using it"
    )


def _money(test: Backtest) -> Iterator[str]:
    spent, always = test.spent, test.always_on
    saved = always - spent
    share = f", {saved / always * 100:.0f} %" if always else ""
    yield (
        f"{spent:.2f} $ instead of {always:.2f} $ always on: {saved:.2f} $ saved{share} "
        f"({origin(test.prices, test.use.region)})"
    )


def _missed(test: Backtest) -> Iterator[str]:
    missed, zone = test.result.missed, test.policy.zone
    if not missed:
        yield "nobody would have met it asleep"
        return
    times = "once" if len(missed) == 1 else f"{len(missed)} times"
    yield f"somebody would have met it asleep {times}:"
    for each in missed[:_MOST_MISSED]:
        yield f"  {each.at.astimezone(zone):%a %Y-%m-%d %H:%M}  {_connections(each.flows)}"
    if len(missed) > _MOST_MISSED:
        yield f"  … and {len(missed) - _MOST_MISSED} more (--json lists all)"


def _apart(test: Backtest) -> Iterator[str]:
    """Traffic that does not count as use, or comes at regular times."""
    used = set(test.result.used)
    quiet = sum(minute.new_flows for minute in test.past.minutes if minute.at not in used)
    if quiet >= 1:
        yield f"{_connections(quiet)} came too few at a time to count as use (scanners, monitors)"
    regular = test.regular
    if regular is None:
        return
    yield (
        f"something comes every {say_duration(regular.every)} by the clock, a monitor perhaps "
        f"({_connections(regular.flows)}, {regular.bytes:.0f} bytes each time)"
    )
    below, brings = test.policy.idle_below, regular.stretch
    if brings.new_flows >= below.new_flows or brings.bytes >= below.bytes:
        flows = max(below.new_flows, ceil(brings.new_flows * 1.5))
        carried = max(below.bytes, ceil(brings.bytes * 1.5))
        yield (
            "  it keeps the stack awake; to leave it out: "
            f"idle_below = {{ new_flows = {flows:g}, bytes = {carried:g} }}"
        )


def _suggested(test: Backtest, suggestions: Sequence[Suggestion]) -> Iterator[str]:
    days = test.past.window.length / timedelta(days=1)
    for each in _each_once(suggestions):
        hours = ", ".join(f'"{text}"' for text in each.office_hours)
        yield (
            f"# covers {each.covers} % of the use; {each.spent:.2f} $ in these {days:.0f} days; "
            f"{each.missed} would have met it asleep"
        )
        yield f"office_hours = [{hours}]"


def _each_once(suggestions: Sequence[Suggestion]) -> Iterable[Suggestion]:
    """Of the same hours only the one that covers the most."""
    most = {each.office_hours: each for each in sorted(suggestions, key=lambda each: each.covers)}
    return most.values()


def _connections(number: float) -> str:
    return f"{number:.0f} connection{'' if round(number) == 1 else 's'}"
