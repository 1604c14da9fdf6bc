"""A stack's costs and times, in a few lines at the end of `dormouse check`."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.formatting import say_money
from controller.domain.money.ledger import number
from controller.domain.money.prices import find_prices, origin
from controller.mapping.summary import Summary


def say_meaning(summary: Summary, region: str | None) -> Iterator[str]:
    """What sleeps, the money asleep and awake, and how long a wake takes."""
    if not summary.sleepers:
        return
    yield f"  sleeps: {', '.join(summary.sleepers)}"
    yield f"  asleep: {say_money(summary.asleep_month)} a month{_with(summary)}"
    prices = origin(find_prices(region), region)
    yield f"  awake:  {number(summary.awake)} $ an hour, {prices}"
    if summary.wake.steps:
        steps = ", ".join(f"{step.step} {step.seconds:.0f} s" for step in summary.wake.steps)
        yield f"  a wake takes about {summary.wake.seconds:.0f} s: {steps}"


def _with(summary: Summary) -> str:
    """What of it is not the stack's own Elastic IP."""
    known = [each.what for each in summary.kept if each.hour is not None]
    said = f", with what Terraform keeps: {', '.join(known)}" if known else ""
    if summary.unpriced:
        said += f"; not in it, as the price is not known here: {', '.join(summary.unpriced)}"
    return said
