"""CreateService: what ECS refuses of where tasks run: launch type, capacity providers, placement."""

from __future__ import annotations

from typing import Any

from controller.domain.problem import Level
from controller.mapping.refusals.row import ECS_GUIDE, PREFLIGHT, UNKNOWN, Found, Refusal
from controller.mapping.refusals.views import FARGATE, ServiceView


def _by_launch_type(service: ServiceView, field: str) -> Found:
    return service.launch == "FARGATE" and service.has(field)


def _by_provider(service: ServiceView, field: str) -> Found:
    return service.launch != "FARGATE" and service.on_fargate and service.has(field)


def _strategy_at(service: ServiceView, key: str) -> list[Any]:
    return [each.get(key, 0) for each in service.strategy]


def _listed(words: list[str]) -> str:
    return ", ".join(words) or "empty"


def _foreign_provider(service: ServiceView) -> Found:
    if service.providers is UNKNOWN:
        return None
    for index, each in enumerate(service.strategy):
        name = each.get("capacityProvider")
        if name is not UNKNOWN and name not in service.providers:
            at = f"capacityProviderStrategy[{index}].capacityProvider"
            return {"at": at, "name": name}
    return None


def _no_weight(service: ServiceView) -> bool:
    weights = _strategy_at(service, "weight")
    return bool(weights) and all(weight == 0 for weight in weights)


def _mixed_providers(service: ServiceView) -> Found:
    names = [each.get("capacityProvider") for each in service.strategy]
    if any(name is UNKNOWN for name in names):
        return None
    kinds = {name in FARGATE for name in names}
    return {"names": ", ".join(map(str, names))} if len(kinds) > 1 else None


def _strategy_field(service: ServiceView, type_: str) -> tuple[int, Any] | None:
    for index, each in enumerate(service.get("placementStrategy", [])):
        if each.get("type") == type_ and "field" in each:
            return index, each["field"]
    return None


def _binpack(service: ServiceView) -> Found:
    found = _strategy_field(service, "binpack")
    if found is None or not isinstance(found[1], str) or found[1].lower() in ("cpu", "memory"):
        return None
    return {"at": f"placementStrategy[{found[0]}].field", "field": found[1]}


def _random(service: ServiceView) -> Found:
    found = _strategy_field(service, "random")
    return {"at": f"placementStrategy[{found[0]}].field"} if found else None


def _distinct(service: ServiceView) -> Found:
    for index, each in enumerate(service.get("placementConstraints", [])):
        if each.get("type") == "distinctInstance" and each.get("expression"):
            return {"at": f"placementConstraints[{index}].expression"}
    return None


PLACEMENT: tuple[Refusal, ...] = (
    Refusal(
        rule="not-for-fargate",
        by_task=True,
        when=lambda service: (
            service.launch == "FARGATE"
            and isinstance(service.task.compatibilities, list)
            and "FARGATE" not in service.task.compatibilities
            and {"found": _listed(service.task.compatibilities)}
        ),
        at="launchType",
        text="Task definition does not support launch_type FARGATE.",
        advice="launch_type: found FARGATE, but requires_compatibilities of the task definition is "
        "{found}; add FARGATE there",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-strategy",
        when=lambda service: _by_launch_type(service, "placementStrategy"),
        at="placementStrategy",
        text="Placement strategies are not supported with FARGATE launch type.",
        advice="ordered_placement_strategy: remove it; Fargate places tasks by itself",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-strategy",
        when=lambda service: _by_provider(service, "placementStrategy"),
        at="placementStrategy",
        text="Placement strategies are not supported with FARGATE launch type.",
        advice="ordered_placement_strategy: remove it; Fargate places tasks by itself",
        source=PREFLIGHT,
        level=Level.WARNING,
        refused=False,
    ),
    Refusal(
        rule="placement-constraints",
        when=lambda service: _by_launch_type(service, "placementConstraints"),
        at="placementConstraints",
        text="Placement constraints are not supported with FARGATE launch type.",
        advice="placement_constraints: remove it; Fargate places tasks by itself",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-constraints",
        when=lambda service: _by_provider(service, "placementConstraints"),
        at="placementConstraints",
        text="Placement constraints are not supported with FARGATE launch type.",
        advice="placement_constraints: remove it; Fargate places tasks by itself",
        source=PREFLIGHT,
        level=Level.WARNING,
        refused=False,
    ),
    Refusal(
        rule="launch-type",
        by_trap=True,
        when=lambda service: service.has("launchType") and service.has("capacityProviderStrategy"),
        at="launchType",
        text="Specifying both a launch type and capacity provider strategy is not supported. Remove "
        "one and try again.",
        advice="found both launch_type and capacity_provider_strategy, expected one of them",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="capacity-provider",
        when=_foreign_provider,
        at="capacityProviderStrategy",
        text="The specified capacity provider strategy cannot contain a capacity provider that is "
        "not associated with the cluster. Associate the capacity provider with the cluster and try "
        "again.",
        advice='capacity_provider: found "{name}", which the cluster does not have; add it to '
        "aws_ecs_cluster_capacity_providers",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="capacity-weight",
        when=lambda service: _no_weight(service) and len(service.strategy) > 1,
        at="capacityProviderStrategy",
        text="There are no capacity providers",
        advice="capacity_provider_strategy: every weight is 0 (the default), expected one above 0",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="capacity-weight",
        when=lambda service: _no_weight(service) and len(service.strategy) == 1,
        at="capacityProviderStrategy",
        text="There are no capacity providers",
        advice="capacity_provider_strategy.weight: found 0 (the default), expected 1 or more",
        source=PREFLIGHT,
        level=Level.WARNING,
        refused=False,
    ),
    Refusal(
        rule="capacity-base",
        when=lambda service: sum(base > 0 for base in _strategy_at(service, "base")) > 1,
        at="capacityProviderStrategy",
        text="There are multiple capacity providers",
        advice="capacity_provider_strategy: found a base above 0 in several, expected it in one",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="capacity-mixed",
        when=_mixed_providers,
        at="capacityProviderStrategy",
        text="",
        advice="capacity_provider_strategy: found {names}; Fargate and others cannot be mixed in one",
        source=ECS_GUIDE,
    ),
    Refusal(
        rule="platform-of-ec2",
        when=lambda service: service.launch == "EC2" and service.has("platformVersion"),
        at="platformVersion",
        text="The platform version must be null when specifying an EC2 launch type.",
        advice='platform_version: remove it; it is for Fargate, and launch_type is "EC2"',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-field",
        when=_binpack,
        at="placementStrategy",
        text="binpack field '{field}' is invalid.",
        advice='ordered_placement_strategy.field: found "{field}", expected cpu or memory to binpack',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-field",
        when=_random,
        at="placementStrategy",
        text="random field should not be specified.",
        advice="ordered_placement_strategy.field: remove it; random has none",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-field",
        when=_distinct,
        at="placementConstraints",
        text="distinctInstance expression should not be specified",
        advice="placement_constraints.expression: remove it; distinctInstance has none",
        source=PREFLIGHT,
    ),
)
