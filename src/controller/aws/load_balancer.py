"""The network load balancer: what AWS says of it, and the calls that make and delete it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.aws.clients import Client
from controller.aws.errors import GONE, code_of
from controller.aws.settings import as_set, differing, plainly
from controller.aws.tags import Owner, with_elb_owner
from controller.domain.planning.observed import ABSENT, Observation, State
from controller.domain.planning.progress import READ_LAG, Progress
from controller.domain.planning.spec import Kind, ResourceSpec

STARTING = "load balancer starting"


class LoadBalancerAdapter:
    kind = Kind.LOAD_BALANCER

    def __init__(self, elbv2: Client) -> None:
        self._elbv2 = elbv2

    def describe(self, resource: ResourceSpec) -> dict[str, Any] | None:
        """Ask for one name a call: one missing name hides the others (AWS behaviour §1.14)."""
        try:
            reply = self._elbv2.describe_load_balancers(Names=[resource.name])
        except Exception as error:
            if code_of(error) in GONE:
                return None
            raise
        found: list[dict[str, Any]] = reply["LoadBalancers"]
        return found[0] if found else None

    def create(self, resource: ResourceSpec, request: Mapping[str, Any], owner: Owner) -> str:
        """Return the ARN of the new one, or of an existing one with equal settings (§1.6)."""
        reply = self._elbv2.create_load_balancer(**with_elb_owner(request, owner))
        return str(reply["LoadBalancers"][0]["LoadBalancerArn"])

    def delete(self, seen: Observation) -> None:
        """Return at once; listeners go with it, and a missing one is no error (§3.2)."""
        try:
            self._elbv2.delete_load_balancer(LoadBalancerArn=seen.arn)
        except Exception as error:
            if code_of(error) not in GONE:
                raise


def interpret(
    resource: ResourceSpec,
    found: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
    owner: Owner,
    progress: Progress,
    now: datetime,
) -> Observation:
    """
    Say what a described load balancer is to us. Pure.

    `tags` is None while AWS does not show any for a fresh ARN (§1.7).
    """
    just_created = progress.just_created(resource.address, now)
    if found is None:
        if just_created is None:
            return ABSENT
        return Observation(
            state=State.PENDING,
            attributes=identity(just_created.arn),
            phase=STARTING,
            owned=False,
        )
    arn = found["LoadBalancerArn"]
    if progress.is_doomed(resource.address, arn, now):
        return Observation(
            state=State.LEAVING, attributes=identity(arn), phase="load balancer being deleted"
        )
    known = {
        **identity(arn),
        "dns_name": found.get("DNSName", ""),
        "zone_id": found.get("CanonicalHostedZoneId", ""),
        "vpc_id": found.get("VpcId", ""),
        "name": found.get("LoadBalancerName", ""),
    }
    created_at = found.get("CreatedTime")
    if not tags and _is_fresh(created_at, now):
        return Observation(
            state=State.PENDING,
            attributes=known,
            phase=STARTING,
            owned=False,
            created_at=created_at,
        )
    if not owner.owns(tags or {}):
        cause = owner.describe_stranger(f'load balancer "{resource.name}"', tags or {})
        return Observation(state=State.FOREIGN, attributes=known, cause=cause)
    state, phase, cause = _state(found.get("State", {}))
    # One that reads otherwise however it is made costs an hour each time (§7.1): it stays.
    made_anew = progress.is_made_anew(resource.address)
    return Observation(
        state=state,
        attributes=known,
        phase=phase,
        cause=cause,
        outdated=() if made_anew else differing(resource, found, _COMPARED),
        created_at=created_at,
    )


def _mapped(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    mappings = request["SubnetMappings"]
    return sorted((m["SubnetId"], m.get("AllocationId", "")) for m in mappings)


def _zones(found: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Subnet and Elastic IP of each zone; None while it is set up and does not tell them all."""
    zones = sorted((zone["SubnetId"], _allocation(zone)) for zone in _listed(found))
    starting = _state(found.get("State", {}))[0] is State.PENDING
    is_told = zones and (all(address for _, address in zones) or not starting)
    return zones if is_told else None


def _listed(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(found.get("AvailabilityZones", ()))


def _allocation(zone: Mapping[str, Any]) -> str:
    addresses = zone.get("LoadBalancerAddresses", ())
    return next((a["AllocationId"] for a in addresses if a.get("AllocationId")), "")


def _subnets(found: Mapping[str, Any]) -> list[str]:
    return sorted(zone["SubnetId"] for zone in _listed(found))


_COMPARED = {
    "Scheme": plainly("Scheme"),
    "IpAddressType": plainly("IpAddressType"),
    "SecurityGroups": as_set("SecurityGroups"),
    "SubnetMappings": (_mapped, _zones),
    "Subnets": (lambda request: sorted(request["Subnets"]), _subnets),
}
"""What SetSubnets and its like would change for a moment, or not at all (§1.3): made anew."""


def identity(arn: str) -> dict[str, str]:
    """What others may refer to; `id` is the ARN, as in Terraform."""
    return {"arn": arn, "id": arn, "arn_suffix": arn.partition(":loadbalancer/")[2]}


def _is_fresh(created_at: datetime | None, now: datetime) -> bool:
    # Our clock and AWS's may differ by some seconds (F67).
    return created_at is not None and now - created_at < READ_LAG + timedelta(seconds=5)


def _state(state: Mapping[str, str]) -> tuple[State, str, str]:
    """AWS behaviour §1.4: `active_impaired` carries traffic, `failed` never recovers."""
    reason = state.get("Reason", "")
    match state.get("Code"):
        case "active":
            return State.READY, "", ""
        case "active_impaired":
            return State.READY, "", reason or "the load balancer lacks resources to scale"
        case "failed":
            return State.FAILED, "", reason or "the load balancer could not be set up"
        case _:
            return State.PENDING, STARTING, reason
