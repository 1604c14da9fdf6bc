"""Who may come in, what can be forwarded, and the two addresses that the door answers to."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from api.keyring import KeyRing
from api.problems import NOT_FOUND, RefusedError, not_allowed
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass
from controller.domain.planning.endpoint import takes_http
from controller.domain.reporting.report import Report, State
from controller.door_links import DoorLink, is_door_shaped
from door import headers, problems
from door.exchange import DoorContext, Exchange
from door.forwarding import Forwarding
from door.prefer import read_wish
from door.reply import HELD, Reply, say
from door.request import DoorRequest
from door.waking import Waking

STATUS_FIELDS = ("stack", "state", "phase", "cause", "since", "eta_seconds")
"""What whoever waits needs. Who else does, and where the door leads, is not theirs to know."""


@dataclass(frozen=True, slots=True)
class Door:
    """`ring` knows the keys. Raises RefusedError before anything was held or forwarded."""

    ring: KeyRing
    context: DoorContext

    def answer(self, request: DoorRequest, began: datetime, ends_at: datetime) -> Reply:
        """Answer one request that came at `began`; the function's time is over at `ends_at`."""
        link = self._link(request)
        if request.asks_status:
            return self._status(request)
        if not link.takes(request.method):
            raise RefusedError(problems.method_not_allowed(link.methods))
        _check_passable(request)
        body = request.body()
        view = self._load_view(request)
        if not takes_http(view.report.spec):
            raise RefusedError(problems.NO_ADDRESS)
        exchange = Exchange(
            context=self.context,
            request=request,
            link=link,
            wish=read_wish(request.headers.get("prefer", "")),
            body=body,
            began=began,
            ends_at=ends_at,
        )
        try:
            return self._carry_out(exchange, view)
        except RefusedError as error:
            if error.__cause__:
                self.context.log.exception("request failed")
            return say(error.problem, exchange.held_seconds, **exchange.applied(error.problem))

    def _carry_out(self, exchange: Exchange, view: StackView) -> Reply:
        """Wake and hold where it is asleep, and forward; again, if it falls asleep in between."""
        waking, forwarding = Waking(exchange), Forwarding(exchange)
        while True:
            if view.report.state is not State.AWAKE:
                forwarding.forget()
                view = waking.wake(view)
                self._link(exchange.request)  # minutes later: it may have been withdrawn
            reply = forwarding.forward(view)
            if reply is not None:
                return reply
            view = exchange.refresh(view)

    def _link(self, request: DoorRequest) -> DoorLink:
        """Whoever has no good key learns nothing, and the table is not read."""
        link = None
        if is_door_shaped(request.key):
            link = self.ring.read_door(request.key, request.stack)
        if link is None:
            raise RefusedError(NOT_FOUND)
        if not link.admits(request.source):
            raise RefusedError(problems.OTHER_SOURCE)
        return link

    def _load_view(self, request: DoorRequest) -> StackView:
        view = self.context.stacks.load_view(request.stack)
        if view is None:
            raise RefusedError(NOT_FOUND)
        return view

    def _status(self, request: DoorRequest) -> Reply:
        """The state of the stack, for clients that were fields to retry."""
        if request.method not in ("GET", "HEAD"):
            raise RefusedError(not_allowed("GET, HEAD"))
        return _status_reply(self._load_view(request).report)


def _check_passable(request: DoorRequest) -> None:
    request.check_target()
    headers.check_sendable(request)
    if headers.wants_upgrade(request):
        raise RefusedError(problems.UPGRADE)
    if request.method == "TRACE":
        raise RefusedError(problems.TRACE)
    if headers.comes_round(request):
        raise RefusedError(problems.LOOP)


def _status_reply(report: Report) -> Reply:
    from api.answers import json_answer

    fields = report.to_json()
    answer = json_answer({name: fields[name] for name in STATUS_FIELDS})
    named = {"Content-Type": answer.content_type, **answer.all_headers(), HELD: "0"}
    return Reply(int(HTTPStatus.OK), named, answer.body.encode())
