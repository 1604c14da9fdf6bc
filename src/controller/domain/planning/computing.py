"""
Functions and operators of Terraform's language that a spec may use at wake time. Pure.

A spec contains them if a value depends on others that are only known then: the newest of two
revisions, the first two of several subnets. They work on plain JSON (numbers that are not whole are
Decimals, sets are sorted lists without duplicates) and return what Terraform returns; a test
compares each with Terraform's recorded answers. The compiler refuses all other functions.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext

from controller.domain.planning.computed_values import (
    CannotComputeError,
    Data,
    alike,
    same,
    text,
    to_index,
    to_list,
    to_map,
    to_number,
    to_result,
    truth,
    without_doubles,
)
from controller.domain.planning.computing_cidr import CIDR
from controller.domain.planning.computing_hash import HASHES
from controller.domain.planning.computing_json import decode, json_text, json_value

_PRECISE = Context(prec=160)


def compute(name: str, args: Sequence[Data]) -> Data:
    """Apply a function or operator; raises CannotComputeError with its name and the reason."""
    function = FUNCTIONS.get(name)
    if function is None:
        raise CannotComputeError(f"cannot compute {name}(): this release does not know it")
    try:
        with localcontext(_PRECISE):
            return function(*args)
    except CannotComputeError as error:
        raise CannotComputeError(f"cannot compute {name}(): {error}") from None
    except (TypeError, ValueError, LookupError, ArithmeticError, StopIteration):
        # What was found is not shown: it may be a secret.
        raise CannotComputeError(f"cannot compute {name}() of what was found") from None


def _set(items: Iterable[Data]) -> list[Data]:
    """In the order of Terraform's sets: texts by code point, numbers by size, false first."""
    kept = without_doubles(items)
    if any(isinstance(item, str) for item in kept):
        kept = without_doubles(text(item) for item in kept)
    if all(isinstance(item, str | int | Decimal) for item in kept):
        return sorted(kept)
    return sorted(kept, key=json_text)


def _unified(items: list[Data]) -> list[Data]:
    """Elements of one type: texts, where a primitive among them is one (HCL semantics §6)."""
    primitive = all(item is None or isinstance(item, str | int | Decimal) for item in items)
    if primitive and any(isinstance(item, str) for item in items):
        return [None if item is None else text(item) for item in items]
    return items


def _tomap(value: Data) -> dict[str, Data]:
    found = to_map(value)
    return dict(zip(found, _unified(list(found.values())), strict=True))


def _get(value: Data, key: Data) -> Data:
    if isinstance(value, dict):
        if text(key) not in value:
            raise CannotComputeError("there is no such key in the map")
        return value[text(key)]
    position, items = to_index(key), to_list(value)
    if not 0 <= position < len(items):
        raise CannotComputeError(f"there is no element {position} among {len(items)}")
    return items[position]


def _element(items: Data, position: Data) -> Data:
    found = to_list(items)
    if not found:
        raise CannotComputeError("there is no element")
    return found[to_index(position) % len(found)]


def _slice(items: Data, start: Data, end: Data) -> list[Data]:
    found, first, last = to_list(items), to_index(start), to_index(end)
    if not 0 <= first <= last <= len(found):
        raise CannotComputeError(f"there are {len(found)} elements, expected {last} or more")
    return found[first:last]


def _substr(value: Data, offset: Data, length: Data) -> str:
    whole, start, size = _letters(value), to_index(offset), to_index(length)
    if start >= 0 and size == 0:
        return ""
    start = max(0, start + len(whole)) if start < 0 else start
    return whole[start:] if size <= 0 else whole[start : start + size]


def _split(separator: Data, value: Data) -> list[Data]:
    by, whole = text(separator), text(value)
    return whole.split(by) if by else list(_letters(whole))


def _join(separator: Data, *lists: Data) -> str:
    return text(separator).join(text(item) for items in lists for item in to_list(items))


def _replace(value: Data, old: Data, new: Data) -> str:
    wanted = text(old)
    if len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
        raise CannotComputeError("regular expressions are not known when waking")
    return text(value).replace(wanted, text(new))


def _affix(value: Data, wanted: Data, *, front: bool) -> str:
    return (
        text(value).removeprefix(text(wanted)) if front else text(value).removesuffix(text(wanted))
    )


def _format(pattern: Data, *args: Data) -> str:
    """The plain verbs; what has width or flags is refused when compiling."""
    waiting = iter(args)

    def shown(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = next(waiting)
        if match[0] == "%d":
            return str(to_index(value))
        return text(value)

    return re.sub(r"%[%sd]", shown, text(pattern))


def _formatlist(pattern: Data, *args: Data) -> list[Data]:
    """What is no list goes into every text."""
    sizes = {len(one) for one in args if isinstance(one, list)}
    if len(sizes) != 1:
        raise CannotComputeError("the lists are not equally long")
    rounds = range(sizes.pop())
    return [_format(pattern, *(a[i] if isinstance(a, list) else a for a in args)) for i in rounds]


def _length(value: Data) -> int:
    return len(value if isinstance(value, list | dict) else _letters(value))


def _letters(value: Data) -> str:
    """A text whose characters can be counted without tables of what a reader sees as one."""
    found = text(value)
    if not found.isascii():
        raise CannotComputeError("the text has other letters than ASCII's")
    return found


def _flatten(items: Data) -> list[Data]:
    found: list[Data] = []
    for item in to_list(items):
        found += _flatten(item) if isinstance(item, list) else [item]
    return found


def _coalesce(*values: Data) -> Data:
    return next(value for value in values if value is not None and value != "")


def _lookup(items: Data, key: Data, *default: Data) -> Data:
    found = to_map(items)
    return found[text(key)] if text(key) in found else _get(list(default), 0)


def _merge(*maps: Data) -> dict[str, Data]:
    return {
        key: value for items in maps if items is not None for key, value in to_map(items).items()
    }


def _zipmap(keys: Data, values: Data) -> dict[str, Data]:
    return dict(zip(map(text, to_list(keys)), to_list(values), strict=True))


def _matchkeys(values: Data, keys: Data, searched: Data) -> list[Data]:
    found = zip(to_list(values), to_list(keys), strict=True)
    return [value for value, key in found if any(alike(key, one) for one in to_list(searched))]


def _range(limit: Data) -> list[Data]:
    """Without a step it counts down to a limit below zero."""
    end = to_index(limit)
    return list(range(end) if end >= 0 else range(0, end, -1))


def _one(items: Data) -> Data:
    found = to_list(items)
    if len(found) > 1:
        raise CannotComputeError(f"there are {len(found)} elements, expected one or none")
    return found[0] if found else None


def _position(items: Data, value: Data) -> int:
    return next(i for i, item in enumerate(to_list(items)) if same(item, value))


def _chunks(items: Data, size: Data) -> list[Data]:
    found, step = to_list(items), to_index(size) or max(1, len(to_list(items)))
    return [found[start : start + step] for start in range(0, len(found), step)]


def _intersection(first: Data, *others: Data) -> list[Data]:
    kept = _set(to_list(first))
    for other in others:
        kept = [item for item in kept if any(alike(item, one) for one in to_list(other))]
    return kept


def _subtract(first: Data, second: Data) -> list[Data]:
    return [i for i in _set(to_list(first)) if not any(alike(i, one) for one in to_list(second))]


def _arithmetic(apply: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Data, Data], Data]:
    return lambda a, b: to_result(apply(to_number(a), to_number(b)))


def _comparison(holds: Callable[[int], bool]) -> Callable[[Data, Data], bool]:
    return lambda a, b: holds(int(to_number(a).compare(to_number(b))))


FUNCTIONS: Mapping[str, Callable[..., Data]] = {
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b),
    "%": _arithmetic(lambda a, b: a % b),
    "<": _comparison(lambda order: order < 0),
    "<=": _comparison(lambda order: order <= 0),
    ">": _comparison(lambda order: order > 0),
    ">=": _comparison(lambda order: order >= 0),
    "==": same,
    "!=": lambda a, b: not same(a, b),
    "!": lambda value: not truth(value),
    "&&": lambda a, b: truth(a) and truth(b),
    "||": lambda a, b: truth(a) or truth(b),
    "negate": lambda value: to_result(-to_number(value)),
    "get": _get,
    "list": lambda *items: list(items),
    "object": lambda *parts: dict(zip(parts[::2], parts[1::2], strict=True)),
    "splat": lambda v: (
        [] if v is None else v if isinstance(v, list) else [v]
    ),  # what it goes through
    "abs": lambda value: to_result(abs(to_number(value))),
    "alltrue": lambda items: all(item is not None and truth(item) for item in to_list(items)),
    "anytrue": lambda items: any(item is not None and truth(item) for item in to_list(items)),
    "base64decode": decode,
    "base64encode": lambda value: base64.b64encode(text(value).encode()).decode(),
    "ceil": lambda value: to_result(to_number(value).to_integral_value(ROUND_CEILING)),
    "chomp": lambda value: text(value).rstrip("\r\n"),
    "chunklist": _chunks,
    **CIDR,
    **HASHES,
    "coalesce": _coalesce,
    "coalescelist": lambda *lists: next(items for items in lists if to_list(items)),
    "compact": lambda items: [text(i) for i in to_list(items) if i is not None and i != ""],
    "concat": lambda *lists: [item for items in lists for item in to_list(items)],
    "contains": lambda items, value: any(same(item, value) for item in to_list(items)),
    "distinct": lambda items: without_doubles(to_list(items)),
    "element": _element,
    "endswith": lambda value, end: text(value).endswith(text(end)),
    "flatten": _flatten,
    "floor": lambda value: to_result(to_number(value).to_integral_value(ROUND_FLOOR)),
    "format": _format,
    "formatlist": _formatlist,
    "index": _position,
    "join": _join,
    "jsondecode": json_value,
    "jsonencode": json_text,
    "keys": lambda items: sorted(to_map(items)),
    "length": _length,
    "lookup": _lookup,
    "lower": lambda value: _letters(value).lower(),
    "matchkeys": _matchkeys,
    "max": lambda *values: to_result(max(map(to_number, values))),
    "merge": _merge,
    "min": lambda *values: to_result(min(map(to_number, values))),
    "one": _one,
    "range": _range,
    "replace": _replace,
    "reverse": lambda items: to_list(items)[::-1],
    "setintersection": _intersection,
    "setsubtract": _subtract,
    "setunion": lambda *lists: _set(item for items in lists for item in to_list(items)),
    "slice": _slice,
    "sort": lambda items: sorted(text(item) for item in to_list(items)),
    "split": _split,
    "startswith": lambda value, start: text(value).startswith(text(start)),
    "strcontains": lambda value, part: text(part) in text(value),
    "substr": _substr,
    "sum": lambda items: to_result(sum(map(to_number, to_list(items)), Decimal(0))),
    "tobool": lambda value: None if value is None else truth(value),
    "tolist": lambda items: _unified(to_list(items)),
    "tomap": _tomap,
    "tonumber": lambda value: None if value is None else to_result(to_number(value)),
    "toset": lambda items: _set(to_list(items)),
    "tostring": lambda value: None if value is None else text(value),
    "trim": lambda value, chars: text(value).strip(text(chars)),
    "trimprefix": lambda value, start: _affix(value, start, front=True),
    "trimspace": lambda value: _letters(value).strip(" \t\n\v\f\r"),
    "trimsuffix": lambda value, end: _affix(value, end, front=False),
    "upper": lambda value: _letters(value).upper(),
    "values": lambda items: [value for _, value in sorted(to_map(items).items())],
    "zipmap": lambda keys, values: dict(
        zip(map(text, to_list(keys)), to_list(values), strict=True)
    ),
}
