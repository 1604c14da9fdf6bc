"""
Desired and observed in, ordered actions out. Pure: equal inputs give equal plans.

The wake is pipelined (AWS behaviour §1.8): an action waits for the existence of what it refers
to, never for a load balancer to be active. The sleep sets the service's count to 0 and deletes
the load balancer (count, the default), deletes both together (force), or one after the other (safe,
Terraform's order), §3.6. A blocked action blocks only what depends on it.

Its size: the planner and its rules are read together.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from controller.domain.dataclass import dataclass
from controller.domain.planning.going import COUNT, FORCED, STILL_RUNS, first_changes
from controller.domain.planning.needs import needs_of
from controller.domain.planning.observed import (
    Address,
    Holder,
    Leftover,
    Observation,
    Observed,
    State,
)
from controller.domain.planning.plan_words import describe_address, say_unread, tell_outdated
from controller.domain.planning.replacing import gives_way, is_created_again, stands, to_correct
from controller.domain.planning.spec import (
    Json,
    Kind,
    ResourceSpec,
    Spec,
)


class Target(StrEnum):
    AWAKE = "awake"
    ASLEEP = "asleep"


class Order(StrEnum):
    """How a stack is taken down."""

    COUNT = "count"
    FORCE = "force"
    SAFE = "safe"


class Verb(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """
    One change to one resource.

    `after` are the addresses whose own actions come first. `waits_for` says in words why it
    cannot be taken right now; empty means it can. `carried_by` is the address whose deletion
    also deletes this resource, so that no call is made for it. `changes` names what an update
    corrects, for the world of `target`, and what is set before a service is deleted.
    """

    verb: Verb
    kind: Kind
    address: str
    after: tuple[str, ...] = ()
    waits_for: str = ""
    carried_by: str = ""
    changes: tuple[str, ...] = ()
    target: Target = Target.AWAKE

    @property
    def ready(self) -> bool:
        return not self.waits_for and not self.carried_by

    @property
    def starts_deployment(self) -> bool:
        """More than a service's count is changed (AWS behaviour §2.12)."""
        return not set(self.changes) <= {COUNT}

    @property
    def lowers_count(self) -> bool:
        """The deletion of a service begins by its count; it goes when its tasks have stopped."""
        return self.verb is Verb.DELETE and COUNT in self.changes

    @property
    def takes_up(self) -> bool:
        """A service that a sleep has left without tasks starts some again."""
        return self.verb is Verb.UPDATE and {COUNT, FORCED} <= set(self.changes)

    def to_json(self) -> dict[str, Json]:
        return {
            "verb": str(self.verb),
            "kind": str(self.kind),
            "address": self.address,
            "after": list(self.after),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What is left to do to reach `target`.

    `waiting` are resources that need time (a task starting, an Elastic IP being released):
    address or allocation id, and the text for people. `blocked` are foreign resources, which
    waiting does not resolve. `failed` are ours that will not recover. The stack has converged
    when all of these are empty. `warnings` do not prevent that.
    """

    target: Target
    actions: tuple[Action, ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    blocked: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        return not (self.actions or self.waiting or self.blocked or self.failed)

    @property
    def ready(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.ready)


def make_plan(spec: Spec, target: Target, observed: Observed, order: Order = Order.COUNT) -> Plan:
    """
    Order the changes that turn `observed` into what `target` asks for.

    Actions come in an order in which they could be taken one by one: creates after what they
    refer to, deletes before what they refer to.
    """
    planner = _Planner(spec, target, observed, order)
    return planner.wake() if target is Target.AWAKE else planner.sleep()


_TERRAFORMS = "is not there: it exists in both worlds, so Terraform creates it; run terraform apply"


class _Planner:
    """One plan. Its size: each step of it, over the same observation."""

    def __init__(self, spec: Spec, target: Target, observed: Observed, order: Order) -> None:
        self._spec = spec
        self._target = target
        self._observed = observed
        self._order = order
        self._actions: list[Action] = []
        self._waiting: list[tuple[str, str]] = []
        self._blocked: list[tuple[str, str]] = []
        self._failed: list[tuple[str, str]] = []
        self._warnings: list[str] = []

    def wake(self) -> Plan:
        for resource in self._spec.resources:
            self._wake_one(resource)
        self._warnings += self._observed.doubts
        self._warnings += [one.cause for one in self._unexpected()]
        for address in self._observed.addresses.values():
            if address.holder in (Holder.FOREIGN, Holder.LEFTOVER, Holder.GONE):
                self._blocked.append((address.allocation_id, describe_address(address)))
        return self._plan()

    def sleep(self) -> Plan:
        for resource in sorted(self._spec.resources, key=_turn_at_sleep):
            self._sleep_one(resource)
        for address in self._observed.addresses.values():
            self._wait_for_release(address)
        self._blocked += [(one.address, one.cause) for one in self._unexpected()]
        return self._plan()

    def _unexpected(self) -> list[Leftover]:
        return [one for one in self._observed.leftovers or () if not one.expected]

    def _plan(self) -> Plan:
        return Plan(
            target=self._target,
            actions=tuple(self._actions),
            waiting=tuple(self._waiting),
            blocked=tuple(self._blocked),
            failed=tuple(self._failed),
            warnings=tuple(self._warnings),
        )

    # awake

    def _wake_one(self, resource: ResourceSpec) -> None:
        seen = self._observed[resource.address]
        match seen.state:
            case State.ABSENT if resource.asleep is not None:
                what = f'service "{resource.name}" {_TERRAFORMS}'
                self._blocked.append((resource.address, what))
            case State.ABSENT:
                self._create(resource, waits_for=self._missing(resource))
            case State.LEAVING:
                if seen.differs:
                    self._update(resource, seen.differs)
                self._create(resource, waits_for=seen.phase or "its old self is still leaving")
            case State.FAILED if resource.kind is Kind.LOAD_BALANCER:
                # A failed load balancer never recovers; a new one may (AWS behaviour §1.4, F07).
                self._delete(resource, waits_for=say_unread(seen))
            case State.FAILED:
                if seen.differs and seen.owned:
                    self._update(resource, seen.differs, waits_for=self._missing(resource))
                self._failed.append((resource.address, seen.cause))
            case State.FOREIGN if resource.kind.is_companion:
                self._warnings.append(seen.cause)
            case State.FOREIGN:
                self._blocked.append((resource.address, seen.cause))
            case State.PENDING | State.READY:
                self._wake_standing(resource, seen)

    def _wake_standing(self, resource: ResourceSpec, seen: Observation) -> None:
        if is_created_again(self._spec, self._observed, resource):
            self._delete(resource, waits_for="")
            return
        if seen.outdated:
            self._warnings.append(tell_outdated(resource, seen))
        changes = to_correct(self._spec, self._observed, resource)
        if changes and seen.owned:
            self._update(resource, changes, waits_for=self._missing(resource))
        if seen.state is State.PENDING and not seen.rests:
            self._waiting.append((resource.address, seen.phase))

    def _create(self, resource: ResourceSpec, *, waits_for: str) -> None:
        self._act(Verb.CREATE, resource, self._needs(resource), waits_for)

    def _missing(self, resource: ResourceSpec) -> str:
        """Say what a create lacks: a resource that does not exist yet, or the Elastic IP."""
        for address in self._needs(resource):
            seen = self._observed[address]
            is_usable = seen.state.exists and seen.owned and not seen.rests
            if not is_usable or gives_way(self._spec, self._observed, self._spec[address]):
                return f"waits for {address}"
        for held in self._observed.addresses.values():
            if resource.address in held.wanted_by and not held.usable:
                return describe_address(held)
        return ""

    def _needs(self, resource: ResourceSpec) -> tuple[str, ...]:
        return needs_of(self._spec)[resource.address]

    # asleep

    def _sleep_one(self, resource: ResourceSpec) -> None:
        seen = self._observed[resource.address]
        if resource.asleep is not None:
            self._rest(resource, seen)
        elif seen.state is State.FOREIGN:
            # Foreign, so nothing of ours exists at this address: asleep for our purposes.
            return
        elif resource.kind is Kind.TARGET_GROUP and self._may_be_used_by_leftovers():
            # Refused while that exists; it is free, and goes after the paid resources (§3.3).
            return
        elif seen.state is State.LEAVING:
            if seen.differs:
                self._update(resource, seen.differs)
            self._waiting.append((resource.address, seen.phase))
        elif seen.rests and seen.state is State.PENDING and self._order is Order.COUNT:
            self._waiting.append((resource.address, seen.phase))
            self._delete(resource, waits_for=STILL_RUNS)
        elif seen.state.exists:
            self._delete(resource, waits_for=self._obstacle(resource, seen))

    def _may_be_used_by_leftovers(self) -> bool:
        return any(one.kind is Kind.LOAD_BALANCER for one in self._observed.leftovers or ())

    def _rest(self, resource: ResourceSpec, seen: Observation) -> None:
        """A service that Terraform keeps in both worlds is scaled, not deleted."""
        if seen.state is State.FOREIGN:
            self._blocked.append((resource.address, seen.cause))
        elif seen.differs and seen.state.exists:
            self._update(resource, seen.differs, waits_for=say_unread(seen))
        elif seen.state in (State.PENDING, State.LEAVING):
            self._waiting.append((resource.address, seen.phase))

    def _delete(self, resource: ResourceSpec, *, waits_for: str) -> None:
        before = tuple(r.address for r in self._goes_first(resource) if self._exists(r))
        carrier, order = self._carrier(resource), self._order
        changes: tuple[str, ...] = ()
        is_sleep = self._target is Target.ASLEEP and order is not Order.SAFE
        if is_sleep and resource.kind is Kind.SERVICE:
            by_count = order is Order.COUNT
            changes = first_changes(self._spec, self._observed, resource, by_count=by_count)
        self._act(Verb.DELETE, resource, before, waits_for, carried_by=carrier, changes=changes)

    def _obstacle(self, resource: ResourceSpec, seen: Observation) -> str:
        if not seen.owned:
            return say_unread(seen)
        for other in self._goes_first(resource):
            if self._exists(other):
                return f"waits until {other.address} is gone"
        return ""

    def _goes_first(self, resource: ResourceSpec) -> Iterable[ResourceSpec]:
        """
        Yield what must be gone before `resource` may be deleted.

        A target group outlives its service (deleting it under a live one stalls later
        deployments, §3.7) and everything that forwards to it (refused until then, §3.3).
        """
        if resource.kind is Kind.TARGET_GROUP:
            yield from self._spec.of_kind(Kind.SERVICE)
            for listener in self._listeners_of(resource):
                yield listener
                yield from self._balancers_of(listener)
        elif self._order is Order.SAFE and resource.kind is not Kind.SERVICE:
            yield from self._spec.of_kind(Kind.SERVICE)

    def _listeners_of(self, group: ResourceSpec) -> Iterable[ResourceSpec]:
        for listener in self._spec.of_kind(Kind.LISTENER):
            if group.address in self._needs(listener):
                yield listener

    def _balancers_of(self, listener: ResourceSpec) -> Iterable[ResourceSpec]:
        needs = self._needs(listener)
        return (b for b in self._spec.of_kind(Kind.LOAD_BALANCER) if b.address in needs)

    def _carrier(self, resource: ResourceSpec) -> str:
        """
        What takes it along, so that it needs no call of its own.

        Deleting a load balancer deletes its listeners (§3.2), deleting a service its autoscaling.
        """
        carriers = (
            other
            for other in self._spec.resources
            if other.kind in resource.kind.traits.goes_with and self._exists(other)
        )
        needs = self._needs(resource)
        return next((other.address for other in carriers if other.address in needs), "")

    def _exists(self, resource: ResourceSpec) -> bool:
        return stands(self._observed, resource)

    def _wait_for_release(self, address: Address) -> None:
        if address.holder is Holder.LEAVING:
            self._waiting.append((address.allocation_id, describe_address(address)))

    # both

    def _update(
        self, resource: ResourceSpec, changes: tuple[str, ...], waits_for: str = ""
    ) -> None:
        self._act(Verb.UPDATE, resource, (), waits_for, changes=changes)

    def _act(
        self,
        verb: Verb,
        resource: ResourceSpec,
        after: tuple[str, ...],
        waits_for: str,
        *,
        carried_by: str = "",
        changes: tuple[str, ...] = (),
    ) -> None:
        self._actions.append(
            Action(
                verb=verb,
                kind=resource.kind,
                address=resource.address,
                after=after,
                waits_for=waits_for,
                carried_by=carried_by,
                changes=changes,
                target=self._target,
            )
        )


def _turn_at_sleep(resource: ResourceSpec) -> int:
    """Users before what they use; a target group outlives everything."""
    return resource.kind.traits.turn
