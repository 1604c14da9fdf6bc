"""docs/assumptions.md holds each time that is assumed of AWS, and says what settles it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from controller.domain.planning.timing import TYPICAL, Timing
from controller.domain.trial.advice import advise
from controller.domain.trial.answers import Answers
from controller.domain.trial.measures import NAMES, Given
from controller.domain.trial.result import Result

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "assumptions.md").read_text()
SRC = ROOT / "src" / "controller"
ROW = re.compile(r"^\| (?!assumed|---|field|`)(.+) \|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
DOCUMENTED = "documented"
CITES = re.compile(r"AWS behaviour|AWS §|\(§\d|F\d\d")


def rows() -> list[list[str]]:
    return [[cell.strip() for cell in found.split(" | ")] for found in ROW.findall(PAGE)]


def constants() -> Iterator[str]:
    """Each constant of the code that is a time and cites a fact about AWS, as "module.NAME"."""
    for path in sorted(SRC.rglob("*.py")):
        text = path.read_text()
        if "timedelta(" not in text:
            continue
        lines, body = text.splitlines(), ast.parse(text).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            name = _time(node)
            if name and CITES.search(_said(node, after, lines)):
                yield f"{path.stem}.{name}"


def _time(node: ast.stmt) -> str:
    """The name of a module's constant that is a timedelta."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return ""
    name, value = node.targets[0].id, ast.unparse(node.value)
    return name if name.lstrip("_").isupper() and value.startswith("timedelta(") else ""


def _said(node: ast.stmt, after: ast.stmt | None, lines: list[str]) -> str:
    """Its docstring, and the comments above it and beside it."""
    text = lines[node.lineno - 1].partition("#")[2]
    above = lines[node.lineno - 2]
    text += above if above.startswith("#") else ""
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        text += f" {after.value.value}"
    return text


def settles() -> set[str]:
    """What a row may name: the fields of a trial's JSON, and each number that it measures."""
    result = Result(
        measured=dict.fromkeys(NAMES),
        given=Given(checks=20, delay=10),
        answers=Answers(),
        advice=advise({}, came_back=False),
        seconds=1,
    )
    found = result.to_json()
    parts = {f"{part}.{name}" for part in ("measured", "behaviours") for name in found[part]}
    return {*found, *parts}


def test_the_page_was_read():
    assert len(rows()) > 40
    assert {len(row) for row in rows()} == {4, 5}


@pytest.mark.parametrize("field", [f.name for f in fields(Timing) if f.name != "name"])
def test_each_time_of_a_profile_has_a_row(field):
    assert f"`Timing.{field}`" in {row[1] for row in rows()}


def test_each_constant_that_is_a_time_of_aws_has_a_row():
    found = set(constants())
    assert len(found) > 15
    named = {name for row in rows() if len(row) == 5 for name in CODE.findall(row[1])}

    assert found - named == set(), "docs/assumptions.md has no row for these"


def test_what_a_row_names_in_the_code_exists():
    known = {f"Timing.{field.name}" for field in fields(Timing)} | {"wake_chain"}
    for row in rows():
        for name in CODE.findall(row[1]) if len(row) == 5 else ():
            if name not in known:
                module, _, constant = name.partition(".")
                texts = [path.read_text() for path in SRC.rglob(f"{module}.py")]
                assert any(re.search(rf"^{constant} = ", each, re.MULTILINE) for each in texts), row


def test_each_row_says_what_settles_it():
    for row in rows():
        cell = row[-1]
        assert cell == DOCUMENTED or set(CODE.findall(cell)) <= settles() - {""}, row
        assert cell == DOCUMENTED or CODE.findall(cell), row


def test_each_number_of_a_trial_settles_something():
    named = {name for row in rows() for name in CODE.findall(row[-1])}
    assert {f"measured.{name}" for name in NAMES} <= named
    assert TYPICAL.name in PAGE
