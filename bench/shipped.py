"""The stack that is measured: the shipped one, and its four sleepers alone."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from controller.domain.planning.spec import Kind, Spec
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack

STACK = Path("infra/nsfw-api")

KEPT = """
data "aws_ecs_cluster" "nsfw_cluster" {
  cluster_name = "nsfw_api_cluster"
}

data "aws_ecs_task_definition" "nsfw_task" {
  task_definition = local.container_name
}

data "aws_security_group" "nsfw_api_sg" {
  name   = "nsfw_api_sg"
  vpc_id = var.vpc_id
}
"""
"""What Terraform keeps of the shipped stack, as something that is already there."""

_BY_NAME = {
    "aws_ecs_cluster.nsfw_cluster": "data.aws_ecs_cluster.nsfw_cluster",
    "aws_ecs_task_definition.nsfw_task": "data.aws_ecs_task_definition.nsfw_task",
    "module.nsfw_api_sg.security_group_id": "data.aws_security_group.nsfw_api_sg.id",
}


def compiled(directory: Path) -> Spec:
    found = compile_stack(directory, Inputs(), datetime.now(UTC))
    if found.spec is None:
        raise SystemExit(f"{directory} does not compile: {found.problems[0]}")
    return found.spec


def write_four(directory: Path) -> Path:
    """
    Write the shipped stack with its four sleepers as they are and all else looked up by name.

    Terraform then makes, reads and deletes the same four that Dormouse does.
    """
    stack = directory / STACK.name
    stack.mkdir()
    for path in STACK.glob("*.tf"):
        if path.name != "fargate.tf":
            shutil.copy(path, stack)
    found = re.search(
        r'^resource "aws_ecs_service".*?^}$', (STACK / "fargate.tf").read_text(), re.M | re.S
    )
    if not found:
        raise SystemExit(f"{STACK}/fargate.tf has no service any more; bench/shipped.py reads it")
    service = found[0]
    for ours, looked_up in _BY_NAME.items():
        service = service.replace(ours, looked_up)
    (stack / "fargate.tf").write_text(f"{KEPT.lstrip()}\n{service}\n")
    return stack


def health_check(spec: Spec) -> dict[str, float]:
    group = spec.of_kind(Kind.TARGET_GROUP)[0].request
    return {
        "interval": group.get("HealthCheckIntervalSeconds", 30),
        "healthy_threshold": group.get("HealthyThresholdCount", 5),
    }


def drain_delay(spec: Spec) -> float:
    group = spec.of_kind(Kind.TARGET_GROUP)[0]
    return float(group.attributes.get("deregistration_delay.timeout_seconds", 300))
