"""What AWS said about a stack at one moment, in the domain's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from controller.domain.planning.spec import Kind


class State(StrEnum):
    ABSENT = "absent"
    PENDING = "pending"  # ours, being made; may be referred to by others
    READY = "ready"  # ours and doing its work
    FAILED = "failed"  # ours and will not recover by itself
    LEAVING = "leaving"  # being deleted; blocks its own name
    FOREIGN = "foreign"  # not ours: never changed, never deleted

    @property
    def exists(self) -> bool:
        """Ours and there to be referred to or deleted."""
        return self in (State.PENDING, State.READY, State.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    One resource as AWS described it.

    `attributes` are what a `$ref` may ask for (arn, id, dns_name). `phase` is what people are
    told ("load balancer starting"), `cause` why it failed, is foreign, or is held up. `owned` is
    False while our tags could not be read yet: it may be waited for, but neither used nor
    deleted (AWS behaviour §1.6). `differs` names the fields an update can put right, `outdated`
    those that only a new object can have as the spec wants them. `replaced_at` is when AWS last
    stopped a task of a service, as far as that is told. Of a service, `serving` is how many of
    the `wanted` tasks are healthy in all of its target groups (or run, where it has none), and
    `serves` whether any target of it is healthy; `unknown_events` are when and what ECS said of it
    in words that are not known.
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

    @property
    def arn(self) -> str:
        return self.attributes.get("arn", "")


ABSENT = Observation(state=State.ABSENT)


class Holder(StrEnum):
    """Who has an Elastic IP."""

    NOBODY = "nobody"
    US = "us"  # a load balancer of this stack that stands
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

    It may be the remains of an earlier configuration, or belong to somebody who gives another
    stack the same name: so it is told, and deleted only by who says so (`dormouse sweep`).
    One that is `expected` is named by a spec that was replaced, and goes with that.
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
    Everything about one stack at `at`: Terraform address or allocation id to what was seen.

    `settled` marks the objects whose attributes were found as the spec wants them
    (`controller.domain.planning.progress.settled_key`). `leftovers` is None where nobody looked for
    any. `doubts` are sentences about what cannot be told now, and keeps nothing from its work.
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
