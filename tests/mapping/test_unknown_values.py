"""What only AWS knows: told by the first such thing, its place, and the way out."""

from __future__ import annotations

import json

import pytest
from hand_made import NOW

from controller.domain.problem import Level
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from hcl.cases import write

STACK = """
provider "aws" {
  region = "eu-west-1"
}

data "aws_subnets" "mine" {
  tags = { Tier = "public" }
}

data "aws_caller_identity" "me" {}

locals {
  ids = data.aws_subnets.mine.ids
}

resource "aws_subnet" "each" {
  count      = length(local.ids)
  vpc_id     = "vpc-0a1b2c3d"
  cidr_block = "10.0.${count.index}.0/24"
}

resource "aws_s3_bucket" "logs" {
  bucket = "logs-${data.aws_caller_identity.me.account_id}"
}

resource "aws_lb" "front" {
  name               = NAME
  load_balancer_type = "network"
  subnets            = SUBNETS
  MORE
}
"""
FIRST = "data.aws_subnets.mine.ids[0] (main.tf:6)"
OUT = "write the value out, or as a variable"
STATE = "; Terraform's state has it: give --state FILE, what `terraform show -json` prints"


def compiled(tmp_path, name='"front"', subnets='["subnet-0a1b2c3d"]', more="", provider=""):
    text = STACK.replace("NAME", name).replace("SUBNETS", subnets).replace("MORE", more)
    text = text.replace('"eu-west-1"\n', f'"eu-west-1"\n{provider}')
    return compile_stack(write(tmp_path, {"main.tf": text}), Inputs(), NOW, stack="one")


def errors(result):
    return [problem.message for problem in result.problems if problem.level is Level.ERROR]


def passing(result):
    return [problem for problem in result.problems if problem.rule == "passing-tag"]


def request(result):
    assert result.spec is not None, errors(result)
    return result.spec["aws_lb.front"].request


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"subnets": "[strrev(local.ids[0])]"},
            f"subnets: comes from {FIRST}, which only AWS knows, and strrev() is not computed when "
            f"the stack wakes; {OUT}{STATE}",
        ),
        (
            {"subnets": "[urlencode(local.ids[0])]"},
            f"subnets: comes from {FIRST}, which only AWS knows, and urlencode() is not computed "
            f"when the stack wakes; {OUT}{STATE}",
        ),
        (
            {"subnets": "aws_subnet.each[*].id"},
            "subnets: comes from data.aws_subnets.mine.ids (main.tf:6), which only AWS knows, and "
            f"the count at main.tf:17 is not computed when the stack wakes; {OUT}{STATE}",
        ),
        (
            {"more": "enable_deletion_protection = local.ids[0] == aws_s3_bucket.logs.arn"},
            "enable_deletion_protection: must be known when compiling, found a value that comes "
            f"from {FIRST}; write it out, or as a variable{STATE}",
        ),
        (
            {"name": "data.aws_caller_identity.me.account_id"},
            "name: must be known when compiling, found one that comes from "
            "data.aws_caller_identity.me.account_id (main.tf:10), which is looked up when the "
            f"stack wakes; write the name out{STATE}",
        ),
        (
            {"name": '"front-${uuid()}"'},
            "name: uuid() is another at every run; write a value that stays",
        ),
        (
            {"subnets": '["subnet-${formatdate("YYYY", timestamp())}"]'},
            "subnets: timestamp() is another at every run; write a value that stays",
        ),
        (
            {"more": "count = local.ids[0] == local.ids[1] ? 1 : 0"},
            f"count depends on {FIRST}, which only AWS knows; write the number or the keys "
            f"down{STATE}",
        ),
    ],
)
def test_an_error_names_the_first_resource_its_place_and_whether_state_would_end_it(
    tmp_path, arguments, message
):
    assert errors(compiled(tmp_path, **arguments)) == [message]


def test_a_bucket_that_is_named_after_the_account_is_looked_up(tmp_path):
    logs = "access_logs {\n    bucket  = aws_s3_bucket.logs.id\n    enabled = true\n  }"
    result = compiled(tmp_path, more=logs)
    request(result)

    assert result.spec["aws_lb.front"].attributes["access_logs.s3.bucket"] == {
        "$join": ["logs-", ACCOUNT]
    }


ACCOUNT = {
    "$look_up": "caller_identity",
    "attribute": "account_id",
    "of": "data.aws_caller_identity.me",
}


@pytest.mark.parametrize(
    "value",
    ["timestamp()", 'formatdate("YYYY", timestamp())', '"run-${uuid()}"', "plantimestamp()"],
)
def test_a_tag_that_is_another_at_every_run_is_left_out_with_a_warning(tmp_path, value):
    tags = f'tags = {{\n    Made = {value}\n    Team = "x"\n  }}'
    result = compiled(tmp_path, more=tags)

    assert request(result)["Tags"] == [{"Key": "Team", "Value": "x"}]
    (warning,) = passing(result)
    assert warning.message.startswith("tags: Made comes from ")
    assert "dormouse leaves the tag out" in warning.message


def test_the_providers_default_tags_are_looked_up_and_left_out_in_the_same_way(tmp_path):
    tags = {
        "Account": "data.aws_caller_identity.me.account_id",
        "Made": "timestamp()",
        "Number": "7",
    }
    lines = "\n".join(f"      {key} = {value}" for key, value in tags.items())
    provider = f"  default_tags {{\n    tags = {{\n{lines}\n    }}\n  }}\n"
    result = compiled(tmp_path, provider=provider)

    assert request(result)["Tags"] == [
        {"Key": "Account", "Value": ACCOUNT},
        {"Key": "Number", "Value": "7"},
    ]
    (warning,) = passing(result)
    assert warning.address == "provider.aws"


MISSING = 'filebase64sha256("lambda.zip")'


@pytest.mark.parametrize(
    "text",
    [
        f'resource "aws_lambda_function" "f" {{\n  source_code_hash = {MISSING}\n}}',
        f"locals {{\n  unused = {MISSING}\n}}",
        f'output "o" {{\n  value = {MISSING}\n}}',
        f'locals {{\n  hash = {MISSING}\n}}\n\noutput "o" {{\n  value = "x-${{local.hash}}"\n}}',
    ],
)
def test_a_missing_file_that_nothing_which_sleeps_needs_is_one_warning(tmp_path, text):
    (tmp_path / "more.tf").write_text(text + "\n")
    result = compiled(tmp_path)

    assert request(result)["Name"] == "front"
    (warning,) = [p for p in result.problems if p.place and p.place.file == "more.tf"]
    assert (warning.level, warning.rule) == (Level.WARNING, "missing-file")
    assert warning.message == (
        'filebase64sha256(): argument 1 ("path"): there is no file "lambda.zip"; nothing that '
        "sleeps needs it, but Terraform fails without it"
    )


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", {"subnets": f"[{MISSING}]"}),
        (f"locals {{\n  hash = {MISSING}\n}}", {"subnets": '["subnet-${local.hash}"]'}),
        (f"locals {{\n  hash = {MISSING}\n}}", {"name": "local.hash"}),
        (f"locals {{\n  hash = {MISSING}\n}}", {"more": 'count = local.hash == "x" ? 1 : 0'}),
        (f"locals {{\n  hash = {MISSING}\n}}", {"more": "internal = local.hash"}),
        (
            f'resource "aws_subnet" "s" {{\n  tags = {{\n    Name = {MISSING}\n  }}\n}}',
            {"subnets": "[aws_subnet.s.id]"},
        ),
        (
            f'resource "aws_subnet" "s" {{\n  count = length({MISSING})\n}}',
            {"subnets": "aws_subnet.s[*].id"},
        ),
    ],
)
def test_a_missing_file_that_something_needs_is_one_error_at_the_call(tmp_path, text, arguments):
    (tmp_path / "more.tf").write_text(text + "\n")
    result = compiled(tmp_path, **arguments)

    assert result.spec is None
    (error,) = errors(result)
    assert error == 'filebase64sha256(): argument 1 ("path"): there is no file "lambda.zip"'
    assert "missing-file" not in {problem.rule for problem in result.problems}


def test_a_file_that_may_be_missing_is_not_missed(tmp_path):
    text = (
        'locals {\n  a = try(file("no"), "d")\n  b = can(file("no"))\n'
        '  c = fileexists("no") ? file("no") : "d"\n}\n'
    )
    (tmp_path / "more.tf").write_text(text)
    result = compiled(tmp_path, name='"front-${local.a}-${local.b}-${local.c}"')
    assert request(result)["Name"] == "front-d-false-d"
    assert "missing-file" not in {problem.rule for problem in result.problems}


def test_one_value_that_is_not_known_is_one_error_however_many_want_it(tmp_path):
    more = """
}

resource "random_pet" "p" {}

resource "aws_lb_target_group" "app" {
  name     = "app"
  port     = tonumber(random_pet.p.id)
  protocol = "TCP"
  vpc_id   = "vpc-0a1b2c3d"
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.front.arn
  port              = random_pet.p.id
  protocol          = random_pet.p.id
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
"""
    (message,) = errors(compiled(tmp_path, more=more))
    assert message.startswith(
        "port: must be known when compiling, found a value that comes from random_pet.p.id "
        "(main.tf:33)"
    )
    assert message.count("; the same at main.tf:44, main.tf:45") == 1


def test_a_listener_whose_target_is_found_when_waking_may_be_the_one(tmp_path):
    """Nobody knows then which group lacks a listener."""
    more = """
}

data "aws_ssm_parameter" "arn" {
  name = "/arn"
}

resource "aws_lb_target_group" "app" {
  name        = "app"
  port        = 80
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = "vpc-0a1b2c3d"
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.front.arn
  port              = 80
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = trimspace(data.aws_ssm_parameter.arn.value)
  }
}

resource "aws_ecs_service" "app" {
  name            = "app"
  task_definition = "app"
  launch_type     = "FARGATE"
  network_configuration {
    subnets          = ["subnet-0a1b2c3d"]
    assign_public_ip = true
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 80
  }
"""
    assert errors(compiled(tmp_path, more=more)) == []


def test_of_an_argument_without_a_value_nothing_is_said_that_is_true_of_its_default(tmp_path):
    more = """
}

resource "aws_lb_target_group" "app" {
  name        = "app"
  port        = 80
  protocol    = "TCP"
  target_type = uuid()
  vpc_id      = "vpc-0a1b2c3d"
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.front.arn
  port              = 80
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_ecs_service" "app" {
  name            = "app"
  task_definition = "app"
  launch_type     = "FARGATE"
  network_configuration {
    subnets          = ["subnet-0a1b2c3d"]
    assign_public_ip = true
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 80
  }
"""
    assert errors(compiled(tmp_path, more=more)) == [
        "target_type: uuid() is another at every run; write a value that stays"
    ]


def test_what_a_kept_resource_is_found_by_is_named_where_it_is_not_known(tmp_path):
    tags = 'tags = {\n    Name = "s-${random_pet.p.id}"\n  }'
    text = f'resource "random_pet" "p" {{}}\nresource "aws_subnet" "s" {{\n  {tags}\n}}\n'
    (tmp_path / "more.tf").write_text(text)
    (message,) = errors(compiled(tmp_path, subnets="[aws_subnet.s.id]"))
    assert "aws_subnet.s (more.tf:2) cannot be found when the stack wakes" in message
    assert "random_pet.p" in message


def test_one_of_the_resources_that_aws_counts_is_computed(tmp_path):
    text = 'data "aws_subnet" "s" {\n  for_each = toset(local.ids)\n  id       = each.value\n}\n'
    (tmp_path / "more.tf").write_text(text)
    found = request(compiled(tmp_path, subnets="[values(data.aws_subnet.s)[0].id]"))["Subnets"]
    assert found[0]["$call"] in ("get", "tostring")
    assert '"$for"' in json.dumps(found)
