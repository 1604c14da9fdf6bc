"""What stood in the account before the recording began, as far as its answers show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.recording.entry import Entry
from controller.recording.texts import tokens
from controller.recording.values import HIDDEN_VALUE
from local.aws import LaptopAws
from local.ecs import task_definitions

Thing = dict[str, Any]

ID = re.compile(r"(vpc|subnet|eipalloc|sg)-0\d{7,}")
OPEN = [{"protocol": "-1", "port": None, "cidr": "0.0.0.0/0"}]
READ_ONLY = (
    "taskDefinitionArn",
    "revision",
    "status",
    "registeredAt",
    "registeredBy",
    "compatibilities",
)
DEFINITION = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}
CONTAINER = {"name": "app", "image": "app", "essential": True}


class Standing:
    """Collects from the entries what must be there, and puts it into the simulated AWS."""

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
        """Put it all there; the words of its ids, which mean the same in both."""
        things = self.things()
        aws.furnish(region=None, **things)
        for body, revision in self._definitions():
            task_definitions.add(aws.peek(), body, revision=revision)
        return {aws.account, *(w for text in _texts([things]) for w in tokens(text) if w)}

    def _answered(self, operation: str, key: str) -> Iterator[Thing]:
        for entry in self._entries:
            if entry.operation == operation:
                yield from entry.answer.get(key, ())

    def _ids(self) -> Iterator[str]:
        """Every id of EC2 that a call names or shows, but those of what was made meanwhile."""
        for entry in self._entries:
            for text in _texts([entry.parameters, entry.answer]):
                if ID.fullmatch(text) and text not in self._made:
                    yield text

    def _named(self, prefix: str, key: str) -> dict[str, Thing]:
        return {each: {key: each} for each in self._ids() if each.startswith(f"{prefix}-")}

    def _vpcs(self) -> dict[str, Thing]:
        found = self._named("vpc", "id")
        for vpc in self._answered("DescribeVpcs", "Vpcs"):
            found[vpc["VpcId"]] = {"id": vpc["VpcId"], "cidr": vpc["CidrBlock"], **_tags(vpc)}
        return found

    def _subnets(self) -> dict[str, Thing]:
        found = self._named("subnet", "id")
        for number, subnet in enumerate(found.values(), 1):
            subnet["cidr"] = f"10.0.{number}.0/24"
        for balancer in self._balancers():
            for zone in balancer.get("AvailabilityZones", ()):
                subnet = found[zone["SubnetId"]]
                subnet |= {"az": zone["ZoneName"], "vpc": balancer["VpcId"]}
        for subnet in self._answered("DescribeSubnets", "Subnets"):
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
        yield from self._answered("CreateLoadBalancer", "LoadBalancers")
        yield from self._answered("DescribeLoadBalancers", "LoadBalancers")

    def _addresses(self) -> dict[str, Thing]:
        found = self._named("eipalloc", "allocation_id")
        for address in self._answered("DescribeAddresses", "Addresses"):
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
        for group in self._answered("DescribeSecurityGroups", "SecurityGroups"):
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
        named = (entry.parameters.get("cluster") for entry in self._entries)
        found = {cluster.rpartition("/")[2] for cluster in named if cluster}
        found |= {each["clusterName"] for each in self._answered("DescribeClusters", "clusters")}
        return found - self._made

    def _definitions(self) -> Iterator[tuple[Thing, int]]:
        """Bodies as RegisterTaskDefinition takes them, with their revision numbers."""
        shown: dict[str, Thing] = {}
        for entry in self._entries:
            if entry.operation == "DescribeTaskDefinition" and entry.answer:
                found = entry.answer["taskDefinition"]
                shown[found["taskDefinitionArn"]] = found
            for name in _definition_names(entry):
                family, _, revision = name.rpartition("/")[2].partition(":")
                if family and not any(family == each["family"] for each in shown.values()):
                    shown[name] = _unseen(family, int(revision or 1), self._containers())
        for each in shown.values():
            body = {k: v for k, v in _shown(each).items() if k not in READ_ONLY}
            yield {**DEFINITION, **body}, each["revision"]

    def _containers(self) -> list[Thing]:
        """Those that services send traffic to."""
        wanted = [
            balancer
            for entry in self._entries
            if entry.operation == "CreateService"
            for balancer in entry.parameters.get("loadBalancers", ())
        ]
        return [
            {
                **CONTAINER,
                "name": each["containerName"],
                "portMappings": [{"containerPort": each["containerPort"], "protocol": "tcp"}],
            }
            for each in wanted
        ] or [CONTAINER]


def _made(entry: Entry) -> Iterator[str]:
    """Ids that the recorded calls themselves have made."""
    if entry.operation.startswith(("Create", "Allocate", "Register")):
        asked = set(_texts([entry.parameters]))
        yield from (text for text in _texts([entry.answer]) if text not in asked)


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


def _definition_names(entry: Entry) -> Iterator[str]:
    name = entry.parameters.get("taskDefinition")
    if entry.service == "ecs" and isinstance(name, str):
        yield name


def _unseen(family: str, revision: int, containers: list[Thing]) -> Thing:
    return {"family": family, "revision": revision, "containerDefinitions": containers}


def _shown(value: Any) -> Any:
    """Without what was hidden."""
    if isinstance(value, Mapping):
        return {key: _shown(each) for key, each in value.items() if each != HIDDEN_VALUE}
    return [_shown(each) for each in value] if isinstance(value, list) else value
