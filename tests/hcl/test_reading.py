"""Files to syntax tree: which are read, where mistakes are, and how the grammar is kept."""

from __future__ import annotations

import pytest

from controller.hcl.directory import read
from controller.hcl.errors import HclError
from controller.hcl.parse import parse_argument, parse_body, parse_template
from controller.hcl.plain import to_python
from controller.hcl.syntax import Binary, Conditional, For, Index, Literal, Reference, Splat
from hcl.cases import ask, errors_of, world, write


def test_places_are_the_users_lines_behind_heredocs_comments_and_templates():
    """What is lifted out of the text must not move what comes after it."""
    body = parse_body(
        'a = <<E\none\ntwo\nE\n/* x\n y */ b = "${\n1\n}"\n'
        "c {\n  d = [\n    1,\n    var.x,\n  ]\n}\n",
        "main.tf",
    )

    assert body.arguments["b"].place.line == 6
    inner = body.blocks[0].body.arguments["d"]
    assert (body.blocks[0].place.line, inner.place.line) == (9, 10)
    assert inner.expression.elements[1].place.line == 12


def test_names_of_the_grammar_are_names_like_others():
    body = parse_body("for = 1\nin = a.if.for_each\nelse = [for if in x : if]\n", "main.tf")

    assert list(body.arguments) == ["for", "in", "else"]
    reference = body.arguments["in"].expression
    assert [step.name for step in reference.steps] == ["if", "for_each"]


@pytest.mark.parametrize(
    "comment",
    ["# names for the dashboard", "// for", "/* for each\n for */", "#for", "/* in */ # for"],
)
def test_a_word_in_a_comment_begins_no_loop(comment):
    object_ = parse_argument("{ " + comment + "\n  team = 1\n}", "main.tf")
    list_ = parse_argument("[ " + comment + "\n  1,\n]", "main.tf")
    loop = parse_argument("{ " + comment + "\n for x in y : x => 1 }", "main.tf")

    assert [key.value.data for key, _ in object_.items] == ["team"]
    assert len(list_.elements) == 1
    assert isinstance(loop, For)


def test_a_bare_reference_is_a_key_only_in_the_map_of_providers(tmp_path):
    """`aws.west = aws.east` names configurations; in an object that has a value it is unclear."""
    files = {
        "main.tf": """
        provider "aws" {
          region = "eu-west-1"
        }
        provider "aws" {
          alias  = "virginia"
          region = "us-east-1"
        }
        module "cdn" {
          source = "./cdn"
          providers = {
            aws              = aws
            aws.certificates = aws.virginia
          }
        }
        """,
        "cdn/main.tf": """
        terraform {
          required_providers {
            aws = {
              source                = "hashicorp/aws"
              configuration_aliases = [aws.certificates]
            }
          }
        }
        resource "aws_lb" "front" {
          provider           = aws.certificates
          name               = "front"
          load_balancer_type = "network"
          subnets            = ["subnet-0a1b2c3d"]
        }
        """,
    }
    requested = world(tmp_path, files)

    assert errors_of(requested) == ()
    assert requested.resources["module.cdn.aws_lb.front"].provider == "aws.virginia"
    (unclear,) = ask(requested, "{ aws.virginia = 1 }").errors
    assert unclear.rule == "syntax"
    assert "in parentheses" in unclear.message


def test_names_beyond_ascii_are_kept():
    expression = parse_argument("local.眠り.größe", "main.tf")

    assert isinstance(expression, Reference)
    assert [step.name for step in expression.steps] == ["眠り", "größe"]


def test_a_splat_takes_all_that_follows_and_parentheses_end_it():
    nested = parse_argument("a[*].b[*].c", "main.tf")
    ended = parse_argument("(a[*].b)[*].c", "main.tf")

    assert isinstance(nested, Splat)
    assert isinstance(nested.each, Splat)
    assert isinstance(ended, Splat)
    assert not isinstance(ended.each, Splat)


def test_an_attribute_splat_ends_at_the_first_index():
    expression = parse_argument("a.*.b[0]", "main.tf")

    assert isinstance(expression, Index)
    assert isinstance(expression.of, Splat)


def test_operators_lean_to_the_left_and_conditionals_to_the_right():
    difference = parse_argument("5 - 3 - 1", "main.tf")
    choice = parse_argument("a ? b : c ? d : e", "main.tf")

    assert isinstance(difference, Binary)
    assert isinstance(difference.left, Binary)
    assert isinstance(choice, Conditional)
    assert isinstance(choice.if_false, Conditional)


def test_a_chain_of_a_thousand_operators_is_read_and_evaluated(tmp_path):
    requested = world(tmp_path, "locals {\n  a = " + " + ".join(["1"] * 1000) + "\n}\n")

    assert ask(requested, "local.a").value.data.mantissa
    assert errors_of(requested) == ()


def test_what_is_nested_too_deeply_is_an_error_and_no_crash(tmp_path):
    requested = world(tmp_path, "locals {\n  a = " + "(" * 3000 + "1" + ")" * 3000 + "\n}\n")

    assert [problem.rule for problem in errors_of(requested)] == ["syntax"]
    assert ask(world(tmp_path, ""), "(" * 3000 + "1" + ")" * 3000).errors


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('a = "x\nb = 1\n', 1, "not closed"),
        ("a = 1 b = 2\n", 1, "line break is missing"),
        ("a = [\n  1\n  2\n]\n", 3, "cannot go on"),
        ("a {\n  b = 1 }\n", 2, "line break"),
        ("a\n{\n}\n", 2, "on the line of its block"),
        ("a = 'x'\n", 1, "double quotes"),
        ("a = 1 &\n", 1, "&&"),
        ("a = x.0.0\n", 1, "[0][0]"),
        ("a = {\n  b = 1 c = 2\n}\n", 2, "comma or a line break"),
        ("a = 1 +\n  2\n", 1, "parentheses"),
        ("a = <<E\nx\n", 1, "not closed"),
        ("/* a\n", 1, "not closed"),
        ('a "${x}" {\n}\n', 1, "plain text"),
        ("a = (1\n", 1, "not closed"),
        ("a = 0x1f\n", 1, "neither number nor name"),
        ("a = b::c\n", 1, "function names"),
    ],
)
def test_a_syntax_error_says_where_and_what(text, line, words):
    with pytest.raises(HclError) as caught:
        parse_body(text, "main.tf")

    assert (caught.value.kind, caught.value.place.line) == ("syntax", line)
    assert words in caught.value.message


def test_a_stray_bracket_does_not_hide_the_mistake_before_it():
    with pytest.raises(HclError) as caught:
        parse_body('variable "u"\n\n\n  default = 1\n}\n', "main.tf")

    assert caught.value.place.line == 4


def test_every_broken_file_and_every_broken_block_is_reported_in_one_run(tmp_path):
    files = {
        "a.tf": "locals {\n  a = 1 +* 2\n}\n\nlocals {\n  b = ]\n}\n\nlocals {\n  c = 3\n}\n",
        "b.tf": 'variable "x" {\n  default = "\n}\n',
        "c.tf.json": '{"locals": {',
        "m/main.tf": "output {",
        "d.tf": 'module "m" {\n  source = "./m"\n}\n',
    }
    found = {(p.place.file, p.place.line) for p in errors_of(world(tmp_path, files))}

    assert {("a.tf", 2), ("a.tf", 6), ("b.tf", 2), ("c.tf.json", 1), ("m/main.tf", 1)} <= found


def test_a_file_that_cannot_be_read_does_not_accuse_those_that_refer_to_it(tmp_path):
    requested = world(
        tmp_path, {"a.tf": "locals {\n  a =\n}\n", "b.tf": "locals {\n  b = local.a\n}\n"}
    )

    assert [(p.rule, p.place.file) for p in errors_of(requested)] == [("syntax", "a.tf")]


def test_bytes_that_are_no_text_are_an_error_with_their_line(tmp_path):
    (tmp_path / "main.tf").write_bytes(b'# fine\nlocals {\n  a = "\xff"\n}\n')
    (problem,) = read(tmp_path).problems

    assert (problem.rule, problem.place.line) == ("syntax", 3)


def test_a_template_file_counts_its_own_lines():
    with pytest.raises(HclError) as caught:
        parse_template("one\n%{ if true }\nx\n", "t.tftpl")

    assert str(caught.value.place) == "t.tftpl:2"


def test_a_directory_without_files_has_no_problems_and_answers(tmp_path):
    assert ask(world(tmp_path, {}), "1 + 1").value is not None


def test_the_same_text_is_parsed_once(tmp_path):
    write(tmp_path, {"main.tf": "locals {\n  a = 1\n}\n"})
    first, second = read(tmp_path), read(tmp_path)

    left, right = (c.root.declarations.locals["a"].expression for c in (first, second))
    assert left is right


def test_json_syntax_makes_the_same_tree(tmp_path):
    requested = world(
        tmp_path,
        {
            "main.tf.json": """{
              "//": "a note",
              "locals": {"port": "${5000 + 1}", "name": "n-${local.port}"},
              "resource": {"aws_lb": {"nlb": {
                "name": "${local.name}",
                "load_balancer_type": "network",
                "subnet_mapping": [{"subnet_id": "subnet-1"}, {"subnet_id": "subnet-2"}],
                "lifecycle": {"ignore_changes": ["tags"]}
              }}}
            }"""
        },
    )

    assert errors_of(requested) == ()
    balancer = requested.resources["aws_lb.nlb"]
    assert balancer.body.attributes["name"].value.data == "n-5001"
    mappings = balancer.body.of_type("subnet_mapping")
    assert [m.attributes["subnet_id"].value.data for m in mappings] == ["subnet-1", "subnet-2"]
    assert balancer.ignore_changes == ("tags",)


def test_numbers_and_keys_are_read_from_the_text_and_not_from_what_the_grammar_saw():
    expression = parse_argument("{ 1.50 = 0.25e2, true = -17 }", "main.tf")

    assert [key.value.data for key, _ in expression.items] == ["1.5", "true"]
    assert isinstance(expression.items[0][1], Literal)


@pytest.mark.parametrize(
    "text",
    [
        "{¤ for¤ k¤,¤ v¤ in¤ { a = 1 }¤ :¤ k¤ =>¤ v¤ if¤ v¤ ==¤ 1¤ }",
        "{¤ for¤ v¤ in¤ [1,¤ 2¤]¤ :¤ v¤ =>¤ v¤ ...¤ }",
        "[¤ for¤ v¤ in¤ [[1],¤ [2]]¤ :¤ v¤[¤0¤]¤ ]",
        '{¤ team¤ =¤ 1,¤ (¤ "x"¤ )¤ :¤ [¤ ]¤ }',
        "[{ a = [1] }][¤*¤].a[¤*¤]",
        "max(¤ 1,¤ [2,¤ 3]¤...¤ )",
        "true¤ ?¤ -¤ 1¤ :¤ 2¤",
        '"${¤ true¤ ?¤ "a"¤ :¤ "b"¤ }"',
        '"%{ if¤ true¤ }x%{ else¤ }y%{ endif¤ }"',
    ],
)
@pytest.mark.parametrize("comment", ['/* for "${ if { in [ */', "/**/", "/* // # */"])
def test_a_comment_between_any_two_words_changes_nothing(tmp_path, text, comment):
    requested = world(tmp_path, "")

    def value(written):
        return to_python(requested.evaluate(written))

    pieces = text.split("¤")
    plain = value("".join(pieces))
    for position in range(1, len(pieces)):
        before, after = "".join(pieces[:position]), "".join(pieces[position:])
        assert value(f"{before}{comment}{after}") == plain, f"{before}{comment}{after}"
