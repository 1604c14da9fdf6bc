"""
How each way to refer to what sleeps is written once that may be absent.

Every case is compiled after the change, awake and asleep, to the requests of before
(`adopting.prepared` raises otherwise).
"""

from __future__ import annotations

import pytest
from adopting import STACK, adopted, refused

ADDRESS = """
resource "aws_eip" "front" {
  tags = { Name = "front" }
}
"""
WITH_ADDRESS = ADDRESS + STACK.replace(
    'allocation_id = "eipalloc-0a1b2c3d"', "allocation_id = aws_eip.front.id"
)


def output(value, name="it"):
    return f'output "{name}" {{\n  value = {value}\n}}\n'


SURVIVES = [
    ("aws_lb.front.arn", "one(aws_lb.front[*].arn)"),
    ("(aws_lb.front.arn)", "(one(aws_lb.front[*].arn))"),
    ('"${aws_lb.front.arn}"', '"${one(aws_lb.front[*].arn)}"'),
    ("resource.aws_lb.front.arn", "one(resource.aws_lb.front[*].arn)"),
    ("aws_lb . front . arn", "one(aws_lb . front[*] . arn)"),
    ("aws_lb.front", "one(aws_lb.front[*])"),
    ("[aws_lb.front.arn, 1]", "[one(aws_lb.front[*].arn), 1]"),
    ("{ a = aws_lb.front.arn }", "{ a = one(aws_lb.front[*].arn) }"),
    ("{ a : [aws_lb.front.arn] }", "{ a : [one(aws_lb.front[*].arn)] }"),
    (
        '"http://${aws_lb.front.dns_name}:80"',
        'var.awake ? "http://${aws_lb.front[0].dns_name}:80" : null',
    ),
    (
        'format("%s:%d", aws_lb.front.dns_name, 80)',
        'var.awake ? (format("%s:%d", aws_lb.front[0].dns_name, 80)) : null',
    ),
    (
        "jsonencode({ a = aws_lb.front.arn })",
        "var.awake ? (jsonencode({ a = aws_lb.front[0].arn })) : null",
    ),
    ('try(aws_lb.front.arn, "none")', 'try(aws_lb.front[0].arn, "none")'),
    ("element(aws_lb.front.*.arn, 0)", "var.awake ? (element(aws_lb.front.*.arn, 0)) : null"),
    ("aws_lb.front.*.arn[0]", "one(aws_lb.front[*].arn)"),
    ("aws_ecs_service.app.name", '"app"'),
    ('"the ${aws_ecs_service.app.name} one"', '"the app one"'),
    ("aws_lb_target_group.app.port", "8080"),
]

STAYS = [
    'join("", aws_lb.front.*.arn)',
    "aws_lb.front[*].arn",
    "length(aws_lb.front[*].arn) + length(aws_lb.front.*.name)",
    '"$${aws_lb.front.arn} %%{ if aws_lb.front.arn }"',
    '"aws_lb.front.arn" # aws_lb.front.arn',
    '[for aws_lb in [{ front = "x" }] : aws_lb.front]',
    '{ aws_lb = "aws_lb" }',
]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """All of them in one directory, since a directory is compiled three times."""
    values = [*(before for before, _ in SURVIVES), *STAYS]
    outputs = "".join(output(value, f"o{number}") for number, value in enumerate(values))
    return adopted(tmp_path_factory.mktemp("outputs"), STACK + outputs)


@pytest.mark.parametrize("number", range(len(SURVIVES)), ids=[before for before, _ in SURVIVES])
def test_an_output_has_a_value_or_none_while_asleep(text, number):
    assert output(SURVIVES[number][1], f"o{number}") in text


@pytest.mark.parametrize("number", range(len(STAYS)), ids=STAYS)
def test_what_means_the_same_without_it_is_left_alone(text, number):
    assert output(STAYS[number], f"o{len(SURVIVES) + number}") in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "aws_lb.front.dns_name",
            "var.awake ? aws_lb.front[0].dns_name : aws_eip.front.public_ip",
        ),
        (
            '"http://${aws_lb.front.dns_name}:80"',
            '"http://${var.awake ? aws_lb.front[0].dns_name : aws_eip.front.public_ip}:80"',
        ),
    ],
)
def test_a_name_becomes_the_elastic_ip_that_outlives_it(tmp_path, before, after):
    assert output(after) in adopted(tmp_path, WITH_ADDRESS + output(before))


def test_a_heredoc_keeps_its_lines(tmp_path):
    before = "<<-EOT\n    to: ${aws_lb.front.dns_name}\n  EOT"
    after = '<<-EOT\n    to: ${join("", aws_lb.front[*].dns_name)}\n  EOT'
    assert output(after) in adopted(tmp_path, STACK + output(before))


def test_a_heredoc_with_more_than_a_name_keeps_its_lines_too(tmp_path):
    lines = "<<-EOT\n    to: ${%s}\n    %%{ if %s }x%%{ endif }\n  EOT"
    before = lines % ("upper(aws_lb.front.dns_name)", 'aws_lb.front.arn == ""')
    after = lines % (
        'var.awake ? (upper(aws_lb.front[0].dns_name)) : ""',
        'var.awake ? (aws_lb.front[0].arn == "") : false',
    )
    assert output(after) in adopted(tmp_path, STACK + output(before))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("count = 2", "count = var.awake ? (2) : 0"),
        ("count = var.many # why", "count = var.awake ? (var.many) : 0 # why"),
        (
            "count = ( # so many\n    var.many\n  )",
            "count = var.awake ? (( # so many\n    var.many\n  )) : 0",
        ),
        (
            'for_each = toset(["a", "b"])',
            'for_each = { for k, v in toset(["a", "b"]) : k => v if var.awake }',
        ),
        (
            "for_each = { a = { n = 1 }, b = { n = 2, m = 3 } }",
            "for_each = { for k, v in { a = { n = 1 }, b = { n = 2, m = 3 } } : k => v "
            "if var.awake }",
        ),
        ("for_each = aws_lb_target_group.many", "for_each = aws_lb_target_group.many"),
    ],
)
def test_how_many_there_were_is_how_many_there_are_awake(tmp_path, before, after):
    each = "each" if "for_each" in before else "count"
    key = "each.key" if each == "each" else "count.index"
    group = (
        'variable "many" {\n  default = 2\n}\n'
        'resource "aws_lb_target_group" "many" {\n'
        '  for_each = toset(["a"])\n'
        '  name = "many-${each.key}"\n  port = 90\n  protocol = "TCP"\n'
        '  target_type = "ip"\n  vpc_id = "vpc-0a1b2c3d"\n}\n'
    )
    more = (
        f'resource "aws_lb_target_group" "more" {{\n  {before}\n'
        f'  name = "more-${{{key}}}"\n  port = 90\n  protocol = "TCP"\n'
        '  target_type = "ip"\n  vpc_id = "vpc-0a1b2c3d"\n}\n'
    )
    assert f"  {after}\n" in adopted(tmp_path, STACK + group + more)


def test_a_key_of_what_is_repeated_is_tried(tmp_path):
    text = STACK.replace(
        'resource "aws_lb_listener" "tcp" {\n',
        'resource "aws_lb_listener" "tcp" {\n  for_each = { a = 1 }\n',
    ) + output('aws_lb_listener.tcp["a"].arn')
    assert output('try(aws_lb_listener.tcp["a"].arn, null)') in adopted(tmp_path, text)


def test_locals_checks_and_module_arguments_survive_too(tmp_path):
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "main.tf").write_text(
        'variable "to" {}\noutput "to" {\n  value = var.to\n}\n'
    )
    text = adopted(
        tmp_path,
        STACK
        + "locals {\n  unused = aws_lb.front.arn\n}\n"
        + 'module "record" {\n  source = "./record"\n  to     = aws_lb.front.dns_name\n}\n'
        + 'check "up" {\n  assert {\n    condition     = aws_lb.front.dns_name != ""\n'
        + '    error_message = "no ${aws_lb.front.name}"\n  }\n}\n',
    )
    assert "  unused = one(aws_lb.front[*].arn)\n" in text
    assert "  to     = one(aws_lb.front[*].dns_name)\n" in text
    assert '    condition     = var.awake ? (aws_lb.front[0].dns_name != "") : true\n' in text
    assert '    error_message = "no front"\n' in text


def test_what_depends_on_it_only_in_order_stays(tmp_path):
    kept = 'resource "aws_sns_topic" "t" {\n  depends_on = [aws_lb.front]\n}\n'
    assert kept in adopted(tmp_path, STACK + kept)


def test_what_is_kept_gets_the_name_that_is_written(tmp_path):
    kept = 'resource "aws_sns_topic" "t" {\n  name = "of-%s"\n}\n'
    text = adopted(tmp_path, STACK + kept % "${aws_ecs_service.app.name}")
    assert kept % "app" in text


def test_a_data_source_that_reads_it_sleeps_as_well(tmp_path):
    data = 'data "aws_lb" "it" {\n%s  arn = aws_lb.front%s.arn\n}\n'
    use = output("data.aws_lb.it.zone_id")
    text = adopted(tmp_path, STACK + data % ("", "") + use)
    assert data % ("  count = var.awake ? 1 : 0\n\n", "[0]") in text
    assert output("one(data.aws_lb.it[*].zone_id)") in text


def test_what_would_be_an_alias_is_made_only_awake_where_that_is_its_remedy(tmp_path):
    """AWS takes scaling away with the service, and nothing has been made yet."""
    scaling = (
        'resource "aws_appautoscaling_target" "t" {\n%s'
        '  service_namespace  = "ecs"\n'
        '  scalable_dimension = "ecs:service:DesiredCount"\n'
        '  resource_id        = "service/main/${aws_ecs_service.app%s.name}"\n'
        "  min_capacity       = 1\n  max_capacity       = 2\n}\n"
    )
    text = adopted(tmp_path, STACK + scaling % ("", ""))
    assert scaling % ("  count = var.awake ? 1 : 0\n\n", "[0]") in text


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (
            'resource "aws_route53_record" "r" {\n  zone_id = "Z1"\n  name = "x"\n'
            '  type = "CNAME"\n'
            "  ttl = 60\n  records = [aws_lb.front.dns_name]\n}\n",
            "main.tf:78: aws_route53_record.r: records needs aws_lb.front.dns_name",
        ),
        (
            'resource "aws_ssm_parameter" "p" {\n  name = "x"\n  type = "String"\n'
            "  value = <<-EOT\n    ${aws_lb.front.dns_name}\n  EOT\n}\n",
            "aws_ssm_parameter.p: value needs aws_lb.front.dns_name",
        ),
        (
            'resource "aws_sns_topic" "t" {\n  lifecycle {\n'
            "    replace_triggered_by = [aws_lb.front]\n  }\n}\n",
            "aws_sns_topic.t: replace_triggered_by names aws_lb.front; Terraform finds nothing",
        ),
        (
            'resource "aws_sns_topic" "t" {\n  count = length(aws_lb.front.name) > 3 ? 1 : 0\n}\n',
            "aws_sns_topic.t: count names aws_lb.front.name; how many there are",
        ),
        (
            'resource "terraform_data" "t" {\n  provisioner "local-exec" {\n'
            '    command = "curl ${aws_lb.front.dns_name}"\n  }\n}\n',
            "terraform_data.t: command names aws_lb.front.dns_name; a provisioner runs",
        ),
        (
            'import {\n  to = aws_lb.front\n  id = "arn:x"\n}\n',
            "import: to names aws_lb.front; what is imported already",
        ),
    ],
)
def test_what_has_no_such_form_is_refused_with_its_line(tmp_path, kept, says):
    found = refused(tmp_path, STACK + kept)
    assert len(found) == 1
    assert says in found[0]


def test_a_provisioner_of_what_sleeps_is_refused(tmp_path):
    text = STACK.replace(
        'resource "aws_ecs_service" "app" {\n',
        'resource "aws_ecs_service" "app" {\n'
        '  provisioner "local-exec" {\n    command = "x"\n  }\n',
    )
    assert (
        "found a provisioner; it runs only when Terraform makes this" in refused(tmp_path, text)[0]
    )


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("v.tf", 'variable "awake" {\n  default = true\n}\n', "v.tf:1: there is a variable awake"),
        ("v.tf", 'variable "awake" {\n  default = false\n}\n', "nothing uses it"),
        ("terraform.tfvars", "awake = true\n", "terraform.tfvars:1: var.awake: gives the variable"),
        ("x.auto.tfvars", "a = 1\nawake=false\n", "x.auto.tfvars:2: var.awake: gives the variable"),
    ],
)
def test_another_variable_awake_blocks_it(tmp_path, file, text, says):
    (tmp_path / file).write_text(text)
    assert any(says in one for one in refused(tmp_path, STACK))
