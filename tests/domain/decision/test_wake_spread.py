"""How the wakes of many stacks for one opening are spread."""

from __future__ import annotations

from datetime import timedelta

from controller.domain.decision.wake_spread import spread_offset

MINUTE = timedelta(minutes=1)


def test_a_fleet_spreads_evenly_and_each_stack_keeps_its_place():
    spread = timedelta(minutes=10)
    early = [spread_offset(f"stack-{number}", spread) for number in range(5000)]
    by_minute = [sum(1 for each in early if each // MINUTE == m) for m in range(10)]
    assert sum(by_minute) == 5000
    assert all(400 < each < 600 for each in by_minute)
    assert all(each % timedelta(seconds=1) == timedelta(0) for each in early)
    assert spread_offset("nsfw-api", timedelta(0)) == timedelta(0)


def test_a_stack_keeps_its_place_from_release_to_release():
    """Else an upgrade would move the wakes of a whole fleet."""
    assert spread_offset("nsfw-api", timedelta(hours=1)) == timedelta(minutes=44, seconds=18)
    assert spread_offset("api", timedelta(hours=1)) == timedelta(minutes=4, seconds=51)
