"""What `check` has found out about a stack: what sleeps, what it costs, how long a wake takes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from controller.domain.dataclass import dataclass
from controller.domain.money.bill import asleep_hour, awake_hour
from controller.domain.money.hourly_prices import HOURS_IN_A_MONTH
from controller.domain.money.ledger import number
from controller.domain.planning.spec import Json, Kind, Spec
from controller.domain.planning.wake_path import (
    Checks,
    Kept,
    KeptGroup,
    WakePath,
    all_checks,
    slow_groups,
    wake_path,
)
from controller.domain.problem import Level, Place, Problem
from controller.hcl.world import Block, ResourceInstance
from controller.mapping.draft import Draft, StackDraft
from controller.mapping.fill import known
from controller.mapping.idle_cost import Idle, number_in
from controller.mapping.target_group import PROTOCOLS

SLOW = "slow-wake"
NEVER_IDLE = "never-idle"
# What AWS takes for the timeout of a TCP or HTTPS check where none is given (AWS behaviour §1.2).
_LONG_TIMEOUT = 10
# What a health_check block says where an argument is left out (HCL semantics §18).
_TERRAFORMS_INTERVAL, _TERRAFORMS_THRESHOLD = 30, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """
    `asleep` is USD for an hour asleep, `awake` for one awake, both with all that is kept and billed
    by the hour, as far as its price is known; `unpriced` names the rest. `findings` are warnings
    that name each resource (idle-cost, slow-wake, never-idle): nothing is wrong because of them.
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
    """`kept` is what still costs money while the stack sleeps."""
    always = sum((each.hour for each in kept if each.hour is not None), Decimal(0))
    asleep = asleep_hour(spec) + always
    stand = {service.address: _stand_of(draft, service) for service in draft.of_kind(Kind.SERVICE)}
    return Summary(
        sleepers=tuple(resource.address for resource in spec.resources),
        asleep=asleep,
        awake=asleep + awake_hour(spec),
        kept=kept,
        wake=wake_path(spec, stand),
        findings=(
            *(each.as_problem() for each in kept),
            *_slow_wake(spec, draft, stand),
            *_never_idle(spec, draft),
        ),
    )


def _stand_of(draft: StackDraft, service: Draft) -> tuple[KeptGroup, ...]:
    """The target groups of a service that Terraform keeps, as its files say."""
    entries = service.request.get("loadBalancers", [])
    things = (draft.kept_thing(entry.get("targetGroupArn")) for entry in entries)
    return tuple(_kept_group(thing) for thing in things if thing and thing.mode == "managed")


def _kept_group(group: ResourceInstance) -> KeptGroup:
    checks = Checks()
    for block in group.body.of_type("health_check"):
        interval = number_in(block, "interval", _TERRAFORMS_INTERVAL)
        checks = Checks(interval, number_in(block, "healthy_threshold", _TERRAFORMS_THRESHOLD))
    protocol = known(group.body, "protocol")
    return KeptGroup(group.address, checks, is_network=protocol not in ("HTTP", "HTTPS"))


def _slow_wake(spec: Spec, draft: StackDraft, kept: Kept) -> Iterator[Problem]:
    """Settings that make each wake longer than it has to be, and by how much."""
    saved, addresses = slow_groups(spec, kept)
    whole = round(wake_path(spec, kept).seconds)
    blocks: dict[Place, ResourceInstance] = {}
    for address in addresses:
        own = draft.drafts.get(address)
        group = own.instance if own else draft.kept[address]
        blocks.setdefault(group.place, group)
    for group in blocks.values():
        others = [other.address for other in blocks.values() if other is not group]
        also = f" (here and in {', '.join(others)})" if others else ""
        checks = all_checks(spec, kept)[group.address]
        yield _slow_checks(group, checks, f"{round(saved)} s less", also, whole)


def _slow_checks(
    group: ResourceInstance, checks: Checks, less: str, also: str, whole: int
) -> Problem:
    quick = checks.quicker
    block = next(iter(group.body.of_type("health_check")), None)
    by_default = "" if block else ", AWS's default,"
    return Problem(
        level=Level.WARNING,
        rule=SLOW,
        message=f"health_check: {checks.interval} s × {checks.threshold}{by_default} "
        f"is {checks.seconds} s of the {whole} s of a wake; {less} with "
        f"interval = {quick.interval}, healthy_threshold = {quick.threshold}"
        f"{_timeout(group, block, quick.interval)}{also}",
        place=block.place if block else group.place,
        address=group.address,
    )


def _timeout(group: ResourceInstance, block: Block | None, interval: int) -> str:
    """AWS wants it shorter than the interval."""
    protocol = known(group.body, "protocol")
    # Terraform's default in a block, else that of the group's own protocol (AWS behaviour §1.2).
    checked_by = (known(block, "protocol") or "HTTP") if block else protocol
    if str(checked_by).upper() == "HTTP":
        default = 6
    else:
        default = _LONG_TIMEOUT if protocol in PROTOCOLS else 5
    timeout = number_in(block, "timeout", default) if block else default
    return f", timeout = {interval // 2}" if timeout >= interval else ""


def _never_idle(spec: Spec, draft: StackDraft) -> Iterator[Problem]:
    """Only the counts of a load balancer show whether anybody uses a stack (AWS behaviour §4)."""
    services = spec.of_kind(Kind.SERVICE)
    if not services or spec.of_kind(Kind.LOAD_BALANCER) or spec.policy.get("idle_timeout") == "0":
        return
    first = draft.drafts[services[0].address]
    yield Problem(
        level=Level.WARNING,
        rule=NEVER_IDLE,
        message="no load balancer of this stack sleeps, so its use cannot be measured: it "
        'sleeps by its hours, leases and max_awake alone; write idle_timeout = "0" to say so',
        place=first.instance.place,
        address=first.address,
    )
