"""
Send the events in the outbox of a status, in order, and mark them as delivered.

If the topic refuses an event, that event and all later ones wait, so that the order stays. An event
that cannot be sent because of a fault of its own waits alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from traceback import format_exc

from controller.domain.dataclass import dataclass
from controller.domain.decision.history import Event
from controller.domain.errors import DormouseError
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock
from controller.reconcile.ports import Notify, Store
from controller.reconcile.still_wanted import renew_lock


@dataclass(frozen=True, slots=True)
class Delivery:
    """The undelivered events, and the traceback of a fault that stopped one ("")."""

    left: tuple[Event, ...] = ()
    fault: str = ""


class Outbox:
    def __init__(self, store: Store, notify: Notify, clock: Clock) -> None:
        self._store = store
        self._notify = notify
        self._clock = clock

    def deliver(self, spec: Spec, events: Sequence[Event]) -> Delivery:
        """Record and deliver them."""
        left: list[Event] = []
        fault, is_held_up = "", False
        for event in [event for event in events if self._store.put_event(event)]:
            if is_held_up:
                left.append(event)
                continue
            renew_lock(self._store)
            try:
                if self._is_notified(spec, event):
                    continue
                is_held_up = True
            except Exception:
                fault = format_exc()
            left.append(event)
        return Delivery(tuple(left), fault)

    def _is_notified(self, spec: Spec, event: Event) -> bool:
        if event.is_old_news(self._clock.now()):
            return True
        try:
            if event.kind.is_notified:
                self._notify(spec, event)
        except DormouseError:
            return False  # the notifier has logged it; a failed delivery does not fail the pass
        self._store.mark_delivered(event)
        return True
