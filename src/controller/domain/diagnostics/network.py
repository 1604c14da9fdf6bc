"""Does the network fit: addresses, subnets, zones, routes, and who may come in?"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from controller.domain.diagnostics.facts import (
    Back,
    Facts,
    Front,
    Rule,
    Subnet,
    Target,
    backs,
    fronts,
)
from controller.domain.diagnostics.finding import Finding, not_checked, ok, problem, warning
from controller.domain.planning.client_addresses import ANYWHERE
from controller.domain.planning.observed import Address, Holder
from controller.domain.planning.plan_words import describe_address

LEAST_FREE = 8
"""Free addresses that a load balancer wants in each of its subnets (AWS behaviour §1.3)."""

FARGATE_ZONES = {"ap-northeast-1": frozenset({"apne1-az1", "apne1-az2", "apne1-az4"})}
"""Regions in which Fargate is not in every zone (AWS behaviour §1.3: ECS guide, regions)."""

ENDPOINTS = ("ecr.api", "ecr.dkr", "s3", "logs")
"""What replaces a route to the internet if the image is in ECR (AWS behaviour §2.3)."""


def elastic_ips(facts: Facts) -> Iterator[Finding]:
    for address in (facts.addresses or {}).values():
        yield _elastic_ip(address, facts.region)


def _elastic_ip(address: Address, region: str) -> Finding:
    subject = f"{address.public_ip or ''} {address.allocation_id}".strip()
    match address.holder:
        case Holder.NOBODY:
            return ok("elastic-ip", subject, "free")
        case Holder.US:
            return ok("elastic-ip", subject, "held by this stack's load balancer")
        case Holder.LEAVING:
            return ok(
                "elastic-ip",
                subject,
                "not free yet: its load balancer has gone a short time ago",
            )
        case Holder.LEFTOVER:
            return problem(
                "elastic-ip",
                subject,
                f"held by {address.held_by}, which carries this stack's tag and is not in its "
                "spec; if nobody needs it, dormouse sweep --delete takes it down",
            )
        case Holder.GONE:
            return problem(
                "elastic-ip",
                subject,
                f"there is no such Elastic IP in {region}; allocate one there, or correct its id "
                "or the region in the Terraform files",
            )
        case Holder.LEFTOVER:
            return problem("elastic-ip", subject, describe_address(address))
        case Holder.FOREIGN:
            return problem(
                "elastic-ip",
                subject,
                f"held by {address.held_by}, expected it free; delete or detach what holds it, or "
                "name another Elastic IP",
            )


def subnets(facts: Facts) -> Iterator[Finding]:
    """Every subnet once for each resource that will be in it."""
    if facts.subnets is None:
        return
    for front in fronts(facts.spec):
        for subnet_id in front.subnets:
            yield _front_subnet(facts, front, subnet_id)
    for back in backs(facts.spec):
        for subnet_id in back.subnets:
            yield _back_subnet(facts, back, subnet_id)


def _front_subnet(facts: Facts, front: Front, subnet_id: str) -> Finding:
    subject = f"{front.resource.address} {subnet_id}"
    subnet = (facts.subnets or {}).get(subnet_id)
    if subnet is None:
        return _no_subnet(subject, facts.region)
    if subnet.free < LEAST_FREE and not _exists(facts, front):
        return problem(
            "subnets",
            subject,
            f"{subnet.free} addresses are free, expected {LEAST_FREE} at least for a load "
            "balancer; free some, or take another subnet",
        )
    if not front.internal and subnet.way_out not in (None, "igw"):
        return problem(
            "subnets",
            subject,
            f"its default route leads {_where(subnet)}, expected an internet gateway, as the load "
            "balancer faces the internet; add the route, or take a public subnet",
        )
    return ok("subnets", subject, f"{subnet.zone}, {subnet.free} addresses free")


def _back_subnet(facts: Facts, back: Back, subnet_id: str) -> Finding:
    subject = f"{back.resource.address} {subnet_id}"
    subnet = (facts.subnets or {}).get(subnet_id)
    if subnet is None:
        return _no_subnet(subject, facts.region)
    served = FARGATE_ZONES.get(facts.region)
    if back.on_fargate and served and subnet.zone_id not in served:
        return problem(
            "zones",
            subject,
            f"it is in {subnet.zone_id}, where Fargate runs nothing; expected one of "
            f"{', '.join(sorted(served))}",
        )
    if subnet.free < 1:
        return problem("subnets", subject, "no address is free for a task; take another subnet")
    return _zone(facts, back, subnet, subject)


def _zone(facts: Facts, back: Back, subnet: Subnet, subject: str) -> Finding:
    """A task in a zone that the load balancer does not serve is never healthy (§1.11)."""
    ids = [each for front in back.fronts for each in front.subnets]
    zones = {s.zone for each in ids if (s := (facts.subnets or {}).get(each))}
    if zones and subnet.zone not in zones:
        return problem(
            "zones",
            subject,
            f"it is in {subnet.zone}, but the load balancer serves {', '.join(sorted(zones))}: a "
            "task there never becomes healthy; give the service the load balancer's subnets",
        )
    return ok("zones", subject, f"{subnet.zone}, served by the load balancer" if zones else "ok")


def _no_subnet(subject: str, region: str) -> Finding:
    return problem(
        "subnets",
        subject,
        f"there is no such subnet in {region}; correct its id or the region in the Terraform files",
    )


def _exists(facts: Facts, front: Front) -> bool:
    seen = (facts.standing or {}).get(front.resource.address)
    return bool(seen and seen.state.exists)


def _where(subnet: Subnet) -> str:
    ways = {"igw": "to an internet gateway", "nat": "to a NAT gateway", "": "nowhere"}
    return ways.get(subnet.way_out or "", "elsewhere")


def routes_out(facts: Facts) -> Iterator[Finding]:
    """A task has to fetch its image through its own network interface (AWS behaviour §2.3)."""
    for back in backs(facts.spec):
        for subnet_id in back.subnets if back.on_fargate else ():
            subnet = (facts.subnets or {}).get(subnet_id)
            if subnet and subnet.way_out is not None:
                yield _route_out(facts, back, subnet)


def _route_out(facts: Facts, back: Back, subnet: Subnet) -> Finding:
    subject = f"{back.resource.address} {subnet.id}"
    if subnet.way_out in ("nat", "other"):
        return ok("route-out", subject, f"the image is pulled by a route {_where(subnet)}")
    if subnet.way_out == "igw" and back.public_ip:
        return ok("route-out", subject, "the image is pulled by the task's public address")
    if facts.endpoints is None:
        return not_checked(
            "route-out",
            subject,
            "no public address and no NAT gateway, and the VPC's endpoints could not be read: the "
            "image may be out of reach",
        )
    missing = _missing_endpoints(facts, back, subnet)
    if not missing:
        return ok("route-out", subject, "the image is pulled by VPC endpoints")
    way_out = "set assign_public_ip = true" if subnet.way_out == "igw" else "add a NAT gateway"
    return problem(
        "route-out",
        subject,
        f"a task there cannot pull its image: no {'' if back.public_ip else 'public address, no '}"
        f"way to the internet and no {', '.join(missing)}; {way_out}, or add the VPC endpoints",
    )


def _missing_endpoints(facts: Facts, back: Back, subnet: Subnet) -> list[str]:
    there = (facts.endpoints or {}).get(subnet.vpc_id, frozenset())
    definition = (facts.definitions or {}).get(back.definition)
    images = [each.image for each in definition.containers] if definition else []
    foreign = [image for image in images if ".dkr.ecr." not in image]
    if foreign:
        return [f"route to {foreign[0].partition('/')[0]}"]
    return [f"endpoint {name}" for name in ENDPOINTS if name not in there]


def security_groups(facts: Facts) -> Iterator[Finding]:
    if facts.groups is None:
        return
    for front in fronts(facts.spec):
        yield from _membership(facts, front.resource.address, front.groups, front.subnets)
    for back in backs(facts.spec):
        yield from _membership(facts, back.resource.address, back.groups, back.subnets)
        for target in back.targets if facts.subnets is not None else ():
            yield _admission(facts, back, target)


def _membership(
    facts: Facts, address: str, groups: tuple[str, ...], subnet_ids: tuple[str, ...]
) -> Iterator[Finding]:
    vpcs = {s.vpc_id for each in subnet_ids if (s := (facts.subnets or {}).get(each))}
    for group_id in groups:
        group = (facts.groups or {}).get(group_id)
        if group is None:
            yield problem(
                "security-groups",
                f"{address} {group_id}",
                f"there is no such security group in {facts.region}; run terraform apply, or "
                "correct its id",
            )
        elif vpcs and group.vpc_id not in vpcs:
            yield problem(
                "security-groups",
                f"{address} {group_id}",
                f"it belongs to {group.vpc_id}, expected the subnets' {', '.join(sorted(vpcs))}",
            )


def _admission(facts: Facts, back: Back, target: Target) -> Finding:
    """Who sends to the task: the load balancer itself, or clients under their own addresses."""
    subject = f"{back.resource.address} port {target.port}"
    known = [g for each in back.groups if (g := (facts.groups or {}).get(each))]
    rules = [r for g in known for r in g.rules if r.covers(target.protocol, target.port)]
    if not back.groups:
        return warning(
            "security-groups",
            subject,
            "no security group is named, so the VPC's default one decides who gets in",
        )
    senders = _senders(facts, target)
    shut_out = [sender for sender in senders if not _admits(rules, sender, facts, target)]
    if not shut_out:
        who = "clients" if target.sees_clients else "the load balancer"
        return ok("security-groups", subject, f"{who} may reach the container")
    if any(rule.source.startswith("pl-") for rule in rules):
        return not_checked(
            "security-groups",
            subject,
            f"a prefix list decides whether {shut_out[0]} gets in, which is not read",
        )
    return problem(
        "security-groups",
        subject,
        f"{', '.join(back.groups)} does not admit {target.protocol} {target.port} from "
        f"{', '.join(shut_out)}, where the {_traffic(target)} comes from; add an ingress rule for "
        "it",
    )


def _traffic(target: Target) -> str:
    return "clients' traffic" if target.sees_clients else "load balancer's traffic"


def _senders(facts: Facts, target: Target) -> list[str]:
    """Without client addresses a task sees those of the load balancer's subnets (§1.2)."""
    ids = [each for front in target.fronts for each in front.subnets]
    near = [s.cidr for each in ids if (s := (facts.subnets or {}).get(each))]
    internal = bool(target.fronts) and all(front.internal for front in target.fronts)
    if target.sees_clients and not internal:
        return [*near, ANYWHERE[0]]
    return near


def _admits(rules: list[Rule], sender: str, facts: Facts, target: Target) -> bool:
    """A rule for the load balancer's own group also admits its clients with their own addresses."""
    groups = {group for front in target.fronts for group in front.groups}
    if any(rule.source in groups for rule in rules):
        return True
    return any(_contains(rule.source, sender) for rule in rules)


def _contains(source: str, sender: str) -> bool:
    if "/" not in source:
        return False
    wide, narrow = ip_network(source, strict=False), ip_network(sender, strict=False)
    if wide.version != narrow.version:
        return False
    return wide.supernet_of(narrow)  # type: ignore[arg-type]
