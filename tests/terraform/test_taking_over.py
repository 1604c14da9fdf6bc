"""
The way of docs/getting-started.md: what runs under Terraform is handed over without a pause.

The article's directory is applied as printed; then it gets the variable `awake` and the tags,
Terraform forgets the four, and both sides see nothing to do.
"""

from __future__ import annotations

import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.planning.plan import Target, make_plan
from controller.domain.planning.progress import Progress
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.reconcile.side_by_side import one_by_one
from local.server import LaptopServer
from oracle import Terraform, needs_terraform

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PRINTED = Path(__file__).parents[1] / "data" / "article-stack"
FOUR = (
    "aws_lb.nlb",
    "aws_lb_target_group.ecs_tg",
    "aws_lb_listener.nlb_listener",
    "aws_ecs_service.nsfw_service",
)
AWAKE = 'variable "awake" {\n  type    = bool\n  default = false\n}\n'


@pytest.fixture
def directory(tmp_path):
    needs_terraform()
    copy = tmp_path / "nsfw-api"
    shutil.copytree(PRINTED, copy)
    change(copy / "fargate.tf", '"1.3.0"', '"1.4.0"')  # AWS starts nothing on it any more
    return copy


def await_that(holds):
    """The laptop runs at sixty times the speed: minutes there are seconds here."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def prepare(directory):
    """What the page tells people to write: `awake`, and the tags on the four."""
    (directory / "awake.tf").write_text(AWAKE)
    for path in directory.glob("*.tf"):
        text = path.read_text()
        for address in FOUR:
            kind, name = address.split(".")
            text = text.replace(
                f'resource "{kind}" "{name}" {{\n',
                f'resource "{kind}" "{name}" {{\n'
                "  count = var.awake ? 1 : 0\n"
                f'  tags = {{ "dormouse:stack" = "nsfw-api", "dormouse:address" = "{address}" }}\n',
            )
            text = re.sub(rf"{re.escape(address)}\.arn", f"{address}[0].arn", text)
        path.write_text(text)


def test_what_runs_is_handed_over_without_a_pause(directory):
    with LaptopServer("fast", speed=60, furnish="article-network") as server:
        terraform = Terraform(directory, server.url)
        terraform.init()
        terraform.apply()
        elbv2 = server.aws.session().client("elbv2")
        (group,) = elbv2.describe_target_groups()["TargetGroups"]

        def healthy():
            reply = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
            return [t["TargetHealth"]["State"] for t in reply["TargetHealthDescriptions"]]

        await_that(lambda: healthy() == ["healthy"])
        prepare(directory)
        start = len(server.aws.calls)
        terraform.apply(awake=True)
        terraform.run("state", "rm", *FOUR)
        plan = terraform.plan()
        changes = {c["address"]: c["change"]["actions"] for c in plan["resource_changes"]}
        writes = [c.operation for c in list(server.aws.calls)[start:] if not c.is_read]
        spec = compile_stack(directory, Inputs(), START).spec
        cloud = AwsCloud(spec, Clients(server.aws.session(), spec.region), one_by_one)
        ours = make_plan(
            spec, Target.AWAKE, cloud.observe(Target.AWAKE, Progress(), server.aws.clock.now())
        )

        assert set(map(tuple, changes.values())) == {("no-op",)}
        assert set(writes) <= {"AddTags", "TagResource"}
        assert ours.converged, (ours.actions, ours.waiting, ours.blocked)
        assert healthy() == ["healthy"]
