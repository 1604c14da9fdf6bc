"""
All functions by name, and how one is found (HCL semantics §16).

`try`, `can` and `type` are not here: they decide which of their arguments are evaluated, so they
belong to the evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controller.hcl.errors import HclError
from controller.hcl.functions import (
    aws,
    collections,
    encoding,
    files,
    formats,
    hashing,
    lists,
    marks,
    math,
    network,
    regexes,
    sets,
    strings,
    time,
    types,
    yaml,
)
from controller.hcl.functions.definition import CallContext, Function, call_function
from controller.hcl.values import Value

_FAMILIES = (
    collections.FUNCTIONS,
    encoding.FUNCTIONS,
    files.FUNCTIONS,
    formats.FUNCTIONS,
    hashing.FUNCTIONS,
    lists.FUNCTIONS,
    marks.FUNCTIONS,
    math.FUNCTIONS,
    network.FUNCTIONS,
    regexes.FUNCTIONS,
    sets.FUNCTIONS,
    strings.FUNCTIONS,
    time.FUNCTIONS,
    types.FUNCTIONS,
    yaml.FUNCTIONS,
)

FUNCTIONS: Mapping[str, Function] = {f.name: f for family in _FAMILIES for f in family}

OF_PROVIDER: Mapping[str, Function] = {f.name: f for f in aws.FUNCTIONS}
"""Functions of the AWS provider by their whole name; others of providers cannot run here."""

SPECIAL_FORMS = frozenset({"try", "can", "type"})
"""Names that the evaluator handles itself (`type` is for Terraform's console only)."""


def call(name: str, args: Sequence[Value], context: CallContext) -> Value:
    """
    Apply the function `name`, which may be written `core::name`.

    Raises HclError "unknown-function", and whatever `call_function` raises.
    """
    return call_function(find(name), args, context)


def find(name: str) -> Function:
    """The function of that name; raises HclError "unknown-function" with a suggestion."""
    if name in OF_PROVIDER:
        return OF_PROVIDER[name]
    namespace, _, bare = name.rpartition("::")
    if namespace.startswith("provider::"):
        raise HclError("unknown-function", f'"{name}" belongs to a provider; it cannot run here')
    found = FUNCTIONS.get(bare) if namespace in ("", "core") else None
    if bare in SPECIAL_FORMS and found is None:
        raise HclError("unknown-function", f"{bare}() cannot be used here")
    if found is None:
        raise HclError("unknown-function", f'there is no function "{name}"{_suggestion(bare)}')
    return found


def _suggestion(name: str) -> str:
    import difflib  # only for this message

    close = difflib.get_close_matches(name.lower(), [*FUNCTIONS, *sorted(SPECIAL_FORMS)], n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
