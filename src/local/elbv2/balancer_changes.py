"""Changes to an existing load balancer: its zones and its security groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ec2 import interfaces
from local.elbv2 import health
from local.elbv2.load_balancers import (
    enable_zone,
    find_address,
    find_subnet,
    read_mappings,
    zone_view,
)
from local.elbv2.shared import misconfigured, written_balancer

if TYPE_CHECKING:
    from local.world import Region


def set_subnets(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Add and remove zones; the Elastic IP of a zone that stays cannot change (§1.3)."""
    balancer = written_balancer(region, params["LoadBalancerArn"])
    mappings = {each["SubnetId"]: each for each in read_mappings(params)}
    standing = {zone.subnet.id: zone for zone in balancer.zones}
    for subnet_id in mappings.keys() & standing.keys():
        held = standing[subnet_id].address
        wanted = mappings[subnet_id].get("AllocationId")
        if wanted and (held is None or held.allocation_id != wanted):
            raise misconfigured("The Elastic IP address of a subnet cannot be changed")
    public = balancer.scheme == "internet-facing"
    added = [
        (find_subnet(region, key, public=public), find_address(region, each.get("AllocationId")))
        for key, each in mappings.items()
        if key not in standing
    ]
    for subnet_id in standing.keys() - mappings.keys():
        interfaces.detach(region, standing[subnet_id].interface)
        balancer.zones.remove(standing[subnet_id])
    for subnet, address in added:
        enable_zone(region, balancer, subnet, address)
    for group in region.elbv2.groups.values():
        if group.balancer(region.now) is balancer:
            health.replan(region, group)
    zones = [zone_view(zone) for zone in balancer.zones]
    return {"AvailabilityZones": zones, "IpAddressType": balancer.ip_address_type}


def set_security_groups(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Only a load balancer that was created with groups can have others."""
    balancer = written_balancer(region, params["LoadBalancerArn"])
    if not balancer.security_groups:
        raise misconfigured(
            "You can only set security groups on a Network Load Balancer that was created with "
            "security groups"
        )
    balancer.security_groups = list(params["SecurityGroups"])
    for zone in balancer.zones:
        zone.interface.group_ids = tuple(balancer.security_groups)
    return {"SecurityGroupIds": list(balancer.security_groups)}


def describe_capacity(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    written_balancer(region, params["LoadBalancerArn"])
    return {"DecreaseRequestsRemaining": 2, "CapacityReservationState": []}


OPERATIONS = {
    "SetSubnets": set_subnets,
    "SetSecurityGroups": set_security_groups,
    "DescribeCapacityReservation": describe_capacity,
}
