from datetime import UTC, datetime, timedelta, timezone

import pytest
from simulated_stack import START

from local.clock import ManualClock, ScaledClock


def test_a_manual_clock_moves_only_when_advanced_or_slept_on():
    clock = ManualClock(START)
    clock.advance(90)
    clock.sleep(0.5)
    assert clock.now() == START + timedelta(seconds=90.5)
    clock.advance_to(START)
    assert clock.now() == START + timedelta(seconds=90.5)
    clock.advance_to(START + timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=1)


def test_a_manual_clock_shows_utc_and_wants_a_timezone():
    local = datetime(2026, 11, 23, 18, tzinfo=timezone(timedelta(hours=9)))
    assert ManualClock(local).now() == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert ManualClock(local).now().tzinfo is UTC
    with pytest.raises(ValueError, match="timezone"):
        ManualClock(datetime(2026, 11, 23))  # noqa: DTZ001


def test_no_clock_goes_back():
    for clock in (ManualClock(START), ScaledClock(60, START)):
        with pytest.raises(ValueError, match="forward"):
            clock.advance(-1)


def test_a_scaled_clock_runs_by_its_speed_and_can_jump(monkeypatch):
    real = iter([100.0, 100.5, 101.0])
    monkeypatch.setattr("local.clock.time.monotonic", lambda: next(real))
    clock = ScaledClock(60, START)
    assert clock.now() == START + timedelta(seconds=30)
    clock.advance(600)
    assert clock.now() == START + timedelta(seconds=660)


def test_a_scaled_clock_sleeps_shorter(monkeypatch):
    slept = []
    monkeypatch.setattr("local.clock.time.sleep", slept.append)
    ScaledClock(60, START).sleep(30)
    assert slept == [0.5]
