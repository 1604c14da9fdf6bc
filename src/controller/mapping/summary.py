"""What `check` has found out about a stack: what sleeps, what it costs, how long a wake takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from controller.domain.bill import asleep_hour, awake_hour
from controller.domain.hourly_prices import HOURS_IN_A_MONTH
from controller.domain.ledger import number
from controller.domain.problem import Level, Problem
from controller.domain.spec import Json, Kind, ResourceSpec, Spec
from controller.domain.wake_path import Checks, WakePath, slow_groups, wake_path
from controller.mapping.draft import StackDraft
from controller.mapping.idle_cost import Idle

SLOW = "slow-wake"
NEVER_IDLE = "never-idle"
# What AWS takes for the timeout of a TCP or HTTPS check where none is given (AWS behaviour §1.2).
_LONG_TIMEOUT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """
    `asleep` is USD for an hour asleep, `awake` for one awake, both with all that is kept and billed
    by the hour, as far as its price is known; `unpriced` names the rest. `findings` are warnings
    that tell it thing by thing (idle-cost, slow-wake, never-idle): nothing is wrong because of
    them.
    """

    sleepers: tuple[str, ...]
    asleep: Decimal
    awake: Decimal
    kept: tuple[Idle, ...]
    wake: WakePath
    findings: tuple[Problem, ...] = ()

    @property
    def asleep_month(self) -> Decimal:
        return self.asleep * HOURS_IN_A_MONTH

    @property
    def unpriced(self) -> tuple[str, ...]:
        return tuple(each.what for each in self.kept if each.hour is None)

    def to_json(self) -> dict[str, Json]:
        return {
            "sleepers": len(self.sleepers),
            "asleep_month": round(float(self.asleep_month), 2),
            "awake_hour": number(self.awake),
            "wake_seconds": round(self.wake.seconds),
            "critical_path": [step.to_json() for step in self.wake.steps],
            "unpriced": list(self.unpriced),
        }


def summarize(spec: Spec, draft: StackDraft, kept: tuple[Idle, ...]) -> Summary:
    always = sum((each.hour for each in kept if each.hour is not None), Decimal(0))
    asleep = asleep_hour(spec) + always
    return Summary(
        sleepers=tuple(resource.address for resource in spec.resources),
        asleep=asleep,
        awake=asleep + awake_hour(spec),
        kept=kept,
        wake=wake_path(spec),
        findings=(
            *(each.as_problem() for each in kept),
            *_slow_wake(spec, draft),
            *_never_idle(spec, draft),
        ),
    )


def _slow_wake(spec: Spec, draft: StackDraft) -> Iterator[Problem]:
    """Settings that make each wake longer than it has to be, and by how much."""
    saved, groups = slow_groups(spec)
    whole = round(wake_path(spec).seconds)
    for group in groups:
        others = [other.address for other in groups if other is not group]
        also = f" (here and in {', '.join(others)})" if others else ""
        yield _slow_checks(group, draft, f"{round(saved)} s less", also, whole)


def _never_idle(spec: Spec, draft: StackDraft) -> Iterator[Problem]:
    """Only the counts of a load balancer tell whether anybody uses a stack (AWS behaviour §4)."""
    services = spec.of_kind(Kind.SERVICE)
    if not services or spec.of_kind(Kind.LOAD_BALANCER) or spec.policy.get("idle_timeout") == "0":
        return
    first = draft.drafts[services[0].address]
    yield Problem(
        level=Level.WARNING,
        rule=NEVER_IDLE,
        message="no load balancer of this stack sleeps, so nobody can tell whether it is used: it "
        'sleeps by its hours, leases and max_awake alone; write idle_timeout = "0" to say so',
        place=first.instance.place,
        address=first.address,
    )


def _slow_checks(
    group: ResourceSpec, draft: StackDraft, less: str, also: str, whole: int
) -> Problem:
    checks, quick = Checks.of(group), Checks.of(group).quicker
    blocks = draft.drafts[group.address].instance.body.of_type("health_check")
    written = "HealthCheckIntervalSeconds" in group.request
    by_default = "" if written else ", AWS's default,"
    return Problem(
        level=Level.WARNING,
        rule=SLOW,
        message=f"health_check: {checks.interval} s × {checks.threshold}{by_default} "
        f"is {checks.seconds} s of the {whole} s of a wake; {less} with "
        f"interval = {quick.interval}, healthy_threshold = {quick.threshold}"
        f"{_timeout(group, quick.interval)}{also}",
        place=blocks[0].place if blocks else draft.drafts[group.address].instance.place,
        address=group.address,
    )


def _timeout(group: ResourceSpec, interval: int) -> str:
    """AWS wants it shorter than the interval."""
    protocol = group.request.get("HealthCheckProtocol", "TCP")
    default = 6 if protocol == "HTTP" else _LONG_TIMEOUT
    timeout = group.request.get("HealthCheckTimeoutSeconds", default)
    return f", timeout = {interval // 2}" if timeout >= interval else ""
