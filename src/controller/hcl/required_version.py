"""The `required_version` of a terraform block."""

from __future__ import annotations

import re

from controller.domain.problem import Place
from controller.hcl.errors import HclError

OLDEST = (1, 3, 0)
"""The first Terraform whose language is what is read here: it brought optional()."""
BEYOND = (2, 0, 0)

_CONSTRAINT = re.compile(
    r"\s*(?P<operator>=|!=|>=|<=|>|<|~>)?\s*v?(?P<version>\d+(?:\.\d+){0,2})(?P<early>-[\w.-]+)?\s*"
)

Version = tuple[int, int, int]


def check_required_version(text: str, place: Place) -> None:
    """
    Refuse what admits no Terraform of the language read here; raises HclError "version".

    More lenient than Terraform, which compares with its own version: whoever checks a stack is not
    the Terraform that applies it (HCL semantics §22).
    """
    low, high = OLDEST, BEYOND
    for part in text.split(","):
        match = _CONSTRAINT.fullmatch(part)
        if match is None or (match["early"] and match["operator"] not in (None, "=")):
            raise HclError(
                "version",
                f'"{part.strip()}" is no version constraint such as ">= 1.5"',
                place=place,
            )
        least, most = _range(match["operator"] or "=", match["version"])
        low, high = max(low, least), min(high, most)
    if low >= high:
        raise HclError(
            "version",
            f'required_version "{text}" admits no Terraform from 1.3 on, whose language this is; '
            "widen it",
            place=place,
        )


def _range(operator: str, text: str) -> tuple[Version, Version]:
    """The first version admitted and the first one beyond."""
    given = [int(number) for number in text.split(".")]
    version = (*given, 0, 0, 0)[:3]
    assert len(version) == 3
    after = (version[0], version[1], version[2] + 1)
    everything = ((0, 0, 0), BEYOND)
    ranges: dict[str, tuple[Version, Version]] = {
        "=": (version, after),
        ">=": (version, BEYOND),
        ">": (after, BEYOND),
        "<": (everything[0], version),
        "<=": (everything[0], after),
        "~>": (version, _next(given)),
    }
    return ranges.get(operator, everything)


def _next(given: list[int]) -> Version:
    """`~> 1.3` goes up to 2, `~> 1.3.0` up to 1.4."""
    if len(given) == 3:
        return (given[0], given[1] + 1, 0)
    return (given[0] + 1, 0, 0)
