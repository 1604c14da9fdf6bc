"""
Delete leftovers, one stack at a time, under the stack's lock.

No pass works on the stack while the sweep holds the lock. A request that arrives meanwhile is
noticed before each step and ends the sweep of that stack. If a sweep is killed, the next one finds
the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.errors import DormouseError, RetryError
from controller.domain.guards.sweeping import (
    Known,
    OwnedResource,
    Verdict,
    classify,
    judge,
    ready_to_go,
)
from controller.domain.ports import Clock

POLL = timedelta(seconds=5)
PATIENCE = timedelta(minutes=10)
"""How long to wait for a target group whose tasks drain (AWS behaviour §3.5: 2-6 minutes)."""


class Region(Protocol):
    """One region of AWS, in one role."""

    def find(self) -> list[OwnedResource]:
        """Everything that carries our tags."""
        ...

    def delete(self, owned: OwnedResource) -> None:
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
    """The result of a sweep: `kept` are the leftovers that still exist, with the reason."""

    deleted: list[OwnedResource] = field(default_factory=list)
    kept: list[tuple[OwnedResource, str]] = field(default_factory=list)


@dataclass
class StackSweep:
    """The leftovers of one stack that are being deleted, by ARN."""

    swept: Swept
    waiting: dict[str, OwnedResource]
    begun: set[str] = field(default_factory=set)

    def see(self, found: Mapping[str, OwnedResource]) -> None:
        """Update their state; those that no longer exist are done."""
        for arn, owned in list(self.waiting.items()):
            if arn in found:
                self.waiting[arn] = found[arn]
                continue
            del self.waiting[arn]
            if arn in self.begun:
                self.swept.deleted.append(owned)

    def keep(self, owned: OwnedResource, why: str) -> None:
        del self.waiting[owned.arn]
        self.swept.kept.append((owned, why))

    def keep_all(self, why: str) -> None:
        for owned in list(self.waiting.values()):
            self.keep(owned, why)


class Sweep:
    """
    `say` is called for each step. Without `records` only resources of the stacks in `answered_for`
    can be leftovers.
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

    def verdicts(self) -> list[Verdict]:
        """
        Every resource with our tags, and whether it is a leftover; changes nothing.

        A region that cannot be read does not hide others: it is left out, and `unseen` says why.
        """
        found: dict[str, OwnedResource] = {}
        for region in list(self._regions):
            try:
                found |= {owned.arn: owned for owned in region.find()}
            except DormouseError as error:
                self._regions.remove(region)
                self.unseen.append(str(error))
        return self._judge(found.values())

    def delete(self, leftovers: Iterable[OwnedResource]) -> Swept:
        """Delete these, as far as they are leftovers still."""
        swept = Swept()
        by_stack: dict[str, dict[str, OwnedResource]] = {}
        for owned in leftovers:
            by_stack.setdefault(owned.stack, {})[owned.arn] = owned
        for stack, all_owned in by_stack.items():
            self._sweep_stack(stack, StackSweep(swept, all_owned))
        return swept

    def _sweep_stack(self, stack: str, errand: StackSweep) -> None:
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

    def _until_gone(self, errand: StackSweep, held: Held | None) -> None:
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

    def _go_on(self, errand: StackSweep, *, own_lock: bool) -> None:
        """Read, and delete what may be deleted now; failed calls are retried."""
        try:
            errand.see(self._find())
        except RetryError:
            return
        self._spare(errand, own_lock=own_lock)
        for owned in ready_to_go(list(errand.waiting.values())):
            if owned.arn not in errand.begun:
                self._delete(owned, errand)

    def _spare(self, errand: StackSweep, *, own_lock: bool) -> None:
        """Keep resources that are needed by now."""
        for verdict in self._judge(errand.waiting.values(), own_lock=own_lock):
            if not verdict.leftover and verdict.owned.arn not in errand.begun:
                errand.keep(verdict.owned, verdict.why)

    def _delete(self, owned: OwnedResource, errand: StackSweep) -> None:
        self._say(f'deleting {str(owned.kind).replace("_", " ")} "{owned.name}"')
        try:
            self._region_of[owned.arn].delete(owned)
        except RetryError:
            return  # retried after the next read
        except DormouseError as error:
            errand.keep(owned, str(error))
            return
        errand.begun.add(owned.arn)

    def _find(self) -> dict[str, OwnedResource]:
        """The resources in all regions by ARN; a region that two roles can read counts once."""
        found: dict[str, OwnedResource] = {}
        self._region_of.clear()
        for region in self._regions:
            for owned in region.find():
                if owned.arn not in found:
                    found[owned.arn] = owned
                    self._region_of[owned.arn] = region
        return found

    def _judge(
        self, all_owned: Iterable[OwnedResource], *, own_lock: bool = False
    ) -> list[Verdict]:
        all_owned = list(all_owned)
        now = self._clock.now()
        if self._records is None:
            return classify(judge(all_owned, None, now), self._answered_for)
        known = {}
        for stack in {owned.stack for owned in all_owned}:
            one = self._records.known(stack, now)
            known[stack] = replace(one, busy=False) if one and own_lock else one
        return judge(all_owned, known, now)
