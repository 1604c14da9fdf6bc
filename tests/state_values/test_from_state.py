"""What is taken from Terraform's state, and what is not: files first, look-ups next, then state."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.domain.problem import Level
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.terraform.recognise import read_state
from state_values.states import FORMS, state, thing

AT = datetime(2026, 11, 30, tzinfo=UTC)
GROUP = """
resource "aws_lb_target_group" "app" {{
  name                 = {name}
  port                 = 8080
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = {vpc}
  deregistration_delay = 10
}}
"""
RANDOM = 'resource "random_id" "suffix" {\n  byte_length = 4\n}\n'
SUFFIX = {"random_id.suffix": {"byte_length": 4, "hex": "abcdef01", "id": "q83vAQ"}}


def group(name='"app"', vpc='"vpc-1"'):
    return GROUP.format(name=name, vpc=vpc)


def balancer(mapping):
    return f"""
resource "aws_lb" "front" {{
  name               = "front"
  load_balancer_type = "network"
  {mapping}
}}
"""


@pytest.fixture
def compiled(tmp_path):
    def compile_(text, things=None, form="version-4", *, found=False, region="eu-west-1"):
        (tmp_path / "main.tf").write_text(text)
        known = read_state(state(form, things).encode(), "FILE") if things is not None else None
        if known and found:
            known = replace(known, found=True)
        return compile_stack(
            tmp_path,
            Inputs(region=region),
            AT,
            stack="s",
            find_state=lambda _: (known, ()),
        )

    return compile_


def request(result, address):
    assert result.spec is not None, [str(p) for p in result.problems]
    return result.spec[address].request


def errors(result):
    return [p.message for p in result.problems if p.level is Level.ERROR]


def rules(result):
    return {p.rule for p in result.problems}


@pytest.mark.parametrize("form", FORMS)
def test_a_random_name_is_terraforms(compiled, form):
    result = compiled(group('"app-${random_id.suffix.hex}"') + RANDOM, SUFFIX, form)

    assert request(result, "aws_lb_target_group.app")["Name"] == "app-abcdef01"
    assert "random-name" not in rules(result)


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ('"app-${random_id.suffix.hex}"', "app-", ""),
        ('"${random_id.suffix.hex}-app"', "", "-app"),
        ('"app-${random_id.suffix.hex}-tg"', "app-", "-tg"),
        ("random_id.suffix.hex", "tf-", ""),
        ('lower("app-${random_id.suffix.hex}")', "tf-", ""),
        ('"a-name-with-not-much-room-${random_id.suffix.hex}"', "a-name-with-not-much-room-", ""),
    ],
)
def test_without_state_a_random_name_is_a_stable_one_of_our_own(compiled, name, begins, ends):
    result = compiled(group(name) + RANDOM)
    found = request(result, "aws_lb_target_group.app")["Name"]

    assert found.startswith(begins) and found.endswith(ends)
    assert len(begins + ends) + 3 < len(found) <= 32
    assert found == request(compiled(group(name) + RANDOM), "aws_lb_target_group.app")["Name"]
    assert "random-name" in rules(result)


def test_a_random_name_that_leaves_no_room_is_an_error_that_state_would_end(compiled):
    name = '"a-name-that-leaves-no-room-at-all-${random_id.suffix.hex}"'

    (message,) = errors(compiled(group(name) + RANDOM))
    assert "--state" in message


@pytest.mark.parametrize("form", FORMS)
def test_remote_state_is_what_it_was(compiled, form):
    text = group(vpc="data.terraform_remote_state.net.outputs.ids[0]")
    text += 'data "terraform_remote_state" "net" {\n  backend = "s3"\n  config = { key = "k" }\n}\n'
    things = {
        "data.terraform_remote_state.net": {
            "backend": "s3",
            "config": {"key": "k"},
            "outputs": {"ids": ["vpc-77"]},
        }
    }

    assert request(compiled(text, things, form), "aws_lb_target_group.app")["VpcId"] == "vpc-77"


def test_the_role_of_the_provider_may_come_from_a_data_source(compiled):
    text = group() + (
        'data "aws_ssm_parameter" "role" {\n  name = "/role"\n}\n'
        'provider "aws" {\n  region = "eu-west-1"\n'
        "  assume_role {\n    role_arn = nonsensitive(data.aws_ssm_parameter.role.value)\n  }\n}\n"
    )
    role = "arn:aws:iam::123456789012:role/deploy"
    things = {"data.aws_ssm_parameter.role": {"name": "/role", "value": role}}

    assert "--state" in errors(compiled(text))[0]
    assert compiled(text, things).spec.role_arn == role


def test_a_group_without_name_and_equal_addresses_are_distinguished_by_their_ids(compiled):
    text = (
        balancer(
            'dynamic "subnet_mapping" {\n    for_each = aws_eip.ip\n    content {\n'
            '      subnet_id = "subnet-${subnet_mapping.key}"\n'
            "      allocation_id = subnet_mapping.value.allocation_id\n    }\n  }\n"
            "  security_groups = [aws_security_group.g.id]"
        )
        + 'resource "aws_eip" "ip" {\n  for_each = toset(["a", "b"])\n'
        '  tags = { Name = "same" }\n}\n'
        'resource "aws_security_group" "g" {\n  vpc_id = "vpc-1"\n}\n'
    )
    things = {
        'aws_eip.ip["a"]': {"allocation_id": "eipalloc-a", "tags": {"Name": "older"}},
        'aws_eip.ip["b"]': {"allocation_id": "eipalloc-b"},
        "aws_security_group.g": {"id": "sg-1", "vpc_id": "vpc-1"},
    }
    found = request(compiled(text, things), "aws_lb.front")

    assert found["SubnetMappings"] == [
        {"SubnetId": "subnet-a", "AllocationId": "eipalloc-a"},
        {"SubnetId": "subnet-b", "AllocationId": "eipalloc-b"},
    ]
    assert found["SecurityGroups"] == ["sg-1"]
    assert any(
        "cannot be distinguished from" in m and "--state" in m for m in errors(compiled(text))
    )


def test_a_vpc_known_by_its_block_alone_is_a_guess_unless_there_is_state(compiled):
    text = group(vpc="aws_vpc.v.id") + 'resource "aws_vpc" "v" {\n  cidr_block = "10.0.0.0/16"\n}\n'
    things = {"aws_vpc.v": {"id": "vpc-9", "cidr_block": "10.0.0.0/16"}}
    guess, known = compiled(text), compiled(text, things)

    assert request(guess, "aws_lb_target_group.app")["VpcId"]["cidr_block"] == "10.0.0.0/16"
    (warning,) = [p for p in guess.problems if p.rule == "weak-look-up"]
    assert (warning.address, warning.level) == ("aws_vpc.v", Level.WARNING)
    assert "--state" in warning.message
    assert request(known, "aws_lb_target_group.app")["VpcId"] == "vpc-9"
    assert "weak-look-up" not in rules(known)


ZONES = """
data "aws_availability_zones" "z" {
  state = "available"
}
resource "aws_subnet" "s" {
  count             = length(data.aws_availability_zones.z.names)
  vpc_id            = "vpc-1"
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, count.index)
  availability_zone = data.aws_availability_zones.z.names[count.index]
}
"""


def test_zones_that_decide_how_many_are_what_they_were(compiled):
    text = balancer("subnets = aws_subnet.s[*].id") + ZONES
    zones = {"state": "available", "names": ["a1", "b1"]}

    found = request(compiled(text, {"data.aws_availability_zones.z": zones}), "aws_lb.front")
    assert [one["of"] for one in found["Subnets"]] == ["aws_subnet.s[0]", "aws_subnet.s[1]"]
    assert any("--state" in message for message in errors(compiled(text)))


def test_what_a_look_up_finds_is_not_pinned(compiled):
    text = balancer(
        "subnet_mapping {\n    subnet_id = data.aws_subnet.s.id\n"
        "    allocation_id = aws_eip.ip.allocation_id\n  }"
    ) + (
        'resource "aws_eip" "ip" {\n  tags = { Name = "one" }\n}\n'
        'data "aws_subnet" "s" {\n  tags = { Name = "public" }\n}\n'
    )
    things = {
        "aws_eip.ip": {"allocation_id": "eipalloc-old", "tags": {"Name": "one"}},
        "data.aws_subnet.s": {"id": "subnet-old", "tags": {"Name": "public"}},
    }
    result = compiled(text, things)

    assert "-old" not in json.dumps(result.spec.to_json())
    assert result.spec.to_json()["resources"] == compiled(text).spec.to_json()["resources"]


def test_what_the_files_say_wins(compiled):
    text = group("aws_s3_bucket.b.bucket") + 'resource "aws_s3_bucket" "b" {\n  bucket = "new"\n}\n'
    things = {"aws_s3_bucket.b": {"bucket": "old", "id": "old"}}

    assert request(compiled(text, things), "aws_lb_target_group.app")["Name"] == "new"


LISTENER = """
resource "aws_lb_listener" "l" {
  load_balancer_arn = aws_lb.front.arn
  port              = 80
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
"""


@pytest.mark.parametrize("form", FORMS)
def test_what_dormouse_makes_anew_stays_a_reference(compiled, form):
    text = balancer('subnets = ["subnet-1"]') + group() + LISTENER
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
    things = {
        "aws_lb.front": {"arn": f"{arn}loadbalancer/net/front/1", "name": "front"},
        "aws_lb_target_group.app": {"arn": f"{arn}targetgroup/app/1", "name": "app"},
        "aws_lb_listener.l": {"arn": f"{arn}listener/net/front/1/2", "port": 80},
    }
    result = compiled(text, things, form)

    assert request(result, "aws_lb_listener.l")["LoadBalancerArn"] == {"$ref": "aws_lb.front.arn"}
    assert arn not in json.dumps(result.spec.to_json())


def test_what_depends_on_a_sleeper_is_not_taken_and_the_error_says_why(compiled):
    text = (
        balancer('subnets = ["subnet-1"]')
        + 'data "aws_lbs" "all" {\n  tags = { of = aws_lb.front.arn }\n}\n'
        + group('"app-${length(data.aws_lbs.all.arns)}"')
    )
    things = {"data.aws_lbs.all": {"arns": ["arn:x"], "tags": {"of": "arn:x"}}}

    (message,) = errors(compiled(text, things))
    assert "depends on aws_lb.front, which is created again at each wake" in message


STALE = {
    "another argument": (
        {"random_id.suffix": {"byte_length": 8, "hex": "ffffffffffffffff"}},
        "FILE (serial 12) is older than the files: byte_length is 8 there and 4 in the files",
    ),
    "tainted": (
        {"random_id.suffix": thing({"byte_length": 4, "hex": "ff"}, tainted=True)},
        "random_id.suffix is tainted",
    ),
    "deposed": (
        {"random_id.suffix": thing({"byte_length": 4, "hex": "ff"}, deposed="0badc0de")},
        "FILE (serial 12) has no random_id.suffix",
    ),
    "not there": (
        {},
        "FILE (serial 12) has no random_id.suffix; run terraform apply first, or give a plan",
    ),
}


@pytest.mark.parametrize("case", STALE)
def test_a_state_that_does_not_fit_is_not_taken_and_the_error_says_why(compiled, case):
    things, expected = STALE[case]
    text = group(vpc='"vpc-${random_id.suffix.hex}"') + RANDOM

    (message,) = errors(compiled(text, things))
    assert expected in message


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("number = 4", {"number": "4"}),
        ('flag = "true"', {"flag": True}),
        ('zone = "example.com"', {"zone": "example.com."}),
        ("json = jsonencode({ a = 1, b = [2] })", {"json": '{"b": [2], "a": 1}'}),
        ('all = ["b", "a"]', {"all": ["a", "b"]}),
        ('map = { a = "1" }', {"map": {"a": "1", "b": None}}),
        ("left = null", {"left": "computed"}),
        ('newer = "x"', {}),
        ('secret_wo = "x"', {"secret_wo": None}),
        ('block {\n    name = "n"\n  }', {"block": [{"name": "n", "extra": 1}]}),
    ],
)
def test_a_provider_s_own_spelling_is_no_difference(compiled, written, stored):
    text = group("foo_bar.x.made") + f'resource "foo_bar" "x" {{\n  {written}\n}}\n'

    found = request(
        compiled(text, {"foo_bar.x": {**stored, "made": "made"}}), "aws_lb_target_group.app"
    )
    assert found["Name"] == "made"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("number = 4", {"number": 5}),
        ('all = ["a", "b"]', {"all": ["a"]}),
        ('map = { a = "1" }', {"map": {"a": "2"}}),
        ('map = { a = "1" }', {"map": {"a": "1", "b": "2"}}),
        ('block {\n    name = "n"\n  }', {"block": [{"name": "m"}]}),
        ('block {\n    name = "n"\n  }', {"block": [{"name": "n"}, {"name": "o"}]}),
    ],
)
def test_another_value_is_a_difference(compiled, written, stored):
    text = group("foo_bar.x.made") + f'resource "foo_bar" "x" {{\n  {written}\n}}\n'

    (message,) = errors(compiled(text, {"foo_bar.x": {**stored, "made": "made"}}))
    assert "older than the files" in message


def test_of_an_aws_resource_only_what_makes_it_another_one_counts(compiled):
    text = group("aws_db_instance.d.resource_id") + (
        'resource "aws_db_instance" "d" {\n  identifier = "d"\n'
        '  instance_class = "db.t4g.small"\n}\n'
    )
    kept = {"identifier": "d", "instance_class": "db.t4g.micro", "resource_id": "db-abc"}

    found = compiled(text, {"aws_db_instance.d": kept})
    assert request(found, "aws_lb_target_group.app")["Name"] == "db-abc"
    (message,) = errors(compiled(text, {"aws_db_instance.d": {**kept, "identifier": "e"}}))
    assert "identifier" in message


SECRET = 'data "aws_secretsmanager_secret_version" "s" {\n  secret_id = "s"\n}\n'


def secret(text):
    return {"data.aws_secretsmanager_secret_version.s": {"secret_id": "s", "secret_string": text}}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_may_decide_and_stays_out_of_the_spec(compiled, form):
    text = SECRET + group(
        'length(data.aws_secretsmanager_secret_version.s.secret_string) > 3 ? "long" : "short"'
    )
    result = compiled(text, secret("hush-hush"), form)

    assert "hush" not in json.dumps(result.spec.to_json()) + str(result.problems)
    assert request(result, "aws_lb_target_group.app")["Name"] == "long"


def test_a_secret_that_a_sleeper_needs_is_warned_of_and_never_shown(compiled):
    text = SECRET + group("data.aws_secretsmanager_secret_version.s.secret_string")
    result = compiled(text, secret("hush-hush"))

    assert request(result, "aws_lb_target_group.app")["Name"] == "hush-hush"
    (warning,) = [p for p in result.problems if p.rule == "sensitive"]
    assert "plain text" in warning.message
    assert not any("hush" in p.message for p in result.problems)
    assert "hush" not in json.dumps(result.spec.source)


def test_a_secret_that_differs_from_the_files_is_not_shown(compiled):
    text = group("foo_bar.x.made") + (
        'variable "p" {\n  default = "hush-1"\n  sensitive = true\n}\n'
        'resource "foo_bar" "x" {\n  key = var.p\n}\n'
    )

    (message,) = errors(compiled(text, {"foo_bar.x": {"key": "hush-2", "made": "m"}}))
    assert "(sensitive value)" in message
    assert "hush" not in message


def test_what_a_plan_does_not_know_stays_unknown(compiled):
    text = group(vpc='"vpc-${random_id.suffix.hex}"') + RANDOM
    things = {"random_id.suffix": thing({"byte_length": 4, "hex": ""}, unknown=["hex"])}

    (message,) = errors(compiled(text, things, "plan"))
    assert "known only after apply" in message


def test_a_state_of_another_region_is_refused_or_left_out(compiled):
    text = group('"app-${random_id.suffix.hex}"') + RANDOM
    things = {
        **SUFFIX,
        "aws_eip.x": {"arn": "arn:aws:ec2:us-east-1:123456789012:elastic-ip/eipalloc-1"},
    }
    given, found = compiled(text, things), compiled(text, things, found=True)

    assert given.spec is None
    assert "us-east-1, but the stack lives in eu-west-1" in errors(given)[0]
    assert "abcdef01" not in request(found, "aws_lb_target_group.app")["Name"]
    assert any(p.rule == "state" and p.level is Level.WARNING for p in found.problems)
    assert compiled(text, things, region="us-east-1").spec is not None


def test_the_spec_says_what_of_it_is_the_state_s(compiled):
    text = balancer('subnets = [aws_subnet.s.id, "subnet-known"]') + (
        'resource "aws_subnet" "s" {\n  vpc_id = "vpc-1"\n}\n'
    )
    things = {"aws_subnet.s": {"id": "subnet-0a1b2c3d", "arn": "arn:aws:ec2:x", "vpc_id": "vpc-1"}}
    result = compiled(text, things)

    assert result.spec.source["state"] == {
        "name": "FILE (serial 12)",
        "values": {"subnet-0a1b2c3d": "aws_subnet.s.id"},
    }
    assert result.spec.hash == result.spec.from_json(result.spec.to_json()).hash


@pytest.mark.parametrize(
    "text",
    [
        group("aws_lb.front.name_that_is_not_there"),
        group('"${aws_lb_target_group.other.arn_suffix}-${timestamp()}"')
        + group().replace('"app" {', '"other" {', 1),
        group("missing()"),
        group("var.none"),
    ],
)
def test_an_error_that_no_state_would_solve_does_not_request_one(compiled, text):
    found = errors(compiled(balancer('subnets = ["subnet-1"]') + text))

    assert found
    assert not any("--state" in message for message in found)


@pytest.mark.parametrize(
    ("files", "known", "taken"),
    [
        ("random_id.suffix", "random_id.suffix[0]", True),
        ("random_id.suffix[0]", "random_id.suffix", True),
        ("random_id.suffix[1]", "random_id.suffix", False),
        ('random_id.suffix["0"]', "random_id.suffix", False),
    ],
)
def test_a_count_that_came_or_went_is_the_same_resource(compiled, files, known, taken):
    repeated = "" if files == "random_id.suffix" else "  count = 2\n"
    repeated = '  for_each = toset(["0"])\n' if '"' in files else repeated
    random = RANDOM.replace("byte_length", f"{repeated}  byte_length")
    text = group(vpc=f'"vpc-${{{files}.hex}}"') + random
    result = compiled(text, {known: SUFFIX["random_id.suffix"]})

    assert (result.spec is not None) == taken


def test_a_certificate_for_cloudfront_does_not_make_the_state_another_region_s(compiled):
    things = {
        **SUFFIX,
        "aws_acm_certificate.c": {"arn": "arn:aws:acm:us-east-1:123456789012:certificate/1"},
    }

    assert compiled(group(vpc='"vpc-${random_id.suffix.hex}"') + RANDOM, things).spec is not None


def test_a_state_without_anything_of_the_directory_is_warned_of(compiled):
    related = compiled(group() + RANDOM, SUFFIX)
    unrelated = compiled(group() + RANDOM, {"random_id.other": SUFFIX["random_id.suffix"]})

    assert "state" not in rules(related)
    (warning,) = [p for p in unrelated.problems if p.rule == "state"]
    assert warning.level is Level.WARNING
    assert "knows nothing of this directory" in warning.message
    assert "state" not in rules(compiled(group() + RANDOM, {}))


def test_the_role_is_among_what_the_state_has_said(compiled):
    text = group() + (
        'provider "aws" {\n  region = "eu-west-1"\n'
        "  assume_role {\n    role_arn = aws_iam_role.r.arn\n  }\n}\n"
        'resource "aws_iam_role" "r" {\n  name = "r"\n  assume_role_policy = "{}"\n}\n'
    )
    role = "arn:aws:iam::123456789012:role/r"
    result = compiled(text, {"aws_iam_role.r": {"name": "r", "arn": role}})

    assert result.spec.role_arn == role
    assert result.spec.source["state"]["values"] == {role: "aws_iam_role.r.arn"}


@pytest.mark.parametrize("awake", [True, False])
def test_a_group_that_stays_is_found_by_the_random_name_that_the_state_has(compiled, awake):
    count = "  count = var.awake ? 1 : 0\n"
    text = (
        'variable "awake" {\n  type = bool\n  default = false\n}\n'
        + balancer('subnets = ["subnet-1"]').replace('  name ', f"{count}  name ", 1)
        + group('"kept-${random_id.suffix.hex}"')
        + RANDOM
        + LISTENER.replace("  load_balancer_arn = aws_lb.front.arn", f"{count}"
                           "  load_balancer_arn = aws_lb.front[0].arn")
    )  # fmt: skip
    things = {
        **SUFFIX,
        "aws_lb_target_group.app": {"name": "kept-abcdef01", "arn": "arn:of:the:group"},
    }
    if awake:
        things["aws_lb.front[0]"] = {"arn": "arn:of:the:balancer"}
    found = request(compiled(text, things), "aws_lb_listener.l[0]")

    target = found["DefaultActions"][0]["TargetGroupArn"]
    assert (target["$look_up"], target["name"]) == ("target_group", "kept-abcdef01")
    assert found["LoadBalancerArn"] == {"$ref": "aws_lb.front[0].arn"}


SERVICE = """
data "aws_caller_identity" "me" {}

resource "aws_ecs_service" "s" {
  name                               = "s-${data.aws_caller_identity.me.account_id}"
  cluster                            = "main"
  task_definition                    = "app"
  desired_count                      = 1
  deployment_minimum_healthy_percent = 0
}
"""


def test_a_service_is_found_by_its_name_so_that_is_known_or_refused(compiled):
    me = {"data.aws_caller_identity.me": {"account_id": "123456789012"}}

    (message,) = errors(compiled(SERVICE))
    assert message.startswith("name: ") and "--state" in message
    assert request(compiled(SERVICE, me), "aws_ecs_service.s")["serviceName"] == "s-123456789012"


TWINS = {
    "one prefix": (
        'resource "aws_security_group" "g" {\n  count = 2\n  name_prefix = "app-"\n'
        '  vpc_id = "vpc-1"\n}\n',
        "security_groups = aws_security_group.g[*].id",
        "aws_security_group.g",
        'name_prefix "app-" and vpc_id "vpc-1" finds both',
        'name_prefix = "app-${count.index}"',
    ),
    "a prefix of another name": (
        'resource "aws_security_group" "g" {\n  count = 2\n'
        '  name_prefix = count.index == 0 ? "app-" : "app-db-"\n  vpc_id = "vpc-1"\n}\n',
        "security_groups = [aws_security_group.g[0].id]",
        "aws_security_group.g",
        'name_prefix "app-" and vpc_id "vpc-1" finds both',
        'name_prefix = count.index == 0 ? "app-web-" : "app-db-"',
    ),
    "one block": (
        'resource "aws_vpc" "g" {\n  count = 2\n  cidr_block = "10.0.0.0/16"\n}\n'
        'resource "aws_subnet" "s" {\n  vpc_id = aws_vpc.g[1].id\n'
        '  cidr_block = "10.0.1.0/24"\n}\n',
        "subnets = [aws_subnet.s.id]",
        "aws_vpc.g",
        None,
        'cidr_block = "10.${count.index}.0.0/16"',
    ),
    "tags": (
        'resource "aws_eip" "g" {\n  count = 2\n  tags = { Name = "x" }\n}\n',
        'subnet_mapping {\n    subnet_id = "subnet-1"\n'
        "    allocation_id = aws_eip.g[0].allocation_id\n  }",
        "aws_eip.g",
        "the tags {'Name': 'x'} finds both",
        'tags = { Name = "x${count.index}" }',
    ),
}


@pytest.mark.parametrize("case", TWINS)
def test_what_finds_two_resources_of_the_directory_identifies_neither(compiled, case):
    things, argument, address, expected, apart = TWINS[case]
    mapping = argument if "subnet" in argument else f'subnets = ["subnet-1"]\n  {argument}'
    text = balancer(mapping) + things
    reported = errors(compiled(text))

    assert reported
    assert all("--state" in message for message in reported)
    assert expected is None or (expected in reported[0] and f"{address}[1]" in reported[0])
    left = apart.partition(" =")[0]
    other = "\n".join(
        f"  {apart}" if row.strip().startswith(f"{left} =") and "10.0.1" not in row else row
        for row in things.splitlines()
    )
    assert errors(compiled(balancer(mapping) + other + "\n")) == []


def test_an_address_that_the_state_has_is_counted_once(compiled):
    text = (
        'provider "aws" {\n  region = "us-east-1"\n}\n'
        + balancer(
            'subnet_mapping {\n    subnet_id = "subnet-1"\n'
            "    allocation_id = aws_eip.ip[0].allocation_id\n  }"
        )
        + 'resource "aws_eip" "ip" {\n  count = 2\n  tags = { Name = "same" }\n}\n'
    )
    things = {
        f"aws_eip.ip[{i}]": {"allocation_id": f"eipalloc-{i}", "id": f"eipalloc-{i}"}
        for i in (0, 1)
    }
    reported = compiled(text, things).findings
    (idle,) = [p for p in reported if p.rule == "idle-cost"]

    assert idle.address == "aws_eip.ip[1]"
    assert "asleep or awake: public address," in idle.message
