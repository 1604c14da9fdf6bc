"""The task definitions that stood in the account before the recording began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.recording.entry import Entry
from controller.recording.values import HIDDEN_VALUE

Thing = dict[str, Any]

READ_ONLY = (
    "taskDefinitionArn",
    "revision",
    "status",
    "registeredAt",
    "registeredBy",
    "compatibilities",
)
DEFINITION = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}
CONTAINER = {"name": "app", "image": "app", "essential": True}


def definitions(entries: Sequence[Entry]) -> Iterator[tuple[Thing, int]]:
    """
    Bodies as RegisterTaskDefinition takes them, with their revision numbers.

    Of one that only services name, all that is known are its containers with a port.
    """
    made = {each.parameters.get("family") for each in entries if each.operation.startswith("Reg")}
    for each in _shown_or_named(entries):
        if each["family"] not in made:
            shown = _without_hidden(each)
            body = {key: value for key, value in shown.items() if key not in READ_ONLY}
            yield {**DEFINITION, **body}, each["revision"]


def _shown_or_named(entries: Sequence[Entry]) -> Iterator[Thing]:
    shown: dict[str, Thing] = {}
    for entry in entries:
        if entry.operation == "DescribeTaskDefinition" and entry.answer:
            found = entry.answer["taskDefinition"]
            shown[found["taskDefinitionArn"]] = found
    known = {each["family"] for each in shown.values()}
    for name in _names(entries):
        family, _, revision = name.rpartition("/")[2].partition(":")
        if family not in known:
            containers = _containers(entries)
            unseen = {"family": family, "containerDefinitions": containers}
            shown[name] = {**unseen, "revision": int(revision or 1)}
            known.add(family)
    yield from shown.values()


def _names(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        name = entry.parameters.get("taskDefinition")
        if entry.service == "ecs" and isinstance(name, str) and not entry.error:
            yield name


def _containers(entries: Sequence[Entry]) -> list[Thing]:
    """Those that services send traffic to."""
    wanted = [
        balancer
        for entry in entries
        if entry.operation == "CreateService"
        for balancer in entry.parameters.get("loadBalancers", ())
    ]
    return [
        {
            **CONTAINER,
            "name": each["containerName"],
            "portMappings": [{"containerPort": each["containerPort"], "protocol": "tcp"}],
        }
        for each in wanted
    ] or [CONTAINER]


def _without_hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        shown = {key: each for key, each in value.items() if each != HIDDEN_VALUE}
        return {key: _without_hidden(each) for key, each in shown.items()}
    return [_without_hidden(each) for each in value] if isinstance(value, list) else value
