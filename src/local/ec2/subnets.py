"""Subnets and the availability zones they lie in."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from local.ec2.filters import by_ids, page, select, tag_list, tags_for
from local.ec2.networks import NO_VPC
from local.ec2.state import Subnet
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

NO_SUBNET = ("InvalidSubnetID.NotFound", "The subnet ID '{id}' does not exist")

RESERVED = 5
"""Addresses of a subnet that AWS keeps."""


def create_subnet(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    by_ids(region.ec2.vpcs, [params["VpcId"]], *NO_VPC)
    subnet = add_subnet(
        region,
        region.ids.ec2("subnet"),
        vpc_id=params["VpcId"],
        zone=params.get("AvailabilityZone") or f"{region.name}a",
        cidr=params["CidrBlock"],
        tags=tags_for(params, "subnet"),
    )
    return {"Subnet": _subnet_view(region, subnet)}


def add_subnet(
    region: Region,
    subnet_id: str,
    *,
    vpc_id: str,
    zone: str,
    cidr: str,
    free: int | None = None,
    has_nat: bool = False,
    tags: dict[str, str] | None = None,
) -> Subnet:
    if free is None:
        free = IPv4Network(cidr).num_addresses - RESERVED
    subnet = Subnet(subnet_id, vpc_id, zone, cidr, free=free, has_nat=has_nat, tags=tags or {})
    region.ec2.subnets[subnet_id] = subnet
    return subnet


def describe_subnets(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = by_ids(region.ec2.subnets, params.get("SubnetIds"), *NO_SUBNET)
    chosen = select(found, params, lambda subnet: _subnet_fields(region, subnet))
    return page([_subnet_view(region, subnet) for subnet in chosen], params, "Subnets")


def _subnet_fields(region: Region, subnet: Subnet) -> dict[str, Any]:
    return {
        "subnet-id": subnet.id,
        "vpc-id": subnet.vpc_id,
        "availability-zone": subnet.zone,
        "availabilityZone": subnet.zone,
        "availability-zone-id": region.zone_id(subnet.zone),
        "cidr": subnet.cidr,
        "cidr-block": subnet.cidr,
        "cidrBlock": subnet.cidr,
        "map-public-ip-on-launch": subnet.map_public_ip,
        "default-for-az": False,
        "defaultForAz": False,
        "available-ip-address-count": subnet.free,
        "state": "available",
        "tags": subnet.tags,
    }


def _subnet_view(region: Region, subnet: Subnet) -> dict[str, Any]:
    return {
        "SubnetId": subnet.id,
        "SubnetArn": f"arn:aws:ec2:{region.name}:{region.account}:subnet/{subnet.id}",
        "VpcId": subnet.vpc_id,
        "AvailabilityZone": subnet.zone,
        "AvailabilityZoneId": region.zone_id(subnet.zone),
        "AvailableIpAddressCount": subnet.free,
        "CidrBlock": subnet.cidr,
        "AssignIpv6AddressOnCreation": False,
        "DefaultForAz": False,
        "EnableDns64": False,
        "Ipv6CidrBlockAssociationSet": [],
        "Ipv6Native": False,
        "MapPublicIpOnLaunch": subnet.map_public_ip,
        "OwnerId": region.account,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "State": "available",
        "Tags": tag_list(subnet.tags),
    }


def modify_subnet_attribute(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    subnet = by_ids(region.ec2.subnets, [params["SubnetId"]], *NO_SUBNET)[0]
    if "MapPublicIpOnLaunch" in params:
        subnet.map_public_ip = params["MapPublicIpOnLaunch"]["Value"]
    return {}


def delete_subnet(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    subnet = by_ids(region.ec2.subnets, [params["SubnetId"]], *NO_SUBNET)[0]
    if any(each.subnet is subnet for each in region.ec2.interfaces.values()):
        raise AwsError(
            "DependencyViolation",
            f"The subnet '{subnet.id}' has dependencies and cannot be deleted.",
        )
    del region.ec2.subnets[subnet.id]
    return {}


def describe_zones(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    zones = sorted(
        {f"{region.name}{letter}" for letter in "abc"}
        | {subnet.zone for subnet in region.ec2.subnets.values()}
    )
    wanted = params.get("ZoneNames")
    views = [
        {
            "ZoneName": zone,
            "ZoneId": region.zone_id(zone),
            "RegionName": region.name,
            "GroupName": region.name,
            "NetworkBorderGroup": region.name,
            "State": "available",
            "OptInStatus": "opt-in-not-required",
            "ZoneType": "availability-zone",
            "Messages": [],
        }
        for zone in zones
        if not wanted or zone in wanted
    ]
    chosen = select(
        views,
        params,
        lambda view: {
            "zone-name": view["ZoneName"],
            "zone-id": view["ZoneId"],
            "region-name": view["RegionName"],
            "group-name": view["GroupName"],
            "state": "available",
            "opt-in-status": view["OptInStatus"],
            "zone-type": view["ZoneType"],
            "tags": {},
        },
    )
    return {"AvailabilityZones": chosen}


OPERATIONS = {
    "CreateSubnet": create_subnet,
    "DescribeSubnets": describe_subnets,
    "ModifySubnetAttribute": modify_subnet_attribute,
    "DeleteSubnet": delete_subnet,
    "DescribeAvailabilityZones": describe_zones,
}
