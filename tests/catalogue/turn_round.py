"""A wake in the middle of a sleep, to the second, and what both ways cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalogue.tools import StackUnderTest
from controller.domain.planning.plan import Order
from controller.domain.planning.progress import Progress
from controller.domain.planning.timing import Timing, wake_chain
from controller.reconcile.outcome import Result
from factories import TG
from local.lifetimes import Lifetime


@dataclass(frozen=True, slots=True)
class TurnRound:
    """How long the wake took, and the shortest that its account allows."""

    second: float
    seconds: float
    bound: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.bound


@dataclass
class Sleeper:
    """A stack that is awake, and goes to and fro in one account with the memory of its passes."""

    sut: StackUnderTest
    order: Order = Order.COUNT
    progress: Progress | None = None

    def awake(self) -> Sleeper:
        outcome = self.sut.wake(progress=self.progress, minutes=60)
        assert outcome.result is Result.CONVERGED, outcome.cause
        self.progress = outcome.progress
        return self

    def asleep(self) -> Sleeper:
        outcome = self.sut.sleep(order=self.order, progress=self.progress, minutes=60)
        assert outcome.result is Result.CONVERGED, outcome.cause
        self.progress = outcome.progress
        return self

    def turn_round(self, second: float, *, remembers: bool = True) -> TurnRound:
        """Begin a sleep, and `second` seconds later a wake."""
        clock = self.sut.aws.clock
        began = clock.now()
        change = began + timedelta(seconds=second)
        begun = self.sut.sleep(
            order=self.order,
            progress=self.progress,
            minutes=60,
            still_wanted=lambda: clock.now() < change,
        )
        clock.advance(max(0.0, (change - clock.now()).total_seconds()))
        since = clock.now()
        self.progress = begun.progress if remembers else None
        self.awake()
        seconds = (clock.now() - since).total_seconds()
        return TurnRound(second, seconds, self.bound((since - began).total_seconds()))

    def bound(self, elapsed: float) -> float:
        """Elastic IP, load balancer and health check, `elapsed` seconds into a sleep."""
        timing: Timing = self.sut.aws.timing
        check = self.sut.spec[TG].request
        return wake_chain(
            timing,
            interval=check["HealthCheckIntervalSeconds"],
            healthy_threshold=check["HealthyThresholdCount"],
            eip_wait=max(0.0, timing.eip_release - elapsed),
        )


def paid_seconds(aws: Any, since: datetime) -> dict[str, float]:
    """Seconds of each kind of thing that costs money, from `since` until now."""
    now, paid = aws.clock.now(), {"load_balancer": 0.0, "task": 0.0}
    for each in aws.lifetimes():
        if each.kind in paid:
            paid[each.kind] += _within(each, since, now)
    return paid


def _within(each: Lifetime, since: datetime, now: datetime) -> float:
    length = min(each.ended_at or now, now) - max(each.started_at, since)
    return max(0.0, length.total_seconds())
