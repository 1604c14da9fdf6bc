"""
What Dormouse makes is what `terraform apply` would have made.

Terraform makes the free part of the stack (awake = false), Dormouse wakes it, Terraform imports
the four and plans: no changes. The owner tags are the one thing that Terraform does not know.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.reconcile.outcome import Result
from local.clock import ManualClock
from local.server import LaptopServer
from oracle import needs_terraform, terraform_on
from system.stack_under_test import StackUnderTest

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
SHIPPED = Path(__file__).parents[2] / "infra" / "nsfw-api"
IGNORE_OWNER_TAGS = """
provider "aws" {
  ignore_tags {
    key_prefixes = ["dormouse:"]
  }
}
"""


@pytest.fixture
def directory(tmp_path):
    needs_terraform()
    copy = tmp_path / "nsfw-api"
    shutil.copytree(SHIPPED, copy, ignore=shutil.ignore_patterns(".terraform*"))
    (copy / "owner_tags_override.tf").write_text(IGNORE_OWNER_TAGS)
    return copy


def test_terraform_imports_the_four_and_sees_no_changes(directory):
    compiled = compile_stack(directory, Inputs(), START)
    with (
        LaptopServer("fast", clock=ManualClock(START), furnish="article-network") as server,
        terraform_on(directory, server.url) as terraform,
    ):
        terraform.init()
        terraform.apply(awake=False)
        sut = StackUnderTest(server.aws, compiled.spec)
        outcome = sut.wake()
        assert outcome.result is Result.CONVERGED, outcome.cause

        for resource in compiled.spec.resources:
            arn = outcome.observed[resource.address].arn
            id_ = arn if ":ecs:" not in arn else "/".join(arn.split("/")[-2:])
            terraform.take_over(resource.address, id_, awake=True)
        plan = terraform.plan(awake=True)

    assert differences(plan) == {}
    four = {r.address for r in compiled.spec.resources}
    assert four <= {change["address"] for change in plan["resource_changes"]}


def differences(plan):
    """Address and argument to (what stands, what Terraform would make of it)."""
    found = {}
    for resource in plan["resource_changes"]:
        change = resource["change"]
        if change["actions"] != ["no-op"]:
            before, after = without_echo(change["before"] or {}), change["after"] or {}
            for name in before.keys() | after.keys():
                if before.get(name) != after.get(name):
                    where = f"{resource['address']}.{name}"
                    found[where] = (before.get(name), after.get(name))
    return found


def without_echo(listener):
    """
    Leave out what an import says twice.

    The provider then fills `forward` as well as `target_group_arn` of a default action, and plans
    to drop it; it does the same to a listener that Terraform itself has made.
    """
    actions = []
    for action in listener.get("default_action", ()):
        forwards = action["forward"][0]["target_group"] if action["forward"] else []
        echo = [one["arn"] for one in forwards] == [action["target_group_arn"]]
        actions.append({**action, "forward": []} if echo else action)
    return {**listener, "default_action": actions} if actions else listener


def test_terraform_itself_sees_nothing_to_do_while_the_stack_sleeps(directory):
    """The two never fight: awake = false is Terraform's view."""
    with (
        LaptopServer("fast", clock=ManualClock(START), furnish="article-network") as server,
        terraform_on(directory, server.url) as terraform,
    ):
        terraform.init()
        terraform.apply()
        made = {c.operation for c in server.aws.calls.writes()}
        plan = terraform.plan()

    assert not made & {"CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "CreateService"}
    assert all(c["change"]["actions"] == ["no-op"] for c in plan["resource_changes"])
