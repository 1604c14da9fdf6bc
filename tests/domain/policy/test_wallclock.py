"""When the wall clock of a place comes to a minute, to the second, where it jumps too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.domain.policy.wallclock import MINUTES_OF_DAY, first_instant, last_instant


def wall(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return moment.toordinal() * MINUTES_OF_DAY + moment.hour * 60 + moment.minute


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "first", "gap", "jump"),
    [
        ("America/New_York", "2026-03-08 02:00", 60, "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:00", 30, "2026-10-03 15:30"),
        ("Pacific/Apia", "2011-12-30 00:00", 24 * 60, "2011-12-30 10:00"),
        ("Africa/Monrovia", "1972-01-07 00:00", 44, "1972-01-07 00:44:30"),  # from 44 min 30 s off
        ("Asia/Pyongyang", "2018-05-04 23:30", 30, "2018-05-04 15:00"),
    ],
)
def test_every_minute_that_a_clock_leaves_out_takes_place_at_the_jump(zone, first, gap, jump):
    place, begin, at = ZoneInfo(zone), wall(first), utc(jump)

    found = {(first_instant(place, m), last_instant(place, m)) for m in range(begin, begin + gap)}
    assert found == {(at, at)}
    before = at - timedelta(minutes=1)
    assert first_instant(place, begin - 1) == last_instant(place, begin - 1) == before


def test_of_a_minute_that_comes_twice_there_is_a_first_and_a_last():
    place, half_past_one = ZoneInfo("America/New_York"), wall("2026-11-01 01:30")

    assert first_instant(place, half_past_one) == utc("2026-11-01 05:30")
    assert last_instant(place, half_past_one) == utc("2026-11-01 06:30")
