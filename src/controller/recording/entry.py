"""One recorded call, and its line in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from controller.domain.dataclass import dataclass, field
from controller.domain.errors import DormouseError

FORM = 1
"""Counts up when a reader of the older form would misread a line."""


class RecordingError(DormouseError):
    """A file that is not a recording, or a line of one that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One call and what came back, with every identifier masked.

    `at` is when it began, in seconds from the begin of the recording; `took` is how many seconds
    it lasted, retries included. `status` is the HTTP status, 0 where no answer came. `attempts`
    counts what the SDK sent. `error` has `code` and `message`; it is empty where AWS agreed, and
    then `answer` is what the SDK parsed.
    """

    at: float
    took: float
    region: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    status: int = 200
    attempts: int = 1
    error: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """The error's code, or "ok"."""
        return self.error.get("code", "ok")

    def line(self) -> str:
        """One JSON object, without the end of the line."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields.pop("answer" if self.error else "error")
        return json.dumps(fields, ensure_ascii=False)


def head(botocore: str) -> str:
    """The first line of a recording: its form, and the models that its answers are parsed by."""
    return json.dumps({"recording": FORM, "botocore": botocore})


def read(path: Path) -> list[Entry]:
    """The calls of a recording in the order in which they began. Raises RecordingError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    first = _object(path, 1, lines[0]) if lines else {}
    if first.get("recording") != FORM:
        raise RecordingError(
            f'{path}:1: found no {{"recording": {FORM}}}; expected a file that '
            "`dormouse trial --record FILE` of this release has written"
        )
    return sorted(_entries(path, lines), key=lambda entry: entry.at)


def _entries(path: Path, lines: list[str]) -> Iterator[Entry]:
    for number, line in enumerate(lines[1:], 2):
        found = _object(path, number, line)
        try:
            yield Entry(**found)
        except TypeError as error:
            raise RecordingError(f"{path}:{number}: not a recorded call: {error}") from error


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RecordingError(f"{path}:{number}: found {line[:40]!r}, expected one JSON object")
    return found
