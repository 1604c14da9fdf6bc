"""Masks parameters and answers along botocore's model of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from controller.recording.masks import Masks
from controller.recording.texts import Texts
from controller.recording.vocabulary import HIDDEN, KEPT, MESSAGES, OWN, WRITTEN

HIDDEN_VALUE = "(hidden)"
AT = "$at"
"""`{"$at": 12.5}` is a moment, in seconds from the begin of the recording."""

Place = tuple[str, str]
"""A member by its structure's name and its own."""


class Values:
    """Masks values; moments become seconds after `start`."""

    def __init__(self, masks: Masks, start: datetime) -> None:
        self._texts = Texts(masks)
        self._start = start

    def masked(
        self, value: Any, shape: Any, words: Collection[str], place: Place = ("", "")
    ) -> Any:
        """`value` of botocore's `shape` (None: not modelled), masked."""
        if place in HIDDEN or (shape is not None and shape.metadata.get("sensitive")):
            return HIDDEN_VALUE
        if isinstance(value, Mapping):
            return self._structure(value, shape, words)
        if isinstance(value, list | tuple):
            member = getattr(shape, "member", None)
            return [self.masked(each, member, words, place) for each in value]
        return self._single(value, shape, words, place)

    def sentence(self, text: str, words: Collection[str]) -> str:
        return self._texts.sentence(text, words)

    def _structure(
        self, value: Mapping[str, Any], shape: Any, words: Collection[str]
    ) -> dict[str, Any]:
        if shape is None or shape.type_name != "structure":
            of = getattr(shape, "value", None)
            return {
                self._texts.text(str(key), words): self.masked(each, of, words)
                for key, each in value.items()
            }
        return {
            key: self.masked(each, shape.members.get(key), words, _place(shape.name, key, value))
            for key, each in value.items()
            if key != "ResponseMetadata"
        }

    def _single(self, value: Any, shape: Any, words: Collection[str], place: Place) -> Any:
        if isinstance(value, datetime):
            start = self._start if value.tzinfo else self._start.replace(tzinfo=None)
            return {AT: round((value - start).total_seconds(), 3)}
        if value is None or isinstance(value, bool | int | float):
            return value
        if not isinstance(value, str):  # bytes, or a stream that is the caller's to read
            return HIDDEN_VALUE
        if place in KEPT or getattr(shape, "enum", None):
            return value
        if place in OWN:
            return self._texts.text(value, words, own=True)
        if place in MESSAGES:
            return self._texts.sentence(value, words)
        return self._texts.text(value, words)


def _place(structure: str, key: str, value: Mapping[str, Any]) -> Place:
    """None of those that are treated specially where somebody has written what AWS else does."""
    name, meant = WRITTEN.get((structure, key), ("", ""))
    return ("", "") if name and value.get(name) == meant else (structure, key)
