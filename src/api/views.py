"""
The page: one self-contained response that works without JavaScript, and better with it.

This module computes what is shown; the templates only place it. The script fetches the same page
again and replaces its parts, so that every text has only one source.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api.page_actions import Actions
from api.page_assets import asset
from api.page_facts import Facts
from api.page_pictures import pictures_of
from api.page_progress import Progress
from api.page_rendering import render
from api.page_subject import Subject
from api.page_term import term_of
from api.reasons import capital
from api.request import Request
from api.translations import translations
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass
from controller.domain.planning.endpoint import address_text
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json
from controller.domain.reporting.report import (
    BLOCKED,
    DEGRADED,
    FAILED,
    STARTING,
    STUCK,
    State,
)
from controller.links import Link, Scope

POLL = {True: 3, False: 20}
"""Seconds between two polls of the script, during a transition and without one."""

REFRESH = 5
"""Seconds after which a browser without JavaScript loads the page of a wake or a sleep again."""

_BEGINNINGS = (STARTING, "waking")
"""Phases without more information than that it is waking."""

_EYES = {"awake": "open", "waking": "half", "sleeping": "half", STUCK: "half"}


def stack_page(view: StackView, link: Link, request: Request) -> tuple[str, str]:
    """The page of a stack, and its Content-Security-Policy."""
    words = translations(request.language, view.policy.zone, view.now)
    page = _Page(view, link, request, words)
    return render("stack", **page.context())


@dataclass(frozen=True, slots=True)
class _Page(Subject):
    def context(self) -> dict[str, Any]:
        words, report = self.words, self.report
        face = report.face  # also "degraded", where what can be done is that of "awake"
        parts = self.view, self.link, self.request, words
        actions, progress, facts = Actions(*parts), Progress(*parts), Facts(*parts)
        headline = words(face)
        if report.state is State.WAKING and report.phase not in _BEGINNINGS:
            headline = f"{headline}: {words.phase(report.phase)}"
        is_trouble = face in (FAILED, BLOCKED, STUCK, DEGRADED)
        endpoint = _web_address(report.endpoint)
        go = endpoint if "go" in self.request.query else None
        return {
            "language": words.language,
            "words": words,
            "stack": self.link.stack,
            "title": f"{words(face)} · {self.link.stack}",
            "face": face,
            "eyes": _EYES.get(self.face, "shut"),
            "headline": headline,
            "about": self._about(),
            "stale": progress.stale(),
            "progress": progress.bar(),
            "cause": report.cause if is_trouble else "",
            "todo": words(f"todo.{face}") if is_trouble else "",
            "endpoint": endpoint,
            "address": address_text(report.endpoint),
            "steps": progress.steps(),
            "actions": actions.actions(),
            "budget": facts.budget(),
            "bookings": actions.bookings(),
            "book": actions.booking_form(),
            "view_only": not self.link.allows(Scope.WAKE),
            "term": self._term() if actions.may_wake else None,
            "facts": facts.facts(),
            "pictures": pictures_of(self.view, words),
            "warnings": report.warnings if self.link.allows(Scope.ADMIN) else (),
            "zone": self.view.policy.time_zone,
            "refresh": self._refresh(go),
            "poll": POLL[not report.has_settled],
            "go": go,
            "here": self.address(self.link.stack),
            "script": asset("script.js"),
        }

    # what is said

    def _about(self) -> list[str]:
        words, report = self.words, self.report
        hold = report.hold
        if self.face == "awake" and hold:
            by = self.name_of(hold.by)
            text = words("about.held_awake", by=by, until=words.moment(hold.until))
            return [*self._degraded(), capital(text)]
        if self.face == "awake":
            why = words("about.why", why=self.why())
            return [*self._degraded(), why, *self._awake_until()]
        if self.face == "held" and hold:
            key = "about.held_reason" if hold.reason else "about.held"
            until = words.moment(hold.until)
            text = words(key, by=self.name_of(hold.by), until=until, reason=hold.reason)
            return [capital(text)]
        if self.face == FAILED and report.has_settled:
            return [words("about.failed_done")]
        usual = report.status.learned.remaining(timedelta(0)) or timedelta(minutes=5)
        return [words(f"about.{self.face}", usual=words.about(usual))]

    def _degraded(self) -> list[str]:
        """How many tasks serve of how many, for each service that lacks some."""
        degraded, words = self.report.degraded, self.words
        if degraded is None:
            return []
        lines = [
            words("about.degraded", serving=str(each.serving), wanted=str(each.wanted))
            if len(degraded.services) == 1
            else words(
                "about.degraded_named",
                name=each.name,
                serving=str(each.serving),
                wanted=str(each.wanted),
            )
            for each in degraded.services
        ]
        return lines or [words("about.degraded_other")]

    def _awake_until(self) -> list[str]:
        words, idle = self.words, self.view.policy.idle_timeout
        sleeps = next((each for each in self.report.next if each.state is Target.ASLEEP), None)
        if sleeps is None:
            return []
        when = words.moment(sleeps.at)
        if idle is None:
            return [words("about.awake", when=when)]
        return [words("about.awake_idle", when=when, time=words.duration(idle))]

    def _term(self) -> dict[str, str] | None:
        return term_of(self.view, self.words, self.address(f"{self.link.stack}/prolong"))

    def _refresh(self, go: str | None) -> str | None:
        if go:
            return f"3;url={go}"
        return None if self.report.has_settled else str(REFRESH)


def _web_address(endpoint: Mapping[str, Json] | None) -> str | None:
    url = str(endpoint.get("url") or "") if endpoint else ""
    return url if url.startswith(("http://", "https://")) else None
