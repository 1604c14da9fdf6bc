"""Functions on the marks of a value (HCL semantics §4)."""

from __future__ import annotations

from dataclasses import replace

from controller.hcl.convert import boolean, merge_unknown
from controller.hcl.functions.definition import Parameter, function
from controller.hcl.types import BOOL
from controller.hcl.values import Value

_VALUE = Parameter("value", nullable=True, unknown=True)


@function(_VALUE, whole=False, marks=True)
def sensitive(value: Value) -> Value:
    return replace(value, sensitive=True)


@function(_VALUE, whole=False, marks=True)
def nonsensitive(value: Value) -> Value:
    """Takes the mark off the value itself; marks further inside stay."""
    return replace(value, sensitive=False)


@function(_VALUE, returns=BOOL, whole=False, marks=True)
def issensitive(value: Value) -> Value:
    """Unknown for a value known only after apply, unless it is marked already."""
    if value.is_unknown and not value.sensitive:
        return Value(BOOL, merge_unknown(value))
    return boolean(value.sensitive)


@function(_VALUE, whole=False, marks=True)
def ephemeralasnull(value: Value) -> Value:
    """Null in place of every ephemeral value, at any depth."""
    data = value.data
    if value.ephemeral:
        return replace(value, data=None, ephemeral=False)
    if isinstance(data, tuple):
        return replace(value, data=tuple(ephemeralasnull.body(e) for e in data))
    if isinstance(data, dict):
        return replace(value, data={k: ephemeralasnull.body(e) for k, e in data.items()})
    return value


FUNCTIONS = (sensitive, nonsensitive, issensitive, ephemeralasnull)
