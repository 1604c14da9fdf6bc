"""
Sends an event to the topic, the webhook, and the metrics.

Called once for each event by the pass that recorded it, and again by a later pass if it raised
or if the process died before that was noted. So a message is never lost, but
may rarely arrive twice; SNS itself promises no more.
"""

from __future__ import annotations

from datetime import datetime
from traceback import format_exc
from typing import Any, Protocol

from controller.domain.dataclass import dataclass, field
from controller.domain.decision.history import Event, EventKind
from controller.domain.errors import MessageRefusedError
from controller.domain.notification.invitation import Invitation
from controller.domain.notification.messages import (
    Message,
    NotifyAbout,
    plain_message,
    write_message,
)
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock
from controller.notify.measures import as_log_line, measure
from controller.notify.webhook import WebhookError

Log = Any
"""Like the Logger of Powertools: `info` and `warning` take facts by name."""


class NoLog:
    """A log that drops everything, for callers without a log."""

    def info(self, message: str, /, **facts: Any) -> None:
        pass

    def warning(self, message: str, /, **facts: Any) -> None:
        pass


PUT_OFF = (EventKind.SLEEPING_SOON, EventKind.ENDING, EventKind.ENDED)
"""What whoever reads of it can put off, by a link in the message."""


class Publishes(Protocol):
    def publish(self, message: Message) -> None: ...


class Posts(Protocol):
    def post(self, message: Message) -> None: ...


class Invites(Protocol):
    def make(self, event: Event, now: datetime) -> Invitation | None: ...


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """
    Sends the events that `about` includes; channels that are None are left out.

    `namespace` is that of the metrics, "" for none.
    """

    clock: Clock
    log: Log
    topic: Publishes | None = None
    webhook: Posts | None = None
    invites: Invites | None = None
    about: NotifyAbout = field(default_factory=NotifyAbout)
    namespace: str = ""

    def __call__(self, spec: Spec, event: Event) -> None:
        """
        Send an event. Raises what the topic raises; no other channel has been called then.

        The topic comes first, because only it is retried: the webhook gets an event once, or, if
        it is down at that moment, not at all. If a text or a number cannot be made, a plain
        fallback is sent, and the fault is logged.
        """
        message = self._written(spec, event)
        if message:
            self._publish(spec, message)
            self._post(message)
        self._measure(spec, event)

    def _written(self, spec: Spec, event: Event) -> Message | None:
        try:
            if not self.about.includes(event):
                return None
            return write_message(spec, event, self._invitation(event))
        except Exception:
            self._fault("message not written", event)
            return plain_message(spec, event)

    def _measure(self, spec: Spec, event: Event) -> None:
        try:
            values = measure(spec, event) if self.namespace else {}
            if values:
                self.log.info("measured", **as_log_line(self.namespace, event, values))
        except Exception:
            self._fault("not measured", event)

    def _fault(self, what: str, event: Event) -> None:
        """A defect of our own; its traceback goes to the log."""
        kind = str(event.kind)
        self.log.warning(what, stack=event.stack, event=kind, traceback=format_exc())

    def _invitation(self, event: Event) -> Invitation | None:
        """A link for what is about to end; a message without one is better than none."""
        if self.invites is None or event.kind not in PUT_OFF:
            return None
        try:
            return self.invites.make(event, self.clock.now())
        except Exception as error:
            self.log.warning("no link to extend", stack=event.stack, error=str(error))
            return None

    def _publish(self, spec: Spec, message: Message) -> None:
        if self.topic is None:
            return
        try:
            self._publish_or_plainly(spec, message)
        except MessageRefusedError as error:
            # Nor would it be taken later: the next event is not held up for it.
            self.log.warning("delivered to nobody", **_about(message), error=str(error))
            return
        except Exception as error:
            self.log.warning("not delivered", **_about(message), error=str(error))
            raise
        self.log.info("delivered", **_about(message))

    def _publish_or_plainly(self, spec: Spec, message: Message) -> None:
        if self.topic is None:
            return
        try:
            self.topic.publish(message)
        except MessageRefusedError:
            self._fault("message not taken", message.event)
            self.topic.publish(plain_message(spec, message.event))

    def _post(self, message: Message) -> None:
        if self.webhook is None:
            return
        try:
            self.webhook.post(message)
        except WebhookError as error:
            self.log.warning("webhook failed", **_about(message), error=str(error))
        except Exception:
            self._fault("webhook failed", message.event)  # the topic has it: it is not sent twice


def _about(message: Message) -> dict[str, str]:
    """What the log says of a message; the text is not in it, as that may hold a link."""
    event = message.event
    return {"stack": event.stack, "event": event.id, "level": str(message.level)}
