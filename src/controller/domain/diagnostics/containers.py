"""Do cluster, task definition and roles fit what the services ask for?"""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.diagnostics.facts import Back, Facts, Role, TaskDefinition, backs
from controller.domain.diagnostics.finding import Finding, ok, problem

TASKS = "ecs-tasks.amazonaws.com"
PLATFORMS = ("LATEST", "1.4.0")
"""Fargate's platform versions for Linux that still start tasks (AWS behaviour §2.3)."""


def clusters(facts: Facts) -> Iterator[Finding]:
    if facts.clusters is None:
        return
    for cluster in dict.fromkeys(back.cluster for back in backs(facts.spec) if back.cluster):
        status, name = facts.clusters.get(cluster), cluster.rpartition("/")[2]
        if status == "ACTIVE":
            yield ok("cluster", name, "ACTIVE")
        else:
            yield problem(
                "cluster",
                name,
                f"{f'it is {status}' if status else 'there is no such cluster'}, expected an "
                "ACTIVE one; run terraform apply, or correct its name",
            )


def task_definitions(facts: Facts) -> Iterator[Finding]:
    if facts.definitions is None:
        return
    for back in backs(facts.spec):
        definition = facts.definitions.get(back.definition)
        if definition is not None:
            faults = list(_faults(back, definition))
            subject = f"{back.resource.address} {definition.arn.rpartition('/')[2]}"
            for fault in faults:
                yield problem("task-definition", subject, fault)
            if not faults:
                yield ok("task-definition", subject, _size(definition))
        elif back.definition:
            yield problem(
                "task-definition",
                f"{back.resource.address} {back.definition}",
                "there is no ACTIVE revision of it; run terraform apply, or register one",
            )


def _size(definition: TaskDefinition) -> str:
    return f"ACTIVE, for {definition.architecture}: the image has to be built for that"


def _faults(back: Back, definition: TaskDefinition) -> Iterator[str]:
    if not definition.active:
        yield (
            "it is INACTIVE, and starts no new service; register a new revision (terraform apply)"
        )
    if back.on_fargate:
        yield from _fargate_faults(back, definition)
    for target in back.targets:
        container = next((c for c in definition.containers if c.name == target.container), None)
        if container is None:
            names = ", ".join(c.name for c in definition.containers)
            yield (
                f'it has no container "{target.container}", to which the load balancer sends; '
                f"found {names}; correct container_name"
            )
        elif target.port not in container.ports:
            ports = ", ".join(str(port) for port in container.ports) or "none"
            yield (
                f'container "{container.name}" has no port {target.port}; found {ports}; correct '
                "container_port, or add the port mapping"
            )


def _fargate_faults(back: Back, definition: TaskDefinition) -> Iterator[str]:
    if "FARGATE" not in definition.compatibilities:
        yield 'it is not made for Fargate; set requires_compatibilities = ["FARGATE"]'
    if definition.network_mode != "awsvpc":
        yield (
            f'its network mode is "{definition.network_mode}", and Fargate knows only "awsvpc"; '
            'set network_mode = "awsvpc"'
        )
    platform = str(back.resource.request.get("platformVersion") or "LATEST")
    if platform not in PLATFORMS:
        yield (
            f"platform version {platform} starts no tasks any more; set platform_version = "
            '"1.4.0" or "LATEST"'
        )


def execution_roles(facts: Facts) -> Iterator[Finding]:
    for back in backs(facts.spec):
        definition = (facts.definitions or {}).get(back.definition)
        if definition is not None:
            yield from _execution_role(back, definition, facts)


def _execution_role(back: Back, definition: TaskDefinition, facts: Facts) -> Iterator[Finding]:
    subject = f"{back.resource.address} {definition.execution_role.rpartition('/')[2]}".strip()
    if not definition.execution_role:
        needs = next((c.needs_role for c in definition.containers if c.needs_role), "")
        if needs:
            yield problem(
                "execution-role",
                subject,
                f"the task definition names none, and {needs} needs one; set execution_role_arn",
            )
        return
    role = (facts.roles or {}).get(definition.execution_role)
    if role is not None:
        yield _trust(subject, role)


def _trust(subject: str, role: Role) -> Finding:
    if not role.found:
        return problem(
            "execution-role",
            subject,
            "there is no such role; run terraform apply, or correct execution_role_arn",
        )
    if TASKS not in role.trusts:
        who = ", ".join(role.trusts) or "nobody"
        return problem(
            "execution-role",
            subject,
            f"{who} may assume it, expected {TASKS}; add it to the role's trust policy",
        )
    return ok("execution-role", subject, f"{TASKS} may assume it")
