"""
Every row of functions.jsonl: an expression and what terraform 1.11.4 made of it.

`unknown` is the plan's mask of what is known only after apply. A null of the whole expression has
no `type`, since Terraform's plan does not tell it.
"""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from controller.hcl.convert import is_wholly_known, to_python, unknown_mask, without_marks
from controller.hcl.errors import HclError
from controller.hcl.functions import FUNCTIONS
from controller.hcl.types import to_json

DATA = Path(__file__).parents[2] / "data" / "functions.jsonl"


def load_rows():
    rows = defaultdict(list)
    for line in DATA.read_text().split("\n"):
        if line:
            row = json.loads(line)
            called = re.search(r"([a-z0-9]+)\(", row["expr"])
            rows[called[1] if called else "operators"].append(row)
    return rows


ROWS = load_rows()


def answer(console, row):
    try:
        value = without_marks(console(row["expr"]))
    except HclError:
        return {"error": True}
    found = {"expected": to_python(value)}
    if not is_wholly_known(value):
        return found | {"unknown": unknown_mask(value)}
    return found | {"type": to_json(value.type)} if "type" in row else found


def alike(found, expected):
    """Terraform's plan rounds a fraction to the nearest double: that much may differ."""
    if isinstance(found, float) and isinstance(expected, int | float):
        return found == pytest.approx(expected, rel=1e-12, abs=0)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(alike, found, expected))
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(alike(found[k], expected[k]) for k in found)
    return found == expected and isinstance(found, bool) == isinstance(expected, bool)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_function_answers_as_terraform_does(name, console):
    wanted = [{k: v for k, v in row.items() if k != "expr"} for row in ROWS[name]]
    found = [answer(console, row) for row in ROWS[name]]
    differing = [
        (row["expr"], got, want)
        for row, got, want in zip(ROWS[name], found, wanted, strict=True)
        if not alike(got, want)
    ]
    assert differing == []


def test_every_function_has_rows():
    """plantimestamp is known to Terraform's plan, and never to us (HCL semantics §16)."""
    assert FUNCTIONS.keys() - ROWS.keys() == {"plantimestamp"}
