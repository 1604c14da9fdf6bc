"""Hour by hour: used, awake, paid for, or not known."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.domain.money.hour_log import HOUR, KEPT, Hour, HourLog
from factories import NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def minutes(since: datetime, until: datetime) -> list[datetime]:
    return [since + index * MINUTE for index in range(int((until - since) / MINUTE))]


def letters(log: HourLog, first: datetime = NOON, count: int = 4) -> str:
    return "".join(log.at(first + index * HOUR) for index in range(count))


def test_an_hour_is_awake_and_not_known_until_every_minute_awake_was_looked_at():
    ready_at, end = NOON + 20 * MINUTE, NOON + 2 * HOUR
    log = HourLog().paid(NOON - HOUR, end).awake(ready_at, end)
    assert letters(log, NOON - HOUR) == "paa."

    log = log.with_traffic(minutes(ready_at, NOON + 90 * MINUTE), [])
    assert letters(log, NOON - HOUR) == "pqa."

    log = log.with_traffic(minutes(NOON + 90 * MINUTE, end), [])
    assert letters(log, NOON - HOUR) == "pqq."


def test_one_minute_in_use_makes_an_hour_used_before_all_of_it_is_known():
    log = HourLog().awake(NOON, NOON + 3 * HOUR)
    log = log.with_traffic([NOON + 61 * MINUTE], [NOON + 61 * MINUTE])

    assert letters(log) == "aua."


def test_digests_stand_when_reads_are_a_day_old():
    end = NOON + 3 * HOUR
    log = HourLog().awake(NOON, end).with_traffic(minutes(NOON, NOON + HOUR), [])
    log = log.with_traffic([NOON + 61 * MINUTE], [NOON + 61 * MINUTE])
    later = log.settled(end + DAY)

    assert not later.reads
    assert letters(later) == letters(log) == "qua."


def test_a_long_time_awake_without_a_read_is_awake_throughout():
    log = HourLog()
    for day in range(1, 4):
        log = log.awake(NOON, NOON + day * DAY).settled(NOON + day * DAY)
    assert letters(log, count=73) == "a" * 72 + "."
    assert len(log.reads) <= 25


def test_reads_of_a_time_awake_that_goes_on_for_days_are_kept():
    log = HourLog()
    for hour in range(72):
        now = NOON + (hour + 1) * HOUR
        log = log.with_traffic(minutes(now - HOUR, now), []).awake(NOON, now).settled(now)
    assert letters(log, count=73) == "q" * 72 + "."


def test_what_is_older_than_can_be_shown_is_left_out():
    log = HourLog().paid(NOON, NOON + 2 * HOUR).paid(NOON + 40 * DAY, NOON + 40 * DAY + HOUR)
    log = log.settled(NOON + 41 * DAY)

    assert letters(log) == "...."
    assert log.at(NOON + 40 * DAY) is Hour.PAID
    assert len(log.cells) <= KEPT
    assert letters(HourLog().paid(NOON - 100 * DAY, NOON + HOUR), NOON - HOUR) == "pp.."


def test_an_hour_is_one_of_utc_wherever_the_clock_stands():
    india = timezone(timedelta(hours=5, minutes=30))
    moment = (NOON + 31 * MINUTE).astimezone(india)

    assert letters(HourLog().awake(moment, moment + MINUTE), NOON) == "a..."


def test_an_event_tells_its_hours_and_a_later_one_knows_better():
    log = HourLog().awake(NOON, NOON + 30 * MINUTE)
    log = log.with_traffic(minutes(NOON, NOON + 30 * MINUTE), [])
    first = log.part(NOON, NOON + 30 * MINUTE)
    log = log.awake(NOON + 40 * MINUTE, NOON + 2 * HOUR)
    second = log.part(NOON + 40 * MINUTE, NOON + 2 * HOUR)
    assert (first[1], second[1]) == ("q", "2a")

    again = HourLog().paid(NOON - 2 * HOUR, NOON).with_part(first).with_part(second)
    assert letters(again, NOON - 2 * HOUR, 5) == "ppaa."


def test_nothing_takes_time_back():
    log = HourLog().awake(NOON, NOON - HOUR)
    assert log == HourLog()
    assert letters(HourLog().paid(NOON, NOON - HOUR), NOON - HOUR) == ".p.."


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["paid", "awake", "looked"]),
            st.integers(0, 3000),
            st.integers(0, 300),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_what_is_written_down_is_what_is_read(steps):
    """And each hour is at least as much as before, whatever comes."""
    log = HourLog()
    for kind, start, length, used in steps:
        since = NOON + start * MINUTE
        until = since + length * MINUTE
        before = [log.at(NOON + index * HOUR) for index in range(60)]
        if kind == "looked":
            known = minutes(since, until)
            log = log.with_traffic(known, known[:1] if used else [])
        else:
            log = getattr(log, kind)(since, until)
        after = [log.at(NOON + index * HOUR) for index in range(60)]
        pairs = zip(before, after, strict=True)
        assert all(
            old.is_paid <= new.is_paid and old.is_awake <= new.is_awake for old, new in pairs
        )
    assert HourLog.from_json(json.loads(json.dumps(log.to_json()))) == log


@pytest.mark.parametrize("data", [{}, None])
def test_a_meter_without_hours_has_none(data):
    assert HourLog.from_json(data) == HourLog()
