"""
A wake that begins at any second of a sleep, on the simulated AWS's own clock.

The bound is the shortest time that AWS allows at that second: until the Elastic IP is free, then
until the load balancer or the task has started, then the health check. It is not known how AWS lets
targets drain in this case (AWS behaviour §3.5), so both ways are measured, at each second from the
first call of the sleep until the stack is asleep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bench.report import Measure
from catalogue.tools import fresh_sut
from catalogue.turn_round import Sleeper, TurnRound
from controller.domain.planning.draining import DELAY
from controller.domain.planning.plan import Order
from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import TYPICAL, Timing, sleep_chain
from factories import TG, article_spec, target_group

ANSWERS = {"unused at once": False, "draining on": True}
CHECKS = ((10, 2, "10"), (30, 3, "300"))
"""Seconds between health checks, how many, and the deregistration delay that the files ask for."""


def measure(timing: Timing = TYPICAL) -> Iterator[Measure]:
    for answer, drains_alone in ANSWERS.items():
        account = replace(timing, drains_alone=drains_alone)
        for check in CHECKS:
            yield _worst(answer, account, check, Order.COUNT)
    yield _worst("draining on", account, CHECKS[1], Order.FORCE)


def _worst(answer: str, timing: Timing, check: tuple[int, int, str], order: Order) -> Measure:
    interval, count, delay = check
    turns = list(_turns(timing, _spec(interval, count, delay), order))
    worst = max(turns, key=lambda turn: turn.ratio)
    return Measure(
        name=f"wake during a sleep / bound, {answer}, {interval} s x {count}, by {order}",
        value=worst.ratio,
        bound=1.05 if order is Order.COUNT else None,
        detail=f"{worst.seconds:.0f} s / {worst.bound:.0f} s at second {worst.second:.0f}, "
        f"the worst of {len(turns)}",
    )


def _turns(timing: Timing, spec: Spec, order: Order) -> Iterator[TurnRound]:
    sleeper = Sleeper(fresh_sut(timing, spec), order).awake()
    for second in range(1, round(sleep_chain(timing, delay=0)) + 10):
        yield sleeper.turn_round(second)


def _spec(interval: int, count: int, delay: str) -> Spec:
    group = target_group(attributes={DELAY: delay})
    check = {"HealthCheckIntervalSeconds": interval, "HealthyThresholdCount": count}
    group = replace(group, request={**group.request, **check})
    rest = [each for each in article_spec().resources if each.address != TG]
    return article_spec(resources=(group, *rest))
