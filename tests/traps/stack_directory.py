"""
A small stack as a Terraform directory, to be bent out of shape one argument at a time.

    directory = stack_dir(tmp_path, listener={"protocol": '"UDP"'}, group={"port": None})

Values are HCL; one that begins with a brace is a block, a list of them several, None takes an
argument away.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.domain.planning.spec import Spec
from controller.hcl.world import Inputs
from controller.mapping.compile import Compiled, compile_stack
from local.aws import LaptopAws
from local.clock import ManualClock
from local.furnish_spec import furnish_for
from system.stack_under_test import StackUnderTest

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HCL = str | list[str] | None
Changes = Mapping[str, HCL]

PROVIDER = """
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""
HEAD = f"""
terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }}
  }}
}}
{PROVIDER}
variable "awake" {{
  type    = bool
  default = false
}}
"""
SUBNET = "subnet-0aaaa1111bbbb2222"
VPC = "vpc-0aaaa1111bbbb2222"
EIP = "eipalloc-0aaaa1111bbbb2222"
GROUP = "sg-0aaaa1111bbbb2222"

BALANCER: Changes = {
    "name": '"garden"',
    "load_balancer_type": '"network"',
    "subnet_mapping": f'{{\n subnet_id = "{SUBNET}"\n allocation_id = "{EIP}"\n}}',
}
TARGETS: Changes = {
    "name": '"garden"',
    "target_type": '"ip"',
    "port": "8080",
    "protocol": '"TCP"',
    "vpc_id": f'"{VPC}"',
    "deregistration_delay": "15",
}
LISTENER: Changes = {
    "load_balancer_arn": "aws_lb.n[0].arn",
    "port": "8080",
    "protocol": '"TCP"',
    "default_action": '{\n type = "forward"\n target_group_arn = aws_lb_target_group.g[0].arn\n}',
}
SERVICE: Changes = {
    "name": '"garden"',
    "cluster": "aws_ecs_cluster.c.id",
    "task_definition": "aws_ecs_task_definition.t.arn",
    "desired_count": "1",
    "launch_type": '"FARGATE"',
    "health_check_grace_period_seconds": "180",
    "network_configuration": (
        f'{{\n assign_public_ip = true\n subnets = ["{SUBNET}"]\n security_groups = ["{GROUP}"]\n}}'
    ),
    "load_balancer": (
        "{\n target_group_arn = aws_lb_target_group.g[0].arn\n"
        ' container_name = "web"\n container_port = 8080\n}'
    ),
}
CLUSTER: Changes = {"name": '"garden"'}
TASK: Changes = {
    "family": '"garden"',
    "cpu": '"256"',
    "memory": '"512"',
    "network_mode": '"awsvpc"',
    "requires_compatibilities": '["FARGATE"]',
    "container_definitions": (
        'jsonencode([{ name = "web", image = "nginx:1", '
        "portMappings = [{ containerPort = 8080 }] }])"
    ),
}
PARTS: Mapping[str, tuple[str, str, Changes]] = {
    "balancer": ("aws_lb", "n", BALANCER),
    "group": ("aws_lb_target_group", "g", TARGETS),
    "listener": ("aws_lb_listener", "l", LISTENER),
    "service": ("aws_ecs_service", "s", SERVICE),
    "cluster": ("aws_ecs_cluster", "c", CLUSTER),
    "task": ("aws_ecs_task_definition", "t", TASK),
}
SLEEPERS = ("balancer", "group", "listener", "service")
LB, TG, L, S = (
    "aws_lb.n[0]",
    "aws_lb_target_group.g[0]",
    "aws_lb_listener.l[0]",
    "aws_ecs_service.s[0]",
)


def stack_dir(tmp_path: Path, *, more: str = "", head: str = HEAD, **changes: Changes) -> Path:
    """Write the directory; `changes` are by part, `more` is text for one more file."""
    directory = tmp_path / "garden"
    directory.mkdir(exist_ok=True)
    (directory / "main.tf").write_text(head)
    for part, (type_, name, arguments) in PARTS.items():
        body = {**arguments, **changes.get(part, {})}
        if part in SLEEPERS:
            body = {"count": "var.awake ? 1 : 0", **body}
        (directory / f"{part}.tf").write_text(resource(type_, name, body))
    if more:
        (directory / "more.tf").write_text(more)
    return directory


def resource(type_: str, name: str, body: Changes) -> str:
    lines = [f'resource "{type_}" "{name}" {{']
    for argument, value in body.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                lines.append(f"  {argument} {one}" if one[0] == "{" else f"  {argument} = {one}")
    return "\n".join([*lines, "}", ""])


def compiled(directory: Path) -> Compiled:
    return compile_stack(directory, Inputs(), NOW)


def spec_of(directory: Path) -> Spec:
    result = compiled(directory)
    assert result.spec is not None, [str(problem) for problem in result.problems]
    return result.spec


def problems_of(directory: Path) -> list[tuple[str, str]]:
    """Rule and level of each."""
    return [(p.rule, str(p.level)) for p in compiled(directory).problems]


def sut_for(spec: Spec, **options: Any) -> StackUnderTest:
    """A simulated AWS with all that Terraform keeps for this stack."""
    aws = LaptopAws(profile="fast", clock=ManualClock(NOW), region=spec.region or "us-east-1")
    aws.furnish(**furnish_for(spec, **options))
    return StackUnderTest(aws, spec)
