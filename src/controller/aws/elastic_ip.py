"""Elastic IPs: read only. They are never released, detached or allocated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from controller.aws.clients import Client
from controller.aws.errors import NO_INTERFACE, code_of
from controller.domain.planning.observed import Address, Holder

_OF_NLB = re.compile(r"^ELB (?P<id>net/(?P<name>[^/]+)/[0-9a-f]+)$")


class ElasticIpReader:
    def __init__(self, ec2: Client) -> None:
        self._ec2 = ec2

    def describe(self, allocation_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Allocation id to what EC2 says; ids that do not exist are left out."""
        if not allocation_ids:
            return {}
        try:
            reply = self._ec2.describe_addresses(AllocationIds=list(allocation_ids))
        except Exception as error:
            if code_of(error) != "InvalidAllocationID.NotFound":
                raise
            return self._describe_each(allocation_ids)
        return {a["AllocationId"]: a for a in reply["Addresses"]}

    def _describe_each(self, allocation_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """One missing id hides the others; read each."""
        if len(allocation_ids) == 1:
            return {}
        found: dict[str, dict[str, Any]] = {}
        for allocation_id in allocation_ids:
            found |= self.describe([allocation_id])
        return found

    def describe_interface(self, interface_id: str) -> str | None:
        """The description of a network interface, None when it is gone."""
        try:
            reply = self._ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])
        except Exception as error:
            if code_of(error) == NO_INTERFACE:
                return None
            raise
        return next((str(i.get("Description", "")) for i in reply["NetworkInterfaces"]), None)


def is_held(found: Mapping[str, Any]) -> bool:
    """Held while `AssociationId` is present and not empty (AWS behaviour §1.14)."""
    return bool(found.get("AssociationId"))


def interpret(
    allocation_id: str,
    found: Mapping[str, Any] | None,
    interface: str | None,
    wanted_by: Sequence[str],
    standing: Sequence[str],
    strange: Sequence[str],
    names: Sequence[str],
    leftovers: Sequence[str] = (),
) -> Address:
    """
    Say who has an Elastic IP. Pure.

    `interface` is the description of the interface that holds it, None when that is gone;
    `standing` are the id parts ("net/ecs-nlb/50dc6c49") of our existing load balancers, `strange`
    those of strangers under our names, `names` the names of all that the spec wants, `leftovers`
    the id parts of load balancers of the stack that the spec does not name.
    """
    if found is None:
        return Address(allocation_id=allocation_id, holder=Holder.GONE, wanted_by=tuple(wanted_by))
    holder, held_by = _holder(found, interface, standing, strange, names)
    match = _OF_NLB.match(interface or "")
    if match and match["id"] in leftovers:
        holder, held_by = Holder.LEFTOVER, f'load balancer "{match["name"]}"'
    return Address(
        allocation_id=allocation_id,
        holder=holder,
        wanted_by=tuple(wanted_by),
        public_ip=found.get("PublicIp", ""),
        held_by=held_by,
    )


def _holder(
    found: Mapping[str, Any],
    interface: str | None,
    standing: Sequence[str],
    strange: Sequence[str],
    names: Sequence[str],
) -> tuple[Holder, str]:
    if not is_held(found):
        return Holder.NOBODY, ""
    match = _OF_NLB.match(interface or "")
    if match and match["id"] in standing:
        return Holder.US, ""
    if match and match["name"] in names and match["id"] not in strange:
        # Ours, but no longer listed: its interface goes some time after it (§3.4).
        return Holder.LEAVING, ""
    if interface is None and not found.get("InstanceId"):
        # The interface went between two reads; the association follows within seconds.
        return Holder.LEAVING, ""
    holder = found.get("InstanceId") or interface or found.get("NetworkInterfaceId", "")
    return Holder.FOREIGN, str(holder)
