"""
How long AWS takes: the one place with the numbers, and what follows from them.

The figures are those of AWS behaviour §9.2. They are inferred from reports of users (its §1.9,
§3.4 and §3.5), not promised by AWS: measured values may replace them here. All are seconds.
"""

from __future__ import annotations

import math

from controller.domain.dataclass import dataclass

NEVER = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """
    One profile of AWS behaviour §9.2, a field for each line of the table.

    `deregistration_floor` is what a Network Load Balancer takes at least; `honours_delay` says
    whether a target group's longer delay counts (the fast profile ends every drain alike).

    Two answers of AWS are open (§2.12, §3.5), and a profile gives one of each. `drains_alone`: a
    target drains on when its load balancer is gone; else it ends at once. `count_needs_balancer`:
    ECS refuses a new count while a target group of the service has no load balancer.
    """

    name: str
    describe_lag: float
    lb_provisioning: float
    association_visible: float
    task_start: float
    activating: float
    registration: float
    deregistration_floor: float
    honours_delay: bool
    stop: float
    inactive: float
    purge: float
    lb_gone: float
    eip_release: float
    tg_release: float
    first_metric: float
    metric_lag: float
    drains_alone: bool = False
    count_needs_balancer: bool = False

    def deregistration(self, delay: float) -> float:
        """How long a target drains whose target group asks for `delay` (§3.5)."""
        return (
            max(delay, self.deregistration_floor)
            if self.honours_delay
            else (self.deregistration_floor)
        )

    @property
    def service_lag(self) -> float:
        """ECS misses a new service for a second or two, not longer (§2.4)."""
        return min(2.0, self.describe_lag)


FAST = Timing(
    name="fast",
    describe_lag=0,
    lb_provisioning=45,
    association_visible=0,
    task_start=20,
    activating=2,
    registration=10,
    deregistration_floor=10,
    honours_delay=False,
    stop=5,
    inactive=1,
    purge=0,
    lb_gone=0,
    eip_release=10,
    tg_release=0,
    first_metric=60,
    metric_lag=60,
)

TYPICAL = Timing(
    name="typical",
    describe_lag=2,
    lb_provisioning=150,
    association_visible=3,
    task_start=45,
    activating=5,
    registration=90,
    deregistration_floor=120,
    honours_delay=True,
    stop=30,
    inactive=10,
    purge=3600,
    lb_gone=1,
    eip_release=60,
    tg_release=10,
    first_metric=180,
    metric_lag=120,
)

SLOW = Timing(
    name="slow",
    describe_lag=20,
    lb_provisioning=420,
    association_visible=60,
    task_start=150,
    activating=15,
    registration=300,
    deregistration_floor=300,
    honours_delay=True,
    stop=60,
    inactive=60,
    purge=NEVER,
    lb_gone=30,
    eip_release=300,
    tg_release=120,
    first_metric=600,
    metric_lag=900,
)

PROFILES = {timing.name: timing for timing in (FAST, TYPICAL, SLOW)}


def profile(name: str | Timing) -> Timing:
    """The profile called `name`; a `Timing` is returned unchanged."""
    if isinstance(name, Timing):
        return name
    if name not in PROFILES:
        raise ValueError(f'no timing profile "{name}"; expected one of {", ".join(PROFILES)}')
    return PROFILES[name]


def wake_chain(
    timing: Timing, *, interval: float, healthy_threshold: int, eip_wait: float = 0.0
) -> float:
    """
    Seconds from the first call of a wake to "awake" when no call is ever waited for needlessly.

    The load balancer (after `eip_wait`, if its address is still held) and the task run side by
    side (§1.8); health checks count once the balancer is active and the target is registered.
    """
    balancer = eip_wait + timing.lb_provisioning
    task = eip_wait + timing.association_visible + timing.task_start + timing.activating
    return max(balancer, task + timing.registration) + interval * healthy_threshold


def sleep_chain(timing: Timing, *, delay: float = 300.0, drain_first: bool = False) -> float:
    """
    Seconds from the first call of a sleep to "asleep" (§3.6).

    The service and the load balancer go in one pass: a target group without a load balancer is not
    drained (§3.5), so the task stops as soon as the balancer is gone, unless it `drains_alone`.
    With `drain_first` the balancer stays until the service is inactive.
    """
    if drain_first:
        drained = timing.deregistration(delay) + timing.stop + timing.inactive
        return drained + max(timing.lb_gone, timing.eip_release, timing.tg_release)
    drain = timing.deregistration(delay)
    left = drain if timing.drains_alone else min(timing.lb_gone, drain)
    service = left + timing.stop + timing.inactive
    return max(service, timing.lb_gone, timing.eip_release, timing.tg_release)
