"""
Billed amounts: how much of each resource was used, and what a stack uses awake and asleep.

Amounts are hours (of a load balancer, a vCPU, a GB, an address), not money, so that they add up
at any prices. Source: AWS behaviour §7.1. A load balancer is billed by the started hour
from its creation, an hour in the month in which it starts; a task by the second from the start of
its image pull, a minute at least; an address by the second here: AWS bills it so within its hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from controller.domain.dataclass import dataclass, field, fields, replace
from controller.domain.planning.spec import Json, Kind, ResourceSpec, Spec, cached_on_spec
from controller.domain.timestamps import format_timestamp, parse_timestamp

ZERO = Decimal(0)
HOUR = timedelta(hours=1)
SHORTEST_TASK = timedelta(minutes=1)
_DIGITS = Decimal("1e-12")

SMALLEST = {"cpu": 256, "memory": 512, "arm": False}
"""The smallest Fargate task, assumed if the configuration does not contain the size."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` until before `end`; nothing where the end comes first."""

    start: datetime
    end: datetime

    def hours(self, since: datetime, until: datetime) -> Decimal:
        """How much of [since, until) is in it."""
        return to_hours(self.part(since, until))

    def part(self, since: datetime, until: datetime) -> timedelta:
        return max(timedelta(0), min(until, self.end) - max(since, self.start))

    def started_hours(self, since: datetime, until: datetime) -> Decimal:
        """How many of the hours from `since` on that begin before `until` begin here."""
        first = max(0, -((since - self.start) // HOUR))
        last = -((since - min(until, self.end)) // HOUR)
        return Decimal(max(0, last - first))

    @property
    def length(self) -> timedelta:
        return max(timedelta(0), self.end - self.start)


def to_hours(length: timedelta) -> Decimal:
    # A division of two lengths takes longer: it is one of numbers beyond a machine word.
    seconds = length.days * 86_400 + length.seconds
    return Decimal(seconds * 1_000_000 + length.microseconds) / 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Amounts in hours, by what has a price of its own."""

    load_balancer: Decimal = ZERO
    vcpu: Decimal = ZERO
    gigabyte: Decimal = ZERO
    vcpu_arm: Decimal = ZERO
    gigabyte_arm: Decimal = ZERO
    task_address: Decimal = ZERO
    balancer_address: Decimal = ZERO
    elastic_ip: Decimal = ZERO

    def __add__(self, other: Amounts) -> Amounts:
        if self is NOTHING or other is NOTHING:  # as every sum begins
            return other if self is NOTHING else self
        # By name: a loop over the names takes three times as long, and every pass adds up a month.
        return Amounts(
            load_balancer=self.load_balancer + other.load_balancer,
            vcpu=self.vcpu + other.vcpu,
            gigabyte=self.gigabyte + other.gigabyte,
            vcpu_arm=self.vcpu_arm + other.vcpu_arm,
            gigabyte_arm=self.gigabyte_arm + other.gigabyte_arm,
            task_address=self.task_address + other.task_address,
            balancer_address=self.balancer_address + other.balancer_address,
            elastic_ip=self.elastic_ip + other.elastic_ip,
        )

    def __mul__(self, factor: Decimal | int) -> Amounts:
        return Amounts(**{n: getattr(self, n) * factor for n in NAMES})

    def to_json(self) -> dict[str, Json]:
        """Without what was not used."""
        amounts = ((name, getattr(self, name)) for name in NAMES)
        return {n: str(a.quantize(_DIGITS).normalize()) for n, a in amounts if a}

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Amounts:
        return Amounts(**{name: Decimal(data[name]) for name in NAMES if name in data})


NAMES = tuple(each.name for each in fields(Amounts))
NOTHING = Amounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """`count` Fargate tasks of one size: CPU units and MiB, as the task definition has them."""

    count: int = 1
    cpu: int = 256
    memory: int = 512
    arm: bool = False
    public_ip: bool = False

    def used(self, billed: Decimal, held: Decimal) -> Amounts:
        """What they use in this many hours; `held` are those of their own addresses."""
        vcpu = billed * self.count * self.cpu / 1024
        gigabyte = billed * self.count * self.memory / 1024
        address = held * self.count if self.public_ip else ZERO
        if self.arm:
            return Amounts(vcpu_arm=vcpu, gigabyte_arm=gigabyte, task_address=address)
        return Amounts(vcpu=vcpu, gigabyte=gigabyte, task_address=address)

    def to_json(self) -> list[Json]:
        return [self.count, self.cpu, self.memory, self.arm, self.public_ip]

    @staticmethod
    def from_json(data: Json) -> Tasks:
        count, cpu, memory, arm, public_ip = data
        return Tasks(count=count, cpu=cpu, memory=memory, arm=arm, public_ip=public_ip)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingInterval:
    """
    A billing interval: what was billed, from when until when.

    `tasks` is the number for a task, or for a service whose tasks could not be read; None for a
    load balancer, and for a service of an earlier record, which counts by its spec.
    """

    address: str
    arn: str
    since: datetime
    until: datetime
    tasks: Tasks | None = None

    @property
    def is_balancer(self) -> bool:
        return ":loadbalancer/" in self.arn

    @property
    def is_task(self) -> bool:
        return ":task/" in self.arn

    @property
    def key(self) -> tuple[str, datetime]:
        """Equal for the same interval seen twice; a later service can have the same ARN."""
        return self.arn, self.since

    def used(self, window: Interval, use: UsageProfile) -> Amounts:
        """What it used in the window; `use` has the size if the span does not contain it."""
        if self.is_balancer:
            # Its first hour has started, even if our clock is behind AWS's (F67).
            until = max(self.until, self.since + timedelta(seconds=1))
            addresses = window.hours(self.since, self.until) * use.addresses.get(self.address, 0)
            return Amounts(
                load_balancer=window.started_hours(self.since, until), balancer_address=addresses
            )
        tasks = self.tasks or use.awake_only(self.address)
        if tasks is None:
            return NOTHING
        billed = window.hours(self.since, max(self.until, self.since + SHORTEST_TASK))
        return tasks.used(billed, window.hours(self.since, self.until))

    def to_json(self) -> list[Json]:
        row: list[Json] = [self.address, self.arn]
        row += [format_timestamp(self.since), format_timestamp(self.until)]
        return [*row, self.tasks.to_json()] if self.tasks else row

    @staticmethod
    def from_json(data: Json) -> BillingInterval:
        address, arn, since, until, *tasks = data
        return BillingInterval(
            address=address,
            arn=arn,
            since=parse_timestamp(since),
            until=parse_timestamp(until),
            tasks=Tasks.from_json(tasks[0]) if tasks else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageProfile:
    """
    What a spec uses while awake: `tasks` by the address of their service, and this many load
    balancers; while asleep `resting` tasks; and always this many Elastic IPs. `addresses` are the
    public ones that AWS gives a load balancer for as long as it exists, by its address.
    """

    region: str | None = None
    balancers: int = 0
    elastic_ips: int = 0
    tasks: Mapping[str, Tasks] = field(default_factory=dict)
    resting: Mapping[str, Tasks] = field(default_factory=dict)
    addresses: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    @cached_on_spec
    def of(spec: Spec) -> UsageProfile:
        services = [one for one in spec.of_kind(Kind.SERVICE) if _is_fargate(one)]
        balancers = spec.of_kind(Kind.LOAD_BALANCER)
        mappings = [m for one in balancers for m in one.request.get("SubnetMappings", ())]
        asleep = {one.address: tasks_of(one, one.asleep) for one in services if one.asleep}
        resting = {address: tasks for address, tasks in asleep.items() if tasks.count}
        return UsageProfile(
            region=spec.region,
            balancers=len(balancers),
            elastic_ips=sum(1 for mapping in mappings if mapping.get("AllocationId")),
            tasks={one.address: tasks_of(one) for one in services},
            resting=resting,
            addresses={one.address: count for one in balancers if (count := _lent_to(one))},
        )

    def awake_only(self, address: str) -> Tasks | None:
        """The additional tasks of a service while awake; None if it is not a Fargate service."""
        tasks, resting = self.tasks.get(address), self.resting.get(address)
        if tasks is None or resting is None:
            return tasks
        return replace(tasks, count=max(0, tasks.count - resting.count))

    def always_on(self, window: Interval) -> Amounts:
        """What it uses if it never sleeps."""
        return self._of(self.tasks, window) + Amounts(
            load_balancer=to_hours(window.length) * self.balancers,
            balancer_address=to_hours(window.length) * sum(self.addresses.values()),
            elastic_ip=to_hours(window.length) * self.elastic_ips,
        )

    def at_rest(self, window: Interval) -> Amounts:
        """What it uses if it never wakes."""
        addresses = to_hours(window.length) * self.elastic_ips
        return self._of(self.resting, window) + Amounts(elastic_ip=addresses)

    def _of(self, tasks: Mapping[str, Tasks], window: Interval) -> Amounts:
        hours = to_hours(window.length)
        return sum((each.used(hours, hours) for each in tasks.values()), NOTHING)

    def to_json(self) -> dict[str, Json]:
        return {
            "region": self.region,
            "balancers": self.balancers,
            "elastic_ips": self.elastic_ips,
            "tasks": {address: each.to_json() for address, each in self.tasks.items()},
            "resting": {address: each.to_json() for address, each in self.resting.items()},
            "addresses": dict(self.addresses),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> UsageProfile:
        return UsageProfile(
            region=data.get("region"),
            balancers=data["balancers"],
            elastic_ips=data["elastic_ips"],
            tasks={a: Tasks.from_json(each) for a, each in data["tasks"].items()},
            resting={a: Tasks.from_json(each) for a, each in data.get("resting", {}).items()},
            addresses=data.get("addresses", {}),
        )


def _lent_to(balancer: ResourceSpec) -> int:
    """
    How many public addresses AWS lends a load balancer: one for each subnet without Elastic IP.

    They are billed as any public IPv4 address is (AWS behaviour §7.1). What is known only at the
    wake counts as one.
    """
    request = balancer.request
    if request.get("Scheme", "internet-facing") != "internet-facing":
        return 0
    mappings = request.get("SubnetMappings")
    if isinstance(mappings, list | tuple):
        return sum(1 for mapping in mappings if not mapping.get("AllocationId"))
    subnets = request.get("Subnets", ())
    return len(subnets) if isinstance(subnets, list | tuple) else 1


def _is_fargate(service: ResourceSpec) -> bool:
    """Tasks on the user's own machines cost nothing by themselves."""
    strategy = service.request.get("capacityProviderStrategy", ())
    providers = [str(entry.get("capacityProvider")) for entry in strategy]
    if providers:
        return any(provider.startswith("FARGATE") for provider in providers)
    return bool(service.request.get("launchType", "FARGATE") == "FARGATE")


def tasks_of(service: ResourceSpec, changed: Mapping[str, Json] | None = None) -> Tasks:
    """What a service's tasks are billed by; `changed` are arguments that replace its own."""
    size = {**SMALLEST, **service.size}
    network = service.request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    count = {**service.request, **(changed or {})}.get("desiredCount", 1)
    return Tasks(
        count=int(count),
        cpu=int(size["cpu"]),
        memory=int(size["memory"]),
        arm=bool(size["arm"]),
        public_ip=network.get("assignPublicIp") == "ENABLED",
    )
