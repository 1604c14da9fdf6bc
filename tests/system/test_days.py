"""
Days in the life of a stack, from one heartbeat to the next, on the simulated AWS's own clock.

Times are Tokyo's. Without a history a stack is woken six minutes before it opens; with one, as
early as its wakes teach.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from controller.domain.decision.history import EventKind
from controller.domain.decision.hold import Hold
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy
from system.days import STACK, days
from system.stack_under_test import ASLEEP, AWAKE, FORBIDDEN

OFFICE = {"office_hours": ["Mon-Fri 09:00-18:00"], "finish_paid_hour": False}


@pytest.fixture
def make_days():
    made = []

    def make(*args, **policy):
        made.append(days(*args, **policy))
        return made[-1]

    yield make
    for each in made:
        assert not {call.operation for call in each.aws.calls} & FORBIDDEN


def test_a_weekday_with_an_idle_teardown_and_a_wake_up(make_days):
    day = make_days(**OFFICE)
    day.visit("Mon 09:04", "Mon 10:46")
    day.plan("Mon 13:00", day.wake)
    day.visit("Mon 13:05", "Mon 13:45")

    day.live("Mon 08:50")
    assert day.sut.standing() == ASLEEP
    day.live("Mon 09:00")
    assert day.sut.standing() == AWAKE  # AT opening
    assert day.reason == "office hours"
    day.live("Mon 11:15")
    assert day.sut.standing() == AWAKE
    day.live("Mon 12:30")
    assert day.sut.standing() == ASLEEP
    assert day.reason == "nobody has used it for 30 min"
    day.live("Mon 13:30")
    assert day.sut.standing() == AWAKE
    assert day.reason == "wake link asked for it"
    day.live("Tue 09:00")

    assert day.story() == [
        ("Mon 08:54", "waking"),
        ("Mon 08:56", "awake"),
        ("Mon 11:20", "sleeping"),
        ("Mon 11:21", "asleep"),
        ("Mon 13:00", "waking"),
        ("Mon 13:02", "awake"),
        ("Mon 13:50", "sleeping_soon"),
        ("Mon 14:00", "sleeping"),
        ("Mon 14:01", "asleep"),
        ("Tue 08:55", "waking"),  # five minutes: what the wakes of Monday taught
        ("Tue 08:57", "awake"),
    ]
    reasons = day.reasons()
    assert reasons["Mon 11:20 sleeping"] == "nobody has used it for 30 min"
    assert reasons["Mon 14:00 sleeping"] == "the time that wake link asked for is over"
    assert day.paid_hours() == [3, 1, 1]
    assert [event.kind for event in day.reported] == [EventKind(kind) for _, kind in day.story()]


def test_the_traffic_is_read_only_when_it_could_matter(make_days):
    """Awake from 08:54 to 11:20, used up to 10:46: one request each half hour."""
    day = make_days(**OFFICE)
    day.visit("Mon 09:04", "Mon 10:46")
    day.live("Mon 23:00")

    requested = [day.local(call.at) for call in day.aws.calls.of("GetMetricData")]
    assert requested == ["Mon 09:33", "Mon 10:02", "Mon 10:32", "Mon 11:02", "Mon 11:20"]


def test_a_used_day_ends_at_closing_time_with_the_paid_hour(make_days):
    day = make_days(office_hours=["Mon-Fri 09:00-18:00"])
    day.visit("Mon 09:05", "Mon 18:30")
    day.live("Mon 18:20")
    assert day.sut.standing() == AWAKE
    assert day.reason == (
        "office hours are over, but the hour of its load balancer is paid until "
        "Mon 23 Nov 18:54: it stays until Mon 23 Nov 18:50"
    )

    day.live("Mon 23:00")
    assert day.story()[-3:] == [
        ("Mon 18:40", "sleeping_soon"),
        ("Mon 18:50", "sleeping"),
        ("Mon 18:51", "asleep"),
    ]
    assert day.paid_hours() == [10]


def test_an_unused_morning_is_left_to_the_end_of_a_paid_hour(make_days):
    day = make_days(office_hours=["Mon-Fri 09:00-18:00"])
    day.visit("Mon 09:05", "Mon 09:10")
    day.live("Mon 12:00")

    assert day.story() == [
        ("Mon 08:54", "waking"),
        ("Mon 08:56", "awake"),
        ("Mon 09:50", "sleeping"),
        ("Mon 09:51", "asleep"),
    ]
    assert day.paid_hours() == [1]
    assert len(day.aws.calls.of("GetMetricData")) == 1


def test_wake_for_an_hour_pays_for_an_hour(make_days):
    """The end comes two seconds before the next hour is paid, and no tick would be in time."""
    day = make_days(idle_timeout="0")
    day.plan("Mon 13:00", day.wake)
    day.live("Mon 16:00")

    assert day.story() == [
        ("Mon 13:00", "waking"),
        ("Mon 13:02", "awake"),
        ("Mon 13:50", "sleeping_soon"),
        ("Mon 14:00", "sleeping"),
        ("Mon 14:01", "asleep"),
    ]
    assert day.paid_hours() == [1]
    (balancer,) = day.balancers()
    assert balancer.ended_at == day.moment("Mon 14:00:00")


def test_a_public_holiday_costs_nothing(make_days):
    """23 November is a holiday in Japan."""
    day = make_days(closed_on=["holidays:JP"], holidays={"JP": [date(2026, 11, 23)]}, **OFFICE)
    day.live("Mon 23:59")
    assert day.story() == []
    assert day.balancers() == []
    assert day.reason == "nobody has asked for it"

    day.live("Tue 09:00")
    assert day.sut.standing() == AWAKE


def test_a_friday_night_window_ends_on_saturday(make_days):
    day = make_days("Fri 12:00", office_hours=["Fri 22:00-02:00"], finish_paid_hour=False)
    day.visit("Fri 22:05", "Sat 02:30", every=10)
    day.live("Fri 21:00")
    assert day.sut.standing() == ASLEEP
    day.live("Fri 23:59")
    assert day.sut.standing() == AWAKE
    day.live("Sat 12:00")

    assert day.story() == [
        ("Fri 21:54", "waking"),
        ("Fri 21:56", "awake"),
        ("Sat 01:50", "sleeping_soon"),
        ("Sat 02:00", "sleeping"),
        ("Sat 02:01", "asleep"),
    ]
    assert day.reasons()["Sat 02:00 sleeping"] == "office hours are over"
    assert day.paid_hours() == [5]


@pytest.mark.parametrize("seconds", [1, 20, 40, 58])
def test_wake_pressed_during_sleep(make_days, seconds):
    """Old things are still leaving: service and Elastic IP hold the name and the address."""
    day = make_days(**OFFICE)
    day.visit("Mon 09:05", "Mon 17:59")
    day.live("Mon 17:59")
    day.during(day.moment("Mon 18:00") + timedelta(seconds=seconds), day.wake)
    day.live("Mon 18:30")

    assert day.sut.standing() == AWAKE
    assert day.sut.elastic_ip()["AssociationId"]
    kinds = [kind for _, kind in day.story("Mon 17:55") if kind not in ("asleep", "replaced")]
    assert kinds == ["sleeping", "waking", "awake"]
    day.live("Mon 19:30")
    assert day.sut.standing() == ASLEEP


@pytest.mark.parametrize("seconds", [1, 30, 60, 100, 140, 155])
def test_sleep_pressed_during_wake(make_days, seconds):
    day = make_days("Sat 06:00", **OFFICE)
    day.plan("Sat 13:00", day.wake)
    day.during(day.moment("Sat 13:00:02") + timedelta(seconds=seconds), day.sleep)
    day.live("Sat 13:15")

    assert day.sut.standing() == ASLEEP
    assert not day.sut.elastic_ip().get("AssociationId")
    assert day.reason == "ann holds it asleep until Mon 30 Nov 08:55"
    day.live("Mon+1 09:00")
    assert day.sut.standing() == AWAKE


def test_a_press_while_the_opening_is_being_prepared(make_days):
    """One wake, with the lease as its reason; and office hours go on once the lease is over."""
    day = make_days(**OFFICE)
    day.visit("Mon 09:00", "Mon 12:00")
    day.during(day.moment("Mon 08:55"), day.wake)
    day.live("Mon 08:58")
    assert day.reason == "wake link asked for it"
    day.live("Mon 10:30")

    assert day.reason == "office hours"
    assert day.story() == [("Mon 08:54", "waking"), ("Mon 08:56", "awake")]
    assert len(day.balancers()) == 1


def test_sleep_now_while_the_opening_is_being_prepared_means_tomorrow(make_days):
    day = make_days(**OFFICE)
    day.during(day.moment("Mon 08:55:30"), day.sleep)
    day.live("Tue 08:50")
    assert day.sut.standing() == ASLEEP
    assert [kind for _, kind in day.story()] == ["waking", "sleeping", "asleep"]

    day.live("Tue 09:02")
    assert day.sut.standing() == AWAKE


def test_sleep_now_ends_at_the_next_opening_of_hours_that_are_published_later(make_days):
    day = make_days("Fri 06:00", **OFFICE)
    day.visit("Fri 09:00", "Fri 15:55")
    day.live("Fri 16:00")
    day.sleep()
    day.live("Fri 16:20")
    assert day.sut.standing() == ASLEEP

    weekend = OFFICE | {"office_hours": [*OFFICE["office_hours"], "Sat 10:00-14:00"]}
    policy = parse_policy({"time_zone": "Asia/Tokyo", **weekend})
    day.publish(replace(day.spec, policy=policy.to_json()))
    day.live("Fri 23:00")
    assert day.sut.standing() == ASLEEP
    day.visit("Sat 10:00", "Sat 14:00")
    day.live("Sat 10:02")
    assert day.sut.standing() == AWAKE
    assert day.reason == "office hours"


def test_a_night_asleep_is_one_small_read_a_minute(make_days):
    day = make_days(**OFFICE)
    day.visit("Mon 09:05", "Mon 17:59")
    day.live("Mon 22:00")
    start = len(day.aws.calls)
    day.live("Tue 01:00", every_tick=True)

    calls = day.aws.calls[start:]
    assert {(call.service, call.operation) for call in calls} == {("dynamodb", "Query")}
    assert len(calls) == 3 * 60
    assert all(call.params["IndexName"] == "due" for call in calls)


def test_a_hold_awake_keeps_it_through_the_night(make_days):
    day = make_days(**OFFICE)
    until = day.moment("Tue 07:00")

    def hold():
        day.hold(
            Hold(
                stack=STACK,
                state=Target.AWAKE,
                by="ann",
                reason="a load test",
                set_at=day.now,
                until=until,
            )
        )

    day.plan("Mon 17:30", hold)
    day.visit("Mon 09:00", "Mon 18:00")
    day.live("Tue 06:00")
    assert day.sut.standing() == AWAKE
    assert day.reason == "ann holds it awake until Tue 24 Nov 07:00: a load test"

    day.live("Tue 08:00")
    assert day.sut.standing() == ASLEEP
    assert day.reasons()["Tue 07:00 sleeping"] == "the hold of ann is over"


def test_a_wake_with_known_durations_polls_less_often(make_days):
    """Of the first the pace is assumed; the next ones look rarely until theirs is near."""
    day = make_days("Mon 06:00", "typical", **OFFICE)

    def looks_of(until):
        before = len(day.aws.calls.of("DescribeLoadBalancers"))
        day.live(until)
        return len(day.aws.calls.of("DescribeLoadBalancers")) - before

    first = looks_of("Mon 09:00")
    day.live("Tue 06:00")
    second = looks_of("Tue 09:00")
    assert day.sut.standing() == AWAKE
    assert second < first


@pytest.mark.parametrize(("order", "counts"), [("count", [0]), ("force", [])])
def test_a_sleep_goes_in_the_order_of_the_policy(make_days, order, counts):
    day = make_days("Sat 06:00", "fast", sleep_order=order, idle_timeout="0", min_awake="0")
    day.plan("Sat 07:00", lambda: day.wake(hours=0.5))
    day.live("Sat 09:00")

    updates = [call.params for call in day.aws.calls if call.operation == "UpdateService"]
    assert [each["desiredCount"] for each in updates if "desiredCount" in each] == counts
    assert not day.aws.peek().ecs.clusters["nsfw_api_cluster"].services
