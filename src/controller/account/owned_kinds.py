"""How resources with our tags are found in one region, and deleted: one row for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from controller.aws.clients import Client, Clients
from controller.aws.listing import in_parts, list_all, read_elb_tags
from controller.aws.service_calls import DESCRIBE_LIMIT, ServiceAdapter
from controller.aws.tags import from_ecs
from controller.aws.target_group import read_health
from controller.domain.dataclass import dataclass
from controller.domain.guards.sweeping import OwnedResource
from controller.domain.money.ledger import cost
from controller.domain.money.prices import Prices
from controller.domain.money.usage import Tasks
from controller.domain.planning.owner_tags import ADDRESS, STACK
from controller.domain.planning.spec import Kind

Fields = dict[str, Any]
"""Of an `OwnedResource`: all that differs from kind to kind."""


@dataclass(frozen=True, slots=True)
class OwnedKind:
    """`find` gives the resources with both our tags; `delete` returns at once."""

    find: Callable[[Clients, Prices], Iterator[Fields]]
    delete: Callable[[Clients, OwnedResource], None]


# load balancers


def _load_balancers(clients: Clients, prices: Prices) -> Iterator[Fields]:
    listed = list_all(clients.elbv2, "describe_load_balancers", "LoadBalancers")
    networks = [each for each in listed if each.get("Type") == "network"]
    for each, fields in _owned(clients.elbv2, networks, "LoadBalancer"):
        yield {**fields, "since": each.get("CreatedTime"), "usd_per_hour": prices.load_balancer}


def _delete_load_balancer(clients: Clients, owned: OwnedResource) -> None:
    clients.elbv2.delete_load_balancer(LoadBalancerArn=owned.arn)


# services


def _services(clients: Clients, prices: Prices) -> Iterator[Fields]:
    """One that drains is no longer listed (AWS behaviour §2.4), so it is not found again."""
    ecs = clients.ecs
    for cluster in list_all(ecs, "list_clusters", "clusterArns"):
        arns = list_all(ecs, "list_services", "serviceArns", cluster=cluster)
        for some in in_parts(arns, DESCRIBE_LIMIT):
            reply = ecs.describe_services(cluster=cluster, services=some, include=["TAGS"])
            for fields in _of_services(ecs, reply["services"], prices):
                yield {**fields, "cluster": cluster}


def _of_services(
    ecs: Client, found: Iterable[Mapping[str, Any]], prices: Prices
) -> Iterator[Fields]:
    for each in found:
        tags = from_ecs(each.get("tags", ()))
        if _carries_both(tags) and each["status"] != "INACTIVE":
            yield {
                **_fields(each, "service", tags),
                "since": each.get("createdAt"),
                "usd_per_hour": _service_hour(ecs, each, prices),
                "leaving": each["status"] == "DRAINING",
            }


def _service_hour(ecs: Client, found: Mapping[str, Any], prices: Prices) -> Decimal:
    reply = ecs.describe_task_definition(taskDefinition=found["taskDefinition"])
    definition = reply["taskDefinition"]
    network = found.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    tasks = Tasks(
        count=max(found.get("desiredCount", 0), found.get("runningCount", 0)),
        cpu=int(definition.get("cpu") or 256),
        memory=int(definition.get("memory") or 512),
        arm=definition.get("runtimePlatform", {}).get("cpuArchitecture") == "ARM64",
        public_ip=network.get("assignPublicIp") == "ENABLED",
    )
    return cost(tasks.used(Decimal(1), Decimal(1)), prices)


def _delete_service(clients: Clients, owned: OwnedResource) -> None:
    ServiceAdapter(clients.ecs).delete(owned.cluster, owned.name)


# target groups


def _target_groups(clients: Clients, prices: Prices) -> Iterator[Fields]:
    listed = list_all(clients.elbv2, "describe_target_groups", "TargetGroups")
    for each, fields in _owned(clients.elbv2, listed, "TargetGroup"):
        users = tuple(each.get("LoadBalancerArns", ()))
        targets = len(read_health(clients.elbv2, fields["arn"]))
        yield {**fields, "load_balancers": users, "targets": targets}


def _delete_target_group(clients: Clients, owned: OwnedResource) -> None:
    clients.elbv2.delete_target_group(TargetGroupArn=owned.arn)


# what they share


def _owned(
    elbv2: Client, found: Sequence[Mapping[str, Any]], what: str
) -> Iterator[tuple[Mapping[str, Any], Fields]]:
    """Those of ELBv2 that carry both our tags; `what` begins the names of their fields."""
    tags = read_elb_tags(elbv2, [each[f"{what}Arn"] for each in found])
    for each in found:
        own = tags[each[f"{what}Arn"]] or {}
        if _carries_both(own):
            yield each, _fields(each, what, own)


def _carries_both(tags: Mapping[str, str]) -> bool:
    return STACK in tags and ADDRESS in tags


def _fields(found: Mapping[str, Any], what: str, tags: Mapping[str, str]) -> Fields:
    return {
        "name": found[f"{what}Name"],
        "arn": found[f"{what}Arn"],
        "stack": tags[STACK],
        "address": tags[ADDRESS],
    }


OWNED_KINDS: Mapping[Kind, OwnedKind] = {
    Kind.LOAD_BALANCER: OwnedKind(_load_balancers, _delete_load_balancer),
    Kind.SERVICE: OwnedKind(_services, _delete_service),
    Kind.TARGET_GROUP: OwnedKind(_target_groups, _delete_target_group),
}
"""The kinds that cost money, or stand in the way of a new one, when they are left behind."""
