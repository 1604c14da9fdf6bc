"""
The article's running stack is adopted with the real terraform, and given back.

The article's directory is applied as printed. From before adopt until after the undo its container
is asked every second, the way its clients would: over the load balancer's address.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli.main import cli
from local.server import LaptopServer
from oracle import needs_terraform, terraform_on

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

PRINTED = Path(__file__).parents[1] / "data" / "article-stack"
FOUR = {
    "aws_lb.nlb",
    "aws_lb_target_group.ecs_tg",
    "aws_lb_listener.nlb_listener",
    "aws_ecs_service.nsfw_service",
}
OUTPUT = 'output "url" {\n  value = "http://${aws_lb.nlb.dns_name}:5000/"\n}\n'


@pytest.fixture
def directory(tmp_path):
    needs_terraform()
    copy = tmp_path / "nsfw-api"
    shutil.copytree(PRINTED, copy)
    fargate = copy / "fargate.tf"
    fargate.write_text(fargate.read_text().replace('"1.3.0"', '"1.4.0"'))
    (copy / "url.tf").write_text(OUTPUT)
    return copy


class Visitor:
    """Asks every second whether the service answers: a load balancer that is active, a target."""

    def __init__(self, server):
        self._elbv2 = server.aws.session().client("elbv2")
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._visit)
        self.answers = []

    def answered(self):
        balancers = self._elbv2.describe_load_balancers()["LoadBalancers"]
        groups = self._elbv2.describe_target_groups()["TargetGroups"]
        if [one["State"]["Code"] for one in balancers] != ["active"] or len(groups) != 1:
            return False
        (listener,) = self._elbv2.describe_listeners(
            LoadBalancerArn=balancers[0]["LoadBalancerArn"]
        )["Listeners"]
        arn = groups[0]["TargetGroupArn"]
        health = self._elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        forwards = listener["DefaultActions"][0]["TargetGroupArn"] == arn
        return forwards and "healthy" in [one["TargetHealth"]["State"] for one in health]

    def _visit(self):
        while not self._end.wait(1):
            self.answers.append(self.answered())

    def __enter__(self):
        deadline = time.monotonic() + 60
        while not self.answered():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


def dormouse(*arguments):
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_articles_stack_is_adopted_and_given_back_while_it_serves(directory, monkeypatch):
    with (
        LaptopServer("fast", speed=60, furnish="article-network") as server,
        terraform_on(directory, server.url) as terraform,
    ):
        terraform.init()
        terraform.apply()
        for name, value in terraform.environment.items():
            if name.startswith(("AWS_", "TF_", "CHECKPOINT_")):
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        before = {p.name: p.read_bytes() for p in directory.iterdir() if p.is_file()}
        with Visitor(server) as visitor:
            start = len(server.aws.calls)
            reported = json.loads(dormouse("adopt", directory, "--yes", "--json"))
            writes = {c.operation for c in list(server.aws.calls)[start:] if not c.is_read}
            plan = terraform.plan()
            left = set(terraform.run("state", "list").stdout.split())
            formatted = terraform.run("fmt", "-check", "-recursive", check=False).stdout
            nothing = dormouse("plan", directory)
            undone = json.loads(dormouse("adopt", directory, "--undo", "--json"))
        (directory / "tfplan").unlink()

        assert reported["result"] == "adopted"
        assert set(reported["forgotten"]) == FOUR
        assert writes <= {"AddTags", "TagResource"}
        assert {tuple(c["change"]["actions"]) for c in plan["resource_changes"]} == {("no-op",)}
        assert plan["output_changes"]["url"]["actions"] == ["no-op"]
        assert not left & FOUR
        assert formatted == ""
        assert 'Nothing to do: stack "nsfw-api" is awake.' in nothing
        assert set(undone["taken_in"]) == FOUR
        (directory / "terraform.tfstate.backup").unlink()  # of the apply of outputs
        assert {p.name: p.read_bytes() for p in directory.iterdir() if p.is_file()} == before
        assert len(visitor.answers) > 5
        assert all(visitor.answers)
