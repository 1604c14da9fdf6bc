"""
A second account of the money, kept apart from the ledger: the simulated AWS's own lifetimes,
summed.

It shares no code with `controller.domain`: the prices stand here again (AWS behaviour §7.1), and
hours are counted by walking through them, in whole microseconds and fractions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from local.lifetimes import Lifetime

PRICES = {
    "us-east-1": {"balancer": "0.0225", "vcpu": "0.04048", "gb": "0.004445", "address": "0.005"},
    "ap-northeast-1": {
        "balancer": "0.0243",
        "vcpu": "0.05056",
        "gb": "0.00553",
        "address": "0.005",
    },
}
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def spent(lifetimes: Iterable[Lifetime], start: datetime, end: datetime) -> dict[str, Fraction]:
    """USD by kind of lifetime for what was billed in [start, end); one without an end still is."""
    sums = {"load_balancer": Fraction(0), "task": Fraction(0), "elastic_ip": Fraction(0)}
    for each in lifetimes:
        sums[each.kind] += _cost(each, start, end)
    return sums


def always_on(
    start: datetime, end: datetime, *, cpu: int = 256, memory: int = 512, region: str = "us-east-1"
) -> Fraction:
    """USD for one load balancer, one task with an address, and one Elastic IP, all of the time."""
    price = {name: Fraction(text) for name, text in PRICES[region].items()}
    hour = price["balancer"] + 2 * price["address"]
    hour += price["vcpu"] * cpu / 1024 + price["gb"] * memory / 1024
    return hour * Fraction((end - start) // timedelta(microseconds=1), 3_600_000_000)


def _cost(each: Lifetime, start: datetime, end: datetime) -> Fraction:
    price = {name: Fraction(text) for name, text in PRICES[each.region].items()}
    over = min(each.ended_at or end, end)
    if each.kind == "load_balancer":
        return price["balancer"] * _started_hours(each.started_at, over, start)
    if each.kind == "elastic_ip":
        return price["address"] * _hours(each.started_at, over, start)
    size = each.details
    rate = price["vcpu"] * size["cpu"] / 1024 + price["gb"] * size["memory"] / 1024
    stopped = each.ended_at and max(each.ended_at, each.started_at + MINUTE)
    cost = rate * _hours(each.started_at, min(stopped or end, end), start)
    if size["public_ip"]:
        cost += price["address"] * _hours(each.started_at, over, start)
    return cost


def _started_hours(since: datetime, until: datetime, start: datetime) -> int:
    count, at = 0, since
    while at < until:
        count += at >= start
        at += HOUR
    return count


def _hours(since: datetime, until: datetime, start: datetime) -> Fraction:
    length = max(timedelta(0), until - max(since, start))
    return Fraction(length // timedelta(microseconds=1), 3_600_000_000)
