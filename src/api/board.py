"""
The board's routes: all stacks of a team's key on one page, with actions for several at once.

The rules are those of a single stack's page. A stack outside the key's pattern and a missing stack
get the same answer: the client learns nothing about other stacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from typing import Any
from urllib.parse import urlencode

from api.answers import Answer, json_answer, see_other
from api.keyring import KeyRing
from api.problems import (
    BROKEN,
    NOT_AWAKE,
    NOT_FOUND,
    UNAVAILABLE,
    UNSURE,
    Problem,
    RefusedError,
    out_of_scope,
    over_budget,
    unprocessable,
)
from api.redaction import without_account
from api.request import KEY, Request
from api.selection import PARAMETERS, Choice, read_choice, read_selection
from api.stacks import OverBudgetError, Stacks, UnsureError
from api.wiring import is_of_aws
from controller.asking.requested_end import parse_end
from controller.domain.dataclass import dataclass
from controller.domain.decision.hold import sleep_end
from controller.domain.decision.term import USUAL, read_length
from controller.domain.errors import TextError
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json
from controller.domain.ports import Clock
from controller.domain.reporting.board_row import Row
from controller.domain.timestamps import write_timestamp
from controller.links import STACK_NAME, Link, Scope, is_shaped

AGAIN_SECONDS = 5
"""When a program should poll again after a request."""

DID, NOT = "did", "not"
"""Parameters of the page after a press: the action, for how many, and for which it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a board shows at one moment; `more` is where the next page starts, "" if none."""

    rows: list[Row]
    choice: Choice
    more: str
    now: datetime


Show = Callable[[Shown, Link, Request], Answer]


@dataclass(frozen=True, slots=True)
class Board:
    """One method for each route; all need a team's key. Raise RefusedError."""

    ring: KeyRing
    stacks: Stacks
    clock: Clock
    show: Show
    log: Any

    def board(self, request: Request) -> Answer:
        link = self._link(request)
        request.check_query(KEY, *PARAMETERS, DID, NOT)
        choice, now = read_choice(request), self.clock.now()
        found = self.stacks.rows(link, choice.after)
        shown = Shown(rows=choice.of(found.rows, now), choice=choice, more=found.more, now=now)
        if not request.wants_json:
            return self.show(shown, link, request)
        listed: dict[str, Json] = {"stacks": [_listed(row, now) for row in shown.rows]}
        return json_answer({**listed, "more": found.more} if found.more else listed)

    def wake(self, request: Request) -> Answer:
        return self._change(request, "wake", Scope.WAKE)

    def extend(self, request: Request) -> Answer:
        return self._change(request, "extend", Scope.WAKE)

    def sleep(self, request: Request) -> Answer:
        return self._change(request, "sleep", Scope.ADMIN)

    def prolong(self, request: Request) -> Answer:
        return self._change(request, "prolong", Scope.WAKE)

    def _link(self, request: Request) -> Link:
        link = self.ring.read_team(request.key) if is_shaped(request.key) else None
        if link is None:
            raise RefusedError(NOT_FOUND)
        return link

    def _change(self, request: Request, verb: str, scope: Scope) -> Answer:
        link = self._link(request)
        request.check_origin()
        if not link.allows(scope):
            raise RefusedError(
                out_of_scope(f'This link allows "{link.scope}"; this needs "{scope}".')
            )
        request.check_query(KEY, *PARAMETERS)
        names, fields = read_selection(request, "for")
        problems = {name: self._act(verb, link, name, fields.get("for", "")) for name in names}
        if not request.wants_json:
            return see_other(_way_back(request, verb, problems))
        return _results(problems)

    def _act(self, verb: str, link: Link, stack: str, text: str) -> Problem | None:
        """Ask for one stack; None once that is recorded, or why it is not."""
        own = link.narrowed(stack) if STACK_NAME.fullmatch(stack) else None
        if own is None:
            return NOT_FOUND
        try:
            return self._request(verb, own, stack, text)
        except Exception as error:  # the requests of the others may be recorded already
            self.log.exception("request failed", stack=stack)
            return UNAVAILABLE if is_of_aws(error) else BROKEN

    def _request(self, verb: str, own: Link, stack: str, text: str) -> Problem | None:
        view = self.stacks.load_view(stack)
        if view is None:
            return NOT_FOUND
        if verb == "extend" and view.report.decision.state is not Target.AWAKE:
            return NOT_AWAKE
        try:
            if verb == "prolong":
                self.stacks.prolong(view, own, read_length(text or USUAL))
            elif verb == "sleep":
                self.stacks.put_to_sleep(view, own, sleep_end(text, view.now) if text else None)
            else:
                self.stacks.keep_awake(view, own, parse_end(text, view.rules, view.now))
        except TextError as error:
            return unprocessable(f"for: {error}.")
        except OverBudgetError as error:
            return over_budget(ceil((error.again_at - view.now).total_seconds()))
        except RefusedError as error:  # also where its budget is used up: the others go on
            return error.problem
        except UnsureError:
            return UNSURE
        return None


def _listed(row: Row, now: datetime) -> dict[str, Json]:
    """A row for programs; times are RFC 3339 in UTC, money in USD."""
    spent, always = row.rates.month(row.at, now)
    return {
        "stack": row.stack,
        "state": row.state,
        "until": write_timestamp(row.until),
        "reason": without_account(row.reason),
        "who": row.who[0] if row.who else None,
        "held": [each.to_json(now) for each in row.held_at(now)],
        "owner": row.owner or None,
        "expires": write_timestamp(row.expires),
        "month": {"spent": round(spent, 4), "saved": round(always - spent, 4)},
        "proof": dict(row.proof),
        "face": row.face,
        "cause": without_account(row.cause),
        "updated_at": write_timestamp(row.at),
    }


def _results(problems: Mapping[str, Problem | None]) -> Answer:
    """What became of each; if nothing was recorded, with the first problem's status."""
    listed = [_result(name, problem) for name, problem in problems.items()]
    refused = [problem for problem in problems.values() if problem]
    if len(refused) < len(problems):
        return json_answer({"stacks": listed}, 202, {"Retry-After": str(AGAIN_SECONDS)})
    first = refused[0]
    if all(problem.code == "not_found" for problem in refused):
        raise RefusedError(NOT_FOUND)
    body = {**first.to_json(), "stacks": listed}
    return json_answer(body, int(first.status), first.headers, "application/problem+json")


def _result(name: str, problem: Problem | None) -> dict[str, Json]:
    if problem is None:
        return {"stack": name, "result": "recorded", "status": 202}
    return {
        "stack": name,
        "result": problem.code,
        "status": int(problem.status),
        "detail": problem.detail,
    }


def _way_back(request: Request, verb: str, problems: Mapping[str, Problem | None]) -> str:
    """The board as it was, and what became of the press; relative, as every address here."""
    done = sum(problem is None for problem in problems.values())
    said: dict[str, Any] = {DID: f"{verb}.{done}"}
    missed = [
        f"{p.code}.{name}" for name, p in problems.items() if p and STACK_NAME.fullmatch(name)
    ]
    if missed:
        said[NOT] = ",".join(missed[:MOST_NAMED])
    kept = read_choice(request).parameters()
    if not request.has_bearer:
        kept[KEY] = request.key
    return f"./?{urlencode({**kept, **said})}"


MOST_NAMED = 12
"""How many failed stacks are named after a press."""

BOARD_METHODS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "board": ("/", ("GET", "HEAD")),
    "wake": ("/wake", ("POST",)),
    "extend": ("/extend", ("POST",)),
    "sleep": ("/sleep", ("POST",)),
    "prolong": ("/prolong", ("POST",)),
}
"""The name of each method of `Board` to its path and what it takes."""
