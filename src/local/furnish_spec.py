"""
Everything that a compiled spec expects Terraform to keep, as `LaptopAws.furnish` takes it.

With it any directory can be tried on the simulated AWS: its subnets, addresses, cluster, task
definition and security groups stand there with the ids and names that the spec asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from controller.domain.planning.spec import Kind, Spec, in_a_loop, references

Thing = dict[str, Any]
DEFAULT_VPC = "vpc-0a1b2c3d4e5f60718"


class CannotFurnishError(ValueError):
    """The spec looks something up that the laptop cannot make up."""


def furnish_for(spec: Spec, public_ip: str | None = None) -> dict[str, list[Thing]]:
    """
    List what must exist before `spec` can wake.

    `public_ip` is given to the first Elastic IP. Raises CannotFurnishError for look-ups of kinds
    that the laptop does not play.
    """
    vpc = _vpc(spec)
    found: dict[str, dict[str, Thing]] = {
        "vpcs": {vpc: {"id": vpc, "cidr": "10.0.0.0/16", "internet_gateway": True}},
        "subnets": {},
        "elastic_ips": {},
        "security_groups": {},
        "clusters": {},
        "task_definitions": {},
        "certificates": {},
        "target_groups": {},
    }
    _add_literals(spec, vpc, found)
    for resource in spec.resources:
        for reference in references(resource.request):
            if "$look_up" in reference and not in_a_loop(reference):
                _add_look_up(reference, vpc, spec, found)
    things = {kind: list(by_name.values()) for kind, by_name in found.items()}
    if public_ip and things["elastic_ips"]:
        things["elastic_ips"][0]["public_ip"] = public_ip
    return things


def _vpc(spec: Spec) -> str:
    ids = (group.request.get("VpcId") for group in spec.of_kind(Kind.TARGET_GROUP))
    return next((i for i in ids if isinstance(i, str)), DEFAULT_VPC)


def _add_literals(spec: Spec, vpc: str, found: dict[str, dict[str, Thing]]) -> None:
    """Ids that the configuration writes out."""
    subnets = [s for s in _subnets(spec) if isinstance(s, str)]
    for number, subnet in enumerate(dict.fromkeys(subnets)):
        zone = f"{spec.region or 'us-east-1'}{'abc'[number % 3]}"
        cidr = f"10.0.{number + 1}.0/24"
        found["subnets"][subnet] = {"id": subnet, "vpc": vpc, "az": zone, "cidr": cidr}
    for mapping in _mappings(spec):
        allocation_id = mapping.get("AllocationId")
        if isinstance(allocation_id, str):
            found["elastic_ips"][allocation_id] = {"allocation_id": allocation_id}
    for group in _security_groups(spec):
        if isinstance(group, str):
            thing = {"id": group, "name": group, "vpc": vpc, "ingress": _open_ports(spec)}
            found["security_groups"][group] = thing


def _mappings(spec: Spec) -> Iterator[Mapping[str, Any]]:
    for balancer in spec.of_kind(Kind.LOAD_BALANCER):
        yield from balancer.request.get("SubnetMappings", ())


def _subnets(spec: Spec) -> Iterator[Any]:
    for mapping in _mappings(spec):
        yield mapping.get("SubnetId")
    for balancer in spec.of_kind(Kind.LOAD_BALANCER):
        yield from _listed(balancer.request.get("Subnets", ()))
    for network in _networks(spec):
        yield from _listed(network.get("subnets", ()))


def _security_groups(spec: Spec) -> Iterator[Any]:
    for balancer in spec.of_kind(Kind.LOAD_BALANCER):
        yield from _listed(balancer.request.get("SecurityGroups", ()))
    for network in _networks(spec):
        yield from _listed(network.get("securityGroups", ()))


def _listed(value: Any) -> Iterator[Any]:
    """A whole list may be one look-up."""
    yield from value if isinstance(value, list | tuple) else (value,)


def _networks(spec: Spec) -> Iterator[Mapping[str, Any]]:
    for service in spec.of_kind(Kind.SERVICE):
        network = service.request.get("networkConfiguration", {})
        yield network.get("awsvpcConfiguration", {})


def _add_look_up(
    look_up: Mapping[str, Any], vpc: str, spec: Spec, found: dict[str, dict[str, Thing]]
) -> None:
    kind = look_up["$look_up"]
    tags = dict(look_up.get("tags", {}))
    key = str(sorted(look_up.items(), key=lambda item: item[0]))
    match kind:
        case "cluster":
            name = _known(look_up, "name")
            found["clusters"][name] = {"name": name}
        case "task_definition":
            family = _known(look_up, "family").partition(":")[0]
            found["task_definitions"][family] = {
                "family": family,
                "container_definitions": _containers(spec),
                "task_role": "arn:aws:iam::123456789012:role/task",
            }
        case "security_group":
            name = look_up.get("name") or f"{look_up.get('name_prefix', 'sg-')}1"
            group = {"name": name, "vpc": vpc, "tags": tags, "ingress": _open_ports(spec)}
            found["security_groups"][str(name)] = group
        case "elastic_ip":
            found["elastic_ips"][key] = {"tags": tags}
        case "subnet" | "subnets":
            number = len(found["subnets"])
            zone = look_up.get("availability_zone") or f"{spec.region or 'us-east-1'}a"
            cidr = f"10.0.{number + 1}.0/24"
            found["subnets"][key] = {"vpc": vpc, "az": zone, "cidr": cidr, "tags": tags}
        case "vpc" | "vpcs":
            found["vpcs"][vpc]["tags"] = tags
        case "certificate":
            domain = _known(look_up, "domain", "example.com")
            found["certificates"][domain] = {"domain": domain, "tags": tags}
        case "target_group" if "arn" not in look_up:
            name = _known(look_up, "name", "kept")
            found["target_groups"][name] = {"name": name, "vpc": vpc, "tags": tags}
        case "name" | "region" | "partition" | "caller_identity" | "availability_zones":
            pass
        case _:
            raise CannotFurnishError(
                f"{look_up.get('of', kind)}: the simulated AWS has no {kind.replace('_', ' ')}; "
                f"try the command against a real account"
            )


def _known(look_up: Mapping[str, Any], key: str, otherwise: str = "") -> str:
    value = look_up.get(key, otherwise)
    if isinstance(value, str):
        return value
    raise CannotFurnishError(
        f"{look_up.get('of', look_up['$look_up'])}: its {key} is known to AWS alone; try the "
        "command against a real account"
    )


def _containers(spec: Spec) -> list[Thing]:
    """A container for every name and port that the services send traffic to."""
    containers: dict[str, Thing] = {}
    for service in spec.of_kind(Kind.SERVICE):
        for balancer in service.request.get("loadBalancers", ()):
            name, port = balancer["containerName"], balancer["containerPort"]
            if not isinstance(name, str):
                continue  # found when waking: any container may be the one
            container = containers.setdefault(
                name, {"name": name, "image": "demo", "essential": True, "portMappings": []}
            )
            container["portMappings"].append({"containerPort": port, "protocol": "tcp"})
    return list(containers.values()) or [{"name": "app", "image": "demo", "essential": True}]


def _open_ports(spec: Spec) -> list[Thing]:
    ports = [group.request.get("Port") for group in spec.of_kind(Kind.TARGET_GROUP)]
    return [{"protocol": "tcp", "port": port, "cidr": "0.0.0.0/0"} for port in ports if port]
