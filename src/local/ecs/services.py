"""Services: create, describe, change, delete, and the windows in between (AWS behaviour §2)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ecs import scheduler
from local.ecs.checks import check_load_balancers, check_setup
from local.ecs.service_view import view
from local.ecs.shared import find_cluster, invalid, page, read_tags, short_name
from local.ecs.state import Cluster, Deployment, Service, TaskDefinition
from local.ecs.task_definitions import for_service
from local.errors import AwsError
from local.refusals import check_service

if TYPE_CHECKING:
    from local.world import Region

MAX_DESCRIBED = 10
NOT_SETUP = (
    "cluster",
    "serviceName",
    "service",
    "clientToken",
    "tags",
    "desiredCount",
    "taskDefinition",
    "forceNewDeployment",
    "forceDeletion",
)
DEPLOYS = (
    "networkConfiguration",
    "platformVersion",
    "capacityProviderStrategy",
    "loadBalancers",
    "serviceRegistries",
)
"""Fields whose change makes a new deployment (§2.12)."""

DEPLOYMENT_DEFAULTS: dict[str, Any] = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
}


def create(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    cluster = find_cluster(region, params.get("cluster"))
    request = {
        key: copy.deepcopy(value)
        for key, value in params.items()
        if key not in ("clientToken", "tags")
    }
    standing = cluster.services.get(params["serviceName"])
    if standing and standing.status != "INACTIVE":
        return {"service": view(region, _same_again(standing, request, params))}
    if not params.get("taskDefinition"):
        raise invalid("TaskDefinition cannot be blank.")
    definition = for_service(region, params["taskDefinition"])
    check_service(region, cluster, definition, request)
    setup = {key: value for key, value in request.items() if key not in NOT_SETUP}
    setup.setdefault("availabilityZoneRebalancing", _rebalancing(setup))
    setup["deploymentConfiguration"] = _configuration(setup.get("deploymentConfiguration"), {})
    check_setup(region, definition, setup)
    check_load_balancers(region, definition, setup)
    service = _make(region, cluster, params, request, setup, definition)
    scheduler.run(region, service)
    return {"service": view(region, service)}


def _same_again(
    standing: Service, request: Mapping[str, Any], params: Mapping[str, Any]
) -> Service:
    """The same request with the same token is answered once more (§2.2)."""
    if standing.status == "DRAINING":
        raise invalid("Unable to Start a service that is still Draining.")
    if standing.request != request or standing.token != params.get("clientToken"):
        raise invalid("Creation of service was not idempotent.")
    return standing


def _rebalancing(setup: Mapping[str, Any]) -> str:
    """ENABLED by default where it is possible (§2.1)."""
    most = (setup.get("deploymentConfiguration") or {}).get("maximumPercent", 200)
    return "ENABLED" if most > 100 else "DISABLED"


def _configuration(wanted: Mapping[str, Any] | None, held: Mapping[str, Any]) -> dict[str, Any]:
    return {**copy.deepcopy(DEPLOYMENT_DEFAULTS), **held, **(wanted or {})}


def _make(
    region: Region,
    cluster: Cluster,
    params: Mapping[str, Any],
    request: dict[str, Any],
    setup: dict[str, Any],
    definition: TaskDefinition,
) -> Service:
    name = params["serviceName"]
    service = Service(
        name=name,
        arn=region.arn("ecs", f"service/{cluster.name}/{name}"),
        cluster=cluster,
        desired=params.get("desiredCount", 0),
        request=request,
        setup=setup,
        token=params.get("clientToken"),
        tags=read_tags(params.get("tags")),
        created_at=region.now,
    )
    service.deployments.append(_deployment(region, definition, setup))
    cluster.services[name] = service
    return service


def _deployment(region: Region, definition: TaskDefinition, setup: Mapping[str, Any]) -> Deployment:
    number = int(region.ids.hex("deployment", 16), 16)
    return Deployment(
        id=f"ecs-svc/{number:019d}"[:27],
        definition=definition,
        setup=dict(setup),
        created_at=region.now,
        updated_at=region.now,
    )


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    cluster = find_cluster(region, params.get("cluster"))
    wanted = params["services"]
    if len(wanted) > MAX_DESCRIBED:
        raise invalid(f"Services cannot have more than {MAX_DESCRIBED} elements.")
    found, failures = [], []
    for name in wanted:
        service = cluster.services.get(short_name(name))
        if service and region.now >= service.created_at + region.timing.service_lag:
            found.append(view(region, service, params.get("include") or ()))
        else:
            arn = region.arn("ecs", f"service/{cluster.name}/{short_name(name)}")
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"services": found, "failures": failures}


def list_all(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """ACTIVE services only: a draining one is described but not listed (§2.4)."""
    cluster = find_cluster(region, params.get("cluster"))
    arns = [
        service.arn
        for service in cluster.services.values()
        if service.status == "ACTIVE"
        and params.get("launchType") in (None, service.setup.get("launchType"))
    ]
    return page(arns, params, "serviceArns")


def _find(region: Region, params: Mapping[str, Any]) -> Service:
    cluster = find_cluster(region, params.get("cluster"))
    service = cluster.services.get(short_name(params["service"]))
    if not service:
        raise AwsError("ServiceNotFoundException", "Service not found.")
    return service


def update(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Change a service; a change of what its tasks are made of is a new deployment (§2.12)."""
    service = _find(region, params)
    if service.status != "ACTIVE":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    _check_balancers(region, service, params)
    before = service.primary.definition
    wanted = params.get("taskDefinition")
    definition = for_service(region, wanted) if wanted else before
    setup = _changed_setup(region, service, definition, params)
    moved = any(setup.get(key) != service.setup.get(key) for key in DEPLOYS)
    service.setup = setup
    _set_count(region, service, params.get("desiredCount", service.desired))
    if moved or params.get("forceNewDeployment") or definition is not before:
        _deploy(region, service, definition)
    scheduler.run(region, service)
    return {"service": view(region, service)}


def _check_balancers(region: Region, service: Service, params: Mapping[str, Any]) -> None:
    """Whether a count alone is refused without a load balancer is open: a profile decides."""
    if region.timing.count_needs_balancer and "desiredCount" in params:
        check_load_balancers(region, service.primary.definition, service.setup)


def _changed_setup(
    region: Region, service: Service, definition: TaskDefinition, params: Mapping[str, Any]
) -> dict[str, Any]:
    """The service's fields with those of an update; raises where AWS would refuse them."""
    changes = {key: copy.deepcopy(value) for key, value in params.items() if key not in NOT_SETUP}
    setup = {**service.setup, **changes}
    setup["deploymentConfiguration"] = _configuration(
        changes.get("deploymentConfiguration"), service.setup["deploymentConfiguration"]
    )
    if "capacityProviderStrategy" in changes:
        setup.pop("launchType", None)
    if changes or definition is not service.primary.definition:
        check_service(region, service.cluster, definition, setup)
        check_setup(region, definition, setup)
    if "loadBalancers" in changes:
        check_load_balancers(region, definition, setup)
    return setup


def _set_count(region: Region, service: Service, count: int) -> None:
    """If others scale the service, a count of 0 does not last."""
    before, service.desired = service.desired, count
    after = region.conditions.count_raised_after
    if after is None or count or not before:
        return

    def raise_it() -> None:
        if service.status == "ACTIVE" and not service.desired:
            service.desired = before
            scheduler.run(region, service)

    region.after(after, raise_it)


def _deploy(region: Region, service: Service, definition: TaskDefinition) -> None:
    for each in service.deployments:
        each.status = "ACTIVE"
    service.deployments.insert(0, _deployment(region, definition, service.setup))
    service.announced = False


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Begin to drain; again on a draining or inactive service is answered the same (§2.6)."""
    service = _find(region, params)
    if service.status != "ACTIVE":
        return {"service": view(region, service)}
    if not params.get("force"):
        _check_unforced(region, service)
    service.status = "DRAINING"
    service.desired = 0
    region.autoscaling.forget(service)
    if service.tasks:
        scheduler.run(region, service)
    else:
        scheduler.retire(region, service)
    return {"service": view(region, service)}


def _check_unforced(region: Region, service: Service) -> None:
    if service.desired > 0:
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    for entry in service.setup.get("loadBalancers") or ():
        if entry["targetGroupArn"] not in region.elbv2.groups:
            raise invalid(f"The target group {entry['targetGroupArn']} does not exist.")


OPERATIONS = {
    "CreateService": create,
    "DescribeServices": describe,
    "ListServices": list_all,
    "UpdateService": update,
    "DeleteService": delete,
}
