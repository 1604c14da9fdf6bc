"""What a snapshot means: every address and Elastic IP of a stack in the domain's words."""

from __future__ import annotations

from collections.abc import Mapping

from controller.aws import elastic_ip
from controller.aws.attributes import left_to_set
from controller.aws.context import Context
from controller.aws.kind import ResourceKind
from controller.aws.load_balancer import identity
from controller.aws.snapshot import Snapshot
from controller.domain.dataclass import replace
from controller.domain.errors import PermanentError
from controller.domain.planning.observed import Address, Observation, Observed, State
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import settled_key
from controller.domain.planning.spec import Kind, ResourceSpec

Kinds = Mapping[Kind, ResourceKind]


def interpret(snapshot: Snapshot, context: Context, kinds: Kinds) -> Observed:
    """Say what was read. Asks AWS nothing but look-ups that nobody has asked before."""
    resources, settled = {}, set()
    for resource in snapshot.spec.resources:
        seen = kinds[resource.kind].interpret(snapshot, resource)
        lacks = _lacks(snapshot, context, kinds, resource, seen)
        if lacks:
            seen = replace(seen, differs=(*seen.differs, *lacks))
        elif lacks is not None:
            settled.add(settled_key(seen.arn, resource))
        resources[resource.address] = seen
    return Observed(
        at=snapshot.now,
        resources=resources,
        addresses=_addresses(snapshot, resources),
        settled=frozenset(settled),
        leftovers=snapshot.leftovers,
        doubts=_doubts(snapshot),
    )


def _doubts(snapshot: Snapshot) -> tuple[str, ...]:
    unresolved = (str(error) for error in snapshot.unresolved.values())
    return tuple(dict.fromkeys((*unresolved, *snapshot.unread.values())))


def _lacks(
    snapshot: Snapshot,
    context: Context,
    kinds: Kinds,
    resource: ResourceSpec,
    seen: Observation,
) -> tuple[str, ...] | None:
    """Which attributes are still to be set; None where that was not seen."""
    calls = kinds[resource.kind].attributes
    if not seen.state.exists:
        return None
    if calls is None:
        return () if _is_right(snapshot, resource, seen) else None
    is_compared = resource.kind.traits.is_compared
    nothing: dict[str, str] | None = {} if is_compared and not resource.attributes else None
    found = snapshot.attributes.get(seen.arn, nothing)
    if found is None:
        return None
    try:
        wanted = context.answered(resource)
    except PermanentError as error:
        snapshot.unresolved[resource.address] = error
        return None
    is_fresh = snapshot.progress.is_unfinished(resource.address, seen.arn)
    lacks = left_to_set(wanted, calls, found, fresh=is_fresh)
    is_known = lacks or not is_compared or _is_right(snapshot, resource, seen)
    return lacks if is_known else None


def _is_right(snapshot: Snapshot, resource: ResourceSpec, seen: Observation) -> bool:
    """Its settings are part of its description, and have been compared if AWS shows it already."""
    is_shown = resource.address in snapshot.found and resource.address not in snapshot.unresolved
    is_awake = snapshot.target is Target.AWAKE
    return is_shown and is_awake and not set(seen.differs) - {"desiredCount"}


def _addresses(snapshot: Snapshot, resources: Mapping[str, Observation]) -> dict[str, Address]:
    balancers = snapshot.spec.of_kind(Kind.LOAD_BALANCER)
    names = [balancer.name for balancer in balancers]
    seen = [resources[balancer.address] for balancer in balancers]
    standing = [o.attributes.get("arn_suffix", "") for o in seen if o.state.exists]
    strange = [o.attributes.get("arn_suffix", "") for o in seen if o.state is State.FOREIGN]
    others = [identity(one.arn)["arn_suffix"] for one in snapshot.leftovers or ()]
    result = {}
    for allocation_id, wanted_by in snapshot.allocations.items():
        if allocation_id in snapshot.unread:
            continue
        found = snapshot.elastic_ips.get(allocation_id)
        interface = snapshot.interfaces.get((found or {}).get("NetworkInterfaceId", ""))
        holder = snapshot.balancer_with(allocation_id)
        if holder:
            interface = f"ELB {identity(holder)['arn_suffix']}"
        result[allocation_id] = elastic_ip.interpret(
            allocation_id, found, interface, wanted_by, standing, strange, names, others
        )
    return result
