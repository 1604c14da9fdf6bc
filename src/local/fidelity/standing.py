"""The resources of the account before the recording began, as far as its answers show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.recording.entry import Entry
from controller.recording.texts import tokens
from local.aws import LaptopAws
from local.ecs import task_definitions
from local.fidelity.standing_definitions import definitions

Thing = dict[str, Any]

ID = re.compile(r"(vpc|subnet|eipalloc|sg)-0\d{7,}")
MADE_BY = {
    "CreateVpc": ("Vpc", "VpcId"),
    "CreateSubnet": ("Subnet", "SubnetId"),
    "CreateSecurityGroup": ("GroupId",),
    "AllocateAddress": ("AllocationId",),
}
"""Where the answer to a create has the id of what it made."""
OPEN = [{"protocol": "-1", "port": None, "cidr": "0.0.0.0/0"}]


class Standing:
    """Collects from the entries what must exist, and creates it in the simulated AWS."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._made = {word for each in entries for word in _made(each)}

    def things(self) -> dict[str, list[Any]]:
        """What `LaptopAws.furnish` takes; task definitions come with their revision."""
        vpcs, subnets = self._vpcs(), self._subnets()
        first = next(iter(vpcs), "vpc-00000000000000000")
        return {
            "vpcs": list((vpcs or {first: {"id": first}}).values()),
            "subnets": [{"vpc": first, **each} for each in subnets.values()],
            "elastic_ips": list(self._addresses().values()),
            "security_groups": [{"vpc": first, **each} for each in self._groups().values()],
            "clusters": sorted(self._clusters()),
        }

    def furnish(self, aws: LaptopAws) -> set[str]:
        """Create it all; the words of its ids, which mean the same in both."""
        things = self.things()
        aws.furnish(region=None, **things)
        for body, revision in definitions(self._entries):
            task_definitions.add(aws.peek(), body, revision=revision)
        return {aws.account, *(w for text in _texts([things]) for w in tokens(text) if w)}

    def _answered(self, operation: str, key: str, own: str) -> Iterator[Thing]:
        """What a call showed, but for what was made meanwhile, or is in a VPC that was."""
        for entry in self._entries:
            if entry.operation == operation:
                for each in entry.answer.get(key, ()):
                    if self._made.isdisjoint((each[own], each.get("VpcId"))):
                        yield each

    def _ids(self) -> Iterator[str]:
        """Every id of EC2 that a call names or shows, but those of what was made meanwhile."""
        for entry in self._entries:
            shown = [] if entry.error else _texts([entry.parameters, entry.answer])
            for text in shown:
                if ID.fullmatch(text) and text not in self._made:
                    yield text

    def _named(self, prefix: str, key: str) -> dict[str, Thing]:
        return {each: {key: each} for each in self._ids() if each.startswith(f"{prefix}-")}

    def _vpcs(self) -> dict[str, Thing]:
        found = self._named("vpc", "id")
        for vpc in self._answered("DescribeVpcs", "Vpcs", "VpcId"):
            found[vpc["VpcId"]] = {"id": vpc["VpcId"], "cidr": vpc["CidrBlock"], **_tags(vpc)}
        return found

    def _subnets(self) -> dict[str, Thing]:
        found = self._named("subnet", "id")
        for number, subnet in enumerate(found.values(), 1):
            subnet["cidr"] = f"10.0.{number}.0/24"
        for balancer in self._balancers():
            for zone in balancer.get("AvailabilityZones", ()):
                if zone["SubnetId"] in found:
                    found[zone["SubnetId"]] |= {"az": zone["ZoneName"], "vpc": balancer["VpcId"]}
        for subnet in self._answered("DescribeSubnets", "Subnets", "SubnetId"):
            found[subnet["SubnetId"]] = {
                "id": subnet["SubnetId"],
                "vpc": subnet["VpcId"],
                "az": subnet["AvailabilityZone"],
                "cidr": subnet["CidrBlock"],
                "free_addresses": subnet.get("AvailableIpAddressCount"),
                **_tags(subnet),
            }
        return found

    def _balancers(self) -> Iterator[Thing]:
        for entry in self._entries:
            yield from entry.answer.get("LoadBalancers", ())

    def _addresses(self) -> dict[str, Thing]:
        found = self._named("eipalloc", "allocation_id")
        for address in self._answered("DescribeAddresses", "Addresses", "AllocationId"):
            found[address["AllocationId"]] = {
                "allocation_id": address["AllocationId"],
                "public_ip": address["PublicIp"],
                **_tags(address),
            }
        return found

    def _groups(self) -> dict[str, Thing]:
        found = {
            each: {"id": each, "name": each, "ingress": OPEN} for each in self._named("sg", "id")
        }
        for group in self._answered("DescribeSecurityGroups", "SecurityGroups", "GroupId"):
            found[group["GroupId"]] = {
                "id": group["GroupId"],
                "name": group["GroupName"],
                "description": group.get("Description", ""),
                "vpc": group["VpcId"],
                "ingress": list(_ingress(group)),
                **_tags(group),
            }
        return found

    def _clusters(self) -> set[str]:
        agreed = [entry for entry in self._entries if not entry.error]
        named = (entry.parameters.get("cluster") for entry in agreed)
        found = {cluster.rpartition("/")[2] for cluster in named if cluster}
        found |= {
            each["clusterName"]
            for each in self._answered("DescribeClusters", "clusters", "clusterArn")
        }
        return found - {entry.parameters.get("clusterName") for entry in agreed}


def _made(entry: Entry) -> Iterator[str]:
    """The id of what this call has made, if it is of a kind that is furnished."""
    value: Any = entry.answer
    for key in MADE_BY.get(entry.operation, ()):
        value = value.get(key, {})
    if value and isinstance(value, str):
        yield value


def _texts(values: Sequence[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(list(value.values()))
        elif isinstance(value, list):
            yield from _texts(value)


def _tags(thing: Mapping[str, Any]) -> Thing:
    return {"tags": {tag["Key"]: tag["Value"] for tag in thing.get("Tags", ())}}


def _ingress(group: Mapping[str, Any]) -> Iterator[Thing]:
    for permission in group.get("IpPermissions", ()):
        for range_ in permission.get("IpRanges", ()):
            port = permission.get("FromPort")
            yield {"protocol": permission["IpProtocol"], "port": port, "cidr": range_["CidrIp"]}
