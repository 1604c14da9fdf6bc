"""
The real terraform on every form that adopt writes, all of them in one directory.

It accepts them, finds them laid out as it would itself, makes awake what it made before, and
asleep nothing of it, with every output and local evaluated.
"""

from __future__ import annotations

import json

import pytest
from adopting import STACK, prepared
from test_adopted_expressions import STAYS, SURVIVES, output

from controller.adopt.proof import created
from oracle import needs_terraform, terraform_on

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

OFFLINE = """provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""
MORE = """
resource "aws_eip" "front" {
  tags = { Name = "front" }
}

locals {
  group = { port = 90, protocol = "TCP", target_type = "ip", vpc_id = "vpc-0a1b2c3d" }
  url   = "http://${aws_lb.second.dns_name}/" # comments
  other = 1                                   # in a row
}

resource "aws_lb" "second" {
  name               = "second"
  load_balancer_type = "network"
  subnet_mapping {
    subnet_id     = "subnet-0a1b2c3e"
    allocation_id = aws_eip.front.id
  }
}

resource "aws_lb_target_group" "two" {
  count       = 2
  name        = "two-${count.index}"
  port        = local.group.port
  protocol    = local.group.protocol
  target_type = local.group.target_type
  vpc_id      = local.group.vpc_id
}

resource "aws_lb_target_group" "keyed" {
  for_each    = { a = { n = 1 }, b = { n = 2, m = 3 } }
  name        = "keyed-${each.key}"
  port        = 90 + each.value.n
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = "vpc-0a1b2c3d"
}

resource "aws_lb_listener" "keyed" {
  for_each          = aws_lb_target_group.keyed
  load_balancer_arn = aws_lb.second.arn
  port              = each.value.port
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = each.value.arn
  }
}

resource "aws_sns_topic" "kept" {
  name       = "of-${aws_ecs_service.app.name}"
  depends_on = [aws_lb.front]
}

data "aws_lb" "it" {
  arn = aws_lb.front.arn
}

check "up" {
  assert {
    condition     = aws_lb.front.dns_name != ""
    error_message = "no ${aws_lb.front.dns_name}"
  }
}

module "svc" {
  source = "./svc"
}

output "ports" {
  value = [for group in aws_lb_target_group.keyed : group.port]
}

output "all" {
  value = {
    one   = aws_lb_target_group.two[1].arn
    keyed = aws_lb_target_group.keyed["a"].arn
    read  = data.aws_lb.it.zone_id
    url   = local.url
    said  = "${aws_lb.second.dns_name}"
    text  = <<-EOT
      ${aws_lb.second.dns_name} and ${upper(aws_lb.front.dns_name)}
    EOT
    mod   = module.svc.arn
  }
}
"""
MODULE = """resource "aws_lb_target_group" "this" { name = "in-module" }

output "arn" {
  value = aws_lb_target_group.this.arn
}
"""
WHOLE = 'name = "in-module", port = 1, protocol = "TCP", target_type = "ip", vpc_id = "vpc-1"'


@pytest.fixture
def directory(tmp_path):
    needs_terraform()
    svc = tmp_path / "svc"
    svc.mkdir()
    arguments = WHOLE.replace(", ", "\n  ")
    (svc / "main.tf").write_text(MODULE.replace('{ name = "in-module" }', f"{{\n  {arguments}\n}}"))
    stack = OFFLINE + STACK.partition("}\n")[2]
    values = [*(before for before, _ in SURVIVES), *STAYS]
    outputs = "".join(output(value, f"o{number}") for number, value in enumerate(values))
    (tmp_path / "main.tf").write_text(stack + MORE)
    (tmp_path / "outputs.tf").write_text(outputs)
    body = {"output": {"json": {"value": "http://${aws_lb.front.dns_name}/"}}}
    (tmp_path / "json.tf.json").write_text(json.dumps(body))
    return tmp_path


def test_terraform_takes_every_form(directory):
    with terraform_on(directory) as terraform:
        terraform.run("fmt", "-recursive")
        terraform.init()
        before = terraform.plan()
        changes = prepared(directory).changes
        for change in changes.files:
            change.path.write_bytes(change.after)

        assert terraform.run("fmt", "-check", "-recursive", check=False).stdout == ""
        awake, asleep = terraform.plan(awake=True), terraform.plan()
    assert created(awake) == created(before)
    slept = created(before) - created(asleep)
    assert {address.partition("[")[0].rpartition("aws_")[2] for address in slept} == {
        "lb.front",
        "lb.second",
        "lb_target_group.app",
        "lb_target_group.two",
        "lb_target_group.keyed",
        "lb_target_group.this",
        "lb_listener.tcp",
        "lb_listener.keyed",
        "ecs_service.app",
    }
    outputs = asleep["planned_values"]["outputs"]
    assert outputs["o0"].get("value") is None
    assert outputs["ports"]["value"] == []
