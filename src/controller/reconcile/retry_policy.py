"""
What AWS refused on one way, and for how long that is put up with.

It lives as long as a run of the loop: another run asks for everything anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.errors import (
    DeniedError,
    DormouseError,
    ForeignError,
    RetryError,
    SoonError,
    WaitError,
)
from controller.domain.planning.observed import Holder, Observed
from controller.domain.planning.plan import Action, Plan, Target, Verb
from controller.domain.ports import Clock

BLOCKED_GRACE = timedelta(seconds=30)
"""Tags of fresh objects may not be readable for some seconds; only then is a stranger believed."""

FOREIGN_GRACE = timedelta(minutes=15)
"""So long an Elastic IP in somebody else's use is waited for (AWS behaviour F03); it is free."""

SOON = timedelta(minutes=1)
"""What heals within this time or not at all (AWS behaviour F25, F70)."""

SLOWEST_RETRY = timedelta(minutes=1)

MOST_UPDATES = 3
"""So often the same thing is put right in one pass before it is told instead."""

_PATIENCE: dict[type[DormouseError], int] = {ForeignError: 3, DeniedError: 2}
"""Refusals of these kinds may come from a read or tag that lags (§6.2, F70): ask again."""


class RetryPolicy:
    """
    Make one for each run.

    `final` says by address what is not asked for again, and why: on the way to sleep a step that
    was refused for good, on the way to awake a setting that cannot be put right.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocked_since: datetime | None = None
        self._denied_since: datetime | None = None
        self._refusals: dict[str, int] = {}
        self._asked: dict[str, tuple[datetime, int]] = {}
        self._updates: dict[tuple[str, str, tuple[str, ...]], int] = {}
        self.final: dict[str, str] = {}

    def made(self, address: str) -> None:
        """What was said of the one before does not hold for a new one."""
        self.final.pop(address, None)

    def updates(self, action: Action, arn: str) -> int:
        """Count one more time that the same is put right of the same object."""
        key = action.address, arn, action.changes
        self._updates[key] = self._updates.get(key, 0) + 1
        return self._updates[key]

    def answered(self) -> None:
        """A round was not refused."""
        self._denied_since = None

    def may_be_allowed_soon(self, error: DormouseError) -> bool:
        """A read that is denied for a moment is no reason to tear down what serves people."""
        now = self._clock.now()
        self._denied_since = self._denied_since or now
        return isinstance(error, DeniedError) and now - self._denied_since < SOON

    def hold_back(self, action: Action, error: DormouseError) -> timedelta:
        """How long to leave a refused call alone: longer each time, a minute at most."""
        first, count = self._asked.get(action.address, (self._clock.now(), 0))
        self._asked[action.address] = (first, count + 1)
        seconds = error.after_seconds if isinstance(error, RetryError) else 5.0
        waking = isinstance(error, WaitError) and action.target is Target.AWAKE
        # The usual lags are over after a few calls; somebody waits for a wake, though.
        patient = 0 if waking else max(0, count - 5)
        return min(timedelta(seconds=seconds * 2 ** min(patient, 8)), SLOWEST_RETRY)

    def is_final(self, action: Action, error: DormouseError, *, fresh: bool = False) -> bool:
        """
        Tell whether this refusal is the last that is asked for; each is counted.

        `fresh`: the call is about a thing that was made a moment ago. Rights that are bound to its
        tags may not hold yet, so a denial means nothing (F70).
        """
        if isinstance(error, SoonError):
            first, _ = self._asked.get(action.address, (self._clock.now(), 0))
            return self._clock.now() - first >= SOON
        if isinstance(error, RetryError):
            return False
        count = self._refusals.get(action.address, 0) + 1
        self._refusals[action.address] = count
        if fresh and isinstance(error, DeniedError):
            return False
        return count >= _PATIENCE.get(type(error), 1)

    def is_given_up(self, action: Action) -> bool:
        """On the way to awake only an update ever is: what is gone meanwhile is made anew."""
        is_step = action.verb is Verb.UPDATE or action.target is Target.ASLEEP
        return is_step and action.address in self.final

    def is_all_given_up(self, plan: Plan) -> bool:
        """Whatever could be done now was refused for good, and nothing else is on its way."""
        given_up = all(self.is_given_up(action) for action in plan.ready)
        return bool(self.final) and not plan.waiting and given_up

    def is_all_refused(self, plan: Plan) -> bool:
        """Nothing is left but repairs that were refused for good."""
        left = [a for a in plan.actions if not self.is_given_up(a)]
        return bool(self.final) and not (left or plan.waiting or plan.blocked)

    def is_blocked(self, target: Target, observed: Observed, plan: Plan) -> bool:
        """A wake is blocked by any stranger; a sleep only once there is nothing else to do."""
        busy = bool(plan.waiting or plan.actions)
        if not plan.blocked or (target is Target.ASLEEP and busy):
            self._blocked_since = None
            return False
        now = self._clock.now()
        self._blocked_since = self._blocked_since or now
        return now - self._blocked_since >= _grace(observed, plan)


def _grace(observed: Observed, plan: Plan) -> timedelta:
    """How long something in the way is watched before it is believed to stay."""
    held = {a.allocation_id for a in observed.addresses.values() if a.holder is Holder.FOREIGN}
    only_held = all(address in held for address, _ in plan.blocked)
    return FOREIGN_GRACE if only_held else BLOCKED_GRACE
