"""CreateService: what ECS refuses of deployments and of how tasks are counted."""

from __future__ import annotations

from controller.mapping.refusals.row import API, PREFLIGHT, UNKNOWN, Found, Refusal
from controller.mapping.refusals.views import ServiceView

_CONNECT = "serviceConnectConfiguration"
_ZONE = "attribute:ecs.availability-zone"


def _rebalances(service: ServiceView) -> bool:
    return bool(service.get("availabilityZoneRebalancing") == "ENABLED")


def _cannot_rebalance(service: ServiceView) -> Found:
    if not _rebalances(service):
        return None
    for entry in service.get("placementConstraints", []):
        if _ZONE in str(entry.get("expression", "")):
            return {"what": f'a placement constraint on "{_ZONE}"'}
    first = next(iter(service.get("placementStrategy", [])), None)
    if first is None or UNKNOWN in (first.get("type"), first.get("field")):
        return None
    if (first.get("type"), first.get("field")) != ("spread", _ZONE):
        return {"what": f'a first placement strategy that is not a spread over "{_ZONE}"'}
    return None


def _connected(service: ServiceView) -> bool:
    return bool(service.get(f"{_CONNECT}.enabled") is True)


def _negative(service: ServiceView) -> Found:
    count = service.get("desiredCount", 0)
    return {"count": count} if count < 0 else None


def _deployment_strategy(service: ServiceView) -> Found:
    strategy = service.get("deploymentConfiguration.strategy")
    if strategy not in ("BLUE_GREEN", "LINEAR", "CANARY"):
        return None
    entries = service.get("loadBalancers", [])
    ready = any("advancedConfiguration" in entry for entry in entries) or _connected(service)
    return {"strategy": strategy} if not ready or service.controller != "ECS" else None


def _circuit_breaker(service: ServiceView) -> Found:
    on = service.get("deploymentConfiguration.deploymentCircuitBreaker.enable") is True
    other = service.controller in ("CODE_DEPLOY", "EXTERNAL")
    return {"controller": service.controller} if on and other else None


DEPLOYMENTS: tuple[Refusal, ...] = (
    Refusal(
        rule="zone-rebalancing",
        when=lambda service: (
            _rebalances(service) and service.maximum <= 100 and {"maximum": service.maximum}
        ),
        at="availabilityZoneRebalancing",
        text="Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment "
        "configuration.",
        advice="availability_zone_rebalancing: found ENABLED with deployment_maximum_percent = "
        "{maximum}, expected more than 100 there; or set it to DISABLED",
        source=f"{PREFLIGHT}; aws-cdk #32259",
    ),
    Refusal(
        rule="zone-rebalancing",
        when=_cannot_rebalance,
        at="availabilityZoneRebalancing",
        text="",
        advice="availability_zone_rebalancing: found ENABLED with {what}; set it to DISABLED, or "
        "change that",
        source="aws-cdk #32259",
    ),
    Refusal(
        rule="deployment-percent",
        when=lambda service: service.minimum == 100 and service.maximum == 100,
        at="deploymentConfiguration.maximumPercent",
        text="Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block "
        "deployments.",
        advice="deployment_maximum_percent and deployment_minimum_healthy_percent are both 100; "
        "lower the minimum or raise the maximum",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="deployment-percent",
        when=lambda service: service.minimum > 100 and {"found": service.minimum},
        at="deploymentConfiguration.minimumHealthyPercent",
        text="minimumHealthyPercent must be at most 100",
        advice="deployment_minimum_healthy_percent: found {found}, expected 100 at most",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="deployment-percent",
        when=lambda service: service.maximum < 100 and {"found": service.maximum},
        at="deploymentConfiguration.maximumPercent",
        text="",
        advice="deployment_maximum_percent: found {found}, expected 100 or more",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="daemon",
        by_trap=True,
        when=lambda service: (
            service.get("schedulingStrategy") == "DAEMON" and "desiredCount" in service.request
        ),
        at="desiredCount",
        text="The daemon scheduling strategy does not support a desired count for services.",
        advice="desired_count: remove it; a DAEMON service has none",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="code-deploy",
        when=lambda service: (
            service.controller == "CODE_DEPLOY" and not service.has("loadBalancers")
        ),
        at="deploymentController.type",
        text="When specifying the CODE_DEPLOY deployment controller type, the service requires an "
        "Application Load Balancer or",
        advice='deployment_controller.type: found "CODE_DEPLOY" without a load_balancer block; add '
        'one, or take "ECS"',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="circuit-breaker",
        when=_circuit_breaker,
        at="deploymentConfiguration.deploymentCircuitBreaker.enable",
        text="",
        advice='deployment_circuit_breaker.enable: found true with the controller "{controller}"; it '
        'takes "ECS"',
        source=API,
    ),
    Refusal(
        rule="deployment-strategy",
        when=_deployment_strategy,
        at="deploymentConfiguration.strategy",
        text="",
        advice='deployment_configuration.strategy: "{strategy}" takes the controller "ECS", and '
        "load_balancer.advanced_configuration or Service Connect",
        source=API,
    ),
    Refusal(
        rule="desired-count",
        when=_negative,
        at="desiredCount",
        text="",
        advice="desired_count: found {count}, expected 0 or more",
        source=API,
    ),
)
