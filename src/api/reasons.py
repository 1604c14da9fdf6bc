"""Why a stack is as it is, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping

from api.stacks import HOLDER
from api.translations import Translations
from controller.domain.planning.spec import Json
from controller.domain.timestamps import parse_timestamp


def say_why(words: Translations, rule: str, evidence: Mapping[str, Json], reason: str) -> str:
    """The sentence of a rule; of one without words the decision's own `reason`."""
    key = f"rule.{rule}"
    if rule == "slept":
        by = evidence.get("by", "")
        key = "rule.slept.hold" if by == "hold" else f"rule.{by}"
    try:
        return words.sentence(key, _Facts(words, evidence))
    except KeyError:
        return reason  # a rule that the page has no words for


def say_name(words: Translations, holder: str) -> str:
    return words(HOLDER) if holder == HOLDER else holder


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class _Facts:
    """What of the evidence a sentence needs: most sentences need little of it."""

    def __init__(self, words: Translations, evidence: Mapping[str, Json]) -> None:
        self._words = words
        self._evidence = evidence

    def __getitem__(self, key: str) -> str:
        return _fact(self._words, self._evidence[key])


def _fact(words: Translations, value: Json) -> str:
    """Moments as they are read here; everything else as it is."""
    text = str(value)
    if text[:1].isdigit():
        try:
            return words.moment(parse_timestamp(text))
        except Exception:
            return text
    return say_name(words, text)
