"""Evaluated directories by hand, as small as a test needs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from controller.domain.planning.spec import Spec
from controller.domain.problem import Place, Problem
from controller.hcl.construct import make_object, make_tuple, unknown
from controller.hcl.plain import from_python
from controller.hcl.types import STRING, Type
from controller.hcl.values import Origin, Value
from controller.hcl.world import Attribute, Block, ResourceInstance, World
from controller.mapping.assemble import Compiled, compile_worlds

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUBNET = "subnet-0a1b2c3d4e5f60718"
OTHER_SUBNET = "subnet-0b2c3d4e5f6071829"
ALLOCATION = "eipalloc-0a1b2c3d4e5f60718"
VPC = "vpc-0a1b2c3d4e5f60718"
CONTAINERS = '[{"name": "api", "portMappings": [{"containerPort": 5000}]}]'


class Ref:
    """An attribute that is known after apply: Ref("aws_lb.nlb.arn"), Ref("data.x.y.ids[0]")."""

    def __init__(self, text: str, type_: Type = STRING) -> None:
        match = re.fullmatch(r"(.*)\.(\w+)(?:\[(\d+)\])?", text)
        assert match, text
        address, name, index = match.groups()
        path: tuple[str | int, ...] = (name, int(index)) if index else (name,)
        self.origin = Origin(address, path)
        self.type = type_

    def value(self) -> Value:
        return unknown(self.type, (self.origin,), (self.origin,))


class Text:
    """A text with attributes in it."""

    def __init__(self, *parts: str | Ref) -> None:
        self.parts = parts

    def value(self) -> Value:
        parts = tuple(p.origin if isinstance(p, Ref) else p for p in self.parts)
        return unknown(STRING, tuple(p for p in parts if isinstance(p, Origin)), parts)


class Lost(Ref):
    """Computed from an attribute in a way that cannot be repeated."""

    def value(self) -> Value:
        return unknown(self.type, (self.origin,))


def to_value(data: Any) -> Value:
    if isinstance(data, Value):
        return data
    if isinstance(data, Ref | Text):
        return data.value()
    if isinstance(data, Mapping):
        return make_object({key: to_value(item) for key, item in data.items()})
    if isinstance(data, list | tuple):
        return make_tuple(to_value(item) for item in data)
    return from_python(data)


class B(dict[str, Any]):
    """A nested block; several of one type are given as a list of these."""


def body(arguments: Mapping[str, Any], line: int, file: str = "main.tf") -> Block:
    """Each argument or block takes the next line."""
    attributes, blocks = {}, []
    for offset, (name, data) in enumerate(arguments.items(), start=1):
        place = Place(file, line + offset)
        inner = data if isinstance(data, list) else [data]
        if inner and all(isinstance(item, B) for item in inner):
            blocks += [(name, body(item, line + offset, file)) for item in inner]
        else:
            attributes[name] = Attribute(to_value(data), place)
    return Block(place=Place(file, line), attributes=attributes, blocks=tuple(blocks))


def instance(
    address: str,
    arguments: Mapping[str, Any],
    *,
    line: int = 1,
    depends_on: tuple[str, ...] = (),
    ignore_changes: tuple[str, ...] = (),
    provider: str = "aws",
) -> ResourceInstance:
    *module, rest = re.split(r"(?=(?:data\.)?aws_\w+\.)", address, maxsplit=1)
    mode = "data" if rest.startswith("data.") else "managed"
    type_, name = rest.removeprefix("data.").split("[")[0].split(".")[:2]
    return ResourceInstance(
        address=address,
        mode=mode,
        type=type_,
        name=name,
        key=None,
        module="".join(module).rstrip("."),
        place=Place("main.tf", line),
        body=body(arguments, line),
        depends_on=depends_on,
        ignore_changes=ignore_changes,
        provider=provider,
    )


def world(
    *instances: ResourceInstance,
    providers: Mapping[str, Block] | None = None,
    problems: tuple[Problem, ...] = (),
    **variables: Any,
) -> World:
    def evaluate(expression: str) -> Value:
        raise NotImplementedError(expression)

    return World(
        resources={i.address: i for i in instances},
        problems=problems,
        variables={name: to_value(data) for name, data in variables.items()},
        providers={"aws": body({"region": "us-east-1"}, 1)} if providers is None else providers,
        outputs={},
        evaluate=evaluate,
    )


def compiled(awake: World, asleep: World | None = None, stack: str = "api") -> Compiled:
    return compile_worlds(
        stack,
        awake,
        asleep,
        region=None,
        policy_place=Place("main.tf", 900),
        compiled_at=NOW,
        source="infra/api",
    )


def spec_of(awake: World, asleep: World | None = None, stack: str = "api") -> Spec:
    result = compiled(awake, asleep, stack)
    assert result.spec is not None, [str(problem) for problem in result.problems]
    return result.spec


def rules(result: Compiled, level: str = "") -> set[str]:
    return {p.rule for p in result.problems if str(p.level) == level or not level}


LOAD_BALANCER: dict[str, Any] = {
    "name": "api-nlb",
    "load_balancer_type": "network",
    "subnet_mapping": B(subnet_id=SUBNET, allocation_id=ALLOCATION),
}
TARGET_GROUP: dict[str, Any] = {
    "name": "api-tg",
    "target_type": "ip",
    "port": 5000,
    "protocol": "TCP",
    "vpc_id": VPC,
    "deregistration_delay": "15",
}
LISTENER: dict[str, Any] = {
    "load_balancer_arn": Ref("aws_lb.nlb.arn"),
    "port": 5000,
    "protocol": "TCP",
    "default_action": B(type="forward", target_group_arn=Ref("aws_lb_target_group.tg.arn")),
}
SERVICE: dict[str, Any] = {
    "name": "api",
    "cluster": Ref("aws_ecs_cluster.main.arn"),
    "task_definition": Ref("aws_ecs_task_definition.api.arn"),
    "desired_count": 1,
    "launch_type": "FARGATE",
    "health_check_grace_period_seconds": 180,
    "network_configuration": B(subnets=[SUBNET], assign_public_ip=True),
    "load_balancer": B(
        target_group_arn=Ref("aws_lb_target_group.tg.arn"),
        container_name="api",
        container_port=5000,
    ),
}
TASK: dict[str, Any] = {
    "family": "api",
    "network_mode": "awsvpc",
    "container_definitions": CONTAINERS,
}
KEPT = (
    instance("aws_ecs_cluster.main", {"name": "sleepy"}, line=100),
    instance("aws_ecs_task_definition.api", TASK, line=110),
)


def stack(
    *others: ResourceInstance,
    load_balancer: Mapping[str, Any] | None = None,
    target_group: Mapping[str, Any] | None = None,
    listener: Mapping[str, Any] | None = None,
    service: Mapping[str, Any] | None = None,
    task: Mapping[str, Any] | None = None,
    **options: Any,
) -> World:
    """One service behind one load balancer, without a flaw; arguments given change it."""
    kept = [instance("aws_ecs_task_definition.api", {**TASK, **task}, line=110)] if task else []
    return world(
        *KEPT,
        *kept,
        instance("aws_lb.nlb", _changed(LOAD_BALANCER, load_balancer), line=10),
        instance("aws_lb_target_group.tg", _changed(TARGET_GROUP, target_group), line=30),
        instance("aws_lb_listener.l", _changed(LISTENER, listener), line=50),
        instance("aws_ecs_service.svc", _changed(SERVICE, service), line=70),
        *others,
        **options,
    )


def _changed(base: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A change to None takes the argument away."""
    merged = {**base, **(changes or {})}
    return {name: data for name, data in merged.items() if data is not None}
