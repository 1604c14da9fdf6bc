"""The network's part of a survey: EC2's answers as the domain's facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from controller.aws.clients import Client
from controller.aws.elastic_ip import ElasticIpReader, interpret, is_held
from controller.aws.listing import list_all
from controller.domain.diagnostics.facts import Facts, Rule, SecurityGroup, Subnet, fronts
from controller.domain.planning.observed import Address


def read_subnets(ec2: Client, ids: Sequence[str]) -> dict[str, Subnet]:
    """Those that exist; by filter, as one unknown id would hide the others."""
    found = _filtered(ec2, "describe_subnets", "Subnets", "subnet-id", ids)
    return {
        s["SubnetId"]: Subnet(
            id=s["SubnetId"],
            vpc_id=s["VpcId"],
            zone=s["AvailabilityZone"],
            zone_id=s.get("AvailabilityZoneId", ""),
            cidr=s.get("CidrBlock", ""),
            free=int(s.get("AvailableIpAddressCount", 0)),
        )
        for s in found
    }


def read_vpcs(ec2: Client, ids: Sequence[str]) -> frozenset[str]:
    """Those that exist."""
    return frozenset(v["VpcId"] for v in _filtered(ec2, "describe_vpcs", "Vpcs", "vpc-id", ids))


def with_ways_out(ec2: Client, subnets: Mapping[str, Subnet]) -> dict[str, Subnet]:
    """Say where each default route leads; a subnet without a table of its own has the main one."""
    vpcs = [each.vpc_id for each in subnets.values()]
    own, main = {}, {}
    for table in _filtered(ec2, "describe_route_tables", "RouteTables", "vpc-id", vpcs):
        for one in table.get("Associations", ()):
            if one.get("SubnetId"):
                own[one["SubnetId"]] = table
            elif one.get("Main"):
                main[table["VpcId"]] = table
    return {
        id_: replace(each, way_out=_default_route(own.get(id_) or main.get(each.vpc_id) or {}))
        for id_, each in subnets.items()
    }


def _default_route(table: Mapping[str, Any]) -> str:
    for route in table.get("Routes", ()):
        if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State") == "active":
            if str(route.get("GatewayId", "")).startswith("igw-"):
                return "igw"
            return "nat" if route.get("NatGatewayId") else "other"
    return ""


def read_groups(ec2: Client, ids: Sequence[str]) -> dict[str, SecurityGroup]:
    found = _filtered(ec2, "describe_security_groups", "SecurityGroups", "group-id", ids)
    return {
        g["GroupId"]: SecurityGroup(
            id=g["GroupId"],
            vpc_id=g.get("VpcId", ""),
            rules=tuple(rule for p in g.get("IpPermissions", ()) for rule in _rules(p)),
        )
        for g in found
    }


def _rules(permission: Mapping[str, Any]) -> Iterator[Rule]:
    first, last = permission.get("FromPort"), permission.get("ToPort")
    ports = None if first is None or last is None else (int(first), int(last))
    sources = [r["CidrIp"] for r in permission.get("IpRanges", ())]
    sources += [r["CidrIpv6"] for r in permission.get("Ipv6Ranges", ())]
    sources += [r["GroupId"] for r in permission.get("UserIdGroupPairs", ())]
    sources += [r["PrefixListId"] for r in permission.get("PrefixListIds", ())]
    for source in sources:
        yield Rule(protocol=str(permission["IpProtocol"]), ports=ports, source=source)


def read_endpoints(ec2: Client) -> dict[str, frozenset[str]]:
    """VPC to the services of its endpoints: "com.amazonaws.us-east-1.ecr.api" is "ecr.api"."""
    found: dict[str, frozenset[str]] = {}
    for each in list_all(ec2, "describe_vpc_endpoints", "VpcEndpoints"):
        if str(each.get("State", "")).lower() == "available":
            name = str(each["ServiceName"]).split(".", 3)[-1]
            found[each["VpcId"]] = found.get(each["VpcId"], frozenset()) | {name}
    return found


def read_addresses(ec2: Client, facts: Facts) -> dict[str, Address]:
    """Who has each Elastic IP that the load balancers ask for."""
    reader = ElasticIpReader(ec2)
    wanted: dict[str, list[str]] = {}
    for front in fronts(facts.spec):
        for mapping in front.resource.request.get("SubnetMappings", ()):
            if mapping.get("AllocationId"):
                wanted.setdefault(mapping["AllocationId"], []).append(front.resource.address)
    found = reader.describe(list(wanted))
    ours, strange = _suffixes(facts)
    names = [front.resource.name for front in fronts(facts.spec)]
    before = [each.arn.partition(":loadbalancer/")[2] for each in facts.leftovers]
    return {
        id_: interpret(id_, one, _holder(reader, one), wanted_by, ours, strange, names, before)
        for id_, wanted_by in wanted.items()
        for one in [found.get(id_)]
    }


def _suffixes(facts: Facts) -> tuple[list[str], list[str]]:
    """The id parts of the load balancers under our names: ours, and strangers'."""
    ours: list[str] = []
    strange: list[str] = []
    for front in fronts(facts.spec):
        seen = (facts.standing or {}).get(front.resource.address)
        if seen and seen.arn:
            kept = ours if seen.state.exists else strange
            kept.append(seen.attributes.get("arn_suffix", ""))
    return ours, strange


def _holder(reader: ElasticIpReader, found: Mapping[str, Any] | None) -> str | None:
    if not found or not is_held(found) or not found.get("NetworkInterfaceId"):
        return None
    return reader.describe_interface(str(found["NetworkInterfaceId"]))


def _filtered(
    ec2: Client, operation: str, result: str, name: str, values: Sequence[str]
) -> list[dict[str, Any]]:
    """Everything of which the filter `name` has one of the values; nothing for no values."""
    if not values:
        return []
    filters = [{"Name": name, "Values": sorted(set(values))}]
    return list_all(ec2, operation, result, Filters=filters)
