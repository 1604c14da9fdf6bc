"""Bookings lived through: woken in time, told of, over, and what they do beside office hours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.decision.booking import Booking
from system.days import STACK, days

HOURS = {"office_hours": ["Mon-Fri 09:00-18:00"]}


def book(world, opens: str, closes: str, by: str = "ann") -> Booking:
    booking = Booking(
        stack=STACK,
        id=f"b{world.controller.table.request_version(STACK)}",
        owner=f"cli#{by}#",
        by=by,
        reason="demo",
        made_at=world.now,
        opens_at=world.moment(opens),
        closes_at=world.moment(closes),
    )
    made: Booking = world.controller.table.book(booking)
    return made


def test_a_booked_stack_is_awake_at_the_moment_and_asleep_after_it():
    world = days("Mon 06:00", idle_timeout="0", finish_paid_hour=False)
    book(world, "Mon 13:30", "Mon 15:30")
    world.live("Mon 18:00")
    story = {kind: at for at, kind in world.story()}
    assert "Mon 13:20" <= story["waking"] < story["awake"] <= "Mon 13:30"
    assert "Mon 15:20" <= story["sleeping_soon"] <= "Mon 15:21"
    assert story["sleeping"] == "Mon 15:30"
    reasons = world.reasons()
    assert "ann, who booked it from Mon 23 Nov 13:30: demo" in reasons[f"{story['waking']} waking"]
    assert reasons["Mon 15:30 sleeping"] == "the time that ann booked is over"


def test_nobody_coming_ends_it_as_it_ends_office_hours():
    world = days("Mon 06:00", finish_paid_hour=False)
    book(world, "Mon 13:00", "Mon 18:00")
    world.visit("Mon 13:05", "Mon 13:30")
    world.live("Mon 18:30")
    slept = [at for at, kind in world.story() if kind == "sleeping"]
    assert len(slept) == 1 and "Mon 14:00" <= slept[0] <= "Mon 14:10"


def test_in_office_hours_that_idleness_has_ended_it_wakes_anew():
    world = days("Mon 06:00", **HOURS, finish_paid_hour=False)
    book(world, "Mon 14:00", "Mon 16:00")
    world.live("Mon 13:00")
    assert [kind for _, kind in world.story()][-1] == "asleep"
    world.live("Mon 14:00")
    assert world.story()[-1][1] == "awake"


def test_it_and_office_hours_are_one_time_awake():
    world = days("Mon 06:00", **HOURS, idle_timeout="0", finish_paid_hour=False)
    book(world, "Mon 17:00", "Mon 20:00")
    world.live("Mon 21:00")
    kinds = [kind for _, kind in world.story()]
    assert kinds.count("waking") == kinds.count("sleeping") == 1
    assert ("Mon 20:00", "sleeping") in world.story()


@pytest.mark.parametrize("when", ["Mon 10:00", "Mon 14:00"])
def test_one_that_is_cancelled_ahead_or_in_its_middle_is_over(when):
    world = days("Mon 06:00", idle_timeout="0", finish_paid_hour=False, min_awake="0")
    made = book(world, "Mon 13:30", "Mon 20:00")
    world.plan(when, lambda: world.controller.table.cancel(STACK, made.id, world.now))
    world.live("Mon 15:00")
    kinds = [kind for _, kind in world.story()]
    assert kinds.count("waking") == (1 if when > "Mon 13" else 0)
    assert world.status["target"] != "awake"


def test_one_that_is_made_while_it_sleeps_makes_it_due_in_time():
    world = days("Mon 06:00", idle_timeout="0")
    world.live("Mon 12:00")
    assert world.due_at() is None
    world.plan("Mon 12:10", lambda: book(world, "Mon 13:30", "Mon 14:30"))
    world.live("Mon 12:15")
    assert world.moment("Mon 13:20") < world.due_at() <= world.moment("Mon 13:26")
    assert world.due_at() + timedelta(minutes=10) > world.moment("Mon 13:30")


@pytest.mark.parametrize("profile", ["fast", "typical"])
@pytest.mark.parametrize("opening", ["booking", "office hours"])
def test_a_sleep_that_ended_with_an_opening_does_not_come_back_when_a_wake_is_learned(
    profile, opening
):
    """The end of "sleep now" follows the lead, and the first wake of a stack makes that shorter."""
    hours = HOURS if opening == "office hours" else {}
    world = days("Mon 06:00", profile, idle_timeout="0", finish_paid_hour=False, **hours)
    if opening == "booking":
        book(world, "Mon 09:00", "Mon 18:00")
    world.run_pass()
    world.sleep()
    world.run_pass()
    world.live("Mon 12:00")
    assert [kind for _, kind in world.story()] == ["waking", "awake"]
    assert len(world.balancers()) == 1
