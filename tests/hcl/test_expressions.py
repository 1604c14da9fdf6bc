"""Every expression that terraform has answered (`hcl-cases`, `terraform-answers`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from controller.hcl.convert import is_sensitive, is_wholly_known, to_python, unknown_mask
from controller.hcl.types import to_json
from controller.hcl.values import Value
from hcl.cases import Outcome, ask, same, world

DATA = Path(__file__).parents[1] / "data"
CASES = [
    json.loads(line) for line in (DATA / "hcl-cases" / "expressions.jsonl").read_text().splitlines()
]
GROUPS = [
    json.loads(line)
    for line in (DATA / "terraform-answers" / "expressions.jsonl").read_text().splitlines()
]
# Terraform points to the end of the file here, we to the heredoc's beginning, which is missed.
PLACED_OTHERWISE = {"heredoc/marker-with-trailing-word"}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_expression_is_what_terraform_says(case, tmp_path):
    requested = world(
        tmp_path, case["files"], cli=case.get("cli", ()), env=case.get("env"),
        workspace=case.get("workspace", "default"),
    )  # fmt: skip
    outcome = ask(requested, case["expr"])
    if "error" in case:
        assert_refused(outcome, case["error"], placed=case["name"] not in PLACED_OTHERWISE)
        assert case["error"]["kind"] in {problem.rule for problem in outcome.errors}
    elif "varies" in case and outcome.errors:
        assert outcome.value is None
    else:
        assert_value(outcome, case)
        if "varies" not in case:
            assert is_sensitive(known(outcome)) == case.get("sensitive", False)


@pytest.mark.parametrize("group", GROUPS, ids=[f"{i}-{g['group']}" for i, g in enumerate(GROUPS)])
def test_the_expressions_of_a_root_are_what_terraform_says(group, tmp_path):
    requested = world(tmp_path, group["files"], cli=group.get("cli", ()), env=group.get("env"))
    for case in group["cases"]:
        outcome = ask(requested, case["expr"])
        if "error" in case:
            assert_refused(outcome, case)
        else:
            assert_value(outcome, case)


def assert_refused(outcome: Outcome, error: dict[str, Any], *, placed: bool = True) -> None:
    assert outcome.errors, "accepted what terraform refuses"
    if placed and error.get("file"):
        places = [problem.place for problem in outcome.errors if problem.place]
        near = [p for p in places if p.file == error["file"] and abs(p.line - error["line"]) <= 2]
        assert near, f"{outcome.errors} is not where terraform points: {error}"


def assert_value(outcome: Outcome, case: dict[str, Any]) -> None:
    value = known(outcome)
    assert same(to_python(value), case["expected"])
    if case.get("type") is not None:
        assert to_json(value.type) == case["type"]
    if "unknown" in case:
        assert unknown_mask(value) == case["unknown"]
    else:
        assert is_wholly_known(value)


def known(outcome: Outcome) -> Value:
    assert not outcome.errors
    assert outcome.value is not None
    return outcome.value
