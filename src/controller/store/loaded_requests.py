"""The requests for one stack, read from their items; an item that cannot be read is set aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import TypeVar

from controller.domain.dataclass import dataclass, field
from controller.domain.decision.booking import Booking
from controller.domain.decision.held import Held
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.term import Term
from controller.domain.reporting.damage import Damaged, parted
from controller.store import items
from controller.store.held_slots import held_in

REHEARSE = "rehearse_at"
"""The attribute of the mark that says when a rehearsal was last requested."""

T = TypeVar("T")
Named = TypeVar("Named", Lease, Booking)
Single = TypeVar("Single", Hold, Term)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRequests:
    """
    The requests for one stack; `count` is their number, and `is_due` that no pass has read them.

    `damaged` are the records among them that cannot be read, `held` the requests that wait at the
    door; they add nothing to the lease that came with each. `rehearsal_at` is when a rehearsal was
    last requested.
    """

    leases: tuple[Lease, ...] = ()
    bookings: tuple[Booking, ...] = ()
    hold: Hold | None = None
    count: int = 0
    damaged: tuple[Damaged, ...] = ()
    rehearsal_at: datetime | None = None
    is_due: bool = field(default=False, compare=False)
    held: tuple[Held, ...] = field(default=(), compare=False)
    term: Term | None = None


def read_requests(stack: str, found: Mapping[str, items.Item]) -> StackRequests:
    """All requests for a stack; `found` are the items of its partition by their sort key."""

    def read(prefix: str, parse: Callable[..., T]) -> tuple[tuple[T, ...], tuple[Damaged, ...]]:
        sorts = [sort for sort in found if sort.startswith(prefix)]
        return parted(items.readable(found[sort], partial(parse, stack, sort)) for sort in sorts)

    mark = found.get(items.MARK, {})
    leases, lost = read(items.LEASE, parse_lease)
    bookings, lost_bookings = read(items.BOOKING, parse_booking)
    holds, lost_hold = read(items.HOLD, _parse_hold)
    terms, lost_term = read(items.TERM, parse_term)
    return StackRequests(
        term=terms[0] if terms else None,
        leases=leases,
        bookings=bookings,
        hold=holds[0] if holds else None,
        count=items.number(mark, "request_count"),
        rehearsal_at=items.moment(mark, REHEARSE),
        damaged=(*lost, *lost_bookings, *lost_hold, *lost_term),
        is_due="due" in mark,
        held=held_in(found.get(items.HELD, {})),
    )


# A pass reads the same records before every round; callers must not change them.


@lru_cache(maxsize=500)
def parse_lease(stack: str, sort: str, text: str) -> Lease:
    return _checked(Lease.from_json(json.loads(text)), stack, sort, items.LEASE)


@lru_cache(maxsize=500)
def parse_booking(stack: str, sort: str, text: str) -> Booking:
    return _checked(Booking.from_json(json.loads(text)), stack, sort, items.BOOKING)


@lru_cache(maxsize=100)
def _parse_hold(stack: str, _sort: str, text: str) -> Hold:
    return _of_stack(Hold.from_json(json.loads(text)), stack)


@lru_cache(maxsize=100)
def parse_term(stack: str, _sort: str, text: str) -> Term:
    return _of_stack(Term.from_json(json.loads(text)), stack)


def _checked(read: Named, stack: str, sort: str, prefix: str) -> Named:
    """Raises ValueError where stack and id are not those of the item's own key."""
    if (read.stack, f"{prefix}{read.id}") != (stack, sort):
        raise ValueError(f"it is the {type(read).__name__.lower()} of another name")
    return read


def _of_stack(read: Single, stack: str) -> Single:
    if read.stack != stack:
        raise ValueError(f"it is the {type(read).__name__.lower()} of another stack")
    return read
