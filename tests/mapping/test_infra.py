"""The stack that the repository ships: complete, valid, free while asleep, without a flaw."""

import shutil
from pathlib import Path

import pytest
from hand_made import NOW

from controller.domain.planning.spec import Kind
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from local.server import LaptopServer
from oracle import Terraform, needs_terraform, terraform_on

SHIPPED = Path(__file__).parents[2] / "infra" / "nsfw-api"
SLEEPERS = {
    "aws_lb.nlb[0]",
    "aws_lb_target_group.ecs_tg[0]",
    "aws_lb_listener.nlb_listener[0]",
    "aws_ecs_service.nsfw_service[0]",
}


def test_the_shipped_stack_compiles_without_a_word():
    result = compile_stack(SHIPPED, Inputs(), NOW)
    assert [str(problem) for problem in result.problems] == []
    assert {resource.address for resource in result.spec.resources} == SLEEPERS
    assert {r.kind for r in result.spec.resources} == {k for k in Kind if not k.is_companion}


def test_the_shipped_stack_keeps_the_hours_of_its_policy():
    spec = compile_stack(SHIPPED, Inputs(), NOW).spec
    assert spec.policy["time_zone"] == "Asia/Tokyo"
    assert spec.policy["office_hours"] == [[["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]]


def test_load_balancer_and_service_share_their_subnet():
    """With two subnets given, too: that is the article's own trap (AWS behaviour §1.11)."""
    two = 'public_subnet_ids=["subnet-1", "subnet-2"]'
    result = compile_stack(SHIPPED, Inputs(options=(("var", two),)), NOW)
    assert result.problems == ()
    service = result.spec["aws_ecs_service.nsfw_service[0]"].request
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["subnets"] == ["subnet-1"]


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(SHIPPED, tmp_path / "nsfw-api"))


@pytest.mark.terraform
def test_terraform_finds_it_valid_and_well_formatted(copy):
    needs_terraform()
    terraform = Terraform(copy)
    terraform.init()
    assert "valid" in terraform.run("validate", "-no-color").stdout
    terraform.run("fmt", "-check", "-recursive")


@pytest.mark.terraform
@pytest.mark.slow
def test_terraform_itself_keeps_only_what_is_free(copy):
    needs_terraform()
    with (
        LaptopServer(furnish="article-network") as server,
        terraform_on(copy, server.url) as terraform,
    ):
        terraform.init()
        asleep, awake = planned(terraform.plan()), planned(terraform.plan(awake=True))
    assert awake - asleep == SLEEPERS
    assert asleep <= awake
    assert "aws_ecs_cluster.nsfw_cluster" in asleep


def planned(plan):
    return {change["address"] for change in plan["resource_changes"] if change["mode"] == "managed"}
