"""
No sleeper is left out of a spec in silence, and one mistake is one error.

Every expression of the case corpus is broken, one at a time: the error stands where the mistake is,
nothing else is said because of it, and no spec comes out that lacks what should be in it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from breaking import BREAKS, Spot, copied, spots_in
from hand_made import NOW
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.domain.planning.spec import Spec
from controller.domain.problem import Level
from controller.hcl.world import Inputs
from controller.mapping.assemble import Compiled
from controller.mapping.compile import compile_stack
from hcl.cases import write

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parent.parent
STACKS = TESTS / "data/hcl-cases/stacks"
CHANGES = ("null", '"odd"', "-1", "true", "[]", "{}", '["odd"]', "[[]]", "{ odd = 1 }", "uuid()")
"""Values that fit some arguments and not others."""
BY_NAME = {text for kind, text in BREAKS.items() if kind.startswith(("undeclared", "unknown"))}
"""Mistakes that are seen without evaluating anything."""
SLEEPER = re.compile(r'resource "aws_(a?lb|a?lb_target_group|a?lb_listener|ecs_service)" ')


@dataclass(frozen=True)
class Source:
    """A directory that compiles; `root` is where in it the root module is."""

    folder: Path
    root: str = "."
    about: str = "{}"

    def compile(self, folder: Path) -> Compiled:
        about = json.loads(self.about)
        root = folder / self.root
        options = tuple(
            ("var-file", str(root / text[1:])) if text.startswith("@") else ("var", text)
            for text in about.get("cli", ())
        )
        inputs = Inputs(
            options=options,
            environment=about.get("env", {}),
            workspace=about.get("workspace", "default"),
            region="eu-west-1",
        )
        return compile_stack(root, inputs, NOW, stack="kept")


def sources() -> dict[str, Source]:
    found = {
        "article": Source(TESTS / "data/article-stack"),
        "infra": Source(TESTS.parent / "infra/nsfw-api"),
        "modules": Source(TESTS / "data/module-stack"),
    }
    for folder in sorted(STACKS.iterdir()):
        about = (folder / "case.json").read_text()
        refused = "error" in json.loads((folder / "expected.json").read_text())
        if not refused and json.loads(about).get("offline") is not False:
            found[folder.name] = Source(folder, json.loads(about).get("root", "root"), about)
    return found


SOURCES = sources()


@cache
def whole(name: str) -> Compiled:
    compiled = SOURCES[name].compile(SOURCES[name].folder)
    assert compiled.spec is not None, [str(problem) for problem in compiled.problems]
    return compiled


@cache
def spots(name: str) -> tuple[Spot, ...]:
    return tuple(spots_in(SOURCES[name].folder))


def compile_broken(name: str, spot: Spot, instead: str, at: Path) -> Compiled:
    folder = copied(SOURCES[name].folder, at)
    spot.broken(folder, instead)
    return SOURCES[name].compile(folder)


def assert_one_error(name: str, spot: Spot, instead: str, at: Path) -> None:
    """
    Exactly one new problem, an error at the spot; or nothing at all where nobody reads it.

    A file that nothing which sleeps needs is a warning.
    """
    compiled = compile_broken(name, spot, instead, at)
    new = [p for p in compiled.problems if p not in whole(name).problems]
    if not new:
        # It stands in `try` or in a branch that is not taken, or an override file says otherwise:
        # Terraform takes it too, unless what is wrong is a name.
        assert addresses(compiled) == addresses(whole(name))
        assert may_fail(line_of(name, spot), spot, instead) or name == "override-files"
        return
    (problem,) = new
    if problem.rule == "missing-file":
        assert problem.level is Level.WARNING
        assert addresses(compiled) == addresses(whole(name))
    else:
        assert problem.level is Level.ERROR
        assert compiled.spec is None
    assert (problem.place.line, Path(problem.place.file).name) == (spot.line, Path(spot.file).name)


def may_fail(line: str, spot: Spot, instead: str) -> bool:
    return "try(" in line or (instead not in BY_NAME and " ? " in line[: spot.start])


def line_of(name: str, spot: Spot) -> str:
    return (SOURCES[name].folder / spot.file).read_text().split("\n")[spot.line - 1]


@pytest.mark.parametrize("name", SOURCES)
def test_every_broken_expression_is_one_error_where_it_stands(name, tmp_path):
    """Spot by spot, each with another kind of mistake, so that all kinds come round."""
    kinds = list(BREAKS)
    assert len(spots(name)) > 10
    for number, spot in enumerate(spots(name)):
        kind = kinds[number % len(kinds)]
        assert_one_error(name, spot, BREAKS[kind], tmp_path / str(number))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_mistake_anywhere_is_one_error(tmp_path_factory, data):
    name = data.draw(st.sampled_from(sorted(SOURCES)))
    spot = data.draw(st.sampled_from(spots(name)))
    kind = data.draw(st.sampled_from(sorted(BREAKS)))
    assert_one_error(name, spot, BREAKS[kind], tmp_path_factory.mktemp("broken") / "stack")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_spec_lacks_nothing_whatever_an_argument_of_a_sleeper_is(tmp_path_factory, data):
    """A value of another kind may fit or not; what it must not do is to drop a resource."""
    name = data.draw(st.sampled_from(sorted(SOURCES)))
    spot = data.draw(st.sampled_from([s for s in spots(name) if is_in_a_sleeper(name, s)]))
    instead = data.draw(st.sampled_from(CHANGES))
    compiled = compile_broken(name, spot, instead, tmp_path_factory.mktemp("changed") / "stack")
    if compiled.spec is None:
        assert any(problem.level is Level.ERROR for problem in compiled.problems)
    else:
        assert addresses(compiled) == addresses(whole(name))


def test_an_output_that_a_module_does_not_have_is_an_error_where_it_is_used(tmp_path):
    """Whether the module's other outputs have been evaluated by then or not."""
    files = {
        "main.tf": 'module "sg" {\n  source = "./sg"\n}\n'
        'resource "aws_ecs_service" "app" {\n  name            = "app"\n'
        '  task_definition = "app"\n  network_configuration {\n'
        '    subnets         = ["subnet-0a1b2c3d"]\n    security_groups = [module.sg.id]\n'
        "  }\n}\n",
        "sg/main.tf": 'resource "aws_security_group" "app" {\n  name = "app"\n}\n'
        'output "group" {\n  value = aws_security_group.app.id\n}\n',
    }
    compiled = compile_stack(write(tmp_path, files), Inputs(region="eu-west-1"), NOW, stack="one")

    (error,) = [p for p in compiled.problems if p.level is Level.ERROR]
    assert str(error) == (
        'main.tf:9: aws_ecs_service.app: module.sg has no output "id"; it has group'
    )
    assert compiled.spec is None


def test_an_output_that_is_missing_is_one_error_in_both_worlds_and_all_instances(tmp_path):
    for number, spot in enumerate(s for s in spots("modules") if s.file == "main.tf"):
        if line_of("modules", spot).lstrip().startswith(("group", "subnet", "value")):
            assert_one_error("modules", spot, "module.net.no_such", tmp_path / str(number))


def test_an_error_in_a_listener_brings_no_second_one_about_its_absence(tmp_path):
    folder = copied(SOURCES["article"].folder, tmp_path / "stack")
    nlb = folder / "nlb.tf"
    nlb.write_text(
        nlb.read_text().replace("port              =", "tcp_idle_timeout_seconds = 10\n  port =", 1)
    )
    assert "tcp_idle" in nlb.read_text()
    compiled = SOURCES["article"].compile(folder)

    (error,) = [p for p in compiled.problems if p.level is Level.ERROR]
    assert error.address == "aws_lb_listener.nlb_listener"
    assert "nothing-sleeps" not in {problem.rule for problem in compiled.problems}


def addresses(compiled: Compiled) -> set[str]:
    assert compiled.spec is not None
    return {resource.address for resource in compiled.spec.resources}


def is_in_a_sleeper(name: str, spot: Spot) -> bool:
    """Whether the spot is an argument of a block of the four kinds that does not say how many."""
    lines = (SOURCES[name].folder / spot.file).read_text().split("\n")[: spot.line]
    opened = next((line for line in reversed(lines) if line[:1].isalpha()), "")
    counts = lines[-1].split("=")[0].strip() in ("count", "for_each")
    return bool(SLEEPER.match(opened)) and not counts


FOUND_WHEN_WAKING = (
    "upper(data.aws_ssm_parameter.more.value)",
    "jsondecode(data.aws_ssm_parameter.more.value).x",
    "jsondecode(data.aws_ssm_parameter.more.value)",
    'split(",", data.aws_ssm_parameter.more.value)',
    "data.aws_subnets.more.ids",
    "slice(data.aws_subnets.more.ids, 0, 2)",
    "[for s in data.aws_subnet.more : s.id]",
    "{ for s in data.aws_subnet.more : s.id => s.availability_zone }",
    "data.aws_subnet.more",
    "max(1, tonumber(data.aws_ssm_parameter.more.value))",
    'data.aws_ssm_parameter.more.value == "x" ? null : "y"',
    "try(data.aws_ssm_parameter.more.value, null)",
    "random_pet.more.id",
)
MORE = """
data "aws_ssm_parameter" "more" {
  name = "more"
}

data "aws_subnets" "more" {
  tags = { a = "b" }
}

data "aws_subnet" "more" {
  for_each = toset(data.aws_subnets.more.ids)
  id       = each.value
}

resource "random_pet" "more" {}
"""


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_what_is_found_when_waking_may_stand_anywhere(tmp_path_factory, data):
    """The spec has all that it should, and is plain JSON; or an error says why not."""
    name = data.draw(st.sampled_from(sorted(SOURCES)))
    spot = data.draw(st.sampled_from([s for s in spots(name) if is_in_a_sleeper(name, s)]))
    folder = copied(SOURCES[name].folder, tmp_path_factory.mktemp("found") / "stack")
    spot.broken(folder, data.draw(st.sampled_from(FOUND_WHEN_WAKING)))
    (folder / spot.file).parent.joinpath("more.tf").write_text(MORE)
    compiled = SOURCES[name].compile(folder)
    if compiled.spec is None:
        assert any(problem.level is Level.ERROR for problem in compiled.problems)
    else:
        assert addresses(compiled) == addresses(whole(name))
        read = Spec.from_json(json.loads(json.dumps(compiled.spec.to_json())))
        assert read.hash == compiled.spec.hash
