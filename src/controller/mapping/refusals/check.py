"""Report at `dormouse check` what AWS would refuse at the wake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from controller.domain.planning.spec import Json, Kind
from controller.domain.problem import Level
from controller.hcl.values import Unknown
from controller.hcl.world import ResourceInstance
from controller.mapping.draft import Draft, StackDraft
from controller.mapping.fill import given, known
from controller.mapping.network_traps import balancer_subnets, zones_of
from controller.mapping.refusals import LISTENERS, LOAD_BALANCERS, SERVICES, TARGET_GROUPS
from controller.mapping.refusals.row import UNKNOWN, Refusal
from controller.mapping.refusals.views import (
    BalancerView,
    ListenerView,
    ServiceView,
    Task,
    View,
    plain,
)
from controller.mapping.task import task_definition_of


def check_refusals(stack: StackDraft, region: str | None) -> None:
    """
    Check every row for every draft that is whole and of which nothing else is wrong.

    `region` is the one that the files say, None where the shell decides.
    """
    rows: Mapping[Kind, tuple[tuple[Refusal, ...], Callable[[Draft], View]]] = {
        Kind.LOAD_BALANCER: (LOAD_BALANCERS, lambda draft: _balancer(stack, draft)),
        Kind.TARGET_GROUP: (TARGET_GROUPS, _view),
        Kind.LISTENER: (LISTENERS, lambda draft: _listener(stack, draft, region)),
        Kind.SERVICE: (SERVICES, lambda draft: _service(stack, draft)),
    }
    for draft in [draft for draft in stack.drafts.values() if draft.filling.sound]:
        refusals, make = rows.get(draft.kind, ((), _view))
        view = make(draft)
        for refusal in refusals:
            words = None if refusal.by_trap else refusal.find(view)
            if words is not None:
                _report(draft, refusal, words, is_certain(draft))


def _report(draft: Draft, refusal: Refusal, words: Mapping[str, Json], certain: bool) -> None:
    """Once for each place: each fault is reported once."""
    place = draft.filling.place_of(words.get("at", refusal.at))
    if any(p.place == place and p.level is Level.ERROR for p in draft.filling.problems):
        return
    depends = refusal.level is Level.WARNING or (refusal.by_task and not certain)
    report = draft.filling.warn if depends else draft.filling.error
    report(refusal.rule, refusal.message(words), place)


def is_certain(service: Draft) -> bool:
    """
    Whether the wake takes the task definition that the files say.

    With a family, or where its changes are ignored, it takes the latest revision, whoever made it.
    """
    ignored = {"task_definition", "all"} & set(service.instance.ignore_changes)
    argument = service.instance.body.attributes.get("task_definition")
    origins = argument.value.data.origins if argument and argument.value.is_unknown else ()
    return not ignored and any(
        origin.address.partition(".")[0] != "data" and origin.path[-1:] == ("arn",)
        for origin in origins
    )


def _view(draft: Draft) -> View:
    if not draft.filling.sound:
        return View(request=UNKNOWN)
    return View(request=plain(draft.request), attributes=draft.filling.attributes)


def _balancer(stack: StackDraft, draft: Draft) -> BalancerView:
    return BalancerView(
        request=plain(draft.request),
        attributes=draft.filling.attributes,
        zones=tuple(zones_of(stack, draft)),
        vpcs=_vpcs(stack, balancer_subnets(draft)),
        group_vpcs=_vpcs(stack, draft.request.get("SecurityGroups", [])),
    )


def _listener(stack: StackDraft, draft: Draft, region: str | None) -> ListenerView:
    balancer = stack.load_balancer_of(draft)
    return ListenerView(
        request=plain(draft.request),
        attributes=draft.filling.attributes,
        balancer=_view(balancer) if balancer else View(request=UNKNOWN),
        groups=tuple(_view(group) for group in stack.forwards_to(draft)),
        region=region or UNKNOWN,
        balancer_vpcs=_vpcs(stack, balancer_subnets(balancer)) if balancer else (),
        group_vpcs=tuple(_vpc(group.request.get("VpcId")) for group in stack.forwards_to(draft)),
    )


def _service(stack: StackDraft, draft: Draft) -> ServiceView:
    request = plain(draft.request)
    strategy = "capacityProviderStrategy" in request
    cluster = stack.kept_thing(draft.request.get("cluster"))
    return ServiceView(
        request=request,
        task=_task(task_definition_of(stack, draft)),
        launch=request.get("launchType", None if strategy else UNKNOWN),
        groups=tuple(_view(group) for _, group in stack.target_groups_of(draft)),
        vpcs=_vpcs(stack, _network(draft).get("subnets", [])),
        group_vpcs=_vpcs(stack, _network(draft).get("securityGroups", [])),
        providers=_providers(stack, cluster),
        namespace=_has_namespace(cluster),
        records=_records(stack, draft),
    )


def _network(draft: Draft) -> Mapping[str, Json]:
    found: Mapping[str, Json] = draft.request.get("networkConfiguration", {}).get(
        "awsvpcConfiguration", {}
    )
    return found


_OF_A_VPC = ("aws_subnet", "aws_security_group")


def _vpcs(stack: StackDraft, things: Json) -> tuple[Any, ...]:
    """Which VPC each subnet or security group belongs to; UNKNOWN where the files do not say."""
    found = []
    for thing in things if isinstance(things, list) else ():
        instance = stack.kept_thing(thing)
        of_ours = instance is not None and instance.mode == "managed" and instance.error_free
        if instance is None or not of_ours or instance.type not in _OF_A_VPC:
            found.append(UNKNOWN)
            continue
        argument = given(instance.body, "vpc_id")
        data = argument.value.data if argument else None
        if isinstance(data, Unknown):
            origins = [origin.address for origin in data.origins if data.origin]
            data = {"$look_up": "vpc", "of": origins[0]} if origins else None
        found.append(_vpc(data))
    return tuple(found)


def _vpc(value: Json) -> Any:
    """Equal for the same VPC; two that are made by this root are two."""
    if isinstance(value, str):
        return ("id", value)
    of = value.get("of", "") if isinstance(value, Mapping) else ""
    made = of and not of.rpartition("aws_vpc.")[0].endswith("data.") and ".aws_vpc." in f".{of}"
    return ("made", of) if made else UNKNOWN


def _task(instance: ResourceInstance | None) -> Task:
    if instance is None or not instance.error_free:
        return Task()
    body = instance.body
    configured = [
        known(block, "name")
        for block in body.of_type("volume")
        if known(block, "configure_at_launch") is True
    ]
    role = given(body, "task_role_arn")
    return Task(
        network_mode=_value(instance, "network_mode", "bridge"),
        by_default=given(body, "network_mode") is None,
        compatibilities=_words(instance, "requires_compatibilities"),
        role=role is not None and role.value.data != "",
        ports=_ports(instance),
        volumes=UNKNOWN if None in configured else configured,
    )


def _value(instance: ResourceInstance, name: str, default: object) -> Any:
    argument = given(instance.body, name)
    if argument is None:
        return default
    return UNKNOWN if argument.value.is_unknown else argument.value.data


def _words(instance: ResourceInstance, name: str) -> Any:
    """A list of texts; None where it is left out."""
    found = _value(instance, name, None)
    if found is None or found is UNKNOWN:
        return found
    if any(element.is_unknown for element in found):
        return UNKNOWN
    return [str(element.data) for element in found]


def _ports(instance: ResourceInstance) -> Any:
    """Port mappings by container, keys as AWS spells them."""
    text = _value(instance, "container_definitions", UNKNOWN)
    try:
        definitions = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return UNKNOWN
    if not isinstance(definitions, list):
        return UNKNOWN
    return {str(_get(one, "name")): list(_mappings(one)) for one in definitions}


def _mappings(definition: Any) -> Iterator[dict[str, Any]]:
    for one in _get(definition, "portMappings") or ():
        yield {"name": _get(one, "name"), "containerPort": _get(one, "containerPort")}


def _get(data: Any, key: str) -> Any:
    """AWS's JSON readers take a key in any case."""
    if not isinstance(data, Mapping):
        return None
    return next((value for name, value in data.items() if name.lower() == key.lower()), None)


def _providers(stack: StackDraft, cluster: ResourceInstance | None) -> Any:
    """Those that this directory gives to the cluster; UNKNOWN where it gives none."""
    name = known(cluster.body, "name") if cluster else None
    for instance in stack.kept.values():
        its = instance.type == "aws_ecs_cluster_capacity_providers" and name is not None
        if its and known(instance.body, "cluster_name") == name:
            return (
                (_words(instance, "capacity_providers") or []) if instance.error_free else UNKNOWN
            )
    return UNKNOWN


def _has_namespace(cluster: ResourceInstance | None) -> Any:
    if (
        cluster is None
        or not cluster.error_free
        or cluster.mode != "managed"
        or cluster.type != "aws_ecs_cluster"
    ):
        return UNKNOWN
    return bool(cluster.body.of_type("service_connect_defaults"))


def _records(stack: StackDraft, service: Draft) -> Any:
    entries = service.request.get("serviceRegistries", [])
    thing = stack.kept_thing(entries[0].get("registryArn")) if entries else None
    if thing is None or thing.type != "aws_service_discovery_service":
        return UNKNOWN
    blocks = [one for config in thing.body.of_type("dns_config") for one in
              config.of_type("dns_records")]  # fmt: skip
    types = [known(block, "type") for block in blocks]
    known_types = thing.error_free and thing.mode == "managed" and None not in types
    return types if known_types and types else UNKNOWN
