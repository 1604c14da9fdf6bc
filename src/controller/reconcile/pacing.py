"""
When to read AWS again, and what of it. Pure.

Each address has a pace of its own. What ends a transition is read so often that its end is noticed
late by a small share of the whole. What something else comes after is read less often: nobody
waits for it (`domain/planning/waits.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from controller.domain.planning.observed import AT_FIRST, ATTRIBUTES, Observation, State
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.waits import HEALTH_CHECK, Wait, assumed_seconds
from controller.reconcile.outcome import Limits
from controller.reconcile.sleep_pacing import NEARNESS, TOGETHER, SleepPacing
from controller.reconcile.turn import Seen, Turn
from controller.reconcile.verdicts import BLIND, LAST_STEPS

SHORTEST_POLL = timedelta(seconds=1)
WAITING_POLL = timedelta(seconds=2)
"""Time between two polls if no step of ours can follow."""

END_POLL = timedelta(seconds=5)
"""The longest time between two polls for what ends a transition, or lets a step of ours begin."""

SHARE = 0.03
"""A poll is late by at most this share of the transition, so short transitions stay short."""

FAR = 0.05
"""The same, while the usual length of a wake is not near."""

BEHIND = timedelta(seconds=30)
"""How often a service is read whose load balancer starts: until then no target is healthy."""

WHOLE = timedelta(minutes=1)
"""While the pass only waits, everything else is read once in this time."""

USUAL_LAG = timedelta(seconds=3)
"""Most new resources can be read after this time (AWS behaviour §9.2)."""

UNREADABLE = timedelta(seconds=2)
"""How soon the tags of a new resource are read again; the rest of a wake waits for them."""

SHORTEST_PAUSE = timedelta(milliseconds=100)


class Pacing:
    """Make one for each run; `waits` is what comes after the steps of a wake, by address."""

    def __init__(self, limits: Limits, waits: Mapping[str, Wait]) -> None:
        self._limits = limits
        self._waits = waits
        self._sleep = SleepPacing(limits, self._end_pace)

    def pause_after(self, turn: Turn) -> timedelta:
        """The time to the next poll, the first retry, or when it gives up: whichever is first."""
        now, seen = turn.now, turn.seen
        if turn.quiet_until and turn.quiet_until > now:
            return turn.quiet_until - now
        moments = (
            *turn.progress.retry_at.values(),
            self._limits.give_up_at,
            turn.serving.give_up_at(),
            self._limits.deadline and self._limits.deadline - LAST_STEPS,
        )
        until = [at - now for at in moments if at and at > now]
        if seen and not all(one.owned for one in seen.observed.resources.values()):
            until.append(UNREADABLE)
        return max(min([self._poll(turn), *until]), SHORTEST_PAUSE)

    def read_next(self, turn: Turn, now: datetime) -> frozenset[str] | None:
        """What to read after this turn, of what was waited for; None: everything."""
        seen = turn.seen
        if seen is None or turn.error or now - turn.whole_at >= WHOLE:
            return None
        if turn.target is Target.ASLEEP:
            return self._sleep.read_next(turn, seen, now)
        if turn.taken and not (turn.serving.is_new and all(map(_shows_by_itself, turn.taken))):
            return None
        held_back = turn.progress.is_held_back
        taken = {each.address for each in turn.taken if not held_back(each.address, now)}
        soon = now + TOGETHER
        due = {each for each in _open(turn, seen, now) if self._due_at(turn, seen, each) <= soon}
        return frozenset(taken | due | _held(seen))

    def ends_a_wait(self, before: Turn, seen: Seen) -> bool:
        """Whether a part of a wake is over that others waited for: how far they are is unknown."""
        if before.seen is None or before.target is Target.ASLEEP:
            return False
        waited = {address for address, _ in before.seen.plan.waiting}
        still = {address for address, _ in seen.plan.waiting}
        return any(address in self._waits for address in waited - still)

    def _poll(self, turn: Turn) -> timedelta:
        longest, seen, now = self._limits.poll, turn.seen, turn.now
        if seen and seen.plan.converged:  # only to confirm that nothing appears
            since = turn.progress.cold_since
            return min(longest, since + BLIND - now) if since else longest
        if turn.target is Target.ASLEEP and turn.taken:
            return min(longest, WAITING_POLL)  # the next step may only wait for that one
        if seen is None or turn.error or turn.target is Target.ASLEEP:
            return min(longest, self._end_pace(turn, now))
        due = [self._due_at(turn, seen, each) - now for each in _open(turn, seen, now)]
        if turn.taken or _held(seen) or not due:
            due.append(self._end_pace(turn, now))
        return min(longest, *due)

    def _due_at(self, turn: Turn, seen: Seen, address: str) -> datetime:
        """By what was known at its last read: it does not move while it is waited for."""
        return turn.last_read(address) + self._pace(turn, seen, address)

    def _pace(self, turn: Turn, seen: Seen, address: str) -> timedelta:
        one, at = seen.observed[address], turn.last_read(address)
        is_first_wake = turn.target is Target.AWAKE and not turn.serving.is_ready
        if not is_first_wake or one.state is not State.PENDING:
            return self._end_pace(turn, at)
        wait = self._waits.get(address)
        if wait is None or not one.owned:
            is_new = at - turn.busy_since(address) < USUAL_LAG
            return SHORTEST_POLL if is_new else UNREADABLE
        if one.phase == HEALTH_CHECK and _is_behind(wait, seen):
            return BEHIND
        if not wait.first_check or (one.phase == HEALTH_CHECK and not one.unchecked):
            return self._end_pace(turn, at)
        return self._pace_before_check(turn, wait, one, address)

    def _pace_before_check(
        self, turn: Turn, wait: Wait, one: Observation, address: str
    ) -> timedelta:
        """As long as the first check takes; half as long once the step should be over."""
        longest = min(self._limits.poll, wait.first_check)
        lasted = turn.last_read(address) - turn.busy_since(address)
        learned = self._limits.learned.usual_seconds(address, one.phase)
        usual = assumed_seconds(one.phase) if learned is None else learned
        if usual is None or lasted.total_seconds() < NEARNESS * usual:
            return longest
        return min(longest, max(longest / 2, lasted * SHARE))

    def _end_pace(self, turn: Turn, at: datetime) -> timedelta:
        """The resources that the end of the transition, or a step of ours, waits for."""
        plan = turn.seen.plan if turn.seen else None
        is_idle = plan is not None and (plan.target is Target.ASLEEP or not plan.actions)
        since = turn.began_at if turn.serving.is_ready else self._limits.since or turn.began_at
        shortest, way = WAITING_POLL if is_idle else SHORTEST_POLL, at - since
        share = self._share(way) if is_idle and turn.target is Target.AWAKE else SHARE
        return min(self._limits.poll, END_POLL, max(shortest, way * share))

    def _share(self, way: timedelta) -> float:
        usual = self._limits.learned.usual
        is_far = usual is not None and way < NEARNESS * usual
        return FAR if is_far else SHARE


def _shows_by_itself(action: Action) -> bool:
    """Whether the effect of a step is visible in its resource alone."""
    is_plain = action.verb is Verb.CREATE or {ATTRIBUTES, AT_FIRST}.issuperset(action.changes)
    return action.target is Target.AWAKE and action.verb is not Verb.DELETE and is_plain


def _open(turn: Turn, seen: Seen, now: datetime) -> set[str]:
    """
    What may change by itself, or is to be changed now.

    A step that waits for another resource begins when that one is ready, and one that is held back
    when its time has come.
    """
    waiting = {address for address, _ in seen.plan.waiting if address in seen.observed.resources}
    return waiting | {a.address for a in seen.plan.actions if _may_change(a, turn, seen, now)}


def _may_change(action: Action, turn: Turn, seen: Seen, now: datetime) -> bool:
    one = seen.observed[action.address]
    if one.state is State.LEAVING or not one.owned:
        return True
    return action.ready and not turn.progress.is_held_back(action.address, now)


def _held(seen: Seen) -> set[str]:
    """AWS does not signal that an Elastic IP is free: it is read at each poll that waits for it."""
    plan, addresses = seen.plan, seen.observed.addresses
    busy = {address for address, _ in plan.waiting} | {a.address for a in plan.actions}
    return {
        id_
        for id_, one in addresses.items()
        if not one.usable and (id_ in busy or not busy.isdisjoint(one.wanted_by))
    }


def _is_behind(wait: Wait, seen: Seen) -> bool:
    """A load balancer is starting; until it is active, none of its targets becomes healthy."""
    return any(seen.observed[each].state is State.PENDING for each in wait.behind)
