"""Walks two answers side by side and says at each place what is in the one and the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from controller.recording.values import AT, HIDDEN_VALUE
from local.fidelity.identities import Identities

ABSENT, PRESENT = "(absent)", "(present)"
LABELS = ("Key", "key", "ZoneName", "name", "Name", "AttributeName")
"""Members that tell the items of a list apart, whatever their order is."""
CLOCK_ERROR = 2.0
"""Seconds: the begin of a call is recorded, AWS's moment is somewhere within it."""


class Seen(NamedTuple):
    """
    What exists at `path` in the recorded answer and in ours.

    `kind` is "key" (is it there?), "value", "length" (of a list), "text" (a sentence without what
    it names), "time" (seconds from the begin) or "outcome" (an error's code, or "ok").
    """

    path: str
    kind: str
    recorded: Any
    ours: Any

    @property
    def is_same(self) -> bool:
        if self.kind == "time":
            return bool(abs(self.recorded - self.ours) <= CLOCK_ERROR)
        return bool(self.recorded == self.ours)


class Comparison:
    """Compares answers; ids are paired with `identities` on the way. `start` is second 0."""

    def __init__(self, identities: Identities, start: datetime) -> None:
        self._identities = identities
        self._start = start

    def walk(self, recorded: Any, ours: Any, path: str = "") -> Iterator[Seen]:
        if recorded == HIDDEN_VALUE:
            return
        if isinstance(recorded, Mapping) and AT in recorded and isinstance(ours, datetime):
            since = round((ours - self._start).total_seconds(), 3)
            yield Seen(path, "time", recorded[AT], since)
        elif isinstance(recorded, Mapping) and isinstance(ours, Mapping):
            yield from self._structure(recorded, ours, path)
        elif isinstance(recorded, list) and isinstance(ours, list | tuple):
            yield from self._list(recorded, ours, path)
        elif isinstance(recorded, str) and isinstance(ours, str):
            yield self._text(recorded, ours, path)
        else:
            yield Seen(path, "value", recorded, ours)

    def _structure(
        self, recorded: Mapping[str, Any], ours: Mapping[str, Any], path: str
    ) -> Iterator[Seen]:
        for key in dict.fromkeys([*recorded, *ours]):
            if key == "ResponseMetadata" or recorded.get(key) == HIDDEN_VALUE:
                continue
            inner = f"{path}.{key}" if path else key
            there = [PRESENT if key in each else ABSENT for each in (recorded, ours)]
            yield Seen(inner, "key", *there)
            if key in recorded and key in ours:
                yield from self.walk(recorded[key], ours[key], inner)

    def _list(self, recorded: list[Any], ours: Sequence[Any], path: str) -> Iterator[Seen]:
        yield Seen(f"{path}[]", "length", len(recorded), len(ours))
        if path.endswith("events"):  # the newest comes first, and the oldest is the same for both
            recorded, ours = recorded[::-1], ours[::-1]
        for number, (left, right) in enumerate(self._matched(recorded, ours)):
            yield from self.walk(left, right, f"{path}[{number}]")

    def _matched(self, recorded: list[Any], ours: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Items that are surely the same, and then the rest in their order."""
        left, right = list(recorded), list(ours)
        for item in recorded:
            found = next((each for each in right if self._are_same(item, each)), None)
            if found is not None:
                left.remove(item)
                right.remove(found)
                yield item, found
        yield from zip(left, right, strict=False)

    def _are_same(self, recorded: Any, ours: Any) -> bool:
        if isinstance(recorded, str) and isinstance(ours, str):
            return self._identities.is_paired(recorded, ours)
        if not (isinstance(recorded, Mapping) and isinstance(ours, Mapping)):
            return False
        labels = [key for key in recorded if key in LABELS or key.endswith(("Arn", "Id"))]
        return bool(labels) and all(self._are_same(recorded[k], ours.get(k)) for k in labels)

    def _text(self, recorded: str, ours: str, path: str) -> Seen:
        if self._identities.pair(recorded, ours):
            return Seen(path, "value", recorded, recorded)
        if " " not in recorded:
            return Seen(path, "value", recorded, self._identities.recorded(ours))
        plain = self._identities.plain
        return Seen(path, "text", plain(recorded), plain(ours))
