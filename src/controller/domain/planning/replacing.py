"""What of a stack that wakes is created again at once, because nobody uses it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.planning.needs import needs_of
from controller.domain.planning.observed import LISTENERS, PORT, Observed, State
from controller.domain.planning.spec import Kind, ResourceSpec, Spec

PROTOCOL = "Protocol"
"""The argument of a target group that decides which listeners may forward to it."""


def stands(observed: Observed, resource: ResourceSpec) -> bool:
    """Whether something of it is there that a sleep takes away, if only on its way out."""
    state = observed[resource.address].state
    return resource.asleep is None and (state.exists or state is State.LEAVING)


def is_created_again(spec: Spec, observed: Observed, resource: ResourceSpec) -> bool:
    """An unused resource that is outdated; one that serves people is replaced at the next wake."""
    seen = observed[resource.address]
    if not seen.owned:
        return False
    if resource.kind is Kind.SERVICE:
        is_outdated = seen.outdated or _has_outdated_group(spec, observed, resource)
        return bool(seen.rests and is_outdated) or _is_cut_off(spec, observed, resource)
    if not seen.outdated:
        return False
    if resource.kind is Kind.LOAD_BALANCER:
        services = [observed[each.address] for each in spec.of_kind(Kind.SERVICE)]
        return not any(one.serves or one.state is State.READY for one in services)
    if resource.kind is Kind.TARGET_GROUP:
        return not any(stands(observed, user) for user in _users(spec, resource))
    return seen.rests


def gives_way(spec: Spec, observed: Observed, resource: ResourceSpec) -> bool:
    """A target group that nothing new may use: it is created again, or will be in this wake."""
    seen = observed[resource.address]
    if resource.kind is not Kind.TARGET_GROUP or not seen.outdated or not seen.owned:
        return False
    users = list(_users(spec, resource))
    return all(_leaves(spec, observed, user) for user in users)


def to_correct(spec: Spec, observed: Observed, resource: ResourceSpec) -> tuple[str, ...]:
    """What an update changes; a port of before stays open until people can come by the new one."""
    seen = observed[resource.address]
    if LISTENERS not in seen.differs or _has_all_ports(spec, observed, resource):
        return seen.differs
    return tuple(each for each in seen.differs if each != LISTENERS)


def _has_all_ports(spec: Spec, observed: Observed, balancer: ResourceSpec) -> bool:
    its = (r for r in spec.of_kind(Kind.LISTENER) if balancer.address in needs_of(spec)[r.address])
    seen = [observed[each.address] for each in its]
    return all(one.state.exists and PORT not in one.outdated for one in seen)


def _leaves(spec: Spec, observed: Observed, user: ResourceSpec) -> bool:
    exists = observed[user.address].state.exists
    return not exists or is_created_again(spec, observed, user)


def _has_outdated_group(spec: Spec, observed: Observed, service: ResourceSpec) -> bool:
    """A target group can be created again only without a service behind it (AWS behaviour §3.7)."""
    return any(observed[each.address].outdated for each in _groups(spec, service))


def _is_cut_off(spec: Spec, observed: Observed, service: ResourceSpec) -> bool:
    """
    No listener reaches it, and none can be made: AWS refuses one of another protocol (§1.5).

    So its target group has to go, and the service before it.
    """
    if not observed[service.address].state.exists:
        return False
    return any(
        PROTOCOL in observed[group.address].outdated
        and not any(observed[each.address].state.exists for each in _listeners(spec, group))
        for group in _groups(spec, service)
    )


def _groups(spec: Spec, service: ResourceSpec) -> Iterator[ResourceSpec]:
    needs = (spec[address] for address in needs_of(spec)[service.address])
    return (each for each in needs if each.kind is Kind.TARGET_GROUP)


def _listeners(spec: Spec, group: ResourceSpec) -> Iterator[ResourceSpec]:
    return (each for each in _users(spec, group) if each.kind is Kind.LISTENER)


def _users(spec: Spec, group: ResourceSpec) -> Iterator[ResourceSpec]:
    """Its listeners and services: AWS refuses its deletion, or stalls at their deployments."""
    for kind in (Kind.LISTENER, Kind.SERVICE):
        for each in spec.of_kind(kind):
            if group.address in needs_of(spec)[each.address]:
                yield each
