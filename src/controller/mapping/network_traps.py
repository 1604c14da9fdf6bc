"""Traps of the network: addresses, zones, ways out and open doors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from controller.domain.planning.client_addresses import ANYWHERE, sees_clients
from controller.domain.planning.spec import Json, Kind
from controller.hcl import numbers
from controller.hcl.values import Unknown
from controller.hcl.world import Block, ResourceInstance
from controller.mapping.draft import Draft, StackDraft, canonical
from controller.mapping.fill import given, known
from controller.mapping.task import is_fargate

# As security group rules name them, by name or by number; -1 is any.
_PROTOCOLS = {"tcp": ("tcp", "6", "-1", "all"), "udp": ("udp", "17", "-1", "all")}
_ROUTES_OUT = ("aws_nat_gateway", "aws_vpc_endpoint")


def elastic_ips(stack: StackDraft) -> None:
    """An Elastic IP serves one subnet of one public load balancer (AWS behaviour §1.3)."""
    taken: dict[str, Draft] = {}
    for balancer in stack.of_kind(Kind.LOAD_BALANCER):
        mappings = balancer.request.get("SubnetMappings", [])
        internal = balancer.request.get("Scheme") == "internal"
        for index, mapping in enumerate(mappings):
            if "AllocationId" not in mapping:
                continue
            place = balancer.filling.place_of(f"SubnetMappings[{index}].AllocationId")
            key = canonical(mapping["AllocationId"])
            if internal:
                balancer.filling.error(
                    "elastic-ip",
                    "allocation_id cannot be given to an internal load balancer; remove it, or "
                    "set internal = false",
                    place,
                )
            elif key in taken:
                balancer.filling.error(
                    "elastic-ip",
                    f"this Elastic IP is given to {taken[key].address} already; each subnet "
                    "mapping needs one of its own",
                    place,
                )
            taken.setdefault(key, balancer)
        written = balancer.instance.body.of_type("subnet_mapping")
        if not internal and not any(given(block, "allocation_id") for block in written):
            balancer.filling.warn(
                "elastic-ip",
                "has no Elastic IP, so its address changes with every wake; give a "
                "subnet_mapping an allocation_id",
            )


def zones(stack: StackDraft) -> None:
    """
    A task in a zone that the load balancer does not serve never becomes healthy (§1.11).

    An error where no subnet of the service can do; else AWS may place the task well.
    """
    for service in stack.of_kind(Kind.SERVICE):
        balancers = _balancers_of(stack, service)
        served = [subnet for balancer in balancers for subnet in balancer_subnets(balancer)]
        if not served:
            continue
        strange = [s for s in _service_subnets(service) if not _is_served(stack, s, served)]
        if not strange or None in (*strange, *served):
            continue
        known_zones = all(_zone(stack, subnet) for subnet in [*strange, *served])
        hopeless = known_zones and len(strange) == len(_service_subnets(service))
        report = service.filling.error if hopeless else service.filling.warn
        report(
            "zones",
            f"subnets: {_names(strange)} {_is_are(strange)} not among those "
            f"of {', '.join(sorted(b.address for b in balancers))}"
            f"{'' if known_zones else ', and may lie in a zone that it does not serve'}; a task "
            "there never becomes healthy, so give the service the load balancer's subnets",
            service.filling.place_of("networkConfiguration.awsvpcConfiguration.subnets"),
        )


def route_out(stack: StackDraft) -> None:
    """Without public address, NAT or endpoints a task cannot pull its image (§2.3, §2.10)."""
    if any(i.type in _ROUTES_OUT and i.mode == "managed" for i in stack.kept.values()):
        return
    for service in stack.of_kind(Kind.SERVICE):
        network = service.request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        if is_fargate(service) and network.get("assignPublicIp") == "DISABLED":
            service.filling.warn(
                "route-out",
                "assign_public_ip is false: without a NAT gateway or VPC endpoints in its subnets "
                "a task cannot pull its image; set it to true if there are none",
                service.filling.place_of("networkConfiguration.awsvpcConfiguration.assignPublicIp"),
            )


def open_security_groups(stack: StackDraft) -> None:
    """
    Where the task sees the load balancer's addresses alone, it need not be open to all (§1.2).

    Where clients come under their own addresses it must be, but for two ways out: an internal load
    balancer has fewer clients, and a rule for the load balancer's own security group admits what
    comes through it (NLB user guide, "Security groups").
    """
    for service in stack.of_kind(Kind.SERVICE):
        doors = _client_doors(stack, service)
        network = service.request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        groups = network.get("securityGroups", [])
        for index, group in enumerate(groups if isinstance(groups, list) else []):
            thing = stack.kept_thing(group)
            if thing is None or not _is_open(stack, thing, doors):
                continue
            service.filling.warn(
                "open-security-group",
                f"{thing.address} lets the whole internet in, past the load balancer to the task "
                f"itself; {_way_in(stack, service)}",
                service.filling.place_of(
                    f"networkConfiguration.awsvpcConfiguration.securityGroups[{index}]"
                ),
            )


def _balancers_of(stack: StackDraft, service: Draft) -> list[Draft]:
    found: dict[str, Draft] = {}
    for _, target in stack.target_groups_of(service):
        for listener in stack.listeners_of(target):
            balancer = stack.load_balancer_of(listener)
            if balancer is not None:
                found[balancer.address] = balancer
    return list(found.values())


def balancer_subnets(balancer: Draft) -> list[Json]:
    """All that contain it, in the order of the files."""
    mappings = balancer.request.get("SubnetMappings", [])
    subnets = balancer.request.get("Subnets", [])
    return [m.get("SubnetId") for m in mappings] + _as_list(subnets)


def _service_subnets(service: Draft) -> list[Json]:
    network = service.request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return _as_list(network.get("subnets", []))


def _as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _is_served(stack: StackDraft, subnet: Json, served: list[Json]) -> bool:
    if canonical(subnet) in {canonical(other) for other in served}:
        return True
    zone = _zone(stack, subnet)
    return zone is not None and zone in {_zone(stack, other) for other in served}


def zones_of(stack: StackDraft, balancer: Draft) -> list[str | None]:
    """The zones of its subnets; None for one that the configuration does not give."""
    return [_zone(stack, subnet) for subnet in balancer_subnets(balancer)]


def _zone(stack: StackDraft, subnet: Json) -> str | None:
    thing = stack.kept_thing(subnet)
    if thing is None or thing.type not in ("aws_subnet", "aws_default_subnet"):
        return None
    for name in ("availability_zone", "availability_zone_id"):
        zone = known(thing.body, name)
        if isinstance(zone, str):
            return zone
    return None


def _names(subnets: list[Json]) -> str:
    """Ids and addresses; of what is computed, the addresses that it is computed from."""
    found = (name for subnet in subnets for name in _sources(subnet) or ["what is computed"])
    return ", ".join(dict.fromkeys(found))


def _sources(value: Json) -> list[str]:
    """What stands for one element of many, `data.aws_subnet.each["*"]`, is found by others."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict) and "of" in value:
        return [] if str(value["of"]).endswith('["*"]') else [str(value["of"])]
    inside = value.get("args", [value.get("$for")]) if isinstance(value, dict) else value
    computed = inside if isinstance(inside, list) else []
    return [name for one in computed if not isinstance(one, str) for name in _sources(one)]


def _is_are(subnets: list[Json]) -> str:
    return "is" if len(subnets) == 1 else "are"


def _client_doors(stack: StackDraft, service: Draft) -> list[tuple[str, Json]]:
    """Protocol and port on which the whole internet reaches the task itself."""
    doors: list[tuple[str, Json]] = []
    for index, target in _with_clients(stack, service):
        balancers = [stack.load_balancer_of(one) for one in stack.listeners_of(target)]
        known_balancers = [one for one in balancers if one is not None]
        shut = known_balancers and all(_is_narrow(one) for one in known_balancers)
        if not shut:
            port = service.request["loadBalancers"][index].get("containerPort")
            doors += [(protocol, port) for protocol in _transports(target)]
    return doors


def _is_narrow(balancer: Draft) -> bool:
    return bool(
        balancer.request.get("Scheme") == "internal" or balancer.request.get("SecurityGroups")
    )


def _with_clients(stack: StackDraft, service: Draft) -> list[tuple[int, Draft]]:
    return [
        (index, target)
        for index, target in stack.target_groups_of(service)
        if _sees_clients(target)
    ]


def _sees_clients(target: Draft) -> bool:
    """What is not known yet may be so."""
    type_, protocol = target.request.get("TargetType"), target.request.get("Protocol")
    if not isinstance(type_, str) or not isinstance(protocol, str):
        return True
    return sees_clients(
        type_, protocol, target.filling.attributes.get("preserve_client_ip.enabled")
    )


def _transports(target: Draft) -> tuple[str, ...]:
    return {"UDP": ("udp",), "TCP": ("tcp",), "TLS": ("tcp",)}.get(
        str(target.request.get("Protocol")), ("tcp", "udp")
    )


def _way_in(stack: StackDraft, service: Draft) -> str:
    if not _with_clients(stack, service):
        return "allow the load balancer's subnets or security group only"
    if any(one.request.get("SecurityGroups") for one in _balancers_of(stack, service)):
        return "allow the load balancer's security group only: its clients come by that"
    return "allow the networks of its clients and the load balancer's subnets only"


def _is_open(stack: StackDraft, group: ResourceInstance, doors: Sequence[tuple[str, Json]]) -> bool:
    """Whether a rule admits everybody otherwise than by one of the doors that are meant."""
    rules = [*group.body.of_type("ingress"), *(rule.body for rule in _rules(stack, group))]
    return any(_admits_all(rule) and not _is_door(rule, doors) for rule in rules)


def _is_door(rule: Block, doors: Sequence[tuple[str, Json]]) -> bool:
    protocol = known(rule, "protocol") or known(rule, "ip_protocol")
    first, last = _port(rule, "from_port"), _port(rule, "to_port")
    for transport, port in doors:
        by_protocol = protocol is None or str(protocol).lower() in _PROTOCOLS[transport]
        everything = str(protocol) in ("-1", "all") or first is None or last is None
        if by_protocol and (everything or not isinstance(port, int) or first <= port <= last):
            return True
    return False


def _port(rule: Block, name: str) -> Any:
    data = known(rule, name)
    return numbers.to_int(data) if isinstance(data, numbers.Number) else None


def _rules(stack: StackDraft, group: ResourceInstance) -> Iterator[ResourceInstance]:
    for instance in stack.kept.values():
        ingress = instance.type == "aws_vpc_security_group_ingress_rule" or (
            instance.type == "aws_security_group_rule" and known(instance.body, "type") == "ingress"
        )
        if ingress and instance.mode == "managed" and _points_to(instance, group):
            yield instance


def _points_to(rule: ResourceInstance, group: ResourceInstance) -> bool:
    argument = given(rule.body, "security_group_id")
    data = argument.value.data if argument else None
    return isinstance(data, Unknown) and any(o.address == group.address for o in data.origins)


def _admits_all(rule: Block) -> bool:
    found: list[object] = [known(rule, "cidr_ipv4"), known(rule, "cidr_ipv6")]
    for name in ("cidr_blocks", "ipv6_cidr_blocks"):
        found += [element.data for element in known(rule, name) or ()]
    return any(cidr in ANYWHERE for cidr in found)
