"""
Delete leftovers, one stack at a time, under the stack's lock.

While it is held no pass works on the stack; what is asked for meanwhile is seen before each
step, and ends the sweep of that stack. Killed anywhere, the next sweep finds what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from controller.domain.errors import DormouseError, RetryError
from controller.domain.ports import Clock
from controller.domain.sweeping import Known, Thing, Verdict, condemn, judge, ready_to_go

POLL = timedelta(seconds=5)
PATIENCE = timedelta(minutes=10)
"""How long a target group is waited for, whose tasks drain (AWS behaviour §3.5: 2-6 minutes)."""


class Region(Protocol):
    """One region of AWS, in one role."""

    def find(self) -> list[Thing]:
        """Everything that carries our tags."""
        ...

    def delete(self, thing: Thing) -> None:
        """Returns at once; RetryError for what AWS refuses for now."""
        ...


class Records(Protocol):
    """The records of a deployment."""

    def known(self, stack: str, now: datetime) -> Known | None:
        """None for a stack that is not published."""
        ...

    def take(self, stack: str, now: datetime) -> Held | None:
        """The stack's lock; None while a pass has it."""
        ...


class Held(Protocol):
    """A lock that is held; it lasts a minute from when it was taken or renewed."""

    def renew(self, now: datetime) -> bool: ...
    def release(self, now: datetime) -> None: ...


@dataclass
class Swept:
    """What became of the leftovers: `kept` are those that still stand, with why."""

    deleted: list[Thing] = field(default_factory=list)
    kept: list[tuple[Thing, str]] = field(default_factory=list)


@dataclass
class _Errand:
    """The leftovers of one stack on their way out, by ARN."""

    swept: Swept
    waiting: dict[str, Thing]
    begun: set[str] = field(default_factory=set)

    def see(self, found: Mapping[str, Thing]) -> None:
        """Take in how they stand; what stands no more is done with."""
        for arn, thing in list(self.waiting.items()):
            if arn in found:
                self.waiting[arn] = found[arn]
                continue
            del self.waiting[arn]
            if arn in self.begun:
                self.swept.deleted.append(thing)

    def keep(self, thing: Thing, why: str) -> None:
        del self.waiting[thing.arn]
        self.swept.kept.append((thing, why))

    def keep_all(self, why: str) -> None:
        for thing in list(self.waiting.values()):
            self.keep(thing, why)


class Sweep:
    """
    `say` is told of each step. Without `records` nothing is a leftover but what belongs to the
    stacks that somebody has `answered_for`.
    """

    def __init__(
        self,
        regions: Sequence[Region],
        records: Records | None,
        clock: Clock,
        say: Callable[[str], None] = lambda _: None,
        answered_for: Iterable[str] = (),
    ) -> None:
        self._regions = list(regions)
        self._records = records
        self._clock = clock
        self._say = say
        self._answered_for = frozenset(answered_for)
        self._region_of: dict[str, Region] = {}
        self.unseen: list[str] = []

    def look(self) -> list[Verdict]:
        """
        Everything with our tags, and which of it nobody needs; changes nothing.

        A region that cannot be read hides no other: it is left out, and `unseen` says why.
        """
        found: dict[str, Thing] = {}
        for region in list(self._regions):
            try:
                found |= {thing.arn: thing for thing in region.find()}
            except DormouseError as error:
                self._regions.remove(region)
                self.unseen.append(str(error))
        return self._judge(found.values())

    def delete(self, leftovers: Iterable[Thing]) -> Swept:
        """Delete these, as far as they are leftovers still."""
        swept = Swept()
        by_stack: dict[str, dict[str, Thing]] = {}
        for thing in leftovers:
            by_stack.setdefault(thing.stack, {})[thing.arn] = thing
        for stack, things in by_stack.items():
            self._sweep_stack(stack, _Errand(swept, things))
        return swept

    def _sweep_stack(self, stack: str, errand: _Errand) -> None:
        held = None
        if self._records and self._records.known(stack, self._clock.now()):
            held = self._records.take(stack, self._clock.now())
            if held is None:
                errand.keep_all("a pass is working on its stack")
                return
        try:
            self._until_gone(errand, held)
        finally:
            if held:
                held.release(self._clock.now())

    def _until_gone(self, errand: _Errand, held: Held | None) -> None:
        give_up_at = self._clock.now() + PATIENCE
        while True:
            self._go_on(errand, own_lock=held is not None)
            if not errand.waiting:
                return
            if self._clock.now() >= give_up_at:
                errand.keep_all("it takes longer than usual; sweep again later")
                return
            self._clock.sleep(POLL.total_seconds())
            if held and not held.renew(self._clock.now()):
                errand.keep_all("a pass has taken over its stack")
                return

    def _go_on(self, errand: _Errand, *, own_lock: bool) -> None:
        """Look, and delete what may go now; what AWS does not answer for now is asked again."""
        try:
            errand.see(self._find())
        except RetryError:
            return
        self._spare(errand, own_lock=own_lock)
        for thing in ready_to_go(list(errand.waiting.values())):
            if thing.arn not in errand.begun:
                self._delete(thing, errand)

    def _spare(self, errand: _Errand, *, own_lock: bool) -> None:
        """Let go of what is needed by now."""
        for verdict in self._judge(errand.waiting.values(), own_lock=own_lock):
            if not verdict.leftover and verdict.thing.arn not in errand.begun:
                errand.keep(verdict.thing, verdict.why)

    def _delete(self, thing: Thing, errand: _Errand) -> None:
        self._say(f'deleting {str(thing.kind).replace("_", " ")} "{thing.name}"')
        try:
            self._region_of[thing.arn].delete(thing)
        except RetryError:
            return  # tried again after the next look
        except DormouseError as error:
            errand.keep(thing, str(error))
            return
        errand.begun.add(thing.arn)

    def _find(self) -> dict[str, Thing]:
        """What stands in all regions by ARN; a region that two roles see counts once."""
        found: dict[str, Thing] = {}
        self._region_of.clear()
        for region in self._regions:
            for thing in region.find():
                if thing.arn not in found:
                    found[thing.arn] = thing
                    self._region_of[thing.arn] = region
        return found

    def _judge(self, things: Iterable[Thing], *, own_lock: bool = False) -> list[Verdict]:
        things = list(things)
        now = self._clock.now()
        if self._records is None:
            return condemn(judge(things, None, now), self._answered_for)
        known = {}
        for stack in {thing.stack for thing in things}:
            one = self._records.known(stack, now)
            known[stack] = replace(one, busy=False) if one and own_lock else one
        return judge(things, known, now)
