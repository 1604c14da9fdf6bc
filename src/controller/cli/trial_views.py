"""How a trial is shown: its price before it begins, and its figures at the end."""

from __future__ import annotations

from datetime import timedelta

import click

from controller.cli.screen import format_duration
from controller.domain.money.prices import Prices, origin
from controller.domain.planning.spec import Spec
from controller.domain.trial.advice import Advice
from controller.domain.trial.measures import MEASURES
from controller.domain.trial.price import Price
from controller.domain.trial.result import Result
from controller.trial.preflight import Found

_WIDTH = max(len(each.about) for each in MEASURES)


def say_price(spec: Spec, price: Price, prices: Prices, found: Found) -> None:
    """On standard error, with everything that is not a result."""
    minutes = round(price.lasts / timedelta(minutes=1))
    lines = [
        f"A trial wakes {spec.stack} twice and puts it to sleep twice, in this account and "
        f"{spec.region or 'this region'}.",
        f"It costs {price.usual:.2f} to {price.most:.2f} $ ({origin(prices, spec.region)}) and "
        f"takes about {minutes} minutes.",
        "It takes down whatever it makes, also when it is interrupted. If it is killed and nobody "
        f"runs it again, a day costs {price.forgotten_day:.2f} $.",
    ]
    if found.remains:
        since = f", begun at {found.since}," if found.since else ""
        left = ", ".join(str(each) for each in found.remains)
        lines.append(f"An earlier trial{since} left {left}: that is taken down first.")
    for line in lines:
        click.echo(line, err=True)


def print_result(spec: Spec, result: Result) -> None:
    took = format_duration(timedelta(seconds=result.seconds))
    click.echo(f"{spec.stack}, {spec.region or 'region of this shell'}, in {took}\n")
    click.echo(f"{'':{_WIDTH}}      measured   assumed")
    assumed = result.assumed
    for each in MEASURES:
        found, usual = result.measured[each.name], assumed[each.name]
        click.echo(f"{each.about:{_WIDTH}}  {_found(found):>12}  {_seconds(usual):>8}")
        why = result.not_measured.get(each.name)
        if why:
            click.echo(f"  {why}")
    click.echo(f"\n{_advice(result.advice)}")
    if not result.answers.surprises:
        click.echo("Each answer of AWS was foreseen.")
    for refusal, times in result.answers.surprises.items():
        click.echo(f"Not foreseen, {times} times: {refusal}")
    if not result.left_behind:
        click.echo("Nothing is left behind.")


def _found(value: float | None) -> str:
    return "not measured" if value is None else _seconds(value)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _advice(advice: Advice) -> str:
    if advice.order is None:
        return f"Order of a sleep: not known; {advice.why}."
    return f'Order of a sleep: set sleep_order = "{advice.order}" ({advice.why}).'
