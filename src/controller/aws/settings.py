"""
Compare the spec with the existing resource, argument by argument.

Only arguments with a literal value are compared: a look-up would cost a call in each pass, and AWS
may choose any value for an argument that the request leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from controller.domain.planning.spec import Json, ResourceSpec

Read = Callable[[Mapping[str, Any]], Json]


def differing(
    resource: ResourceSpec, found: Mapping[str, Any], reads: Mapping[str, tuple[Read, Read]]
) -> tuple[str, ...]:
    """
    The arguments whose value differs now, except those whose changes are to be ignored.

    `reads` gives for an argument how its value is read from the request and from what AWS
    describes; None from the latter means that AWS does not say.
    """
    request, literals, differs = resource.request, resource.literals, []
    for key, (wanted, actual) in reads.items():
        if key not in literals or resource.ignores(key):
            continue
        seen = actual(found)
        if seen is not None and wanted(request) != seen:
            differs.append(key)
    return tuple(differs)


def plainly(key: str) -> tuple[Read, Read]:
    """An argument that AWS gives back as it was."""
    return (lambda request: request[key]), (lambda found: found.get(key))


def said(key: str) -> tuple[Read, Read]:
    """
    An argument with parts, of which only those count that the request has.

    AWS fills in the others, and gives lists back in an order of its own.
    """
    return (lambda request: Said(request[key])), (lambda found: found.get(key))


class Said:
    """Equal to whatever says at least the same."""

    def __init__(self, wanted: Json) -> None:
        self._wanted = wanted

    def __eq__(self, found: object) -> bool:
        return _says(self._wanted, found)

    __hash__ = None  # type: ignore[assignment]


def _says(wanted: Json, found: Json) -> bool:
    if isinstance(wanted, Mapping):
        if not isinstance(found, Mapping):
            return False
        return all(_says(value, found.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list | tuple):
        left = list(found) if isinstance(found, list | tuple) else []
        for one in wanted:
            same = next((i for i, other in enumerate(left) if _says(one, other)), None)
            if same is None:
                return False
            del left[same]
        return not left
    if isinstance(found, datetime) and isinstance(wanted, str):
        return found == datetime.fromisoformat(wanted)
    return bool(wanted == found)


def as_set(key: str) -> tuple[Read, Read]:
    """A list in any order."""

    def read(source: Mapping[str, Any]) -> Json:
        value = source.get(key)
        return None if value is None else sorted(value)

    return read, read
