"""Reading settings out of plain data, so that every mistake is found and each names its key."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

from controller.domain.errors import PolicyError, TextError
from controller.domain.policy.durations import parse_duration

Read = Callable[[Any], Any]
"""Turns what was found into a typed value, or raises TextError with a sentence about it."""

Field = Callable[["Reading", str, Any], Any]
"""Reads the value found at a key; None says that the problem was reported."""

_LONGEST_QUOTE = 60


class Reading:
    """One pass over the settings; `problems` collects what was wrong, in the order found."""

    def __init__(self) -> None:
        self.problems: list[PolicyError] = []

    def refuse(self, key: str, value: Any, message: str) -> None:
        self.problems.append(PolicyError(f"{key}: {message}", key=key, value=value))

    def raise_first(self) -> None:
        if self.problems:
            raise self.problems[0]

    def fields(
        self, data: Mapping[str, Any], table: Mapping[str, Field], prefix: str = ""
    ) -> dict[str, Any]:
        """Read every key of `data` by `table`; nulls and refused values are left out."""
        values = {}
        for name, found in data.items():
            key = f"{prefix}{name}"
            if name not in table:
                self.refuse(key, found, _unknown_key(name, table))
            elif found is not None:
                value = self._attempt(key, found, partial(table[name], self, key))
                if value is not _REFUSED:
                    values[name] = value
        return values

    def items(self, key: str, found: Any, read: Read, example: str) -> tuple[Any, ...]:
        """Read each item of a list or set; those that are refused are left out."""
        if not isinstance(found, list | tuple | set | frozenset):
            raise TextError(f"found {describe(found)}, expected a list such as {example}")
        attempts = [self._attempt(f"{key}[{i}]", item, read) for i, item in enumerate(found)]
        return tuple(value for value in attempts if value is not _REFUSED)

    def _attempt(self, key: str, found: Any, read: Read) -> Any:
        try:
            return read(found)
        except TextError as error:
            self.refuse(key, found, _one_line(str(error)))
            return _REFUSED


_REFUSED = object()


def single(read: Read) -> Field:
    """A setting that is one value."""
    return lambda reading, key, found: read(found)


def several(read: Read, example: str) -> Field:
    """A setting that is a list; `example` shows one in Terraform's notation."""
    return lambda reading, key, found: reading.items(key, found, read, example)


def text(read: Callable[[str], Any], example: str, *, longest: int = 100) -> Read:
    """
    A text of at most `longest` characters that `read` understands; a number counts as the text
    it is written as, as in Terraform.
    """

    def read_text(found: Any) -> Any:
        if _is_number(found):
            found = str(found)
        if not isinstance(found, str) or len(found) > longest:
            raise TextError(f'found {describe(found)}, expected a text such as "{example}"')
        return read(found)

    return read_text


def flag(found: Any) -> bool:
    if isinstance(found, bool):
        return found
    raise TextError(f"found {describe(found)}, expected true or false (without quotes)")


def count(example: str) -> Read:
    """A number from 0 up, a whole one as int."""

    def read_count(found: Any) -> float:
        if not _is_finite(found) or found < 0:
            raise TextError(
                f"found {describe(found)}, expected a number from 0 up, such as {example}"
            )
        return int(found) if found == int(found) else float(found)

    return read_count


def positive(example: str) -> Read:
    """A number above 0."""

    def read(found: Any) -> float:
        if not _is_finite(found) or found <= 0:
            raise TextError(
                f"found {describe(found)}, expected a number above 0, such as {example}"
            )
        return int(found) if found == int(found) else float(found)

    return read


def positive_duration(example: str) -> Read:
    def read(found: str) -> timedelta:
        duration = parse_duration(found)
        if not duration:
            raise TextError(f'found "{found}", expected a time longer than 0, such as "{example}"')
        return duration

    return text(read, example)


def choice(known: type[StrEnum]) -> Read:
    """One of the words of an enumeration."""

    def read_word(found: str) -> StrEnum:
        try:
            return known(found)
        except ValueError:
            words = ", ".join(f'"{each}"' for each in known)
            raise TextError(f"found {describe(found)}, expected one of {words}") from None

    return text(read_word, next(iter(known)))


def describe(found: Any) -> str:
    """What was found, in one short line: a text in quotes, other values by their JSON or type."""
    if found is None:
        return "null"
    if isinstance(found, Decimal):
        return str(found)
    try:
        shown = json.dumps(found, ensure_ascii=False)
    except (TypeError, ValueError):
        return f"a value of type {type(found).__name__}"
    return shown if len(shown) <= _LONGEST_QUOTE else shown[: _LONGEST_QUOTE - 1] + "…"


def closest(word: str, known: Mapping[str, Any] | list[str]) -> str:
    """'; did you mean "x"?' when something known is near, else an empty text."""
    import difflib  # for mistakes alone: not at each cold start

    lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), list(lower))
    return f'; did you mean "{lower[near[0]]}"?' if near else ""


def _unknown_key(name: str, table: Mapping[str, Any]) -> str:
    hint = closest(str(name), table) or f"; the settings are {', '.join(table)}"
    return f"there is no such setting{hint}"


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float | Decimal) and not isinstance(found, bool)


def _is_finite(found: Any) -> bool:
    """A number that a float can hold: an integer of TOML or JSON may have any number of digits."""
    try:
        return _is_number(found) and math.isfinite(found)
    except OverflowError:
        return False


def _one_line(message: str) -> str:
    return re.sub(r"\s+", " ", message)
