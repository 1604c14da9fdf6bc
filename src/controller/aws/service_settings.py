"""Which settings of an existing service differ from its files. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from controller.aws.service_backing import Backing
from controller.aws.settings import differing, plainly
from controller.domain.planning.spec import Json, ResourceSpec, references


def changed_settings(
    resource: ResourceSpec, found: Mapping[str, Any], backing: Backing, *, is_settled: bool
) -> tuple[str, ...]:
    """
    What UpdateService can put right (AWS behaviour §2.12).

    The target groups are compared each time: a service that points at one which is gone never
    gets over it by itself (§3.7). The rest only until it was seen or put right once, so that an
    echo of AWS's that reads otherwise cannot begin one deployment after the other.
    """
    changed: tuple[str, ...] = ()
    if not is_settled:
        changed = differing(resource, found, _UPDATABLE) + _network_changed(resource, found)
    groups = groups_of(found)
    moved = bool(backing.groups) and set(backing.groups or ()) != groups
    if resource.ignores("loadBalancers"):
        moved = moved and not groups <= backing.standing
    if moved and not outdated_settings(resource, found):
        return (*changed, "loadBalancers")
    return changed


def _network_changed(resource: ResourceSpec, found: Mapping[str, Any]) -> tuple[str, ...]:
    """Its three parts, each but for those whose changes are to be ignored."""
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
    if "loadBalancers" not in resource.request or resource.ignores("loadBalancers"):
        return ()
    same = _containers(resource.request) == _containers(found)
    return () if same else ("loadBalancers",)


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
    "healthCheckGracePeriodSeconds": plainly("healthCheckGracePeriodSeconds"),
}
