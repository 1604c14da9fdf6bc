"""What the configuration says about the tasks of a service: network, platform, containers."""

from __future__ import annotations

from controller.domain.planning.spec import Json
from controller.hcl.world import ResourceInstance
from controller.mapping.draft import Draft, StackDraft
from controller.mapping.fill import known

FARGATE = ("FARGATE", "FARGATE_SPOT")


def task_definition_of(stack: StackDraft, service: Draft) -> ResourceInstance | None:
    """The task definition that this directory keeps for the service, if it is one of its own."""
    argument = service.instance.body.attributes.get("task_definition")
    if argument is None:
        return None
    origins = argument.value.data.origins if argument.value.is_unknown else ()
    addresses = [origin.address for origin in origins]
    candidates = [stack.kept[a] for a in addresses if a in stack.kept]
    candidates += _by_family(stack, argument.value.data)
    found = [i for i in candidates if i.type == "aws_ecs_task_definition" and i.mode == "managed"]
    return found[0] if found else None


def task_size(stack: StackDraft, service: Draft) -> dict[str, Json]:
    """
    What one task is billed by: CPU units, MiB and whether it runs on ARM; empty if not known.

    Source: the task definition takes "256" or ".25 vCPU", "512" or "0.5 GB" (ECS developer
    guide, task size).
    """
    task = task_definition_of(stack, service)
    return size_of(task) if task else {}


def size_of(task: ResourceInstance) -> dict[str, Json]:
    """The same of a task definition."""
    cpu = _amount(known(task.body, "cpu"), "vcpu")
    memory = _amount(known(task.body, "memory"), "gb")
    if cpu is None or memory is None:
        return {}
    blocks = task.body.of_type("runtime_platform")
    arm = any(known(block, "cpu_architecture") == "ARM64" for block in blocks)
    return {"cpu": cpu, "memory": memory, "arm": arm}


def _amount(value: object, unit: str) -> int | None:
    """A count of units or MiB; with the larger `unit` behind it, of which one is 1024."""
    text = str(value).lower().replace(" ", "")
    factor = 1024 if text.endswith(unit) else 1
    try:
        return round(float(text.removesuffix(unit)) * factor)
    except ValueError:
        return None


def is_fargate(service: Draft) -> bool:
    strategy = service.request.get("capacityProviderStrategy", [])
    names = [entry.get("capacityProvider") for entry in strategy]
    providers = {name for name in names if isinstance(name, str)}
    return service.request.get("launchType") == "FARGATE" or bool(providers & set(FARGATE))


def is_awsvpc(stack: StackDraft, service: Draft) -> bool:
    """Whether each task has a network interface of its own."""
    task = task_definition_of(stack, service)
    return (
        is_fargate(service)
        or "networkConfiguration" in service.request
        or (task is not None and known(task.body, "network_mode") == "awsvpc")
    )


def runs_windows(stack: StackDraft, service: Draft) -> bool:
    task = task_definition_of(stack, service)
    blocks = task.body.of_type("runtime_platform") if task else ()
    families = [known(block, "operating_system_family") for block in blocks]
    return any(str(family).startswith("WINDOWS") for family in families)


def _by_family(stack: StackDraft, text: object) -> list[ResourceInstance]:
    """A service may name the family, with or without a revision, or an ARN (HCL semantics §19)."""
    if not isinstance(text, str):
        return []
    family = text.rsplit("/", 1)[-1].split(":", 1)[0]
    return [
        instance
        for instance in stack.kept.values()
        if instance.type == "aws_ecs_task_definition" and known(instance.body, "family") == family
    ]
