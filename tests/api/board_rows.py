"""Rows of a board in every state, as passes would have left them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from controller.domain.money.hour_log import DAYS, HOUR, Hour
from controller.domain.money.hour_strokes import small_strokes
from controller.domain.money.past_hours import Hours
from controller.domain.reporting.board_row import SMALL, Rates, Row

ZONE = "Asia/Tokyo"
STATES = {
    "asleep": ("asleep", "nobody", ""),
    "waking": ("waking", "lease", ""),
    "awake": ("awake", "office_hours", ""),
    "held": ("asleep", "hold", ""),
    "degraded": ("awake", "office_hours", "1 of 2 tasks run"),
    "sleeping": ("going to sleep", "idle", ""),
    "failed": ("asleep", "failed", "CannotPullContainerError: manifest for api:1.4 not found"),
    "blocked": (
        "asleep",
        "nobody",
        'a load balancer "ecs-nlb" that is not Dormouse\'s stands there',
    ),
    "stuck": ("going to sleep", "idle", "OperationNotPermitted: it is used by an endpoint service"),
}
OWNERS = ("", "ann", "platform", "佐藤")


def rows(count: int, now: datetime, seed: int = 1) -> Iterator[Row]:
    """So many previews, each in another state than the one before."""
    random = Random(seed)
    for number in range(count):
        face = list(STATES)[number % len(STATES)]
        yield row(f"pr-{101 + number}", face, now, random)


def row(stack: str, face: str, now: datetime, random: Random) -> Row:
    state, rule, cause = STATES[face]
    hours = _hours(now, random)
    wanted = state in ("awake", "waking")
    spent = random.uniform(0.5, 9)
    return Row(
        stack=stack,
        at=now,
        state=state,
        face=face,
        until=now + timedelta(hours=random.randint(1, 60)),
        reason="somebody asked for it",
        rule=rule,
        evidence={"by": "ann", "until": "2026-11-24T09:00:00Z"},
        cause=cause,
        who=("ann",) if wanted or face == "held" else (),
        owner=random.choice(OWNERS),
        expires=now + timedelta(days=random.randint(1, 20)) if random.random() < 0.7 else None,
        zone=ZONE,
        rates=Rates(spent=spent, always=spent + 20, hour_spent=0.005, hour_always=0.045),
        strip=small_strokes(hours, ZoneInfo(ZONE), now.astimezone(ZoneInfo(ZONE)).date(), SMALL),
        hours=(hours.used, hours.awake, hours.paid, hours.unknown),
    )


def _hours(now: datetime, random: Random) -> Hours:
    """Not known before some day, then a few wakes, or one each working day."""
    since = random.randint(0, 9) * 24
    each = [Hour.UNKNOWN if h < since else Hour.ASLEEP for h in range(DAYS * 24)]
    daily = random.random() < 0.4
    for day in range(DAYS):
        if (daily and day % 7 > 4) or (not daily and random.random() > 0.2):
            continue
        start = day * 24 + (9 if daily else random.randint(9, 20))
        length = 9 if daily else random.randint(1, 3)
        for index in range(max(start, since), start + length):
            each[index] = Hour.QUIET if index == start + length // 2 else Hour.USED
        if start >= since:
            each[start + length] = Hour.PAID
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - (DAYS * 24 - 9) * HOUR
    return Hours(first, "".join(each))
