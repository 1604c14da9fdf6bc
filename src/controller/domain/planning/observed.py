"""What AWS said about a stack at one moment, in the domain's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.planning.spec import Kind

LISTENERS = "listeners"
"""Differs in a load balancer that has a listener of ours which the spec does not name any more."""

PORT = "Port"
"""Outdated in a listener that stays on the port of before until the next wake."""

ATTRIBUTES = "attributes"
AT_FIRST = "attributes to begin with"
"""What an object can lack: attributes, among them those that are set once and then left alone."""


class State(StrEnum):
    ABSENT = "absent"
    PENDING = "pending"  # ours, being made; may be referred to by others
    READY = "ready"  # ours and doing its work
    FAILED = "failed"  # ours and will not recover
    LEAVING = "leaving"  # being deleted; blocks its own name
    FOREIGN = "foreign"  # not ours: never changed, never deleted

    @property
    def exists(self) -> bool:
        """Ours and there to be referred to or deleted."""
        return self in (State.PENDING, State.READY, State.FAILED)


@dataclass(frozen=True, kw_only=True)
class Observation:
    """
    One resource as AWS described it.

    `attributes` are what a `$ref` may use (arn, id, dns_name). `phase` is shown to people
    ("load balancer starting"), `cause` says why it failed, is foreign, or is delayed. `owned` is
    False while our tags could not be read yet: the pass may wait for it, but neither use nor
    delete it (AWS behaviour §1.6). `differs` names the fields that an update can correct,
    `outdated` those that need a new resource. `replaced_at` is when AWS last stopped a task of a
    service, if that is known. For a service, `serving` is how many of the `wanted` tasks are
    healthy in all of its target groups (or run, if it has none), `serves` whether any target of it
    is healthy, and `unchecked` whether targets have come none of which is checked yet;
    `unknown_events` are ECS service events (time and text) that the controller does not recognize.
    `rests`: a sleep has brought its count to 0, and a wake takes it up again; while asleep it is
    READY once no task of it is left. `may_rest`: a sleep can begin with that. `drained`: of a
    service that was taken up again, no task of before is left.
    """

    state: State
    attributes: Mapping[str, str] = field(default_factory=dict)
    phase: str = ""
    cause: str = ""
    owned: bool = True
    differs: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    created_at: datetime | None = None
    replaced_at: datetime | None = None
    unknown_events: tuple[tuple[datetime, str], ...] = ()
    serving: int = 0
    wanted: int = 0
    serves: bool = False
    rests: bool = False
    may_rest: bool = False
    drained: bool = False
    unchecked: bool = False

    @property
    def arn(self) -> str:
        return self.attributes.get("arn", "")


ABSENT = Observation(state=State.ABSENT)


def tasks_of(address: str) -> str:
    """By what the tasks of a service are read without the service itself."""
    return f"tasks of {address}"


class Holder(StrEnum):
    """Who has an Elastic IP."""

    NOBODY = "nobody"
    US = "us"  # an existing load balancer of this stack
    LEAVING = "leaving"  # a deleted load balancer's interface, released soon (§3.4)
    LEFTOVER = "leftover"  # one of ours that the spec does not name any more
    FOREIGN = "foreign"
    GONE = "gone"  # the allocation does not exist any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """
    An Elastic IP of the stack: never released, detached or allocated by us.

    `wanted_by` are the addresses of the load balancers that ask for it, `held_by` says in words
    what has it now.
    """

    allocation_id: str
    holder: Holder
    wanted_by: tuple[str, ...] = ()
    public_ip: str = ""
    held_by: str = ""

    @property
    def usable(self) -> bool:
        return self.holder in (Holder.NOBODY, Holder.US)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """
    A paid resource that carries the stack's tag and that its spec does not name.

    It may come from an earlier configuration, or belong to another stack with the same name. So
    it is reported, and deleted only on request (`dormouse sweep`). An `expected` one is named by
    a replaced spec, and is deleted with it.
    """

    kind: Kind
    name: str
    arn: str
    address: str
    expected: bool = False

    @property
    def cause(self) -> str:
        return (
            f'{self.kind.replace("_", " ")} "{self.name}" ({self.address}) carries this stack\'s '
            "tags and costs money, but the Terraform files do not name it; delete it by "
            '"dormouse sweep --delete", or give the stack that it belongs to a name of its own'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """
    Everything about one stack at `at`: Terraform address or allocation id to its observation.

    `settled` marks the resources whose attributes matched the spec
    (`controller.domain.planning.progress.settled_key`). `leftovers` is None if they were not read.
    `doubts` are sentences about what is unknown now, but stops nothing.
    """

    at: datetime
    resources: Mapping[str, Observation]
    addresses: Mapping[str, Address] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    leftovers: tuple[Leftover, ...] | None = None
    doubts: tuple[str, ...] = ()

    def __getitem__(self, address: str) -> Observation:
        return self.resources.get(address, ABSENT)

    def with_resource(self, address: str, observation: Observation) -> Observed:
        """The same world after one of our own calls, before it is read again."""
        return replace(self, resources={**self.resources, address: observation})
