"""
`lifecycle.ignore_changes`: which fields of the requests nobody puts right while the stack is awake.

Terraform makes a thing with all its arguments, and leaves those named there as it finds them from
then on (Terraform language, "ignore_changes"). So the request is the same with and without it; what
is compared afterwards is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from controller.mapping.table import Nested, Sent, SetAfter, Table

_Path = tuple[str, ...]


def ignored_fields(table: Table, entries: tuple[str, ...]) -> tuple[str, ...]:
    """
    Fields of the request by their dotted path, and attributes by their key, sorted.

    `entries` are spelled as in the files: `all`, `desired_count`, `health_check[0].interval`. An
    entry that names a part of a list or map represents all of it; `all` needs no list.
    """
    wanted = [_path(entry) for entry in entries]
    return tuple(sorted({to for path, to in _fields(table, (), "") if _is_named(path, wanted)}))


def _path(entry: str) -> _Path:
    return tuple(re.sub(r"\[[^]]*\]", "", entry).split("."))


def _is_named(path: _Path, wanted: list[_Path]) -> bool:
    return any(path[: len(name)] == name or _is_part(name, path) for name in wanted)


def _is_part(name: _Path, path: _Path) -> bool:
    """`tags["Name"]` and `options.x` of an argument, but not an argument of a block."""
    return len(name) > len(path) and name[: len(path)] == path


def _fields(table: Table, above: _Path, inside: str) -> Iterator[tuple[_Path, str]]:
    for name, fate in table.items():
        path = (*above, name)
        if isinstance(fate, Nested):
            to = f"{inside}{fate.to}"
            yield from _fields(fate.table, path, f"{to}." if fate.to else inside)
        elif isinstance(fate, Sent):
            yield path, f"{inside}{fate.to}"
        elif isinstance(fate, SetAfter):
            yield path, fate.key
