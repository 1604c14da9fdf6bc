"""A timing profile as JSON: what `dormouse trial --save` writes, and `--profile FILE` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from difflib import get_close_matches

from controller.domain.errors import TextError
from controller.domain.planning.spec import Json
from controller.domain.planning.timing import NEVER, TYPICAL, Timing
from controller.domain.text import LONGEST_NAME, LONGEST_QUOTE, clean, quoted

LONGEST = 86_400.0
"""A time of AWS that is longer than a day is a mistake in a file, not a measurement."""

NAMES = tuple(field.name for field in fields(Timing))


def timing_to_json(timing: Timing) -> dict[str, Json]:
    """By field, in seconds; null for what never happens."""
    return {name: None if value == NEVER else value for name, value in asdict(timing).items()}


def timing_from_json(data: object) -> Timing:
    """
    The profile that `timing_to_json` wrote; fields that are left out are those of `typical`.

    Raises TextError for an unknown field, and for a value that a field cannot have.
    """
    if not isinstance(data, Mapping):
        raise TextError(f'found {_shown(data)}, expected an object like {{"eip_release": 60}}')
    unknown = [str(name) for name in data if name not in NAMES]
    if unknown:
        raise TextError(f"there is no field {quoted(unknown[0])}; {_hint(unknown[0])}")
    return replace(TYPICAL, **{name: _value(name, given) for name, given in data.items()})


def _hint(name: str) -> str:
    near = get_close_matches(name, NAMES, 1)
    return f"did you mean {near[0]}" if near else f"expected some of {', '.join(NAMES)}"


def _value(name: str, given: object) -> Json:
    """The value for a field, which has the type of the one in `typical`."""
    match getattr(TYPICAL, name):
        case str():
            is_short = isinstance(given, str) and given and given == clean(given, LONGEST_NAME)
            return given if is_short else _refuse(name, given, "a name in one line")
        case bool():
            return given if isinstance(given, bool) else _refuse(name, given, "true or false")
    if given is None and name == "purge":
        return NEVER
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if is_number and 0 <= given <= LONGEST:  # type: ignore[operator]
        return given
    return _refuse(name, given, f"seconds from 0 to {LONGEST:.0f}")


def _refuse(name: str, given: object, expected: str) -> Json:
    raise TextError(f"{name}: found {_shown(given)}, expected {expected}")


def _shown(value: object) -> str:
    """As it is in the file."""
    try:
        return clean(json.dumps(value, ensure_ascii=False), LONGEST_QUOTE)
    except (TypeError, ValueError):
        return quoted(str(value))
