"""
What ELBv2 and ECS refuse, in their words: the rows of `controller.mapping.refusals`.

`dormouse check` reads the same rows, so that what it calls impossible is refused here, and `check`
can report beforehand what is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from controller.mapping.refusals import (
    LISTENERS,
    LOAD_BALANCERS,
    SERVICES,
    TARGET_GROUPS,
    Refusal,
)
from controller.mapping.refusals.row import UNKNOWN
from controller.mapping.refusals.views import (
    BalancerView,
    ListenerView,
    ServiceView,
    Task,
    View,
)
from local.ecs.state import Cluster, TaskDefinition
from local.elbv2.state import LoadBalancer, TargetGroup
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

_UNKNOWN_WORDS = "The request is not valid: {}"


def _refuse(rows: Iterable[Refusal], view: View) -> None:
    for row in rows:
        words = row.find(view) if row.refused else None
        if words is not None:
            # Nobody has written down what AWS says of some: then it is our own words.
            text = row.text or _UNKNOWN_WORDS.format(row.advice)
            raise AwsError(row.code, text.format(**words))


def check_balancer(region: Region, params: Mapping[str, Any], subnets: Iterable[str]) -> None:
    """CreateLoadBalancer, in `subnets`; those that are not there are refused elsewhere."""
    places = [region.ec2.subnets[each] for each in subnets if each in region.ec2.subnets]
    view = BalancerView(
        request=params,
        zones=tuple(place.zone for place in places),
        vpcs=tuple(("id", place.vpc_id) for place in places),
        group_vpcs=_group_vpcs(region, params.get("SecurityGroups")),
    )
    _refuse(LOAD_BALANCERS, view)


def _group_vpcs(region: Region, groups: Iterable[str] | None) -> tuple[Any, ...]:
    known = (region.ec2.groups.get(each) for each in groups or ())
    return tuple(("id", group.vpc_id) for group in known if group)


def check_balancer_attributes(balancer: LoadBalancer, wanted: Mapping[str, str]) -> None:
    request = {"Subnets": ["standing"], "IpAddressType": balancer.ip_address_type}
    attributes = {**balancer.attributes, **wanted}
    _refuse(LOAD_BALANCERS, BalancerView(request=request, attributes=attributes))


def check_group(params: Mapping[str, Any]) -> None:
    """CreateTargetGroup and ModifyTargetGroup."""
    _refuse(TARGET_GROUPS, View(request=params))


def check_group_attributes(group: TargetGroup, wanted: Mapping[str, str]) -> None:
    attributes = {**wanted}
    _refuse(TARGET_GROUPS, View(request=_group(group).request, attributes=attributes))


def check_listener(
    region: Region,
    balancer: LoadBalancer,
    params: Mapping[str, Any],
    groups: Iterable[TargetGroup],
) -> None:
    """CreateListener and ModifyListener, with the fields in force afterwards."""
    standing = {
        "IpAddressType": balancer.ip_address_type,
        "SecurityGroups": balancer.security_groups,
    }
    view = ListenerView(
        request=params,
        balancer=View(request=standing),
        groups=tuple(_group(group) for group in groups),
        region=region.name,
    )
    _refuse(LISTENERS, view)


def check_service(
    region: Region, cluster: Cluster, definition: TaskDefinition, request: Mapping[str, Any]
) -> None:
    """CreateService and UpdateService, with the fields in force afterwards."""
    entries = request.get("loadBalancers") or ()
    groups = [region.elbv2.groups.get(entry.get("targetGroupArn", "")) for entry in entries]
    strategy = request.get("capacityProviderStrategy")
    network = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    view = ServiceView(
        request=request,
        task=_task(definition.body),
        launch=request.get("launchType", None if strategy else UNKNOWN),
        groups=tuple(_group(group) if group else View(request=UNKNOWN) for group in groups),
        providers=cluster.capacity_providers,
        vpcs=tuple(
            ("id", region.ec2.subnets[each].vpc_id)
            for each in network.get("subnets") or ()
            if each in region.ec2.subnets
        ),
        group_vpcs=_group_vpcs(region, network.get("securityGroups")),
    )
    _refuse(SERVICES, view)


def _group(group: TargetGroup) -> View:
    request = {
        "Protocol": group.protocol,
        "TargetType": group.target_type,
        "IpAddressType": group.ip_address_type,
        "arn": group.arn,
    }
    return View(request=request, attributes=group.attributes)


def _task(body: Mapping[str, Any]) -> Task:
    containers = body.get("containerDefinitions") or ()
    return Task(
        network_mode=body.get("networkMode", "bridge"),
        compatibilities=body.get("requiresCompatibilities"),
        role=bool(body.get("taskRoleArn")),
        ports={each["name"]: each.get("portMappings") or [] for each in containers},
        volumes=[
            each["name"] for each in body.get("volumes") or () if each.get("configuredAtLaunch")
        ],
    )
