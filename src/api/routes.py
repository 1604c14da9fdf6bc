"""The requests that the wake URL answers, and what each does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import quote

from api import fields
from api.answers import Answer, json_answer, see_other
from api.keyring import KeyRing
from api.methods import LONGEST_WAIT
from api.problems import (
    NOT_AWAKE,
    NOT_FOUND,
    RECORDED,
    RefusedError,
    out_of_scope,
    over_budget,
    unprocessable,
)
from api.redaction import for_link
from api.request import KEY, Request
from api.stacks import OverBudgetError, Stacks
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass
from controller.domain.decision.hold import sleep_end
from controller.domain.decision.term import USUAL, read_length
from controller.domain.planning.plan import Target
from controller.domain.ports import Clock
from controller.domain.reporting.report import Report, State
from controller.links import STACK_NAME, Link, Scope, is_shaped

POLL_SECONDS = 1.5
CROWDED_SECONDS = 5
"""When a program should retry whose answer could not be held."""

RETRY_SECONDS = (2, 30)
"""The shortest and the longest `Retry-After` for a program that polls."""

Show = Callable[[StackView, Link, Request], Answer]


@dataclass(frozen=True, slots=True)
class Routes:
    """
    One method for each route; all but the first two need a key. Raise RefusedError.

    Its size: one method for each route, and the few steps that all of them share.
    """

    ring: KeyRing
    stacks: Stacks
    clock: Clock
    show: Show

    def healthz(self, request: Request) -> Answer:
        return Answer(200, "text/plain; charset=utf-8", "ok\n")

    def openapi(self, request: Request) -> Answer:
        from api.openapi import describe  # few ask for it

        return json_answer(describe())

    def page(self, request: Request, stack: str) -> Answer:
        link = self._link(request, stack)
        request.check_query(KEY, "go")
        view = self._load_view(stack)
        return (
            json_answer(_status(view, link))
            if request.wants_json
            else self.show(view, link, request)
        )

    def status(self, request: Request, stack: str) -> Answer:
        """
        Answer once it is awake, or when the seconds are over.

        A few requests of a link are held at a time; further ones get an answer at once,
        with `Retry-After`.
        """
        link = self._link(request, stack)
        request.check_query(KEY, "wait")
        seconds = _wait(request)
        end = self.clock.now() + timedelta(seconds=seconds)
        view = self._load_view(stack)
        if not seconds or view.report.state is State.AWAKE:
            return json_answer(_status(view, link))
        with self.stacks.seat(link, end) as may_wait:
            if not may_wait:
                again = {"Retry-After": str(CROWDED_SECONDS)}
                return json_answer(_status(view, link), headers=again)
            return json_answer(_status(self._when_awake(stack, end), link))

    def wake(self, request: Request, stack: str) -> Answer:
        """Awake now, or from `at` on."""
        link, view, sent = self._enter_to_change(request, stack, Scope.WAKE, *fields.WAKE)
        if "at" in sent:
            self._book(view, link, sent)
            return self._changed(request, link)
        self._keep_awake(view, link, sent)
        return self._changed(request, link, "?go=1")

    def extend(self, request: Request, stack: str) -> Answer:
        link, view, sent = self._enter_to_change(request, stack, Scope.WAKE, *fields.EXTEND)
        if view.report.decision.state is not Target.AWAKE:
            raise RefusedError(NOT_AWAKE)
        self._keep_awake(view, link, sent)
        return self._changed(request, link)

    def release(self, request: Request, stack: str) -> Answer:
        """Release the leases of this link; those of others stay."""
        link, view, sent = self._enter_to_change(request, stack, Scope.WAKE, *fields.RELEASE)
        if "booking" in sent:
            self.stacks.cancel(view, link, sent["booking"])
        fields.check_given(sent, "id")
        if "booking" not in sent or sent.get("id"):
            self.stacks.release(view, link, fields.asker_of(link, sent))
        return self._changed(request, link)

    def sleep(self, request: Request, stack: str) -> Answer:
        """Until the next opening, or for as long as it says."""
        link, view, sent = self._enter_to_change(request, stack, Scope.ADMIN, *fields.SLEEP)
        length = sent.get("for", "")
        end = fields.read("for", lambda: sleep_end(length, view.now)) if length else None
        self.stacks.put_to_sleep(view, link, end)
        return self._changed(request, link)

    def prolong(self, request: Request, stack: str) -> Answer:
        """Have the stack's term end later."""
        link, view, sent = self._enter_to_change(request, stack, Scope.WAKE, *fields.PROLONG)
        text = sent.get("for") or USUAL
        self.stacks.prolong(view, link, fields.read("for", lambda: read_length(text)))
        return self._changed(request, link)

    # who may come in

    def _enter_to_change(
        self, request: Request, stack: str, scope: Scope, *known: str
    ) -> tuple[Link, StackView, dict[str, str]]:
        """`known` are the fields that it takes: one that is misspelt must not count for none."""
        link = self._link(request, stack)
        request.check_origin()
        if not link.allows(scope):
            raise RefusedError(
                out_of_scope(f'This link allows "{link.scope}"; this needs "{scope}".')
            )
        request.check_query(KEY)
        sent = request.fields(*known)
        return link, self._load_view(stack), sent

    def _link(self, request: Request, stack: str) -> Link:
        """Without a good key for the stack the answer says nothing, and the table is not read."""
        link = self.ring.read(request.key, stack) if is_shaped(request.key) else None
        if link is None or not STACK_NAME.fullmatch(stack):
            raise RefusedError(NOT_FOUND)
        return link

    def _load_view(self, stack: str) -> StackView:
        view = self.stacks.load_view(stack)
        if view is None:
            raise RefusedError(NOT_FOUND)
        return view

    def _when_awake(self, stack: str, end: datetime) -> StackView:
        while True:
            left = (end - self.clock.now()).total_seconds()
            self.clock.sleep(max(0.0, min(POLL_SECONDS, left)))
            view = self._load_view(stack)
            if view.report.state is State.AWAKE or self.clock.now() >= end:
                return view

    # what changes

    def _keep_awake(self, view: StackView, link: Link, sent: Mapping[str, str]) -> None:
        asker, reason = fields.asker_of(link, sent), fields.reason_of(sent)
        until = fields.end_of(sent, view.rules, view.now)
        try:
            self.stacks.keep_awake(view, link, until, asker, reason)
        except OverBudgetError as error:
            raise RefusedError(
                over_budget(ceil((error.again_at - view.now).total_seconds()))
            ) from None

    def _book(self, view: StackView, link: Link, sent: Mapping[str, str]) -> None:
        asker, reason = fields.asker_of(link, sent), fields.reason_of(sent)
        opens_at = fields.start_of(sent, view.rules, view.now)
        closes_at = fields.end_of(sent, view.rules, max(opens_at, view.now))
        self.stacks.book(view, link, asker, opens_at, closes_at, reason)

    def _changed(self, request: Request, link: Link, query: str = "") -> Answer:
        """To people, the page; to programs, the status, and when to ask again."""
        if not request.wants_json:
            return see_other(_page_address(request, link.stack, query))
        try:
            view = self._load_view(link.stack)
        except Exception as error:
            raise RefusedError(RECORDED) from error
        body = _status(view, link)
        if view.report.has_settled:
            return json_answer(body)
        return json_answer(body, 202, {"Retry-After": str(_retry_after(view.report))})


def _page_address(request: Request, stack: str, query: str) -> str:
    """Relative, so that it holds behind any domain and prefix; from the address of a button."""
    if request.has_bearer:
        return f"../{stack}{query}"
    key = f"k={quote(request.key, safe='')}"
    return f"../{stack}{query}&{key}" if query else f"../{stack}?{key}"


def _status(view: StackView, link: Link) -> dict[str, Any]:
    return for_link(view.report.to_json(), link)


def _retry_after(report: Report) -> int:
    least, most = RETRY_SECONDS
    if report.eta is None:
        return 10
    return max(least, min(most, ceil(report.eta.total_seconds() / 2)))


def _wait(request: Request) -> int:
    text = request.query.get("wait", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= LONGEST_WAIT):
        raise RefusedError(unprocessable(f"wait must be whole seconds from 0 to {LONGEST_WAIT}."))
    return int(text)
