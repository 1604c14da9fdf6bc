"""Forward one request to a stack that is awake: once, to its own address."""

from __future__ import annotations

from datetime import datetime, timedelta

from api.problems import RefusedError
from controller.asking.requested_end import parse_end
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass, field
from door import headers, problems, relay
from door.exchange import SPARE, Exchange
from door.reply import HELD, Reply

CONNECT_AGAIN_SECONDS = 1.0
CONNECT_PATIENCE = timedelta(seconds=15)
"""Healthy is not yet listening: so long a stack that is awake may refuse to be connected to."""


@dataclass(slots=True)
class Forwarding:
    """Raises RefusedError for every answer that is not the service's."""

    exchange: Exchange
    _since: datetime | None = field(default=None, init=False)

    def forget(self) -> None:
        """It is not awake any more: when it is again, the patience starts again."""
        self._since = None

    def forward(self, view: StackView) -> Reply | None:
        """The service's answer; None where it could not be connected to, and time is left."""
        exchange = self.exchange
        is_first = self._since is None and exchange.requested_at is None
        self._since = self._since or exchange.now
        self._note_use(view)
        target = _target(view)
        try:
            sender = relay.Sender(target)
        except OSError as error:
            self._check_patience(error)
            exchange.context.clock.sleep(CONNECT_AGAIN_SECONDS)
            return None
        try:
            # Nothing may reach the service once its client has given up waiting.
            if exchange.is_over and not is_first:
                raise RefusedError(exchange.later(view, "The time to wait is over."))
            return self._send(sender, target)
        finally:
            sender.close()

    def _note_use(self, view: StackView) -> None:
        exchange = self.exchange
        try:
            until = parse_end("", view.rules, view.now)
            exchange.context.stacks.note_use(view, exchange.link.as_link, until)
        except Exception as error:  # it is awake: whoever asks gets an answer all the same
            log, stack = exchange.context.log, exchange.request.stack
            log.warning("use not noted", stack=stack, error=str(error))

    def _check_patience(self, error: OSError) -> None:
        waited = self.exchange.now - (self._since or self.exchange.began)
        if waited >= CONNECT_PATIENCE or self.exchange.is_over:
            silent = isinstance(error, TimeoutError)
            raise RefusedError(problems.UNREACHED if silent else problems.REFUSED)

    def _send(self, sender: relay.Sender, target: relay.Target) -> Reply:
        exchange, request = self.exchange, self.exchange.request
        held = exchange.held_seconds
        sent = headers.for_service(
            request,
            target.authority,
            len(exchange.body),
            bound_to_methods=bool(exchange.link.methods),
        )
        try:
            answer = sender.send(request.method, request.target, sent, exchange.body, self._seconds)
        except relay.SilentError:
            raise RefusedError(problems.SILENT) from None
        except relay.TooLargeError:
            raise RefusedError(problems.TOO_LONG_AN_ANSWER) from None
        except relay.RelayError as error:
            raise RefusedError(problems.broken(str(error))) from None
        return self._returned(answer, held)

    @property
    def _seconds(self) -> float:
        """How long the service may take; less where the function's own time ends sooner."""
        left = (self.exchange.ends_at - self.exchange.now - SPARE / 2).total_seconds()
        return min(self.exchange.context.answer_seconds, max(1.0, left))

    def _returned(self, answer: relay.Answer, held: int) -> Reply:
        returned = headers.for_client(answer.headers)
        own = {HELD: str(held)}
        if "preference-applied" not in returned.headers:  # the service may have had its own
            own |= self.exchange.applied()
        sent = headers.with_type(answer.status, returned.headers, answer.body)
        return Reply(answer.status, {**sent, **own}, answer.body, tuple(returned.cookies))


def _target(view: StackView) -> relay.Target:
    """Address and port as the controller wrote them down; nothing of the request has a say."""
    endpoint = view.report.endpoint or {}
    url, port = endpoint.get("url"), endpoint.get("port")
    if not url or not isinstance(port, int):
        raise RefusedError(problems.NO_ADDRESS)
    return relay.Target(str(endpoint["ip"]), port, str(url).startswith("https:"))
