"""
Paid resources that carry a stack's tag but are not in its spec.

Names come from the spec, so a resource that was renamed in the files, or removed from them, can be
found only by its tags (AWS behaviour §3.8). Target groups cost nothing and are not searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from controller.aws.context import Context
from controller.aws.errors import DENIED, code_of
from controller.aws.listing import list_all
from controller.aws.service_calls import ServiceAdapter
from controller.aws.tags import Owner, from_ecs
from controller.domain.planning.observed import Leftover
from controller.domain.planning.owner_tags import ADDRESS
from controller.domain.planning.spec import Kind

Search = Callable[[], Iterator[Leftover]]


def find(context: Context, clusters: Sequence[str]) -> tuple[Leftover, ...]:
    """
    Look through the region's load balancers and the services of these clusters.

    Where the right to list them lacks, or the cluster, nothing is found: a stack must be able to
    sleep all the same.
    """
    searches: list[Search] = [partial(_load_balancers, context)]
    searches += [partial(_services, context, cluster) for cluster in clusters]
    return tuple(each for search in searches for each in _as_far_as_allowed(search))


def _as_far_as_allowed(search: Search) -> list[Leftover]:
    try:
        return list(search())
    except Exception as error:
        if code_of(error) not in DENIED | {"ClusterNotFoundException"}:
            raise
        return []


def _load_balancers(context: Context) -> Iterator[Leftover]:
    elbv2 = context.clients.elbv2
    names = {resource.name for resource in context.spec.of_kind(Kind.LOAD_BALANCER)}
    found = {
        each["LoadBalancerArn"]: each["LoadBalancerName"]
        for each in list_all(elbv2, "describe_load_balancers", "LoadBalancers")
        if each["Type"] == "network" and each["LoadBalancerName"] not in names
    }
    for arn, each in context.read_tags(list(found)).items():
        if each and _owner(context).owns(each):
            yield _leftover(Kind.LOAD_BALANCER, found[arn], arn, each)


def _services(context: Context, cluster: str) -> Iterator[Leftover]:
    """Those that are not draining: ListServices leaves the others out (§2.4)."""
    ecs = context.clients.ecs
    ours = {
        resource.name
        for resource in context.spec.of_kind(Kind.SERVICE)
        if context.cluster(resource) == cluster
    }
    arns = list_all(ecs, "list_services", "serviceArns", cluster=cluster)
    names = [arn.rpartition("/")[2] for arn in arns]
    others = [name for name in names if name not in ours]
    for name, found in ServiceAdapter(ecs).describe(cluster, others).items():
        tags = from_ecs(found.get("tags", ()))
        if _owner(context).owns(tags):
            yield _leftover(Kind.SERVICE, name, found["serviceArn"], tags)


def _owner(context: Context) -> Owner:
    return Owner(stack=context.spec.stack, address="")


def _leftover(kind: Kind, name: str, arn: str, tags: dict[str, str]) -> Leftover:
    return Leftover(kind=kind, name=name, arn=arn, address=tags[ADDRESS])
