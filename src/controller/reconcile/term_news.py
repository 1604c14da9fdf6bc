"""Events about a stack's term, and when the stack is to be removed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.dataclass import replace
from controller.domain.decision.history import EventKind
from controller.domain.decision.term import Term
from controller.domain.planning.plan import Target
from controller.domain.reporting.status import Status
from controller.domain.timestamps import format_timestamp, write_timestamp
from controller.reconcile.events import add_event
from controller.reconcile.ports import Records

OVER, GOES = 3, 4
"""Stages of a term: it is over, and it is to be removed."""

LATER = timedelta(minutes=15)
"""When to check again a stack that is to be removed, and is not asleep yet."""


def add_term_events(status: Status, records: Records, now: datetime) -> Status:
    """Each stage once; if several are due together, the last. A new end starts from the first."""
    term = records.term
    if term is None or term.expires_at is None:
        return replace(status, term_notified=())
    stage, reported = term.stage(now), _reported(status, term)
    if stage == GOES and not _may_go(status, records, now):
        stage = OVER
    if stage <= reported:
        return status
    status = replace(status, term_notified=(format_timestamp(term.expires_at), str(stage)))
    kind = EventKind.UNPUBLISHED if stage == GOES else EventKind.ENDING
    if stage == OVER:
        kind = EventKind.ENDED
    ends_at = term.goes_at if kind is EventKind.ENDED else term.expires_at
    facts = {
        "owner": term.owner,
        "expires_at": format_timestamp(term.expires_at),
        "goes_at": write_timestamp(term.goes_at),
        **({} if kind is EventKind.UNPUBLISHED else {"ends_at": write_timestamp(ends_at)}),
    }
    return add_event(status, records.spec, kind, now, _reason(term), **facts)


def next_of_term(status: Status, records: Records, now: datetime) -> datetime | None:
    """When something about its term is due."""
    term = records.term
    if term is None:
        return None
    is_late = term.stage(now) == GOES and _reported(status, term) < GOES
    return now + LATER if is_late else term.next_moment(now)


def is_to_go(status: Status, records: Records, now: datetime) -> bool:
    """Its end was reported, and it has neither resources nor requests."""
    term = records.term
    return (
        term is not None
        and term.stage(now) == GOES
        and _reported(status, term) == GOES
        and not status.outbox
        and _may_go(status, records, now)
    )


def _may_go(status: Status, records: Records, now: datetime) -> bool:
    asleep = status.target is Target.ASLEEP and status.settled
    wanted = any(lease.expires_at > now for lease in records.leases)
    return asleep and not wanted and not records.leftovers


def _reported(status: Status, term: Term) -> int:
    """The last stage that was reported for this end."""
    ends_at, stage = status.term_notified or ("", "0")
    known = term.expires_at is not None and ends_at == format_timestamp(term.expires_at)
    return int(stage) if known else 0


def _reason(term: Term) -> str:
    whose = f"{term.owner} has it" if term.owner else "it was published"
    return f"{whose} until {write_timestamp(term.expires_at)}"
