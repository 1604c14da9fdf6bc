"""
Does the task definition have the containers and ports that the service registers?

A wake takes the latest revision, which may be another than the one written down, so what does
not fit is a warning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from controller.domain.planning.spec import Json
from controller.mapping.draft import Draft, StackDraft
from controller.mapping.fill import given
from controller.mapping.task import task_definition_of


def check_containers(stack: StackDraft, service: Draft) -> None:
    """Compare the service's `load_balancer` blocks with its task definition, as far as known."""
    _check_target_ports(stack, service)
    containers = _containers(stack, service)
    if containers is None:
        return
    for index, entry in enumerate(service.request.get("loadBalancers", [])):
        name, port = entry.get("containerName"), entry.get("containerPort")
        place = f"loadBalancers[{index}]"
        if not isinstance(name, str):
            continue
        if name not in containers:
            service.filling.warn(
                "container-name",
                f'container_name: found "{name}", expected one of the task definition\'s: '
                f"{', '.join(sorted(containers)) or 'it has none'}; AWS refuses the service if "
                "the latest revision does not have it",
                service.filling.place_of(f"{place}.containerName"),
            )
        elif isinstance(port, int) and port not in containers[name]:
            ports = ", ".join(str(p) for p in sorted(containers[name]))
            service.filling.warn(
                "container-port",
                f'container_port: found {port}, expected a port of container "{name}": '
                f"{ports or 'none'}; add it to portMappings, else AWS refuses the service",
                service.filling.place_of(f"{place}.containerPort"),
            )


def _check_target_ports(stack: StackDraft, service: Draft) -> None:
    for index, target in stack.target_groups_of(service):
        port = service.request["loadBalancers"][index].get("containerPort")
        theirs = target.request.get("Port")
        if isinstance(port, int) and isinstance(theirs, int) and port != theirs:
            service.filling.warn(
                "target-group-port",
                f"container_port: found {port}, but {target.address} has port {theirs}; ECS "
                "registers the container's, so make them the same",
                service.filling.place_of(f"loadBalancers[{index}].containerPort"),
            )


def _containers(stack: StackDraft, service: Draft) -> dict[str, set[int]] | None:
    """Container names to their ports, or None if the configuration does not say."""
    task = task_definition_of(stack, service)
    argument = given(task.body, "container_definitions") if task else None
    if argument is None or not isinstance(argument.value.data, str):
        return None
    try:
        definitions = json.loads(argument.value.data)
    except ValueError as error:
        service.filling.error(
            "container-definitions",
            f"container_definitions is not JSON: {error}; Terraform refuses it too",
            argument.place,
        )
        return None
    if not isinstance(definitions, list) or not all(isinstance(d, Mapping) for d in definitions):
        return None
    return {str(_get(d, "name")): set(_ports(d)) for d in definitions}


def _ports(definition: Mapping[str, Json]) -> list[int]:
    mappings = _get(definition, "portMappings") or []
    found = [_get(m, "containerPort") for m in mappings if isinstance(m, Mapping)]
    return [port for port in found if isinstance(port, int)]


def _get(data: Mapping[str, Json], key: str) -> Json:
    """AWS's JSON readers take a key in any case, and so does Terraform's provider."""
    for name, value in data.items():
        if name.lower() == key.lower():
            return value
    return None
