"""
The page: one self-contained response that works without JavaScript, and better with it.

This module computes what is shown; the templates only place it. The script fetches the same page
again and replaces its parts, so that every text has only one source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from api.page_pictures import pictures_of
from api.page_rendering import asset, render
from api.page_term import term_facts, term_of
from api.problems import Problem
from api.reasons import capital, say_name, say_why
from api.request import Request
from api.translations import Translations
from controller.asking.requested_end import SAME
from controller.asking.stack_view import StackView
from controller.domain.decision.asker import Asker
from controller.domain.formatting import to_cents
from controller.domain.money.budget import NEAR
from controller.domain.planning.endpoint import address_text
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json
from controller.domain.reporting.report import (
    BLOCKED,
    DEGRADED,
    FAILED,
    STALE,
    STARTING,
    STUCK,
    Report,
    State,
)
from controller.domain.text import LONGEST_REASON
from controller.domain.timestamps import parse_timestamp
from controller.links import STACK_NAME, Link, Scope

POLL = {True: 3, False: 20}
"""Seconds between two polls of the script, during a transition and without one."""

REFRESH = 5
"""Seconds after which a browser without JavaScript loads the page of a wake or a sleep again."""

_BEGINNINGS = (STARTING, "waking")
"""Phases that say no more than that it is waking."""

_EYES = {"awake": "open", "waking": "half", "sleeping": "half", STUCK: "half"}


def stack_page(view: StackView, link: Link, request: Request) -> tuple[str, str]:
    """The page of a stack, and its Content-Security-Policy."""
    words = Translations(request.language, view.policy.zone, view.now)
    page = _Page(view, link, request, words)
    return render("stack.html.j2", **page.context())


def problem_page(problem: Problem, request: Request) -> tuple[str, str]:
    """The error page. For a bad key it is the same for every request."""
    words = Translations(request.language, UTC, datetime(2000, 1, 1, tzinfo=UTC))
    return render(
        "problem.html.j2",
        language=request.language,
        words=words,
        code=problem.code,
        title=words(problem.code),
        face="problem",
        eyes="shut",
        back=_way_back(problem, request),
        refresh=None,
        poll=None,
        go=None,
        script="",
    )


def _way_back(problem: Problem, request: Request) -> str:
    """From the address of a button to its page, for a client with a good key."""
    parts = request.path.split("/")
    known = problem.code not in ("not_found", "bad_request") and not request.has_bearer
    if not known or len(parts) != 4 or not STACK_NAME.fullmatch(parts[2]):
        return ""
    return f"../{parts[2]}?k={quote(request.key, safe='')}"


@dataclass(frozen=True, slots=True)
class _Page:
    view: StackView
    link: Link
    request: Request
    words: Translations

    @property
    def report(self) -> Report:
        return self.view.report

    @property
    def _is_stuck(self) -> bool:
        """It should be asleep, but a paid resource of it exists, and AWS refuses to delete it."""
        return self.face == STUCK

    @property
    def face(self) -> str:
        face = self.report.face
        return "awake" if face == DEGRADED else face  # as for its buttons

    def context(self) -> dict[str, Any]:
        words, report = self.words, self.report
        face = report.face  # also "degraded", where what can be done is that of "awake"
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
            "stale": self._stale(),
            "progress": self._progress(),
            "cause": report.cause if is_trouble else "",
            "todo": words(f"todo.{face}") if is_trouble else "",
            "endpoint": endpoint,
            "address": address_text(report.endpoint),
            "steps": self._steps(),
            "actions": self._actions(),
            "budget": self._budget(),
            "bookings": self._bookings(),
            "book": self._book(),
            "view_only": not self.link.allows(Scope.WAKE),
            "term": self._term() if self._may_wake else None,
            "facts": self._facts(),
            "pictures": pictures_of(self.view, words),
            "warnings": report.warnings if self.link.allows(Scope.ADMIN) else (),
            "zone": self.view.policy.time_zone,
            "refresh": self._refresh(go),
            "poll": POLL[not report.has_settled],
            "go": go,
            "here": self._address(self.link.stack),
            "script": asset("script.js"),
        }

    # what is said

    def _about(self) -> list[str]:
        words, report = self.words, self.report
        hold = report.hold
        if self.face == "awake" and hold:
            by = self._name(hold.by)
            text = words("about.held_awake", by=by, until=words.moment(hold.until))
            return [*self._degraded(), capital(text)]
        if self.face == "awake":
            why = words("about.why", why=self._why())
            return [*self._degraded(), why, *self._awake_until()]
        if self.face == "held" and hold:
            key = "about.held_reason" if hold.reason else "about.held"
            until = words.moment(hold.until)
            text = words(key, by=self._name(hold.by), until=until, reason=hold.reason)
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

    def _why(self) -> str:
        decision = self.report.decision
        why = say_why(self.words, str(decision.rule), decision.evidence, decision.reason)
        return capital(why)

    def _name(self, holder: str) -> str:
        return say_name(self.words, holder)

    def _stale(self) -> str:
        report = self.report
        moments = [report.status.updated_at, report.since]
        moments += [lease.requested_at for lease in report.leases]
        latest = max((at for at in moments if at), default=None)
        if report.has_settled or latest is None or self.view.now - latest < STALE:
            return ""
        return self.words("stale", age=self.words.about(self.view.now - latest))

    def _progress(self) -> dict[str, Any] | None:
        report, words = self.report, self.words
        if report.has_settled or self._is_stuck:
            return None
        elapsed = self._seconds_since(report.since)
        if report.state is not State.WAKING:
            return self._times(elapsed, None, "")
        if report.eta is None:
            return self._times(elapsed, None, words("late") if elapsed else "")
        left = words("left", left=words.about(report.eta))
        whole = (elapsed or 0) + report.eta.total_seconds()
        return self._times(elapsed, round(100 * (elapsed or 0) / whole), left)

    def _times(self, elapsed: int | None, percent: int | None, left: str) -> dict[str, Any]:
        text = "" if elapsed is None else _clock(elapsed)
        return {"elapsed": elapsed, "elapsed_text": text, "percent": percent, "left": left}

    def _seconds_since(self, moment: datetime | None) -> int | None:
        return None if moment is None else max(0, int((self.view.now - moment).total_seconds()))

    def _steps(self) -> list[dict[str, Any]]:
        """One row for each resource; during a sleep, only for those with their own step."""
        report = self.report
        if report.has_settled or self._is_stuck:  # each retry would look like a finished step
            return []
        busy = report.to_json()["steps"]
        resources = report.spec.resources
        kinds = [resource.kind for resource in resources]
        rows = []
        for resource in resources:
            name = self.words(str(resource.kind))
            if kinds.count(resource.kind) > 1:
                name = f"{name} {resource.address}"
            steps = [step for step in busy if step["address"] == resource.address]
            if steps or report.state is State.WAKING:
                rows.append(self._step(name, steps))
        return rows

    def _step(self, name: str, steps: list[dict[str, Json]]) -> dict[str, Any]:
        words = self.words
        if not steps:
            return {"name": name, "mark": "waiting", "text": words("step.waiting"), "elapsed": None}
        last = steps[-1]
        began = parse_timestamp(steps[0]["started_at"])
        if last["finished_at"]:
            seconds = int((parse_timestamp(last["finished_at"]) - began).total_seconds())
            mark, text = "done", words("step.done")
        else:
            seconds = self._seconds_since(parse_timestamp(last["started_at"])) or 0
            mark, text = "running", words.phase(last["step"])
            usual = last["usual_seconds"]
            if usual:
                text += f" ({words('step.usual', usual=words.duration(timedelta(seconds=usual)))})"
        return {
            "name": name,
            "mark": mark,
            "text": text,
            "elapsed": seconds,
            "elapsed_text": _clock(seconds),
        }

    def _term(self) -> dict[str, str] | None:
        return term_of(self.view, self.words, self._address(f"{self.link.stack}/prolong"))

    def _facts(self) -> list[tuple[str, list[str]]]:
        words, report = self.words, self.report
        facts = []
        if self.face not in (
            "awake",
            "held",
            FAILED,
            BLOCKED,
            STUCK,
        ):  # of these it is said already
            facts.append((words("why"), [self._why()]))
        facts.append((words("next"), self._next()))
        holders = [
            words("holder", by=self._name(lease.holder), when=words.moment(lease.expires_at))
            for lease in report.leases[:5]
            if report.decision.state is Target.AWAKE
        ]
        if holders:
            facts.append((words("holders"), holders))
        facts += term_facts(self.view, words)
        waiting = [
            words("at_door", by=each.who, time=words.about(report.now - each.since))
            for each in report.held
        ]
        if waiting:
            facts.append((words("at_doors"), waiting))
        facts += self._proof()
        return [*facts, (words("saved"), [self._saved()])] if report.saved else facts

    def _proof(self) -> list[tuple[str, list[str]]]:
        """Whether it could wake; only an admin link sees what exactly prevents it."""
        proof, words = self.report.status.proof, self.words
        if proof is None or self.report.state is not State.ASLEEP:
            return []
        key = f"proof.{proof.verdict.name.lower()}"
        lines = [words(key, when=words.moment(proof.at))]
        if self.link.allows(Scope.ADMIN):
            lines += [each.message for each in proof.findings]
        return [(words("proof"), lines)]

    def _saved(self) -> str:
        if not self.report.saved:
            return ""
        spent, always, saved = self.report.saved.in_cents()
        key = "saved.text" if saved > 0 else "saved.nothing"
        return self.words(key, spent=str(spent), always=str(always), saved=str(saved))

    def _next(self) -> list[str]:
        words, changes = self.words, self.report.next[:2]
        if self.face == "awake" and not self.report.hold and len(changes) > 1:
            changes = changes[1:]  # the first is said above
        lines = [words(f"next.{each.state}", when=words.moment(each.at)) for each in changes]
        return lines or [words("next.nothing")]

    # what can be done

    def _actions(self) -> list[dict[str, Any]]:
        if not self._may_wake:
            return []
        wanted = self.report.decision.state is Target.AWAKE
        actions = [self._extend() if wanted else self._wake()]
        if self.link.allows(Scope.ADMIN) and wanted:
            actions.append(self._sleep())
        return actions

    def _wake(self) -> dict[str, Any]:
        return self._action("wake", show_title=False, buttons=self._times_to_choose("wake"))

    def _budget(self) -> dict[str, Any] | None:
        """A bar, and what it means."""
        budget, words = self.report.budget, self.words
        if budget is None:
            return None
        spent, limit = to_cents(budget.spent), to_cents(budget.limit)
        lines = [words("budget.text", spent=str(spent), limit=str(limit))]
        if budget.is_used_up:
            lines.append(words("budget.used_up", when=words.moment(budget.month.end)))
            lines += [words("budget.stops")] if budget.stops else []
        elif budget.used_up_at:
            lines.append(words("budget.until", when=words.moment(budget.used_up_at)))
        else:
            lines.append(words("budget.lasts"))
        return {
            "spent": str(min(spent, limit)),
            "limit": str(limit),
            "near": str(to_cents(budget.limit * NEAR)),
            "lines": lines,
        }

    @property
    def _may_wake(self) -> bool:
        """A used up budget leaves that to an admin's link."""
        budget = self.report.budget
        is_used_up = budget is not None and budget.is_used_up
        return self.link.allows(Scope.ADMIN if is_used_up else Scope.WAKE)

    def _bookings(self) -> list[dict[str, Any]]:
        """Present and future bookings, each with a cancel button if the link may cancel it."""
        words, mine = self.words, Asker.of_link(self.link.id)
        rows = []
        for each in self.report.bookings:
            opens, closes = words.moment(each.opens_at), words.moment(each.closes_at)
            text = words("booking", by=self._name(each.by), opens=opens, closes=closes)
            may = self.link.allows(Scope.WAKE) and each.is_of(mine)
            rows.append(
                {
                    "text": capital(text),
                    "reason": each.reason,
                    "cancel": each.id if may or self.link.allows(Scope.ADMIN) else "",
                }
            )
        return rows

    def _book(self) -> dict[str, Any] | None:
        """A form that needs no script."""
        if not self.link.allows(Scope.WAKE):
            return None
        words, most = self.words, self.view.policy.max_awake
        lengths = [n for n in (1, 2, 3, 4, 6, 8, 12) if timedelta(hours=n) <= most]
        return {
            "address": self._address(f"{self.link.stack}/wake"),
            "release": self._address(f"{self.link.stack}/release"),
            "longest": LONGEST_REASON,
            "lengths": [
                (f"{n}h", words("hours" if n > 1 else "hour", count=str(n))) for n in lengths
            ]
            or [("", words.duration(min(self.view.policy.wake_for, most)))],
        }

    def _extend(self) -> dict[str, Any]:
        buttons = [{**b, "style": ""} for b in self._times_to_choose("extend")]
        return self._action("extend", show_title=True, buttons=buttons)

    def _sleep(self) -> dict[str, Any]:
        button = {"value": "", "text": self.words("sleep"), "style": "quiet"}
        note = self.words("sleep_note")
        return self._action("sleep", show_title=False, buttons=[button], note=note)

    def _action(
        self, name: str, *, show_title: bool, buttons: list[dict[str, str]], note: str = ""
    ) -> dict[str, Any]:
        return {
            "address": self._address(f"{self.link.stack}/{name}"),
            "title": self.words(name),
            "show_title": show_title,
            "buttons": buttons,
            "note": note,
        }

    def _times_to_choose(self, verb: str) -> list[dict[str, str]]:
        words, policy = self.words, self.view.policy
        hours = [n for n in (1, 3) if timedelta(hours=n) <= policy.max_awake]
        buttons = [
            (f"{n}h", words(f"{verb}_for", time=words("hours" if n > 1 else "hour", count=str(n))))
            for n in hours
        ]
        if not buttons:
            buttons = [("", words(verb))]
        closing = self.view.closing
        if closing and closing.closes_at and closing.closes_at - self.view.now > SAME:
            when = words.moment(closing.closes_at)
            buttons.append(("close", words(f"{verb}_until", when=when)))
        return [
            {"value": value, "text": text, "style": "" if i else "main"}
            for i, (value, text) in enumerate(buttons)
        ]

    def _address(self, path: str) -> str:
        """Relative to the page, with the key that opened it."""
        if self.request.has_bearer:
            return path
        return f"{path}?k={quote(self.request.key, safe='')}"

    def _refresh(self, go: str | None) -> str | None:
        if go:
            return f"3;url={go}"
        return None if self.report.has_settled else str(REFRESH)


def _web_address(endpoint: Mapping[str, Json] | None) -> str | None:
    url = str(endpoint.get("url") or "") if endpoint else ""
    return url if url.startswith(("http://", "https://")) else None


def _clock(seconds: int) -> str:
    """As the script counts on: 0:05, 12:40, 1:02:03."""
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
