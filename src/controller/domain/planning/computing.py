"""
Functions and operators of Terraform's language that a spec may use at wake time. Pure.

A spec contains them if a value depends on others that are only known then: the newest of two
revisions, the first two of several subnets. They work on plain JSON (numbers that are not whole are
Decimals, sets are sorted lists without duplicates) and return what Terraform returns; a test
compares each with Terraform's recorded answers. The compiler refuses all other functions.

Its size: one short function for each function of Terraform's language.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from typing import Any

from controller.domain.errors import PermanentError
from controller.domain.planning.computing_cidr import CIDR

Data = Any
"""None, bool, int, Decimal, str, a list or a dict of these."""

_PRECISE = Context(prec=160)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z")
_HALF = re.compile("[\ud800-\udfff]")
_JSON_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class CannotComputeError(PermanentError):
    """A value found at wake time is not of the kind that the configuration computes with."""


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


def text(value: Data) -> str:
    """A value as a template shows it (HCL semantics §4)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        whole = _result(Decimal(str(value)))
        return str(whole) if isinstance(whole, int) else format(whole.normalize(), "f")
    raise CannotComputeError(f"found {_shown(value)}, expected a text")


def plain(value: Data) -> Data:
    """The value as a request takes it: no Decimals."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def truth(value: Data) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise CannotComputeError(f"found {_shown(value)}, expected true or false")


def pairs(collection: Data) -> list[tuple[Data, Data]]:
    """Keys and values in Terraform's order."""
    if isinstance(collection, dict):
        return sorted(collection.items())
    return list(enumerate(_list(collection)))


def _number(value: Data) -> Decimal:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value))
    if isinstance(value, str) and _NUMBER.match(value):
        return Decimal(value)
    raise CannotComputeError(f"found {_shown(value)}, expected a number")


def _result(value: Decimal) -> Data:
    return int(value) if value == value.to_integral_value() else value


def _index(value: Data) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise CannotComputeError(f"found {number}, expected a whole number")
    return int(number)


def _list(value: Data) -> list[Data]:
    if isinstance(value, list):
        return value
    raise CannotComputeError(f"found {_shown(value)}, expected a list")


def _map(value: Data) -> dict[str, Data]:
    if isinstance(value, dict):
        return value
    raise CannotComputeError(f"found {_shown(value)}, expected a map")


def _shown(value: Data) -> str:
    """The kind of a value alone: it may be a secret."""
    if value is None:
        return "null"
    names = {str: "a text", bool: "a bool", list: "a list", dict: "a map"}
    return names.get(type(value), "a number")


def _same(a: Data, b: Data) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    numbers = (int, float, Decimal)
    if isinstance(a, numbers) and isinstance(b, numbers):
        return Decimal(str(a)) == Decimal(str(b))
    return type(a) is type(b) and bool(a == b)


def _alike(a: Data, b: Data) -> bool:
    """The same once both are of one type, which is text where one of them is (HCL semantics §6)."""
    mixed = isinstance(a, str) != isinstance(b, str)
    if mixed and all(isinstance(one, str | int | Decimal) for one in (a, b)):
        return text(a) == text(b)
    return _same(a, b)


def _without_doubles(items: Iterable[Data]) -> list[Data]:
    kept: list[Data] = []
    for item in items:
        if not any(_same(item, other) for other in kept):
            kept.append(item)
    return kept


def _set(items: Iterable[Data]) -> list[Data]:
    """In the order of Terraform's sets: texts by code point, numbers by size, false first."""
    kept = _without_doubles(items)
    if any(isinstance(item, str) for item in kept):
        kept = _without_doubles(text(item) for item in kept)
    if all(isinstance(item, str | int | Decimal) for item in kept):
        return sorted(kept)
    return sorted(kept, key=_json_text)


def _unified(items: list[Data]) -> list[Data]:
    """Elements of one type: texts, where a primitive among them is one (HCL semantics §6)."""
    primitive = all(item is None or isinstance(item, str | int | Decimal) for item in items)
    if primitive and any(isinstance(item, str) for item in items):
        return [None if item is None else text(item) for item in items]
    return items


def _tomap(value: Data) -> dict[str, Data]:
    found = _map(value)
    return dict(zip(found, _unified(list(found.values())), strict=True))


def _get(value: Data, key: Data) -> Data:
    if isinstance(value, dict):
        if text(key) not in value:
            raise CannotComputeError("there is no such key in the map")
        return value[text(key)]
    position, items = _index(key), _list(value)
    if not 0 <= position < len(items):
        raise CannotComputeError(f"there is no element {position} among {len(items)}")
    return items[position]


def _element(items: Data, position: Data) -> Data:
    found, index = _list(items), _index(position)
    if not found or index < 0:
        raise CannotComputeError("there is no such element")
    return found[index % len(found)]


def _slice(items: Data, start: Data, end: Data) -> list[Data]:
    found, first, last = _list(items), _index(start), _index(end)
    if not 0 <= first <= last <= len(found):
        raise CannotComputeError(f"there are {len(found)} elements, expected {last} or more")
    return found[first:last]


def _substr(value: Data, offset: Data, length: Data) -> str:
    whole, start, size = _letters(value), _index(offset), _index(length)
    if start >= 0 and size == 0:
        return ""
    start = max(0, start + len(whole)) if start < 0 else start
    return whole[start:] if size <= 0 else whole[start : start + size]


def _split(separator: Data, value: Data) -> list[Data]:
    by, whole = text(separator), text(value)
    return whole.split(by) if by else list(_letters(whole))


def _join(separator: Data, *lists: Data) -> str:
    return text(separator).join(text(item) for items in lists for item in _list(items))


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
            return str(_index(value))
        return text(value)

    return re.sub(r"%[%sd]", shown, text(pattern))


def _formatlist(pattern: Data, *args: Data) -> list[Data]:
    """What is no list goes into every text."""
    sizes = {len(one) for one in args if isinstance(one, list)}
    if len(sizes) != 1:
        raise CannotComputeError("the lists are not equally long")
    rounds = range(sizes.pop())
    return [_format(pattern, *(a[i] if isinstance(a, list) else a for a in args)) for i in rounds]


def _json_text(value: Data) -> str:
    if isinstance(value, dict):
        inner = (f"{_quoted(key)}:{_json_text(item)}" for key, item in sorted(value.items()))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_json_text(item) for item in value) + "]"
    if isinstance(value, str):
        return _quoted(value)
    return "null" if value is None else text(value)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_JSON_ESCAPES)


def _json_value(value: Data) -> Data:
    try:
        found = json.loads(text(value), parse_float=lambda found: _result(Decimal(found)))
        return _normalised(found)
    except (ValueError, ArithmeticError):
        raise CannotComputeError("the text is not JSON") from None


def _normalised(value: Data) -> Data:
    """With the texts that Terraform makes: composed, and without halves of characters."""
    if isinstance(value, list):
        return [_normalised(item) for item in value]
    if isinstance(value, dict):
        return {_normalised(key): _normalised(item) for key, item in value.items()}
    if isinstance(value, str) and not value.isascii():
        return unicodedata.normalize("NFC", _HALF.sub("\ufffd", value))
    return value


def _decode(value: Data) -> str:
    return base64.b64decode(text(value).replace("\n", ""), validate=True).decode()


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
    for item in _list(items):
        found += _flatten(item) if isinstance(item, list) else [item]
    return found


def _coalesce(*values: Data) -> Data:
    return next(value for value in values if value is not None and value != "")


def _lookup(items: Data, key: Data, *default: Data) -> Data:
    found = _map(items)
    return found[text(key)] if text(key) in found else _get(list(default), 0)


def _merge(*maps: Data) -> dict[str, Data]:
    return {key: value for items in maps if items is not None for key, value in _map(items).items()}


def _matchkeys(values: Data, keys: Data, searched: Data) -> list[Data]:
    found = zip(_list(values), _list(keys), strict=True)
    return [value for value, key in found if any(_alike(key, one) for one in _list(searched))]


def _range(limit: Data) -> list[Data]:
    """Without a step it counts down to a limit below zero."""
    end = _index(limit)
    return list(range(end) if end >= 0 else range(0, end, -1))


def _one(items: Data) -> Data:
    found = _list(items)
    if len(found) > 1:
        raise CannotComputeError(f"there are {len(found)} elements, expected one or none")
    return found[0] if found else None


def _position(items: Data, value: Data) -> int:
    return next(i for i, item in enumerate(_list(items)) if _same(item, value))


def _chunks(items: Data, size: Data) -> list[Data]:
    found, step = _list(items), _index(size) or max(1, len(_list(items)))
    return [found[start : start + step] for start in range(0, len(found), step)]


def _intersection(first: Data, *others: Data) -> list[Data]:
    kept = _set(_list(first))
    for other in others:
        kept = [item for item in kept if any(_alike(item, one) for one in _list(other))]
    return kept


def _subtract(first: Data, second: Data) -> list[Data]:
    return [i for i in _set(_list(first)) if not any(_alike(i, one) for one in _list(second))]


def _arithmetic(apply: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Data, Data], Data]:
    return lambda a, b: _result(apply(_number(a), _number(b)))


def _comparison(holds: Callable[[int], bool]) -> Callable[[Data, Data], bool]:
    return lambda a, b: holds(int(_number(a).compare(_number(b))))


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
    "==": _same,
    "!=": lambda a, b: not _same(a, b),
    "!": lambda value: not truth(value),
    "&&": lambda a, b: truth(a) and truth(b),
    "||": lambda a, b: truth(a) or truth(b),
    "negate": lambda value: _result(-_number(value)),
    "get": _get,
    "list": lambda *items: list(items),
    "object": lambda *parts: dict(zip(parts[::2], parts[1::2], strict=True)),
    "splat": lambda v: (
        [] if v is None else v if isinstance(v, list) else [v]
    ),  # what it goes through
    "abs": lambda value: _result(abs(_number(value))),
    "alltrue": lambda items: all(item is not None and truth(item) for item in _list(items)),
    "anytrue": lambda items: any(item is not None and truth(item) for item in _list(items)),
    "base64decode": _decode,
    "base64encode": lambda value: base64.b64encode(text(value).encode()).decode(),
    "ceil": lambda value: _result(_number(value).to_integral_value(ROUND_CEILING)),
    "chomp": lambda value: text(value).rstrip("\r\n"),
    "chunklist": _chunks,
    **CIDR,
    "coalesce": _coalesce,
    "coalescelist": lambda *lists: next(items for items in lists if _list(items)),
    "compact": lambda items: [text(i) for i in _list(items) if i is not None and i != ""],
    "concat": lambda *lists: [item for items in lists for item in _list(items)],
    "contains": lambda items, value: any(_same(item, value) for item in _list(items)),
    "distinct": lambda items: _without_doubles(_list(items)),
    "element": _element,
    "endswith": lambda value, end: text(value).endswith(text(end)),
    "flatten": _flatten,
    "floor": lambda value: _result(_number(value).to_integral_value(ROUND_FLOOR)),
    "format": _format,
    "formatlist": _formatlist,
    "index": _position,
    "join": _join,
    "jsondecode": _json_value,
    "jsonencode": _json_text,
    "keys": lambda items: sorted(_map(items)),
    "length": _length,
    "lookup": _lookup,
    "lower": lambda value: _letters(value).lower(),
    "matchkeys": _matchkeys,
    "max": lambda *values: _result(max(map(_number, values))),
    "merge": _merge,
    "min": lambda *values: _result(min(map(_number, values))),
    "one": _one,
    "range": _range,
    "replace": _replace,
    "reverse": lambda items: _list(items)[::-1],
    "setintersection": _intersection,
    "setsubtract": _subtract,
    "setunion": lambda *lists: _set(item for items in lists for item in _list(items)),
    "slice": _slice,
    "sort": lambda items: sorted(text(item) for item in _list(items)),
    "split": _split,
    "startswith": lambda value, start: text(value).startswith(text(start)),
    "strcontains": lambda value, part: text(part) in text(value),
    "substr": _substr,
    "sum": lambda items: _result(sum(map(_number, _list(items)), Decimal(0))),
    "tobool": lambda value: None if value is None else truth(value),
    "tolist": lambda items: _unified(_list(items)),
    "tomap": _tomap,
    "tonumber": lambda value: None if value is None else _result(_number(value)),
    "toset": lambda items: _set(_list(items)),
    "tostring": lambda value: None if value is None else text(value),
    "trim": lambda value, chars: text(value).strip(text(chars)),
    "trimprefix": lambda value, start: _affix(value, start, front=True),
    "trimspace": lambda value: _letters(value).strip(" \t\n\v\f\r"),
    "trimsuffix": lambda value, end: _affix(value, end, front=False),
    "upper": lambda value: _letters(value).upper(),
    "values": lambda items: [value for _, value in sorted(_map(items).items())],
    "zipmap": lambda keys, values: dict(zip(map(text, _list(keys)), _list(values), strict=True)),
}
