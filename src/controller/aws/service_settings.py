"""Which settings of an existing service differ from its files. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from controller.aws.service_backing import Backing
from controller.aws.settings import differing, said
from controller.domain.planning.spec import Json, ResourceSpec, references

LOAD_BALANCERS = "loadBalancers"
TASK_DEFINITION = "taskDefinition"


def changed_settings(
    resource: ResourceSpec, found: Mapping[str, Any], backing: Backing, *, is_settled: bool
) -> tuple[str, ...]:
    """
    What UpdateService can correct (AWS behaviour §2.12).

    The target groups are compared each time: a service that points at one which is gone never gets
    over it by itself (§3.7). The rest only until it was seen or corrected once, so that an echo of
    AWS's that reads otherwise cannot begin one deployment after the other.
    """
    is_outdated = bool(outdated_settings(resource, found))
    changed: tuple[str, ...] = ()
    if not is_settled:
        changed = differing(resource, found, _UPDATABLE) + _network_changed(resource, found)
        if not is_outdated and _has_another_task(resource, found):
            changed += (TASK_DEFINITION,)
    if not is_outdated and _has_other_groups(resource, found, backing):
        changed += (LOAD_BALANCERS,)
    return changed


def _has_other_groups(resource: ResourceSpec, found: Mapping[str, Any], backing: Backing) -> bool:
    groups, wanted = groups_of(found), set(backing.groups or ())
    is_bare = not resource.request.get(LOAD_BALANCERS)
    moved = (is_bare or bool(wanted)) and wanted != groups
    if resource.ignores(LOAD_BALANCERS):
        return moved and not groups <= backing.standing
    return moved


def _has_another_task(resource: ResourceSpec, found: Mapping[str, Any]) -> bool:
    """
    Whether the files name another task definition. A newer revision comes with the next wake.

    Where they leave the revision open, the family alone counts.
    """
    wanted = resource.request.get(TASK_DEFINITION)
    actual = str(found.get(TASK_DEFINITION, "")).rpartition("/")[2]
    if resource.ignores(TASK_DEFINITION) or not actual:
        return False
    if isinstance(wanted, Mapping):
        wanted = wanted.get("family") if wanted.get("$look_up") == "task_definition" else None
    if not isinstance(wanted, str):
        return False
    family, _, revision = wanted.rpartition("/")[2].partition(":")
    return actual.partition(":")[0] != family or (
        bool(revision) and actual != f"{family}:{revision}"
    )


def _network_changed(resource: ResourceSpec, found: Mapping[str, Any]) -> tuple[str, ...]:
    """Its three parts, except those whose changes are to be ignored."""
    parts = {key: one for key, one in _NETWORK.items() if not resource.ignores(f"{_AWSVPC}.{key}")}
    wanted, actual = _network_of(resource.request), _network_of(found)
    if wanted is None or actual is None:
        return ()
    compared = [read for key, read in parts.items() if not any(references(wanted.get(key)))]
    same = all(read(wanted) == read(actual) for read in compared)
    return () if same else ("networkConfiguration",)


def with_ignored_network(
    resource: ResourceSpec, request: dict[str, Json], found: Mapping[str, Any]
) -> dict[str, Json]:
    """An update's request, in which those parts of the network stay that are left alone."""
    actual, wanted = _network_of(found), _network_of(request)
    if actual is None or wanted is None:
        return request
    kept = {k: actual[k] for k in _NETWORK if k in actual and resource.ignores(f"{_AWSVPC}.{k}")}
    return {**request, "networkConfiguration": {"awsvpcConfiguration": {**wanted, **kept}}}


def groups_of(found: Mapping[str, Any]) -> set[str]:
    """The target groups that a service registers with."""
    named = (each.get("targetGroupArn") for each in found.get("loadBalancers", ()))
    return {str(arn) for arn in named if arn}


def outdated_settings(resource: ResourceSpec, found: Mapping[str, Any]) -> tuple[str, ...]:
    """Another container or port goes with another target group and task definition."""
    if LOAD_BALANCERS not in resource.request or resource.ignores(LOAD_BALANCERS):
        return ()
    same = _containers(resource.request) == _containers(found)
    return () if same else (LOAD_BALANCERS,)


def _containers(source: Mapping[str, Any]) -> list[tuple[str, int]]:
    entries = source.get("loadBalancers", ())
    return sorted((str(e.get("containerName")), int(e.get("containerPort", 0))) for e in entries)


def _network_of(source: Mapping[str, Any]) -> dict[str, Json] | None:
    network = source.get("networkConfiguration", {}).get("awsvpcConfiguration")
    return None if network is None else dict(network)


_AWSVPC = "networkConfiguration.awsvpcConfiguration"

_NETWORK: Mapping[str, Callable[[Mapping[str, Any]], Json]] = {
    "subnets": lambda network: sorted(network.get("subnets", ())),
    "securityGroups": lambda network: sorted(network.get("securityGroups", ())),
    "assignPublicIp": lambda network: network.get("assignPublicIp", "DISABLED"),
}


def _platform(source: Mapping[str, Any]) -> Json:
    """LATEST is 1.4.0 for Linux, and AWS may say either (AWS behaviour §2.3)."""
    version = source.get("platformVersion")
    return "1.4.0" if version == "LATEST" else version


_UPDATABLE = {
    "platformVersion": (_platform, _platform),
    **{
        key: said(key)
        for key in (
            "availabilityZoneRebalancing",
            "deploymentConfiguration",
            "enableECSManagedTags",
            "enableExecuteCommand",
            "healthCheckGracePeriodSeconds",
            "propagateTags",
            "serviceRegistries",
        )
    },
}
"""What DescribeServices gives back as it was; another launch type or capacity is created again."""

LOOKED_UP = ("networkConfiguration", "serviceRegistries")
"""Fields that are compared by the results of their look-ups."""
