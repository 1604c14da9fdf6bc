"""The past replayed: the controller's own decisions, idleness and money on recorded traffic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.decision.idle import (
    MINUTE,
    Counts,
    Minute,
    judge,
    minutes_in_use,
    window_to_read,
)
from controller.domain.decision.office_hours import Rules
from controller.domain.money.replay import Past, replay
from controller.domain.money.suggestions import find_regular, suggest
from controller.domain.money.usage import Interval, Tasks, UsageProfile
from controller.domain.policy.policy import IdleBelow, parse_policy

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
USE = UsageProfile(balancers=1, elastic_ips=1, tasks={"service": Tasks(public_ip=True)})
WAKE = timedelta(minutes=3)
OFF = {"finish_paid_hour": False, "min_awake": "1m", "ready_by_opening": False}


def moment(text: str, day: int = 0) -> datetime:
    hour, _, minute = text.partition(":")
    return START + timedelta(days=day, hours=int(hour), minutes=int(minute))


def traffic(*visits: tuple[datetime, datetime], days: float = 1, gaps=()) -> Past:
    """Ten connections in each minute of the visits; silence else, and nothing known in gaps."""
    window = Interval(START, START + timedelta(days=days))
    minutes = []
    for index in range(int(window.length / MINUTE)):
        at = START + index * MINUTE
        if any(begin <= at < end for begin, end in gaps):
            continue
        busy = any(begin <= at < end for begin, end in visits)
        minutes.append(Minute(at=at, new_flows=10 * busy, bytes=9000 * busy))
    return Past(window=window, minutes=minutes, wake=WAKE)


def live(past: Past, **policy):
    return replay(USE, Rules.of(parse_policy({**OFF, **policy}), WAKE), past)


def test_who_comes_first_meets_it_asleep_and_idleness_ends_it():
    found = live(traffic((moment("10:00"), moment("11:30"))), idle_timeout="30m")

    assert [(each.at, each.flows) for each in found.missed] == [(moment("10:00"), 10)]
    (stay,) = found.stays
    assert stay.start == moment("10:00")
    assert moment("12:00") <= stay.end <= moment("12:10")  # counts come some minutes late
    assert found.hours_used == 1.5


def test_in_office_hours_nobody_meets_it_asleep():
    visits = (moment("9:30"), moment("10:00")), (moment("15:00"), moment("15:10"))
    past = traffic(*visits)
    hours = ["daily 09:00-18:00"]
    found = live(past, office_hours=hours, idle_timeout="0")
    assert found.missed == ()
    assert found.stays == (Interval(moment("9:00"), moment("18:00")),)

    # Idle from 10:00 on it sleeps, and the second visit finds it so.
    found = live(past, office_hours=hours, idle_timeout="1h")
    assert [each.at for each in found.missed] == [moment("15:00")]


def test_an_opening_is_woken_for_ahead():
    found = live(traffic(), office_hours=["daily 09:00-18:00"], ready_by_opening=True)
    assert found.stays[0].start == moment("9:00") - WAKE


def test_what_is_not_known_is_use_and_nobody_was_missed_by_it():
    found = live(traffic(gaps=[(moment("3:00"), moment("5:00"))]), idle_timeout="30m")
    assert found.hours_unknown == 2
    assert found.missed == ()
    (stay,) = found.stays
    assert stay.start == moment("3:00") and stay.end >= moment("5:00")


def test_use_at_the_very_beginning_is_not_missed():
    """It was in use before anything was recorded."""
    assert live(traffic((START, moment("0:30")))).missed == ()


def test_money_is_counted_as_the_ledger_counts():
    found = live(traffic((moment("10:00"), moment("11:30"))), idle_timeout="30m")
    (stay,) = found.stays
    assert found.spent.load_balancer == 2  # started hours, from 10:00 to 12:00
    assert found.spent.elastic_ip == 24
    assert abs(found.spent.vcpu - Decimal((stay.end - stay.start) / timedelta(hours=4))) < 1e-9
    assert (found.always.load_balancer, found.always.elastic_ip) == (24, 24)


def test_a_whole_paid_hour_is_used():
    found = live(traffic((moment("10:00"), moment("10:01"))), finish_paid_hour=True)
    (stay,) = found.stays
    assert stay.end == moment("10:56")
    assert found.spent.load_balancer == 1


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2879), st.integers(1, 300)), max_size=8),
    st.sampled_from(["0", "15m", "1h"]),
    st.booleans(),
)
def test_all_use_finds_it_awake_or_is_missed(visits, idle_timeout, hours):
    spans = [(START + a * MINUTE, START + (a + b) * MINUTE) for a, b in visits]
    past = traffic(*spans, days=2)
    office = ["Mon 08:00-12:00"] if hours else []
    found = live(past, idle_timeout=idle_timeout, office_hours=office)

    awake = [(stay.start, stay.end) for stay in found.stays]
    assert all(a[1] <= b[0] for a, b in pairwise(awake))
    for at in found.used:
        assert any(start <= at < end for start, end in awake), at
    assert found.spent.load_balancer <= found.always.load_balancer + len(awake)
    for each in found.missed:
        assert any(start == each.at for start, _ in awake)


def test_minutes_in_use_are_those_that_the_judge_takes_for_use():
    limits = IdleBelow()
    minutes = [
        Minute(at=START + index * MINUTE, new_flows=flows, bytes=100 * flows)
        for index, flows in enumerate([0, 1, 0, 1, 1, 0, 0, 0, 0, 1, 9, 0, 0])
    ]
    used = {minute.at for minute in minutes_in_use(minutes, limits)}
    for count in range(1, len(minutes) + 1):
        seen = minutes[:count]
        now = seen[-1].ends_at + 2 * MINUTE
        span = window_to_read(START, timedelta(hours=1), now)
        last = judge(Counts(tuple(seen)), span, limits, None, now).last_at
        assert last == max((at + MINUTE for at in used if at < seen[-1].ends_at), default=None)


# suggestions


def daily(*spans: tuple[int, str, str]) -> list[datetime]:
    """The minutes from one time to another on that day of the week."""
    found = []
    for day, begin, end in spans:
        at = moment(begin, day)
        while at < moment(end, day):
            found.append(at)
            at += MINUTE
    return found


@pytest.mark.parametrize(
    ("used", "percent", "hours"),
    [
        ([], 100, ()),
        (daily(*((day, "9:10", "17:20") for day in range(5))), 100, ("Mon-Fri 09:00-17:30",)),
        (daily((0, "9:00", "10:00"), (2, "9:00", "10:00")), 100, ("Mon,Wed 09:00-10:00",)),
        (daily(*((day, "8:00", "9:00") for day in range(7))), 100, ("daily 08:00-09:00",)),
        (daily(*((day, "22:00", "30:00") for day in range(5))), 100, ("Mon-Fri 22:00-06:00",)),
        (daily(*((day, "21:40", "24:20") for day in range(7))), 100, ("daily 21:30-00:30",)),
        (
            daily(*((day, "20:00", "26:00") for day in (6, 0, 1, 2, 3))),
            100,
            ("Mon,Tue,Wed,Thu,Sun 20:00-02:00",),
        ),
        (
            daily((4, "22:00", "26:00"), (5, "0:00", "4:00")),
            100,
            ("Fri 22:00-04:00",),
        ),
        (
            daily((4, "22:00", "26:00"), (5, "1:00", "3:00"), (5, "12:00", "13:00")),
            100,
            ("Fri 22:00-03:00", "Sat 12:00-13:00"),
        ),
        (
            daily((0, "9:00", "17:00"), (5, "10:00", "12:00")),
            100,
            ("Mon 09:00-17:00", "Sat 10:00-12:00"),
        ),
        # One late minute in a hundred is not worth the evening.
        (daily((0, "9:00", "10:40"), (0, "22:00", "22:01")), 99, ("Mon 09:00-11:00",)),
        (daily((0, "9:00", "10:40"), (0, "22:00", "22:01")), 100, ("Mon 09:00-22:30",)),
        (daily((6, "0:00", "24:00")), 100, ("Sun 00:00-24:00",)),
    ],
)
def test_the_shortest_hours_that_cover_enough(used, percent, hours):
    assert suggest(used, ZoneInfo("UTC"), percent) == hours
    assert parse_policy({"office_hours": list(hours)})  # to paste


def test_they_are_local_times():
    used = daily((0, "0:00", "1:00"))
    assert suggest(used, ZoneInfo("Asia/Tokyo"), 100) == ("Mon 09:00-10:00",)


def test_what_comes_by_the_clock_is_named_beside_what_does_not():
    past = traffic((moment("9:00"), moment("12:00")), days=2)
    minutes = [
        Minute(at=m.at, new_flows=m.new_flows + 1, bytes=m.bytes + 300)
        if m.at.minute % 5 == 2
        else m
        for m in past.minutes
    ]
    found = find_regular(minutes, ZoneInfo("UTC"))
    assert (found.every, found.flows, found.bytes) == (timedelta(minutes=5), 1, 300)
    assert (found.stretch.new_flows, found.stretch.bytes) == (1, 300)
    assert find_regular(past.minutes, ZoneInfo("UTC")) is None


def test_what_comes_each_minute_counts_five_in_an_interval():
    minutes = [Minute(at=START + n * MINUTE, new_flows=1, bytes=60) for n in range(600)]
    found = find_regular(minutes, ZoneInfo("UTC"))
    assert (found.every, found.stretch.new_flows) == (MINUTE, 5)
