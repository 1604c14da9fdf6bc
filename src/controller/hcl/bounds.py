"""
Between which numbers an unknown one lies: enough to decide a comparison or a `min` at times.

Terraform knows while planning what a data source finds, so it decides what we cannot. Where every
value within the bounds gives one answer, it is that answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from controller.hcl import numbers
from controller.hcl.types import NUMBER, TupleType
from controller.hcl.values import ANY, Bounds, Unknown, Value


def bounds_of(value: Value) -> Bounds:
    """The least and the largest that a number can be; both are what it is where it is known."""
    if isinstance(value.data, numbers.Number):
        exact = numbers.to_float(value.data)
        return exact, exact
    if isinstance(value.data, Unknown) and value.type == NUMBER:
        return value.data.bounds
    return ANY


def result_bounds(name: str, args: Sequence[Value]) -> Bounds:
    """The bounds of what a function or operator gives, as far as its arguments' tell them."""
    if name == "length":
        return _sizes(args[0])
    if name in ("min", "max", "+") and args:
        lows, highs = zip(*map(bounds_of, args), strict=True)
        if name == "+":
            return sum(lows), sum(highs)
        together = min if name == "min" else max
        return together(lows), together(highs)
    return ANY


def compare(operator: str, left: Value, right: Value) -> bool | None:
    """What a comparison gives for all that the two can be; None where that differs."""
    (low, high), (other_low, other_high) = bounds_of(left), bounds_of(right)
    if operator in ("==", "!="):
        apart = high < other_low or low > other_high
        return operator == "!=" if apart else None
    if operator in (">", "<="):
        more = True if low > other_high else False if high <= other_low else None
        return more if operator == ">" or more is None else not more
    less = True if high < other_low else False if low >= other_high else None
    return less if operator == "<" or less is None else not less


def _sizes(collection: Value) -> Bounds:
    if isinstance(collection.type, TupleType):
        size = len(collection.type.elements)
        return size, size
    if isinstance(collection.data, Unknown):
        return max(0, collection.data.bounds[0]), collection.data.bounds[1]
    return 0, math.inf
