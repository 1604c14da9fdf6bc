"""Resources, data sources, modules: instances and what others see (HCL semantics §17-§21)."""

from __future__ import annotations

import pytest

from controller.hcl.plain import to_python
from controller.hcl.values import Origin
from hcl.cases import ask, errors_of, world

NETWORK = """
variable "subnets" {
  default = ["subnet-1", "subnet-2"]
}
resource "aws_lb" "n" {
  name               = "n"
  load_balancer_type = "network"
  dynamic "subnet_mapping" {
    for_each = zipmap(var.subnets, ["eipalloc-1", "eipalloc-2"])
    iterator = pair
    content {
      subnet_id     = pair.key
      allocation_id = pair.value
    }
  }
}
"""


def value(requested, address, name, block=None):
    body = requested.resources[address].body
    return (body.of_type(block)[0] if block else body).attributes[name].value


def test_a_dynamic_block_gives_one_block_an_element_in_order(tmp_path):
    requested = world(tmp_path, NETWORK)

    assert errors_of(requested) == ()
    mappings = requested.resources["aws_lb.n"].body.of_type("subnet_mapping")
    assert [m.attributes["subnet_id"].value.data for m in mappings] == ["subnet-1", "subnet-2"]


def test_dynamic_blocks_nest_and_see_the_outer_iterator(tmp_path):
    requested = world(
        tmp_path,
        'resource "aws_ecs_service" "s" {\n  name = "s"\n'
        '  dynamic "service_connect_configuration" {\n    for_each = { a = [80, 81] }\n'
        "    content {\n"
        "      enabled = true\n"
        '      dynamic "service" {\n        for_each = service_connect_configuration.value\n'
        "        content {\n"
        '          port_name = "${service_connect_configuration.key}-${service.value}"\n'
        "        }\n      }\n    }\n  }\n}\n",
    )

    assert errors_of(requested) == ()
    (connect,) = requested.resources["aws_ecs_service.s"].body.of_type(
        "service_connect_configuration"
    )
    names = [block.attributes["port_name"].value.data for block in connect.of_type("service")]
    assert names == ["a-80", "a-81"]


def test_arguments_are_converted_to_the_types_of_the_schema(tmp_path):
    requested = world(
        tmp_path,
        'resource "aws_lb_listener" "l" {\n  load_balancer_arn = aws_x.y.arn\n  port = "5000"\n'
        '  protocol = "tcp"\n  default_action {\n    type = "forward"\n'
        "    target_group_arn = null\n"
        '  }\n  tags = { a = 1, b = true }\n}\nresource "aws_x" "y" {\n}\n',
    )

    assert errors_of(requested) == ()
    assert ask(requested, "aws_lb_listener.l.port + 1").value is not None
    # The provider writes protocols in capitals.
    assert value(requested, "aws_lb_listener.l", "protocol").data == "TCP"
    tags = value(requested, "aws_lb_listener.l", "tags").data
    assert {key: text.data for key, text in tags.items()} == {"a": "1", "b": "true"}


@pytest.mark.parametrize(
    ("argument", "rule"),
    [
        ("nmae = 1", "unsupported-argument"),
        ('id = "x"', "unsupported-argument"),
        ('arn = "x"', "unsupported-argument"),
        ("health_check = {}", "unsupported-argument"),
        ("tags {\n}", "unsupported-block"),
        ('health_check "x" {\n}', "syntax"),
        ("health_check {\n}\nhealth_check {\n}", "unsupported-block"),
        ("health_check {\ninterval = 1\n}", "value"),
        ('port = "x"', "conversion"),
        ("port = 0", "value"),
        ("port = 1.5", "value"),
        ('protocol = "tcp"', "value"),
        ('name = "-x"', "value"),
        ("slow_start = 10", "value"),
        ('deregistration_delay = "3601"', "value"),
        ('dynamic "health_check" {\nfor_each = [1, 2]\ncontent {\n}\n}', "unsupported-block"),
        ('dynamic "nope" {\nfor_each = [nope.value]\ncontent {\n}\n}', "unsupported-block"),
        ('dynamic "health_check" {\nfor_each = [1]\n}', "unsupported-block"),
    ],
)
def test_a_sleepers_block_is_held_to_its_schema(argument, rule, tmp_path):
    for type_ in ("aws_lb_target_group", "aws_alb_target_group"):
        requested = world(tmp_path, f'resource "{type_}" "t" {{\n{argument}\n}}\n')

        assert [problem.rule for problem in errors_of(requested)] == [rule]


def test_what_is_missing_is_reported_at_the_first_line_of_the_block(tmp_path):
    requested = world(tmp_path, '\nresource "aws_lb_listener" "l" {\n  port = 80\n}\n')

    found = [(problem.rule, problem.place.line) for problem in errors_of(requested)]
    assert found == [("missing-argument", 2), ("missing-argument", 2)]


def test_values_known_only_to_aws_say_where_they_come_from(tmp_path):
    requested = world(
        tmp_path,
        {
            "main.tf": 'resource "aws_ecs_cluster" "c" {\n  name = "clu"\n}\n'
            'data "aws_subnets" "s" {\n}\n'
            'module "m" {\n  source   = "./m"\n  for_each = toset(["x"])\n}\n',
            "m/main.tf": 'resource "aws_eip" "e" {\n  count = 1\n}\n'
            'output "e" {\n  value = aws_eip.e\n}\n',
        },
    )

    assert ask(requested, "aws_ecs_cluster.c.name").value.data == "clu"
    origins = {
        "aws_ecs_cluster.c.arn": Origin("aws_ecs_cluster.c", ("arn",)),
        "data.aws_subnets.s.ids[1]": Origin("data.aws_subnets.s", ("ids", 1)),
        'module.m["x"].e[0].id': Origin('module.m["x"].aws_eip.e[0]', ("id",)),
        'one(module.m["x"].e[*].public_ip)': Origin('module.m["x"].aws_eip.e[0]', ("public_ip",)),
    }
    for expression, origin in origins.items():
        assert ask(requested, expression).value.data.origin == origin
    text = ask(requested, '"${aws_ecs_cluster.c.name}:${aws_ecs_cluster.c.id}"').value.data
    assert text.parts == ("clu:", Origin("aws_ecs_cluster.c", ("id",)))
    assert ask(requested, "strrev(aws_ecs_cluster.c.id)").value.data.parts == ()


def test_types_that_are_not_known_may_have_any_attribute(tmp_path):
    requested = world(
        tmp_path,
        'resource "random_pet" "p" {\n  count  = 2\n  length = 2\n}\n',
    )

    assert ask(requested, "random_pet.p[1].length + 1").value is not None
    origins = [v.data.origin for v in ask(requested, "random_pet.p[*].id").value.data]
    assert origins == [Origin("random_pet.p[0]", ("id",)), Origin("random_pet.p[1]", ("id",))]


def test_what_stays_is_not_held_to_a_schema(tmp_path):
    """Newer providers know more; Terraform itself will look at it."""
    requested = world(
        tmp_path,
        'data "aws_iam_policy_document" "d" {\n  source_json = "{}"\n}\n'
        'resource "aws_ecs_cluster" "c" {\n  name = "c"\n  brand_new = { a = 1 }\n}\n',
    )

    assert requested.problems == ()
    assert ask(requested, "aws_ecs_cluster.c.brand_new.a").value is not None
    assert ask(requested, "aws_ecs_cluster.c.nope").errors


def test_how_many_of_what_stays_there_are_may_be_for_aws_to_say(tmp_path):
    """The usual way to validate a certificate must not stop anything."""
    requested = world(
        tmp_path,
        'resource "aws_acm_certificate" "c" {\n  domain_name = "a.b"\n}\n'
        'resource "aws_route53_record" "r" {\n  for_each = {\n'
        "    for o in aws_acm_certificate.c.domain_validation_options : o.domain_name => o\n  }\n"
        "  name = each.value.resource_record_name\n}\n"
        'data "aws_subnets" "s" {\n}\n'
        'resource "aws_eip" "e" {\n  count = length(data.aws_subnets.s.ids)\n}\n'
        "locals {\n  first = aws_eip.e[0].id\n}\n",
    )

    assert requested.problems == ()
    first = ask(requested, "local.first").value
    assert first.data.parts == ()
    assert first.data.origins == (Origin("data.aws_subnets.s", ("ids",)),)


def test_how_many_sleepers_there_are_must_be_written_down(tmp_path):
    requested = world(
        tmp_path,
        'data "aws_subnets" "s" {\n}\nresource "aws_lb_target_group" "t" {\n'
        "  count = length(data.aws_subnets.s.ids)\n}\n",
    )
    (problem,) = errors_of(requested)

    assert (problem.rule, problem.place.line) == ("count", 4)
    assert "data.aws_subnets.s.ids" in problem.message


def test_what_a_module_gives_that_is_not_installed_is_unknown_and_said_to_be_missing(tmp_path):
    text = (
        'module "net" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "5.0.0"\n}\n'
        'resource "aws_security_group" "g" {\n  vpc_id = module.net.vpc_id\n}\n'
        'output "o" {\n  value = module.net.subnets[0]\n}\n'
    )
    requested = world(tmp_path, text)
    assert [module.address for module in requested.missing] == ["module.net"]
    assert requested.problems == ()
    assert ask(requested, "module.net.vpc_id").errors

    sleeper = 'resource "aws_lb_target_group" "t" {\n  vpc_id = module.net.vpc_id\n}\n'
    (problem,) = errors_of(world(tmp_path, text + sleeper))
    assert (problem.rule, problem.place.line) == ("module-source", 12)
    assert problem.unknown == (("module.net", "vpc_id"),)


def test_a_provider_function_is_a_warning_until_a_sleeper_needs_it(tmp_path):
    text = 'locals {\n  a = provider::time::rfc3339_parse("x").year\n}\n'
    requested = world(tmp_path, text)
    assert errors_of(requested) == ()
    assert len(requested.problems) == 1

    sleeper = 'resource "aws_lb_target_group" "t" {\n  name = local.a\n}\n'
    assert len(errors_of(world(tmp_path, text + sleeper))) == 1


def test_the_region_of_the_provider_is_known_without_asking(tmp_path):
    requested = world(
        tmp_path,
        'variable "r" {\n  default = "eu-west-1"\n}\nprovider "aws" {\n  region = var.r\n}\n'
        'provider "aws" {\n  alias  = "cn"\n  region = "cn-north-1"\n}\n'
        'data "aws_region" "here" {\n}\ndata "aws_partition" "cn" {\n  provider = aws.cn\n}\n',
    )

    assert ask(requested, "data.aws_region.here.name").value.data == "eu-west-1"
    assert ask(requested, "data.aws_partition.cn.partition").value.data == "aws-cn"
    assert requested.providers["aws.cn"].attributes["region"].value.data == "cn-north-1"
    assert requested.resources["data.aws_partition.cn"].provider == "aws.cn"


def test_the_region_of_the_sdk_is_used_where_the_provider_names_none(tmp_path):
    text = 'data "aws_region" "here" {\n}\n'

    assert ask(world(tmp_path, text, region="us-west-2"), "data.aws_region.here.id").value.data == (
        "us-west-2"
    )
    assert ask(world(tmp_path, text), "data.aws_region.here.id").value.is_unknown


def test_the_default_tags_of_the_provider_are_known_without_asking(tmp_path):
    requested = world(
        tmp_path,
        'data "aws_default_tags" "here" {\n}\ndata "aws_default_tags" "eu" {\n  provider = aws.eu\n}\n'
        'provider "aws" {\n  default_tags {\n    tags = local.tags\n  }\n}\n'
        'provider "aws" {\n  alias = "eu"\n}\n'
        'locals {\n  z = "x"\n  tags = { Team = local.z, Size = 3 }\n}\n',
    )

    here = ask(requested, 'merge(data.aws_default_tags.here.tags, { Team = "y" })')
    assert to_python(here.value) == {"Size": "3", "Team": "y"}
    assert to_python(ask(requested, "data.aws_default_tags.eu.tags").value) == {}


def test_default_tags_that_only_aws_knows_are_unknown(tmp_path):
    requested = world(
        tmp_path,
        'data "aws_default_tags" "here" {\n}\ndata "aws_vpc" "v" {\n}\n'
        'provider "aws" {\n  alias = "v"\n  default_tags {\n    tags = data.aws_vpc.v.tags\n  }\n}\n'
        'data "aws_default_tags" "v" {\n  provider = aws.v\n}\n',
    )

    assert ask(requested, "data.aws_default_tags.v.tags").value.is_unknown
    assert not ask(requested, "data.aws_default_tags.here.tags").value.is_unknown


def test_the_region_of_another_provider_is_no_cycle(tmp_path):
    """One configuration may take its region from what another says."""
    requested = world(
        tmp_path,
        'provider "aws" {\n  region = local.home\n}\nlocals {\n  home = "eu-west-1"\n}\n'
        'data "aws_region" "here" {\n}\nprovider "aws" {\n  alias = "again"\n'
        "  region = data.aws_region.here.name\n}\n"
        'data "aws_region" "again" {\n  provider = aws.again\n}\n',
    )

    assert not errors_of(requested)
    assert ask(requested, "data.aws_region.again.name").value.data == "eu-west-1"


def test_modules_are_given_providers_by_name(tmp_path):
    files = {
        "main.tf": 'provider "aws" {\n  alias = "tokyo"\n}\n'
        'module "m" {\n  source    = "./m"\n  providers = { aws = aws.tokyo }\n}\n',
        "m/main.tf": 'resource "aws_eip" "e" {\n}\n',
    }

    assert world(tmp_path, files).resources["module.m.aws_eip.e"].provider == "aws.tokyo"


def test_depends_on_is_resolved_to_instances_also_through_modules(tmp_path):
    files = {
        "main.tf": 'resource "terraform_data" "a" {\n  count = 2\n}\n'
        'module "m" {\n  source     = "./m"\n  depends_on = [terraform_data.a[1]]\n}\n'
        'resource "terraform_data" "b" {\n  depends_on = [module.m, terraform_data.a]\n}\n',
        "m/main.tf": 'resource "terraform_data" "in" {\n}\n',
    }
    resources = world(tmp_path, files).resources

    assert resources["terraform_data.b"].depends_on == (
        "module.m.terraform_data.in",
        "terraform_data.a[0]",
        "terraform_data.a[1]",
    )
    assert resources["module.m.terraform_data.in"].depends_on == ("terraform_data.a[1]",)


def test_ignore_changes_are_kept_as_they_are_written(tmp_path):
    requested = world(
        tmp_path,
        'resource "aws_ecs_service" "s" {\n  name = "s"\n  lifecycle {\n'
        '    ignore_changes = [task_definition, tags["a"], load_balancer]\n  }\n}\n',
    )

    ignored = requested.resources["aws_ecs_service.s"].ignore_changes
    assert ignored == ("task_definition", 'tags["a"]', "load_balancer")


def test_whole_blocks_and_lists_of_them_can_be_read_back(tmp_path):
    requested = world(
        tmp_path,
        'resource "aws_lb_target_group" "t" {\n  port = 80\n'
        "  health_check {\n    interval = 10\n  }\n}\n",
    )

    assert ask(requested, "aws_lb_target_group.t.health_check[0].interval").value is not None
    assert ask(requested, "aws_lb_target_group.t.deregistration_delay").value.data == "300"
    assert ask(requested, "aws_lb_target_group.t.health_check.interval").errors
    path = ask(requested, "aws_lb_target_group.t.health_check[0].path").value.data
    assert path.origin is None or path.origin.path == ("health_check", 0, "path")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            'arn_parse("arn:aws:ecs:eu-west-1:1:service/a:b/c")',
            {
                "account_id": "1",
                "partition": "aws",
                "region": "eu-west-1",
                "resource": "service/a:b/c",
                "service": "ecs",
            },
        ),
        ('arn_parse("arn:::::").service', ""),
        (
            'arn_build("aws", "iam", "", "123456789012", "role/x")',
            "arn:aws:iam::123456789012:role/x",
        ),
        ('trim_iam_role_path("arn:aws:iam::1:role/with/a/path/x")', "arn:aws:iam::1:role/x"),
        ('trim_iam_role_path("arn:aws:iam::1:role/x")', "arn:aws:iam::1:role/x"),
    ],
)
def test_the_functions_of_the_aws_provider_are_run(tmp_path, call, expected):
    """The answers are those of provider 5.100."""
    answer = ask(world(tmp_path, ""), f"provider::aws::{call}")

    assert answer.errors == ()
    assert to_python(answer.value) == expected


@pytest.mark.parametrize(
    "call",
    [
        'arn_parse("x:y")',
        'arn_parse("arn:aws:ecs")',
        'trim_iam_role_path("arn:aws:ecs:eu-west-1:1:service/a")',
        'trim_iam_role_path("arn:aws:iam::1:user/a/b")',
    ],
)
def test_the_functions_of_the_aws_provider_refuse_what_it_refuses(tmp_path, call):
    assert ask(world(tmp_path, ""), f"provider::aws::{call}").errors
    assert to_python(ask(world(tmp_path, ""), f'try(provider::aws::{call}, "no")').value) == "no"


def test_an_ephemeral_resource_may_feed_what_keeps_nothing(tmp_path):
    """Write-only arguments, other ephemeral resources and providers; not what sleeps."""
    text = """
    ephemeral "random_password" "db" {
      length = 16
    }
    ephemeral "aws_secretsmanager_secret_version" "key" {
      secret_id = ephemeral.random_password.db.result
    }
    resource "aws_db_instance" "db" {
      password_wo         = ephemeral.random_password.db.result
      password_wo_version = 1
    }
    """
    requested = world(tmp_path, text)
    assert errors_of(requested) == ()

    sleeper = """
    resource "aws_lb_target_group" "t" {
      name = ephemeral.random_password.db.result
    }
    """
    (problem,) = errors_of(world(tmp_path, text + sleeper))
    assert problem.rule == "ephemeral"
    (undeclared,) = ask(requested, "ephemeral.random_password.other.result").errors
    assert undeclared.rule == "undeclared"
