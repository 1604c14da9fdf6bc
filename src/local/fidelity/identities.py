"""Which id of the recording is which of the simulated AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.recording.masks import MASK, is_mask
from controller.recording.texts import HASH, IPV4, NUMBER, PLACE, RESOURCE, UUID, tokens
from controller.recording.values import AT, HIDDEN_VALUE
from controller.recording.vocabulary import COMMON

CLIENT_TOKENS = ("clientToken", "ClientToken")
NAMED = ("name-", "text-", "host-")
ADDRESS = re.compile(rf"{IPV4}(/\d+)?")
NAMES_SOMETHING = (MASK, HASH, RESOURCE, UUID)
UNKNOWN = "…"
"""Represents whatever names something where two sentences are compared."""


class Identities:
    """
    Pairs words of the recording with words of the simulated AWS, as the answers bring them.

    What existed before the recording began has the recording's own ids in both; `standing` are
    their words.
    """

    def __init__(self, start: datetime, standing: set[str]) -> None:
        self._start = start
        self._local = {word: word for word in standing}
        self._recorded = dict(self._local)

    def pair(self, recorded: str, local: str) -> bool:
        """
        Whether two texts may be the same thing; from then on they are.

        AWS gives a private address to one task after the other, so addresses are paired again.
        """
        if recorded == local:
            return True
        ours, theirs = tokens(recorded), tokens(local)
        if len(ours) != len(theirs):
            return False
        pairs = [(r, o) for r, o in zip(ours, theirs, strict=True) if r != o]
        fitting = [(r, o) for r, o in pairs if self._may_be(r, o)]
        for r, o in fitting:
            self._local[r], self._recorded[o] = o, r
        if fitting and len(fitting) < len(pairs):  # one thing, though its ARN has another form
            self._local.setdefault(recorded, local)
        return len(fitting) == len(pairs)

    def _may_be(self, recorded: str, local: str) -> bool:
        if not is_mask(recorded):
            return False
        if _is_address(recorded):
            return _is_address(local)
        if local in COMMON or PLACE.fullmatch(local) or NUMBER.fullmatch(local):
            return False  # a word of AWS's own, which no name represents
        return self._local.get(recorded, local) == local and (
            self._recorded.get(local, recorded) == recorded
        )

    def is_paired(self, recorded: str, local: str) -> bool:
        """Whether both are known to be the same thing; nothing is learned."""
        return bool(recorded) and self.local(recorded) == local

    def local(self, text: str) -> str:
        """A text of the recording in the words of the simulated AWS."""
        if text in self._local:
            return self._local[text]
        return "".join(self._local.get(word, word) for word in tokens(text))

    def recorded(self, text: str) -> str:
        """A text of the simulated AWS in the recording's words, as far as they are known."""
        return "".join(self._recorded.get(word, word) for word in tokens(text))

    def request(self, value: Any) -> Any:
        """Recorded parameters as they are to be asked here; what was hidden is left out."""
        if isinstance(value, Mapping):
            if AT in value:
                return self._start + timedelta(seconds=value[AT])
            shown = {key: each for key, each in value.items() if each != HIDDEN_VALUE}
            return {key: self.request(each) for key, each in shown.items()}
        if isinstance(value, list):
            return [self.request(each) for each in value]
        return self.local(value) if isinstance(value, str) else value

    def unknown(self, value: Any) -> Iterator[str]:
        """Ids in recorded parameters that no answer has brought: made before the recording."""
        if isinstance(value, Mapping):
            for key, each in value.items():
                if key not in CLIENT_TOKENS:
                    yield from self.unknown(each)
        elif isinstance(value, list):
            for each in value:
                yield from self.unknown(each)
        elif isinstance(value, str):
            words = (word for word in tokens(value) if is_mask(word) and not _is_address(word))
            yield from (w for w in words if w not in self._local and not w.startswith(NAMED))

    def plain(self, sentence: str) -> str:
        """A sentence of either side without what it names, to compare the rest."""
        words = ("" if not word else self._plain_word(word) for word in tokens(sentence))
        return "".join(words)

    def _plain_word(self, word: str) -> str:
        known = word in self._recorded or word in self._local
        return UNKNOWN if known or any(form.fullmatch(word) for form in NAMES_SOMETHING) else word


def _is_address(word: str) -> bool:
    return bool(ADDRESS.fullmatch(word))
