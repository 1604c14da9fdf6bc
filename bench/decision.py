"""
A decision, with the records in hand.

The input is that of a pass: a stack with its parsed policy, ten leases, and the lifecycle of an
awake or a sleeping stack. The hardest policy has 20 periods a day and 60 closed days.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bench.report import Measure
from controller.domain.decision.desired import decide
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import Activity, BilledResource, Lifecycle
from controller.domain.decision.office_hours import Rules
from controller.domain.policy.policy import parse_policy

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEAD = timedelta(minutes=5)
BOUND_MICROSECONDS = 1000

CLOSED = [str(NOW.date() + timedelta(days=13 * n)) for n in range(60)]
DISJOINT = [f"Mon-Fri {h:02}:{m:02}-{h:02}:{m + 20:02}" for h in range(8, 18) for m in (0, 30)]

CASES: dict[str, dict[str, Any]] = {
    "no office hours": {},
    "office hours": {"office_hours": ["Mon-Fri 09:00-18:00"]},
    "office hours, 60 closed days": {
        "office_hours": ["Mon-Fri 09:00-18:00"],
        "closed_on": CLOSED,
        "time_zone": "America/New_York",
    },
    "20 periods, 60 closed days": {
        "office_hours": DISJOINT,
        "closed_on": CLOSED,
        "time_zone": "America/New_York",
    },
}


def leases() -> list[Lease]:
    return [
        Lease(
            stack="nsfw-api",
            id=str(number),
            holder="wake link",
            reason="a demo",
            granted_at=NOW - number * HOUR,
            expires_at=NOW + (1 - number / 2) * HOUR,
        )
        for number in range(10)
    ]


def up() -> Lifecycle:
    arn = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
    began = NOW - 3 * HOUR
    return Lifecycle(
        waking_since=began,
        ready_at=began + LEAD,
        billed=(BilledResource(address="aws_lb.nlb[0]", arn=arn, since=began),),
        activity=Activity(read_at=NOW - HOUR, last_at=NOW - HOUR),
    )


def microseconds(job: Callable[[datetime], object], times: int = 400) -> list[float]:
    """The durations of one question asked at `times` different minutes, sorted."""
    durations = []
    for minute in range(times):
        now = NOW + timedelta(minutes=3 * minute)
        started = time.perf_counter()
        job(now)
        durations.append(1e6 * (time.perf_counter() - started))
    return sorted(durations)


def cases() -> Iterator[tuple[str, list[float]]]:
    requested = leases()
    for name, policy in CASES.items():
        rules = Rules.of(parse_policy(policy), LEAD)
        for state, lifecycle in (("asleep", Lifecycle()), ("awake", up())):
            yield (
                f"{name}, {state}",
                microseconds(partial(decide, rules, requested, None, lifecycle)),
            )


def measure() -> Iterator[Measure]:
    for name, found in cases():
        yield Measure(
            name=f"decision: {name}",
            value=statistics.median(found),
            bound=BOUND_MICROSECONDS,
            detail=f"median of {len(found)}, slowest tenth from {found[len(found) * 9 // 10]:.0f}",
            unit="us",
        )
