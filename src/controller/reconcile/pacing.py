"""When to read AWS again, and how much of it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.planning.plan import Target
from controller.reconcile.outcome import Limits
from controller.reconcile.turn import Turn

SHORTEST_POLL = timedelta(seconds=1)
WAITING_POLL = timedelta(seconds=2)
"""Between two polls if no step of ours can follow."""

SHARE_OF_WAIT = 0.05
"""
A poll is late by at most this share of the transition, so short transitions stay short. The
length is the usual one, or the time that has passed so far.
"""

WHOLE = timedelta(minutes=1)
"""While nothing but waiting is left, what is not waited for is read once in this time."""

UNREADABLE = timedelta(seconds=2)
"""How soon the tags of a new resource are read again; the rest of a wake waits for them."""

SHORTEST_PAUSE = timedelta(milliseconds=100)


def pause_after(turn: Turn, limits: Limits) -> timedelta:
    """The time to the next poll, or to the first retry, if that is sooner."""
    now, seen = turn.now, turn.seen
    if turn.quiet_until and turn.quiet_until > now:
        return turn.quiet_until - now
    until = [at - now for at in turn.progress.retry_at.values() if at > now]
    if seen and not all(one.owned for one in seen.observed.resources.values()):
        until.append(UNREADABLE)
    return max(min([_poll(turn, limits), *until]), SHORTEST_PAUSE)


def _poll(turn: Turn, limits: Limits) -> timedelta:
    way, shortest = turn.now - turn.began_at, SHORTEST_POLL
    plan = turn.seen.plan if turn.seen else None
    if plan and plan.converged:
        return limits.poll  # nothing is left but to see that nothing turns up
    if plan and (plan.target is Target.ASLEEP or not plan.actions):
        way, shortest = max(way, limits.usual), WAITING_POLL
    return min(limits.poll, max(shortest, way * SHARE_OF_WAIT))


def read_next(turn: Turn, now: datetime) -> frozenset[str] | None:
    """What to read after this turn: what was waited for; None: everything."""
    if turn.reading is None or now - turn.whole_at >= WHOLE:
        return None
    plan, addresses = turn.reading.plan, turn.reading.observed.addresses
    busy = {address for address, _ in plan.waiting}
    busy |= {action.address for action in plan.actions}
    # AWS does not signal that an Elastic IP is free; a wake that waits for it can then continue.
    held = {a.allocation_id for a in addresses.values() if not a.usable}
    wanted = {id_ for id_ in held if not busy.isdisjoint(addresses[id_].wanted_by)}
    return frozenset(busy | wanted)
