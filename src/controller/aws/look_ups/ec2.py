"""What EC2 finds: security groups, addresses, subnets, VPCs, zones; its filters do the matching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.aws.clients import Clients
from controller.aws.errors import code_of
from controller.aws.listing import list_all
from controller.aws.look_ups.finder import Finder, Found, Keys

_EC2_FILTERS = {
    "vpc_id": "vpc-id",
    "cidr_block": "cidr-block",
    "availability_zone": "availability-zone",
    "availability_zone_id": "availability-zone-id",
    "default_for_az": "default-for-az",
    "state": "state",
    "name": "group-name",
    "dhcp_options_id": "dhcp-options-id",
    "default": "is-default",
    "public_ip": "public-ip",
    "allocation_id": "allocation-id",
    "description": "description",
}


def _filters(keys: Keys, **renamed: str) -> list[dict[str, Any]]:
    """EC2's filters for our keys; `renamed` says where a kind's key has a filter of its own."""
    result = [{"Name": f["name"], "Values": list(f["values"])} for f in keys.get("filters", ())]
    result += [{"Name": f"tag:{k}", "Values": [v]} for k, v in keys.get("tags", {}).items()]
    for key, name in {**_EC2_FILTERS, **renamed}.items():
        if key in keys:
            value = keys[key]
            text = str(value).lower() if isinstance(value, bool) else str(value)
            result.append({"Name": name, "Values": [text]})
    return result


def _arn(clients: Clients, service: str, owner: str, resource: str) -> str:
    partition = clients.ec2.meta.partition
    return f"arn:{partition}:{service}:{clients.ec2.meta.region_name}:{owner}:{resource}"


def _security_groups_found(clients: Clients, keys: Keys) -> list[dict[str, Any]]:
    filters = _filters(keys, id="group-id")
    groups = list_all(clients.ec2, "describe_security_groups", "SecurityGroups", Filters=filters)
    prefix = keys.get("name_prefix", "")
    return [
        {
            "id": g["GroupId"],
            "arn": _arn(clients, "ec2", g["OwnerId"], f"security-group/{g['GroupId']}"),
            "name": g["GroupName"],
            "vpc_id": g.get("VpcId", ""),
            "owner_id": g["OwnerId"],
        }
        for g in groups
        if g["GroupName"].startswith(prefix)
    ]


def _security_groups(clients: Clients, keys: Keys) -> Found:
    found = _security_groups_found(clients, keys)
    return [
        {
            "ids": [g["id"] for g in found],
            "arns": [g["arn"] for g in found],
            "vpc_ids": [g["vpc_id"] for g in found],
        }
    ]


def _addresses_found(clients: Clients, keys: Keys) -> list[dict[str, Any]]:
    reply = clients.ec2.describe_addresses(Filters=_filters(keys))
    return [
        {
            "allocation_id": a["AllocationId"],
            "public_ip": a["PublicIp"],
            "public_dns": _public_dns(clients, a["PublicIp"]),
        }
        for a in reply["Addresses"]
    ]


def _public_dns(clients: Clients, ip: str) -> str:
    region = clients.ec2.meta.region_name
    zone = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{ip.replace('.', '-')}.{zone}.amazonaws.com"


def _elastic_ips(clients: Clients, keys: Keys) -> Found:
    found = _addresses_found(clients, keys)
    return [
        {
            "allocation_ids": [a["allocation_id"] for a in found],
            "public_ips": [a["public_ip"] for a in found],
        }
    ]


def _subnets_found(clients: Clients, keys: Keys) -> list[dict[str, Any]]:
    filters = _filters(keys, id="subnet-id")
    subnets = list_all(clients.ec2, "describe_subnets", "Subnets", Filters=filters)
    return [
        {
            "id": s["SubnetId"],
            "arn": s.get("SubnetArn", ""),
            "vpc_id": s["VpcId"],
            "cidr_block": s.get("CidrBlock", ""),
            "availability_zone": s["AvailabilityZone"],
            "availability_zone_id": s.get("AvailabilityZoneId", ""),
            "owner_id": s.get("OwnerId", ""),
            "map_public_ip_on_launch": bool(s.get("MapPublicIpOnLaunch")),
            "tags": _own_tags(s),
        }
        for s in subnets
    ]


def _own_tags(thing: Mapping[str, Any]) -> dict[str, str]:
    """As Terraform has them: what AWS itself puts on is left out."""
    found = {tag["Key"]: tag["Value"] for tag in thing.get("Tags", ())}
    return {key: value for key, value in found.items() if not key.startswith("aws:")}


def _subnets(clients: Clients, keys: Keys) -> Found:
    return [{"ids": [s["id"] for s in _subnets_found(clients, keys)]}]


def _vpcs(clients: Clients, keys: Keys) -> Found:
    filters = _filters(keys, id="vpc-id", cidr_block="cidr")
    filters = [f for f in filters if f["Name"] != "cidr-block"]
    found = list_all(clients.ec2, "describe_vpcs", "Vpcs", Filters=filters)
    return [
        {
            "id": v["VpcId"],
            "arn": _arn(clients, "ec2", v.get("OwnerId", ""), f"vpc/{v['VpcId']}"),
            "cidr_block": v.get("CidrBlock", ""),
            "owner_id": v.get("OwnerId", ""),
            "main_route_table_id": _main_route_table(clients, v["VpcId"]),
        }
        for v in found
    ]


def _vpc_ids(clients: Clients, keys: Keys) -> Found:
    found = list_all(clients.ec2, "describe_vpcs", "Vpcs", Filters=_filters(keys))
    return [{"ids": [v["VpcId"] for v in found]}]


def _main_route_table(clients: Clients, vpc_id: str) -> str:
    filters = [
        {"Name": "vpc-id", "Values": [vpc_id]},
        {"Name": "association.main", "Values": ["true"]},
    ]
    try:
        found = clients.ec2.describe_route_tables(Filters=filters)["RouteTables"]
    except Exception as error:
        # Nobody asks for it as a rule, and the role need not have this right.
        if code_of(error):
            return ""
        raise
    return str(found[0]["RouteTableId"]) if found else ""


def _availability_zones(clients: Clients, keys: Keys) -> Found:
    reply = clients.ec2.describe_availability_zones(
        Filters=_filters(keys), AllAvailabilityZones=bool(keys.get("all_availability_zones"))
    )
    zones = [
        z
        for z in reply["AvailabilityZones"]
        if z["ZoneName"] not in keys.get("exclude_names", ())
        and z["ZoneId"] not in keys.get("exclude_zone_ids", ())
    ]
    zones.sort(key=lambda z: str(z["ZoneName"]))
    return [{"names": [z["ZoneName"] for z in zones], "zone_ids": [z["ZoneId"] for z in zones]}]


FINDERS: Mapping[str, Finder] = {
    "security_group": _security_groups_found,
    "security_groups": _security_groups,
    "elastic_ip": _addresses_found,
    "elastic_ips": _elastic_ips,
    "subnet": _subnets_found,
    "subnets": _subnets,
    "vpc": _vpcs,
    "vpcs": _vpc_ids,
    "availability_zones": _availability_zones,
}
