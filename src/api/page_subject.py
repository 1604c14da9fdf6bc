"""What a page is about: one stack, seen through one link, in one language."""

from __future__ import annotations

from urllib.parse import quote

from api.reasons import capital, say_name, say_why
from api.request import Request
from api.translations import Translations
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass
from controller.domain.reporting.report import DEGRADED, STUCK, Report
from controller.links import Link


@dataclass(frozen=True, slots=True)
class Subject:
    """The parts of a page derive from it; each computes what its section of the page shows."""

    view: StackView
    link: Link
    request: Request
    words: Translations

    @property
    def report(self) -> Report:
        return self.view.report

    @property
    def is_stuck(self) -> bool:
        """It should be asleep, but a paid resource of it exists, and AWS refuses to delete it."""
        return self.face == STUCK

    @property
    def face(self) -> str:
        face = self.report.face
        return "awake" if face == DEGRADED else face  # as for its buttons

    def why(self) -> str:
        decision = self.report.decision
        why = say_why(self.words, str(decision.rule), decision.evidence, decision.reason)
        return capital(why)

    def name_of(self, holder: str) -> str:
        return say_name(self.words, holder)

    def address(self, path: str) -> str:
        """Relative to the page, with the key that opened it."""
        if self.request.has_bearer:
            return path
        return f"{path}?k={quote(self.request.key, safe='')}"
