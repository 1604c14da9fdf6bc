"""The end of a stack on its page: whose it is, until when, and a button that puts it off."""

from __future__ import annotations

from api.translations import Translations
from controller.asking.stack_view import StackView
from controller.domain.decision.term import USUAL


def term_facts(view: StackView, words: Translations) -> list[tuple[str, list[str]]]:
    """One fact, or none if no term is set."""
    term = view.records.term
    if term is None:
        return []
    lines = [words("term.owner", owner=term.owner)] if term.owner else []
    if term.expires_at:
        lines.append(words("term.ends", when=words.moment(term.expires_at)))
    return [(words("term"), lines)] if lines else []


def term_of(view: StackView, words: Translations, address: str) -> dict[str, str] | None:
    """The button; None where nothing ends."""
    term = view.records.term
    if term is None or term.expires_at is None:
        return None
    text = words("prolong", time=words("days", count="14"))
    return {"value": USUAL, "text": text, "address": address}
