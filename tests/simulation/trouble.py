"""
What goes wrong, for how long, and what that does to a call.

Each spell has a kind, two ends and a share of the calls (or triggers) that it strikes. Under a
"hard" one a wake may fail for good, and it is right that it does: images that cannot be pulled,
no capacity, an outage. All others may only make things slower.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.errors import AwsError
from local.faults import Fault, throttled

MINUTE = timedelta(minutes=1)

ENDLESS_DRAIN = "endless drain"
"""Tasks that leave their load balancer while it is on never stop by themselves (F43)."""

CALLS = {
    "throttled": (0.1, 0.5),
    "errors": (0.05, 0.4),
    "errors after the effect": (0.05, 0.3),
    "broken connections": (0.05, 0.3),
    "throttled table": (0.05, 0.3),
    "table loses answers": (0.05, 0.2),
    "deaths": (0.002, 0.02),
    "slow calls": (0.3, 1.0),
    "stalls": (0.002, 0.01),
    "outage": (1.0, 1.0),
}
"""Kinds that strike calls, with the least and the most share of them."""

TRIGGERS = {
    "lost heartbeats": (0.3, 1.0),
    "doubled heartbeats": (0.5, 1.0),
    "late heartbeats": (0.5, 1.0),
    "skewed clocks": (1.0, 1.0),
    "deaf people": (0.5, 1.0),
    "throttled function": (0.5, 1.0),
}
CIRCUMSTANCES = (
    "bad image",
    "no capacity",
    "slow address",
    "slow balancer",
    "broken balancer",
    "lag",
    "partial metrics",
    ENDLESS_DRAIN,
)
MOMENTS = (
    "lock lost",
    "status lost",
    "day-old trigger",
    "balancer deleted by hand",
    "task interrupted",
    "quiet death",
)
"""These happen once, at the beginning of their spell."""

BAD_TASK = "bad task"
"""One task ends, and none that comes in its place does its work: of several the others serve."""

BAD_WORKER = "bad worker"
"""The only task of a second service ends, and none comes up; the first service serves on."""

STRANGER = "stranger of our name"
"""Somebody else's thing stands under exactly the name of one of ours."""

LATE_RIGHTS = "late rights"
"""What is bound to the tags of a thing is denied for some time after that thing was made (F70)."""

BROKEN_MESSAGE = "broken message"
"""Events that happen meanwhile have facts of which no text can be made, for ever."""

LATER = (BAD_TASK, BAD_TASK, STRANGER, LATE_RIGHTS, BROKEN_MESSAGE)
"""Drawn by dice of their own, beside all others."""

AFTERMATH = {BAD_TASK: 20 * MINUTE, BAD_WORKER: 20 * MINUTE, STRANGER: 30 * MINUTE}
"""ECS waits up to 15 minutes before it starts a task again (AWS §2.8); a service drains."""

NO_SPEC = "damaged spec and copy"
"""Until somebody has published it again nothing can be made, and a wake fails."""

HARD = frozenset(
    {
        "outage",
        "bad image",
        "no capacity",
        "broken balancer",
        "slow balancer",
        ENDLESS_DRAIN,
        BAD_TASK,
        BAD_WORKER,
        STRANGER,
        NO_SPEC,
    }
)

AWS = ("elbv2", "ecs", "ec2", "cloudwatch", "application-autoscaling")


@dataclass(frozen=True, slots=True)
class Spell:
    kind: str
    since: datetime
    until: datetime
    share: float = 1.0
    strength: float = 0.0
    aftermath: timedelta = timedelta(0)
    """So long after its end things are still as it left them, whatever the controller does."""

    @property
    def over_at(self) -> datetime:
        return self.until + self.aftermath

    @property
    def is_hard(self) -> bool:
        return self.kind in HARD

    def __str__(self) -> str:
        share = f" of {self.share:.0%}" if self.share < 1 else ""
        return f"{self.kind}{share}, {self.since:%d %b %H:%M} to {self.until:%d %b %H:%M}"


def draw_spells(
    choose: random.Random,
    start: datetime,
    days: int,
    lively: Sequence[datetime],
    stuck: timedelta,
) -> list[Spell]:
    """
    Mostly one or two spells on every other day, some of them together.

    Most of them around a moment of `lively`, when somebody does something: by night nothing breaks.
    A drain that does not end is ended `stuck` after it began, at the latest.
    """
    ranges = CALLS | TRIGGERS
    kinds = [*ranges, *CIRCUMSTANCES, *MOMENTS]
    spells = []
    for day in range(days):
        if choose.random() < 0.45:
            continue
        at = start + (day * 24 * 60 + choose.uniform(0, 22 * 60)) * MINUTE
        near = [moment for moment in lively if 0 <= (moment - start).days - day < 1]
        if near and choose.random() < 0.7:
            at = choose.choice(near) - choose.uniform(0, 30) * MINUTE
        for _ in range(choose.choice((1, 1, 2, 3))):
            kind = choose.choice(kinds)
            least, most = ranges.get(kind, (1.0, 1.0))
            length = 0 if kind in MOMENTS else choose.choice((3, 10, 20, 45, 90))
            since = at + choose.uniform(0, 30) * MINUTE
            spell = Spell(
                kind,
                since,
                since + choose.uniform(0.5, 1) * length * MINUTE,
                choose.uniform(least, most),
                choose.random(),
                stuck if kind == ENDLESS_DRAIN else timedelta(0),
            )
            spells.append(spell)
    return sorted(spells, key=lambda spell: spell.since)


def draw_later(
    choose: random.Random, start: datetime, days: int, lively: Sequence[datetime]
) -> list[Spell]:
    """One of `LATER` on every third day, mostly soon after somebody has asked for something."""
    spells = []
    for day in range(days):
        if choose.random() < 0.66:
            continue
        at = start + (day * 24 * 60 + choose.uniform(0, 22 * 60)) * MINUTE
        near = [moment for moment in lively if 0 <= (moment - start).days - day < 1]
        kind = choose.choice(LATER)
        if near and choose.random() < 0.8:
            before = 10 if kind in (STRANGER, LATE_RIGHTS, BROKEN_MESSAGE) else -20
            at = choose.choice(near) - choose.uniform(0, 1) * before * MINUTE
        until = at + choose.choice((15, 45, 75)) * MINUTE
        aftermath = AFTERMATH.get(kind, timedelta(0))
        spells.append(Spell(kind, at, until, strength=choose.random(), aftermath=aftermath))
    return spells


def draw_bad_workers(
    choose: random.Random, start: datetime, days: int, lively: Sequence[datetime]
) -> list[Spell]:
    """One on every fifth day, mostly while the stack is up."""
    spells = []
    for day in range(days):
        if choose.random() < 0.8:
            continue
        at = start + (day * 24 * 60 + choose.uniform(0, 22 * 60)) * MINUTE
        near = [moment for moment in lively if 0 <= (moment - start).days - day < 1]
        if near and choose.random() < 0.8:
            at = choose.choice(near) + choose.uniform(0, 40) * MINUTE
        until = at + choose.choice((15, 45, 75)) * MINUTE
        after = AFTERMATH[BAD_WORKER]
        spells.append(Spell(BAD_WORKER, at, until, strength=choose.random(), aftermath=after))
    return spells


def draw_broken_renames(choose: random.Random, renames: Sequence[datetime]) -> list[Spell]:
    """Every second time what somebody renames has an image that never comes up, for a while."""
    spells = []
    for at in renames:
        if choose.random() < 0.5:
            until = at + choose.choice((20, 45)) * MINUTE
            spells.append(Spell("bad image", at, until))
    return spells


def draw_endless_drain(choose: random.Random, sleep: datetime, stuck: timedelta) -> Spell:
    """One over a sleep: a wake takes the service up, and the tasks of before never end."""
    until = sleep + choose.uniform(8, 20) * MINUTE
    return Spell(ENDLESS_DRAIN, sleep - MINUTE, until, aftermath=stuck)


@dataclass(frozen=True, slots=True)
class Blow:
    """What becomes of one call: it takes `seconds`, dies or fails before or after its effect."""

    kind: str
    seconds: float = 0.0
    dies: str = ""
    error: AwsError | None = None
    when: str = "before"


class Weather:
    """The spells that are on, and what they do to calls; draws from its own dice."""

    def __init__(self, spells: Sequence[Spell], dice: random.Random) -> None:
        self._spells = sorted(spells, key=lambda spell: spell.since)
        self._begins = [spell.since for spell in self._spells]
        self._ends = {hard: list(self._last_ends(hard)) for hard in (False, True)}
        self._dice = dice
        self.on: list[Spell] = []

    def turn(self, now: datetime) -> None:
        """Note which spells are on from now on."""
        self.on = [spell for spell in self._spells if spell.since <= now < spell.until]

    def is_on(self, kind: str) -> Spell | None:
        """A spell of this kind that strikes this time."""
        for spell in self.on:
            if spell.kind == kind and self._dice.random() < spell.share:
                return spell
        return None

    def has(self, kind: str) -> bool:
        return any(spell.kind == kind for spell in self.on)

    def trouble_since(self, start: datetime, end: datetime, *, hard: bool = False) -> bool:
        """Whether any spell touched the time between two moments."""
        begun = bisect_right(self._begins, end)
        return begun > 0 and self._ends[hard][begun - 1] >= start

    def only(self, kind: str, start: datetime, end: datetime) -> bool:
        """Whether spells of this kind and of no other touched the time between two moments."""
        touched = {one.kind for one in self._spells if one.since <= end and one.over_at >= start}
        return touched == {kind}

    def now(self, kind: str) -> Spell | None:
        """A spell of this kind that is on."""
        return next((spell for spell in self.on if spell.kind == kind), None)

    def _last_ends(self, hard: bool) -> Iterator[datetime]:
        """The last end of all spells up to each of them."""
        last = datetime.min.replace(tzinfo=UTC)
        for spell in self._spells:
            if spell.is_hard or not hard:
                last = max(last, spell.over_at)
            yield last

    def strike(self, service: str, operation: str) -> Blow | None:
        for spell in self.on:
            if spell.kind in CALLS and self._dice.random() < spell.share:
                blow = self._blow(spell.kind, service, operation)
                if blow:
                    return blow
        return None

    def _blow(self, kind: str, service: str, operation: str) -> Blow | None:
        dice = self._dice
        if kind == "deaths":
            return Blow(kind, dies=dice.choice(("before", "after")))
        if kind == "slow calls":
            return Blow(kind, seconds=dice.uniform(0.02, 1.5))
        if kind == "stalls":
            return Blow(kind, seconds=dice.uniform(15, 120))
        if service == "dynamodb":
            if kind == "throttled table":
                return Blow(kind, error=throttled(service, operation).error())
            if kind == "table loses answers":
                return Blow(kind, error=_lost(dice), when=dice.choice(("before", "after")))
            return None
        if service not in AWS:
            return None
        if kind == "throttled":
            return Blow(kind, error=throttled(service, operation).error())
        if kind in ("errors", "outage"):
            return Blow(kind, error=Fault(operation=operation).error())
        if kind == "errors after the effect":
            return Blow(kind, error=Fault(operation=operation).error(), when="after")
        if kind == "broken connections":
            return Blow(kind, error=_lost(dice), when=dice.choice(("before", "after")))
        return None


def _lost(dice: random.Random) -> AwsError:
    if dice.random() < 0.5:
        return AwsError("", "connection lost", dropped=True)
    return Fault(operation="*").error()
