"""Version constraints such as ">= 5.1, < 7" and what they admit."""

from __future__ import annotations

import re

Version = tuple[int, int, int]

BEYOND: Version = (10**9, 0, 0)
"""Later than every version."""

_CONSTRAINT = re.compile(
    r"\s*(?P<operator>=|!=|>=|<=|>|<|~>)?\s*v?(?P<version>\d+(?:\.\d+){0,2})(?P<early>-[\w.-]+)?"
    r"(?:\+[\w.-]+)?\s*"
)
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+][\w.+-]*)?")


class NotAConstraint(ValueError):  # noqa: N818 - it says what the text is not
    """`part` is what cannot be read."""

    def __init__(self, part: str) -> None:
        super().__init__(f'"{part}" is no version constraint such as ">= 1.5"')


def bounds(text: str) -> tuple[Version, Version]:
    """The first version that all parts admit, and the first one beyond; `!=` bounds nothing."""
    low, high = (0, 0, 0), BEYOND
    for operator, given, _ in _parts(text):
        least, most = _range(operator, given)
        low, high = max(low, least), min(high, most)
    return low, high


def admits(text: str, version: str) -> bool:
    """Whether the version fits; what cannot be read as a version or constraint is let through."""
    found = read_version(version)
    try:
        parts = _parts(text)
    except NotAConstraint:
        return True
    if found is None:
        return True
    return all(_fits(found, operator, given) for operator, given, _ in parts)


def read_version(text: str) -> Version | None:
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    major, minor, patch = (int(number or 0) for number in match.groups())
    return major, minor, patch


def _parts(text: str) -> list[tuple[str, list[int], str]]:
    """Operator, numbers and early mark of each part; raises NotAConstraint."""
    parts = []
    for part in text.split(","):
        match = _CONSTRAINT.fullmatch(part)
        if match is None or (match["early"] and match["operator"] not in (None, "=")):
            raise NotAConstraint(part.strip())
        given = [int(number) for number in match["version"].split(".")]
        parts.append((match["operator"] or "=", given, match["early"] or ""))
    return parts


def _fits(version: Version, operator: str, given: list[int]) -> bool:
    if operator == "!=":
        return version != _full(given)
    least, most = _range(operator, given)
    return least <= version < most


def _range(operator: str, given: list[int]) -> tuple[Version, Version]:
    """The first version admitted and the first one beyond."""
    version = _full(given)
    after = (version[0], version[1], version[2] + 1)
    ranges: dict[str, tuple[Version, Version]] = {
        "=": (version, after),
        ">=": (version, BEYOND),
        ">": (after, BEYOND),
        "<": ((0, 0, 0), version),
        "<=": ((0, 0, 0), after),
        "~>": (version, _next(given)),
    }
    return ranges.get(operator, ((0, 0, 0), BEYOND))


def _full(given: list[int]) -> Version:
    major, minor, patch = (*given, 0, 0)[:3]
    return major, minor, patch


def _next(given: list[int]) -> Version:
    """`~> 1.3` goes up to 2, `~> 1.3.0` up to 1.4."""
    if len(given) == 3:
        return (given[0], given[1] + 1, 0)
    return (given[0] + 1, 0, 0)
