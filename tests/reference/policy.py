"""docs/reference/policy.md: every setting, from the dataclass that holds them."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from typing import Any

from controller.domain.policy import policy
from controller.domain.policy.policy import Policy, parse_policy

HEAD = """\
# The variable `dormouse`

A stack's policy is a variable of its Terraform directory, an object; what is left out has its
default.

| setting | default | what it says |
|---|---|---|
"""
TAIL = """
Durations carry units: `90s`, `30m`, `1h30m`, `2d`. Weekdays are the three-letter English ones,
ranges may wrap (`Sat-Mon`), `daily` is all seven; `24:00` is the next local midnight. All periods
are united. In a DST gap a start or end takes effect at the change; in a fold a window runs from
the first occurrence of its start to the last of its end.

`dormouse check` says what cannot be read, with file and line; `dormouse hours` shows what comes
of it.
"""


def page() -> str:
    defaults = parse_policy({}).to_json()
    rows = [f"| `{name}` | {_default(defaults[name])} | {text} |" for name, text in texts().items()]
    return HEAD + "\n".join(rows) + "\n" + TAIL


def texts() -> dict[str, str]:
    """Setting to the text under it in the class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(Policy))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name) and isinstance(text.value, ast.Constant)
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def settings() -> set[str]:
    """What users may write."""
    return set(policy._FROM_VARIABLE)


def _default(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{name} = {json.dumps(each)}" for name, each in value.items())
        return f"`{{ {inside} }}`"
    return f"`{json.dumps(value)}`"
