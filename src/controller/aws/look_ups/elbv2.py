"""What ELBv2 finds; it has no filters, so tags are compared here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from controller.aws.clients import Clients
from controller.aws.listing import list_all, read_elb_tags
from controller.aws.look_ups.finder import Finder, Found, Keys

_TIME = re.compile(r"[0-9a-f]{20,26}")


def _load_balancers(clients: Clients, keys: Keys) -> Found:
    request = _by_name_or_arn(keys, "Names", "LoadBalancerArns")
    found = list_all(clients.elbv2, "describe_load_balancers", "LoadBalancers", **request)
    things = [
        {
            "arn": b["LoadBalancerArn"],
            "arn_suffix": b["LoadBalancerArn"].partition(":loadbalancer/")[2],
            "name": b["LoadBalancerName"],
            "dns_name": b.get("DNSName", ""),
            "zone_id": b.get("CanonicalHostedZoneId", ""),
            "vpc_id": b.get("VpcId", ""),
        }
        for b in found
        if _is_generated(b["LoadBalancerName"], keys)
    ]
    return _tagged(clients, things, keys.get("tags", {}))


def _target_groups(clients: Clients, keys: Keys) -> Found:
    request = _by_name_or_arn(keys, "Names", "TargetGroupArns")
    found = list_all(clients.elbv2, "describe_target_groups", "TargetGroups", **request)
    things = [
        {
            "arn": g["TargetGroupArn"],
            "arn_suffix": g["TargetGroupArn"].rpartition(":")[2],
            "name": g["TargetGroupName"],
            "vpc_id": g.get("VpcId", ""),
        }
        for g in found
        if _is_generated(g["TargetGroupName"], keys)
    ]
    return _tagged(clients, things, keys.get("tags", {}))


def _is_generated(name: str, keys: Keys) -> bool:
    """Whether Terraform may have made the name: behind the prefix it writes the time, in hex."""
    prefix = keys.get("name_prefix", "")
    rest = name.removeprefix(prefix)
    return not prefix or (name != rest and bool(_TIME.fullmatch(rest)))


def _by_name_or_arn(keys: Keys, by_name: str, by_arn: str) -> dict[str, list[str]]:
    """Names and ARNs cannot be mixed in one describe (AWS behaviour §1.14)."""
    if "arn" in keys:
        return {by_arn: [keys["arn"]]}
    return {by_name: [keys["name"]]} if "name" in keys else {}


def _tagged(clients: Clients, things: list[dict[str, str]], tags: Mapping[str, str]) -> Found:
    if not tags:
        return things
    having = read_elb_tags(clients.elbv2, [thing["arn"] for thing in things])
    return [t for t in things if tags.items() <= (having[t["arn"]] or {}).items()]


FINDERS: Mapping[str, Finder] = {
    "load_balancer": _load_balancers,
    "target_group": _target_groups,
}
