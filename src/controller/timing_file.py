"""Timing profiles by name or from a file, for whoever asks how long AWS takes."""

from __future__ import annotations

import json
from pathlib import Path

from controller.domain.errors import TextError
from controller.domain.planning.timing import PROFILES, Timing
from controller.domain.planning.timing_record import timing_from_json, timing_to_json
from controller.domain.text import LONGEST_LINES, clean, quoted

EXPECTED = f"{', '.join(PROFILES)}, or a file that dormouse trial --save wrote"

LARGEST = 100_000
"""Bytes of a file; a profile has about five hundred."""


def find_timing(name: str) -> Timing:
    """
    The profile of that name, else that of a file there.

    Raises TextError, in one line, for a file that is not there or is no profile.
    """
    if name in PROFILES:
        return PROFILES[name]
    path = Path(name)
    file = clean(str(path), LONGEST_LINES)
    try:
        return timing_from_json(json.loads(_text(path)))
    except (FileNotFoundError, NotADirectoryError):
        raise TextError(
            f"there is no timing profile or file {quoted(name)}; expected {EXPECTED}"
        ) from None
    except OSError as error:
        raise TextError(f"{file}: {error.strerror}; expected {EXPECTED}") from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, nested without end
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise TextError(f"{file}{where}: it is not JSON; expected {EXPECTED}") from None
    except TextError as error:
        raise TextError(f"{file}: {error}") from None


def _text(path: Path) -> str:
    """Of a file; one without end is not read to its end. Raises OSError, ValueError, TextError."""
    with path.open("rb") as file:
        read = file.read(LARGEST + 1)
    if len(read) > LARGEST:
        raise TextError(f"it is larger than {LARGEST / 1000:.0f} kB; expected {EXPECTED}")
    return read.decode()


def save_timing(path: Path, timing: Timing) -> None:
    """Raises TextError for a place that cannot be written."""
    try:
        path.write_text(json.dumps(timing_to_json(timing), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise TextError(f"cannot write {path}: {error.strerror}") from None
