"""
The text of an event: what happened, why, what it costs, and what to do.

Pure text, for mail. Moments are local to the stack's time zone, money is USD at list prices. Which
file has the text of which event is the table below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from controller.domain.decision.history import Event, EventKind
from controller.domain.notification.budget_text import BudgetText
from controller.domain.notification.event_text import EventText, Text
from controller.domain.notification.finding_text import FindingText
from controller.domain.notification.invitation import Invitation
from controller.domain.notification.sleeping_text import SleepingText
from controller.domain.notification.stuck_text import StuckText
from controller.domain.notification.term_text import say_term
from controller.domain.notification.trouble_text import TroubleText
from controller.domain.notification.waking_text import WakingText
from controller.domain.notification.week_text import say_week
from controller.domain.planning.spec import Spec

Writer = Callable[[Spec, Event, Invitation | None], Text]

WRITERS: Mapping[EventKind, Writer] = {
    EventKind.WAKING: lambda *of: WakingText(*of).waking(),
    EventKind.AWAKE: lambda *of: WakingText(*of).awake(),
    EventKind.SLEEPING_SOON: lambda *of: SleepingText(*of).sleeping_soon(),
    EventKind.SLEEPING: lambda *of: SleepingText(*of).sleeping(),
    EventKind.ASLEEP: lambda *of: SleepingText(*of).asleep(),
    EventKind.FAILED: lambda *of: TroubleText(*of).failed(),
    EventKind.BLOCKED: lambda *of: TroubleText(*of).blocked(),
    EventKind.DEGRADED: lambda *of: TroubleText(*of).degraded(),
    EventKind.RESTORED: lambda *of: TroubleText(*of).restored(),
    EventKind.STUCK: lambda *of: StuckText(*of).stuck(),
    EventKind.BUDGET_NEAR: lambda *of: BudgetText(*of).budget_near(),
    EventKind.BUDGET_USED_UP: lambda *of: BudgetText(*of).budget_used_up(),
    EventKind.COULD_NOT_WAKE: lambda *of: FindingText(*of).could_not_wake(),
    EventKind.COULD_WAKE: lambda *of: FindingText(*of).could_wake(),
    EventKind.DAMAGED: lambda *of: FindingText(*of).damaged(),
    EventKind.ENDING: say_term,
    EventKind.ENDED: say_term,
    EventKind.UNPUBLISHED: say_term,
    EventKind.DIGEST: lambda spec, event, link: say_week(spec, event),
}
"""Every kind of event that is sent, with what writes it."""


def write_text(spec: Spec, event: Event, link: Invitation | None) -> Text:
    """Write the subject, without the stack's name, and the paragraphs."""
    return WRITERS[event.kind](spec, event, link)


def footer(spec: Spec, event: Event) -> str:
    return EventText(spec, event, None).footer()
