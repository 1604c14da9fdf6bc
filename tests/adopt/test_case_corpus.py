"""
Every directory of the case corpus that compiles is adopted, and compiles to the same requests.

`prepare` compares them itself; here is that it is asked of all, and that nothing is left awake.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from adopting import compile_in, prepared

from controller.domain.problem import Level
from controller.hcl.world import Inputs

STACKS = Path(__file__).parents[1] / "data" / "hcl-cases" / "stacks"
CASES = sorted(
    path.parent
    for path in STACKS.glob("*/case.json")
    if not (case := json.loads(path.read_text())).get("error") and case.get("offline", True)
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_stack_of_the_corpus_is_adopted(tmp_path, case):
    reported = json.loads((case / "case.json").read_text())
    shutil.copytree(case, tmp_path / "copy")
    root = tmp_path / "copy" / reported.get("root", "root")
    inputs = Inputs(
        options=tuple(
            ("var-file", str(root / one[1:])) if one[0] == "@" else ("var", one)
            for one in reported.get("cli") or ()
        ),
        environment=reported.get("env") or {},
        workspace=reported.get("workspace") or "default",
        region="us-east-1",
    )
    result = prepared(root, inputs)
    for change in result.changes.files:
        change.path.write_bytes(change.after)
    again = compile_in(root, inputs)

    assert again.spec is not None
    assert [p.message for p in again.problems if p.level is Level.ERROR] == []
    assert len(again.spec.resources) == len(result.before.resources) > 0
    assert [one for one in again.problems if one.rule in ("awake-only", "differs")] == []
    assert prepared(root, inputs).changes.files == ()
