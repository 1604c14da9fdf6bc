"""A stack written for the AWS provider 6, from its files to a healthy target and back."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.reconcile.outcome import Result
from local.aws import LaptopAws
from local.clock import ManualClock
from local.furnish_spec import furnish_for
from system.stack_under_test import ASLEEP, AWAKE, StackUnderTest

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
SHIPPED = Path(__file__).parents[2] / "infra" / "nsfw-api"
NEWER = {
    'resource "aws_ecs_service"': """
      deployment_configuration {
        strategy             = "ROLLING"
        bake_time_in_minutes = "0"
      }
      region          = null
      sigint_rollback = false
    """,
    'resource "aws_lb" ': """
      secondary_ips_auto_assigned_per_subnet = 1
      region                                 = var.nowhere
    """,
}


@pytest.fixture
def sut(tmp_path):
    directory = tmp_path / "nsfw-api"
    shutil.copytree(SHIPPED, directory, ignore=shutil.ignore_patterns(".terraform*"))
    for path in directory.glob("*.tf"):
        text = re.sub(r'(version\s*=\s*)"[^"]*5[^"]*"', r'\1"~> 6.0"', path.read_text())
        for opening, added in NEWER.items():
            text = re.sub(rf"({opening}[^{{]*{{)", rf"\1{added}", text)
        path.write_text(text)
    (directory / "nowhere.tf").write_text('variable "nowhere" {\n  default = null\n}\n')
    compiled = compile_stack(directory, Inputs(), START)
    assert compiled.spec is not None, compiled.problems
    aws = LaptopAws("fast", clock=ManualClock(START))
    aws.furnish(**furnish_for(compiled.spec))
    return StackUnderTest(aws, compiled.spec)


def test_it_wakes_needs_nothing_more_and_sleeps(sut):
    assert sut.wake().result is Result.CONVERGED
    assert sut.standing() == AWAKE
    elbv2, ecs = sut.session.client("elbv2"), sut.session.client("ecs")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    attributes = elbv2.describe_load_balancer_attributes(
        LoadBalancerArn=balancer["LoadBalancerArn"]
    )["Attributes"]
    assert {"Key": "secondary_ips.auto_assigned.per_subnet", "Value": "1"} in attributes
    (service,) = ecs.describe_services(cluster="nsfw_api_cluster", services=["nsfw_api_service"])[
        "services"
    ]
    assert service["deploymentConfiguration"]["strategy"] == "ROLLING"

    start = len(sut.aws.calls)
    assert sut.wake().result is Result.CONVERGED
    assert all(call.is_read for call in list(sut.aws.calls)[start:])

    assert sut.sleep().result is Result.CONVERGED
    assert sut.standing() == ASLEEP
