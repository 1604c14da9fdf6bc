"""
Regular expressions: RE2, as Go's `regexp` reads and applies them.

The rules of iteration are Go's, not Python's: an empty match right after another match does not
count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from controller.hcl.convert import make_list, make_object, make_tuple, null, string
from controller.hcl.functions.definition import ArgumentError, Parameter, function
from controller.hcl.types import STRING, ObjectType, TupleType, Type
from controller.hcl.values import Value

_PATTERN, _TEXT = Parameter("pattern", STRING), Parameter("string", STRING)
_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


@function(_PATTERN, _TEXT)
def regex(pattern: Value, text: Value) -> Value:
    """The match, or its groups as a tuple or object."""
    compiled = _compile(pattern.data, 0)
    match = compiled.search(text.data)
    if match is None:
        raise ArgumentError(1, "does not match the pattern; try() can give another value")
    return _capture(compiled, match)


@function(_PATTERN, _TEXT)
def regexall(pattern: Value, text: Value) -> Value:
    compiled = _compile(pattern.data, 0)
    found = [_capture(compiled, match) for match in _matches(compiled, text.data)]
    return make_list(_capture_type(compiled), found)


@function(
    Parameter("str", STRING),
    Parameter("substr", STRING),
    Parameter("replace", STRING),
    returns=STRING,
)
def replace(text: Value, part: Value, replacement: Value) -> Value:
    """`part` is a regular expression if it is between slashes (HCL semantics §16)."""
    wanted = part.data
    if len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
        compiled = _compile(wanted[1:-1], 1)
        return string(_replace(compiled, text.data, replacement.data))
    return string(text.data.replace(wanted, replacement.data))


def _compile(pattern: str, index: int) -> Any:
    import re2  # a compiled library; most stacks need none of it

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise ArgumentError(index, f'"{pattern}" is no regular expression: {reason}') from None
    if compiled.groupindex and len(compiled.groupindex) != compiled.groups and index == 0:
        raise ArgumentError(index, "has both named and unnamed groups; name all or none")
    return compiled


def _capture(compiled: Any, match: Any) -> Value:
    groups = [null(STRING) if text is None else string(text) for text in match.groups()]
    if compiled.groupindex:
        return make_object({n: groups[i - 1] for n, i in compiled.groupindex.items()})
    return make_tuple(groups) if groups else string(match[0])


def _capture_type(compiled: Any) -> Type:
    if compiled.groupindex:
        return ObjectType(tuple((name, STRING) for name in sorted(compiled.groupindex)))
    return TupleType((STRING,) * compiled.groups) if compiled.groups else STRING


def _matches(compiled: Any, text: str) -> Iterator[Any]:
    position, last_end = 0, -1
    while position <= len(text):
        match = compiled.search(text, position)
        if match is None:
            return
        empty = match.end() == position
        if not (empty and match.start() == last_end):
            yield match
        position = position + 1 if empty else match.end()
        last_end = match.end()


def _replace(compiled: Any, text: str, template: str) -> str:
    result: list[str] = []
    position = last_end = 0
    while position <= len(text):
        match = compiled.search(text, position)
        if match is None:
            break
        result.append(text[last_end : match.start()])
        if match.end() > last_end or match.start() == 0:
            result.append(_expand(compiled, match, template))
        last_end = match.end()
        position = max(position + 1, last_end)
    return "".join(result) + text[last_end:]


def _expand(compiled: Any, match: Any, template: str) -> str:
    """`$1`, `${name}`, `$$`; a group that does not exist is empty."""

    def insert(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        groups: Sequence[str | None] = (match[0], *match.groups())
        number = int(name) if name.isascii() and name.isdigit() else compiled.groupindex.get(name)
        return (groups[number] or "") if number is not None and number < len(groups) else ""

    return _REFERENCE.sub(insert, template)


FUNCTIONS = (regex, regexall, replace)
