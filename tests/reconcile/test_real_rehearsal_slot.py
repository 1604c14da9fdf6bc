"""When a rehearsal for real may begin: the quietest hour, by the clock on the stack's wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.money.hour_log import HourLog
from controller.domain.money.meter import Meter
from controller.domain.policy.policy import parse_policy
from controller.domain.reporting.real_rehearsal import RealRehearsal
from controller.domain.reporting.status import Status
from controller.reconcile.real_rehearsal import quietest_hour, slot, slot_after

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
UTC_POLICY = parse_policy({})


def status_with(cells, since=timedelta(days=1), real=None):
    log = HourLog(first=NOW - since, cells=cells)
    return Status(meter=Meter(hours=log), real_rehearsal=real)


@pytest.mark.parametrize(
    ("hours_used", "expected"),
    [
        ([], 3),
        ([3], 2),
        ([2, 3], 4),
        ([1, 2, 3, 4], 5),
        (range(1, 24), 0),
        (range(24), 3),
    ],
)
def test_it_is_the_least_used_hour_and_of_equal_ones_that_nearest_to_three(hours_used, expected):
    first = NOW - timedelta(days=1)
    hours = [(first + timedelta(hours=n)).hour for n in range(24)]
    cells = "".join("u" if hour in hours_used else "q" for hour in hours)
    assert quietest_hour(status_with(cells), UTC_POLICY, NOW) == expected


def test_it_is_local():
    tokyo = parse_policy({"time_zone": "Asia/Tokyo"})
    cells = "".join("u" if (12 + n) % 24 == 18 else "." for n in range(24))  # 03:00 in Tokyo
    assert quietest_hour(status_with(cells), tokyo, NOW) == 2


def test_awake_hours_of_unknown_use_count_and_those_of_a_rehearsal_do_not():
    cells = "".join("a" if (12 + n) % 24 in (3, 4) else "." for n in range(24))
    assert quietest_hour(status_with(cells), UTC_POLICY, NOW) == 2
    three = NOW.replace(hour=3)
    own = RealRehearsal(not_before=NOW, started_at=three, ended_at=three + timedelta(minutes=5))
    assert quietest_hour(status_with(cells, real=own), UTC_POLICY, NOW) == 3


@pytest.mark.parametrize(
    ("now", "not_before", "expected"),
    [
        ("2026-11-24 02:59", "2026-11-01 00:00", "2026-11-24 03:00"),
        ("2026-11-24 03:00", "2026-11-01 00:00", "2026-11-24 03:00"),
        ("2026-11-24 03:59", "2026-11-01 00:00", "2026-11-24 03:00"),
        ("2026-11-24 04:00", "2026-11-01 00:00", "2026-11-25 03:00"),
        ("2026-11-24 03:10", "2026-11-24 03:30", "2026-11-24 03:30"),
        ("2026-11-24 03:10", "2026-12-09 04:00", "2026-12-10 03:00"),
    ],
)
def test_the_slot_is_an_hour_long_and_not_before_the_month_is_over(now, not_before, expected):
    now, not_before, expected = (
        datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, not_before, expected)
    )
    real = RealRehearsal(not_before=not_before)
    assert slot(Status(), UTC_POLICY, real, now) == expected


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"])
def test_the_days_on_which_the_clocks_change_have_one_slot_each(day):
    berlin = parse_policy({"time_zone": "Europe/Berlin"})
    now = datetime.fromisoformat(f"{day} 00:00").replace(tzinfo=berlin.zone)
    real = RealRehearsal(not_before=now - timedelta(days=9))
    at = slot(Status(), berlin, real, now)
    assert at.astimezone(berlin.zone).isoformat()[:16] == f"{day}T03:00"
    following = slot_after(Status(), berlin, real, at)
    assert following.astimezone(berlin.zone).hour == 3
    assert timedelta(hours=22) < following - at < timedelta(hours=26)
