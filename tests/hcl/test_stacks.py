"""Whole stacks: what is configured, where unknown values come from, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from controller.hcl.convert import to_python
from controller.hcl.directory import read
from controller.hcl.schema import SLEEPERS
from controller.hcl.values import Value
from controller.hcl.world import Block
from hcl.cases import errors_of, inputs, same

STACKS = Path(__file__).parents[1] / "data" / "hcl-cases" / "stacks"
NAMES = sorted(path.name for path in STACKS.iterdir())
REFUSED = [n for n in NAMES if "error" in json.loads((STACKS / n / "expected.json").read_text())]
OFFLINE = [
    n for n in NAMES if json.loads((STACKS / n / "case.json").read_text()).get("offline") is False
]
PLANNED = [name for name in NAMES if name not in (*REFUSED, *OFFLINE)]
UNORDERED = {"subnet_mapping", "load_balancer", "capacity_provider_strategy", "target_group"}


def evaluate(name):
    case = json.loads((STACKS / name / "case.json").read_text())
    root = STACKS / name / case.get("root", "root")
    given = inputs(root, case.get("cli", ()), case.get("env"))
    return read(root).evaluate(given), json.loads((STACKS / name / "expected.json").read_text())


@pytest.mark.parametrize("name", PLANNED)
def test_a_stack_has_the_resources_and_values_that_terraform_plans(name):
    world, expected = evaluate(name)

    assert errors_of(world) == ()
    found = {
        address: resource
        for address, resource in world.resources.items()
        if resource.mode == "managed" and resource.type in SLEEPERS
    }
    assert found.keys() == expected["resources"].keys()
    for address, planned in expected["resources"].items():
        configured = names_in(found[address].body)
        assert configured == set(planned["configured"]) - {"timeouts"}
        # The provider drops what a network load balancer does not have.
        body = without(found[address].body, "idle_timeout")
        assert_planned(body, planned["values"], planned, ())


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_stack_is_refused_where_terraform_refuses_it(name):
    world, expected = evaluate(name)
    error = expected["error"]
    problems = errors_of(world)

    assert error["kind"] in {problem.rule for problem in problems}
    if error["file"]:
        places = [problem.place for problem in problems]
        assert any(p.file == error["file"] and abs(p.line - error["line"]) <= 2 for p in places)


@pytest.mark.parametrize("name", OFFLINE)
def test_a_shape_that_only_aws_knows_is_refused_with_the_name_of_the_data_source(name):
    world, expected = evaluate(name)

    messages = " ".join(problem.message for problem in errors_of(world))
    assert any(source in messages for source in expected["data"])


def names_in(body: Block) -> set[str]:
    given = {name for name, a in body.attributes.items() if not a.value.is_null}
    return given | {name for name, _ in body.blocks}


def without(body: Block, name: str) -> Block:
    kept = {n: attribute for n, attribute in body.attributes.items() if n != name}
    return Block(place=body.place, attributes=kept, blocks=body.blocks)


def assert_planned(body: Block, values: Any, planned: dict[str, Any], path: tuple[str, ...]):
    """What is configured has the planned value; blocks also hold defaults, which are not ours."""
    for name, attribute in body.attributes.items():
        if not attribute.value.is_null:
            assert_value(attribute.value, values.get(name), planned, (*path, name))
    for name in {name for name, _ in body.blocks}:
        blocks = body.of_type(name)
        assert len(blocks) == len(values[name])
        for position, block in enumerate(blocks):
            choices = range(len(blocks)) if name in UNORDERED else (position,)
            assert any(fits(block, values[name], i, planned, (*path, name)) for i in choices)


def fits(block: Block, values: list[Any], position: int, planned: dict[str, Any], path) -> bool:
    try:
        assert_planned(block, values[position], planned, (*path, str(position)))
    except AssertionError:
        return False
    return True


def assert_value(value: Value, expected: Any, planned: dict[str, Any], path: tuple[str, ...]):
    if value.is_unknown:
        assert_comes_from(value, planned, ".".join(path))
    elif isinstance(value.data, tuple) and any(element.is_unknown for element in value.data):
        # A set with an unknown element is unknown as a whole to Terraform.
        for position, element in enumerate(value.data):
            shown = planned["refs"].get(".".join(path))
            where = path if shown else (*path, str(position))
            assert_value(element, None, planned, where)
    elif isinstance(value.data, dict) and any(
        element.is_unknown for element in value.data.values()
    ):
        for key, element in value.data.items():
            assert_value(element, expected.get(key), planned, (*path, key))
    else:
        found = to_python(value)
        if isinstance(found, list):
            found, expected = sorted(found, key=str), sorted(expected, key=str)
        assert same(found, expected), (path, found, expected)


def assert_comes_from(value: Value, planned: dict[str, Any], path: str) -> None:
    refs = {**planned["refs"], **planned.get("refs_inside", {}), **planned.get("data", {})}
    expected = [r for key, refs_ in refs.items() if key == path or key.startswith(f"{path}.")
                for r in refs_]  # fmt: skip
    origins = {str(origin) for origin in value.data.origins}
    assert value.data.parts, f"{path} cannot be looked up"
    bases = {text.split("[")[0] if text.endswith("]") else text for text in expected}
    assert origins & (set(expected) | bases), (path, origins, expected)
