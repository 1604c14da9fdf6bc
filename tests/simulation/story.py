"""What a seed tells: the policy, who does what when, and what goes wrong. Drawn before it runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from controller.domain.planning.timing import Timing
from controller.domain.planning.timing import profile as find_profile
from simulation.changes import FILES, draw_begins, draw_changes, draw_turn
from simulation.damage import draw_damages, draw_later_damages
from simulation.sites import ABROAD, CHANGES, HOME, MOVES, NEXT_DOOR, Site
from simulation.trouble import (
    Spell,
    draw_bad_workers,
    draw_broken_renames,
    draw_endless_drain,
    draw_later,
    draw_spells,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

ZONES = (
    "Asia/Tokyo",
    "UTC",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # half an hour of summer time
    "America/St_Johns",
    "Asia/Kathmandu",
)
HOURS: tuple[list[str], ...] = (
    [],
    ["Mon-Fri 09:00-18:00"],
    ["Mon-Fri 09:00-18:00"],
    ["Mon-Fri 09:00-12:00", "Mon-Fri 13:00-18:00"],
    ["Mon,Wed,Sat 10:00-13:00"],
    ["Mon-Thu 08:30-12:00", "Fri 22:00-02:00"],
    ["daily 08:00-24:00"],
    ["Sat-Mon 05:00-23:00"],
    ["daily 00:00-24:00"],
)
PROFILES = ("fast", "fast", "typical", "typical", "typical", "slow")
ORDERS = ("count", "count", "count", "force")
HANDS = (None, None, None, 2.0, 20.0, 90.0)
STOPPED_BY_CONTROLLER = timedelta(minutes=15)
"""When the tasks of a drain that does not end are stopped, where they carry our tags."""

STOPPED_BY_SOMEBODY = timedelta(minutes=60)
"""Where they do not: a wake may be given up first, and a sleep be told as stuck after that."""


@dataclass(frozen=True, slots=True)
class Press:
    """
    Somebody does something: wake, extend, sleep, hold, lift, publish; or a change of the files'
    settings, or an adjustment of some settings of the policy (`changes.py`).
    """

    at: datetime
    kind: str
    hours: float = 1.0
    more: Any = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """
    `visits` are the minutes in which people use the service, if it is there; it has `tasks` of
    them, and `tags_tasks` lets these carry the tags without which the controller may not stop them.
    With `worker` it has a second service. `begins` are the changes of its files before the story.
    At `turned_at` it is put to sleep and woken again before its tasks, which never end, are gone.
    `damages` are records that somebody spoils; they are no trouble that excuses anything.
    `neighbour` is what another stack lives through meanwhile, with the same controller and table.
    `hands` are the seconds after which somebody else raises a count that a sleep has set to 0.
    """

    seed: int
    start: datetime
    days: int
    profile: str | Timing
    policy: dict[str, Any]
    presses: list[Press] = field(default_factory=list)
    visits: list[datetime] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    damages: list[Spell] = field(default_factory=list)
    site: Site = HOME
    tags_tasks: bool = True
    tasks: int = 1
    worker: bool = False
    begins: frozenset[str] = frozenset()
    turned_at: datetime | None = None
    neighbour: Story | None = None
    hands: float | None = None

    @property
    def end(self) -> datetime:
        return self.start + self.days * DAY

    @property
    def moves(self) -> bool:
        """Whether its files name another place at some time."""
        return any(each.kind == "publish" and each.more[1] in MOVES for each in self.presses)

    @property
    def goes_to_another_account(self) -> bool:
        return any(each.kind == "publish" and each.more[1] == "role" for each in self.presses)

    def at_pace(self, timing: Timing) -> Story:
        """The same lives on an AWS that takes so long."""
        beside = self.neighbour and self.neighbour.at_pace(timing)
        return replace(self, profile=timing, neighbour=beside)

    def __str__(self) -> str:
        pace = find_profile(self.profile).name
        rules = ", ".join(f"{key}={value}" for key, value in self.policy.items())
        when = f"{self.days} days from {self.start:%a %d %b %Y}"
        beside = f"; beside {self.neighbour.site.stack} in " if self.neighbour else ""
        where = self.neighbour.site.region if self.neighbour else ""
        size = f", {self.tasks} tasks" if self.tasks > 1 else ""
        size += " and a second service" if self.worker else ""
        size += "".join(f", {each}" for each in sorted(self.begins))
        hands = f", counts raised after {self.hands:.0f} s" if self.hands else ""
        return f"seed {self.seed}: {when}, {pace}{size}{hands}, {rules}{beside}{where}"


def tell(
    seed: int, days: int, *, calm: bool = False, alone: bool = False, **settings: Any
) -> Story:
    """
    The story of a seed; `settings` of the policy replace what was drawn. Calm: no trouble. One in
    four has another stack beside it, unless it is to be `alone`.
    """
    choose = random.Random(f"{seed}/setting")
    start = datetime(2026, 1, 1, tzinfo=UTC) + choose.randrange(700) * DAY
    answers = random.Random(f"{seed}/answers")
    profile = draw_answers(answers, choose.choice(PROFILES))
    settings = {"sleep_order": answers.choice(ORDERS)} | settings
    home = _life(f"{seed}", seed, start, days, profile, HOME, settings)
    beside = random.Random(f"{seed}/neighbour")
    neighbour = None
    if beside.random() < 0.25 and not alone:
        site = beside.choice((NEXT_DOOR, ABROAD))
        neighbour = _life(f"{seed}/neighbour", seed, start, days, profile, site, {})
    lives = [home, neighbour] if neighbour else [home]
    tagged = all(life.tags_tasks for life in lives)
    stuck = STOPPED_BY_CONTROLLER if tagged else STOPPED_BY_SOMEBODY
    presses = [press for life in lives for press in life.presses]
    turned = {life.turned_at for life in lives}
    lively = [p.at for p in presses if p.kind not in FILES and p.at not in turned]
    dice = random.Random(f"{seed}/trouble")
    spells = [] if calm else draw_spells(dice, start, days, lively, stuck)
    if not calm:
        later = draw_later(random.Random(f"{seed}/later trouble"), start, days, lively)
        renames = [
            press.at
            for life in lives
            for press in life.presses
            if press.kind == "publish" and press.more[1] in ("group", "service")
        ]
        broken = draw_broken_renames(random.Random(f"{seed}/broken renames"), renames)
        if any(life.worker for life in lives):
            workers_dice = random.Random(f"{seed}/bad workers")
            broken += draw_bad_workers(workers_dice, start, days, lively)
        turned = (life.turned_at for life in lives if life.turned_at)
        endless = [draw_endless_drain(random.Random(f"{at}"), at, stuck) for at in turned]
        spells = sorted([*spells, *later, *broken, *endless], key=lambda spell: spell.since)
    published = [each.at for life in lives for each in life.presses if each.kind == "publish"]
    dice = random.Random(f"{seed}/damage")
    damages = [] if calm else draw_damages(dice, start, days, lively, published)
    if not calm:
        later_dice = random.Random(f"{seed}/later damage")
        damages = [*damages, *draw_later_damages(later_dice, start, days, lively)]
    hands = answers.choice(HANDS)
    return replace(home, spells=spells, damages=damages, neighbour=neighbour, hands=hands)


def draw_answers(choose: random.Random, profile: str) -> Timing:
    """What AWS answers to what is not known of it (AWS behaviour §2.12, §3.5)."""
    drains, needs = choose.random() < 0.5, choose.random() < 0.5
    return replace(find_profile(profile), drains_alone=drains, count_needs_balancer=needs)


def _life(
    name: str,
    seed: int,
    start: datetime,
    days: int,
    profile: Timing,
    site: Site,
    settings: dict[str, Any],
) -> Story:
    """A policy, people and users, each drawn from dice of their own."""

    def dice(what: str) -> random.Random:
        return random.Random(f"{name}/{what}")

    policy = draw_policy(dice("policy"), start, days) | settings
    presses = sorted(_presses(dice("people"), policy, start, days), key=lambda press: press.at)
    moves = _moves(dice("moves"), presses, start, days)
    begins = draw_begins(dice("begins"))
    woken = [press.at for press in presses if press.kind == "wake"]
    changes = [
        Press(at, kind, more=more)
        for at, kind, more in draw_changes(dice("changes"), woken, begins, start, days)
    ]
    turn = draw_turn(dice("turn"), woken)
    turned = []
    if turn:
        again = turn[0] + timedelta(seconds=turn[1])
        turned = [Press(turn[0], "sleep"), Press(again, "wake", 1.5)]
    presses = sorted([*presses, *moves, *changes, *turned], key=lambda press: press.at)
    return Story(
        seed=seed,
        start=start,
        days=days,
        profile=profile,
        policy=policy,
        presses=presses,
        visits=sorted(set(_visits(dice("visits"), policy, presses, start, days))),
        site=site,
        tags_tasks=dice("tasks").random() < 0.6,
        tasks=dice("count").choice((1, 1, 2, 3)),
        worker=dice("worker").random() < 0.25,
        begins=begins,
        turned_at=turn[0] if turn else None,
    )


def draw_policy(choose: random.Random, start: datetime, days: int) -> dict[str, Any]:
    def date(offset: int) -> str:
        return f"{start + offset * DAY:%Y-%m-%d}"

    closed = [date(choose.randrange(days))] if choose.random() < 0.5 else []
    if choose.random() < 0.3:
        first = choose.randrange(days)
        closed.append(f"{date(first)}..{date(first + choose.randrange(1, 5))}")
    return {
        "time_zone": choose.choice(ZONES),
        "office_hours": choose.choice(HOURS),
        "closed_on": closed,
        "open_on": [date(choose.randrange(days))] if choose.random() < 0.3 else [],
        "ready_by_opening": choose.random() < 0.85,
        "idle_timeout": choose.choice(("30m", "30m", "15m", "1h", "0")),
        "idle_during_office_hours": choose.random() < 0.7,
        "min_awake": choose.choice(("10m", "10m", "0s", "30m")),
        "max_awake": choose.choice(("12h", "12h", "3h")),
        "finish_paid_hour": choose.random() < 0.6,
        "wake_timeout": choose.choice(("25m", "30m", "40m")),
    }


def _presses(
    choose: random.Random, policy: dict[str, Any], start: datetime, days: int
) -> Iterator[Press]:
    for day in range(days):
        midnight = start + day * DAY
        for _ in range(choose.choice((0, 0, 1, 1, 2))):
            at = midnight + choose.uniform(0, 24 * 60) * MINUTE
            yield Press(at, "wake", choose.choice((0.5, 1, 1, 3, 9)))
            if choose.random() < 0.3:
                yield Press(at + choose.uniform(5, 60) * MINUTE, "extend", choose.choice((1, 2)))
            if choose.random() < 0.25:
                yield Press(at + choose.uniform(0, 90) * MINUTE, "sleep")
            if choose.random() < 0.1:
                yield Press(at + choose.uniform(0, 9) * MINUTE, "wake", 1)
        if choose.random() < 0.06:
            at = midnight + choose.uniform(0, 24 * 60) * MINUTE
            yield Press(at, "hold", choose.choice((1, 6, 30)), choose.choice(("awake", "asleep")))
            if choose.random() < 0.5:
                yield Press(at + choose.uniform(10, 300) * MINUTE, "lift")
        if choose.random() < 0.06:
            at = midnight + choose.uniform(0, 24 * 60) * MINUTE
            changed = draw_policy(choose, start, days) | {"time_zone": policy["time_zone"]}
            change = choose.choice(CHANGES) if choose.random() < 0.6 else None
            yield Press(at, "publish", more=(changed, change))


def _moves(
    choose: random.Random, presses: list[Press], start: datetime, days: int
) -> Iterator[Press]:
    """In every third story up to three, most of them soon after somebody has asked for it."""
    if choose.random() > 1 / 3:
        return
    for _ in range(choose.choice((1, 2, 2, 3))):
        at = start + choose.uniform(0, days * 24 * 60) * MINUTE
        if presses and choose.random() < 0.7:
            at = choose.choice(presses).at + choose.uniform(0, 60) * MINUTE
        yield Press(at, "publish", more=({}, choose.choice(MOVES)))


def _visits(
    choose: random.Random,
    policy: dict[str, Any],
    presses: list[Press],
    start: datetime,
    days: int,
) -> Iterator[datetime]:
    """After most wakes, and at local daytime, people come for a while, every few minutes."""
    zone = ZoneInfo(policy["time_zone"])
    sessions = [
        (press.at + 5 * MINUTE, choose.uniform(5, 100))
        for press in presses
        if press.kind == "wake" and choose.random() < 0.8
    ]
    for day in range(days):
        for _ in range(choose.choice((0, 1, 2, 2))):
            local = (start + day * DAY).astimezone(zone).replace(hour=0, minute=0)
            began = local.astimezone(UTC) + choose.uniform(8 * 60, 19 * 60) * MINUTE
            sessions.append((began, choose.uniform(5, 200)))
    for began, minutes in sessions:
        at = began.replace(second=0, microsecond=0)
        while at < began + minutes * MINUTE:
            yield at
            at += choose.randrange(1, 5) * MINUTE
