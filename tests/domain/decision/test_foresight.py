"""The changes to come are those that will be decided."""

import pytest

from controller.domain.decision.foresight import foresee
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.planning.plan import Target
from domain.decision_inputs import HOURS, Asked, at, hold, lease, rules, up

DAY = rules(lead=5, office_hours=HOURS, finish_paid_hour=False)


def changes(of, lifecycle, time, leases=(), held=None, until=None):
    found = foresee(of, leases, held, lifecycle, at(time), at(until) if until else None)
    return [(str(change.state), change.at) for change in found]


def test_a_week_of_office_hours():
    found = changes(DAY, Lifecycle(), "Thu 12:00", until="Sun 23:00")
    assert found == [
        ("asleep", at("Thu 18:00")),
        ("awake", at("Fri 08:55")),
        ("asleep", at("Fri 18:00")),
    ]


def test_the_paid_hour_is_foreseen():
    paid = rules(lead=5, office_hours=HOURS)
    found = changes(paid, Lifecycle(), "06:00", until="Tue 00:00")
    assert found == [("awake", at("08:55")), ("asleep", at("18:51"))]


def test_each_wake_has_paid_hours_of_its_own():
    hours = ["Mon 09:00-18:00", "Tue 09:30-18:00", "Wed 09:50-18:00"]
    found = changes(rules(lead=5, office_hours=hours), Lifecycle(), "06:00", until="Thu 00:00")
    assert found == [
        ("awake", at("08:55")),
        ("asleep", at("18:51")),
        ("awake", at("Tue 09:25")),
        ("asleep", at("Tue 18:21")),
        ("awake", at("Wed 09:45")),
        ("asleep", at("Wed 18:41")),
    ]


def test_the_hour_of_the_load_balancer_that_stands_counts_while_it_is_being_woken():
    waking = up("12:00", balancer="12:20")
    found = changes(rules(lead=5), waking, "12:30", [lease("12:00", "13:00")], until="Tue 00:00")
    assert found == [("asleep", at("13:16"))]


def test_of_a_stack_that_is_ready_what_stands_is_known_and_nothing_is_added():
    ready = up("08:55", "08:59")
    assert changes(rules(), ready, "11:00", [lease("10:00", "12:00")]) == [("asleep", at("12:00"))]


def test_an_event_at_the_end_of_the_interval_is_not_listed():
    assert changes(DAY, Lifecycle(), "12:00", until="18:00") == []
    assert changes(DAY, Lifecycle(), "12:00", until="18:01") == [("asleep", at("18:00"))]


def test_a_lease_is_foreseen_no_longer_than_it_may_be_awake():
    requested = [lease("12:00", "23:00")]
    short = rules(max_awake="3h", finish_paid_hour=False)
    assert changes(short, Lifecycle(), "12:00", requested) == [("asleep", at("15:00"))]


@pytest.mark.parametrize("lifecycle", [Lifecycle(), up("09:55", "10:00")])
def test_the_end_of_a_hold_awake_is_foreseen_with_its_reason(lifecycle):
    held = hold("awake", "10:00", "20:00")
    (change,) = foresee(rules(finish_paid_hour=False), [], held, lifecycle, at("11:00"))
    assert (change.at, change.state) == (at("20:00"), Target.ASLEEP)
    assert change.reason == "the hold of ann is over"


def test_leases_and_holds_have_their_part():
    leases = [lease("10:00", "20:00")]
    assert changes(DAY, up("08:55", "08:59"), "11:00", leases, until="Tue 01:00") == [
        ("asleep", at("20:00"))
    ]
    held = hold("asleep", "10:00", "13:00")
    for lifecycle in (
        Lifecycle(),
        up("08:55", "08:59"),
    ):  # asleep already, or told to sleep just now
        assert changes(DAY, lifecycle, "11:00", held=held, until="Tue 01:00") == [
            ("awake", at("13:00")),
            ("asleep", at("18:00")),
        ]


def test_without_anything_to_come_there_is_nothing_to_foresee():
    assert changes(rules(), Lifecycle(), "11:00") == []


def test_far_ahead_it_ends():
    found = list(foresee(DAY, (), None, Lifecycle(), at("11:00")))
    assert found[-1].at > at("11:00") + (at("Sun 00:00") - at("00:00")) * 10


def test_a_change_is_written_as_json():
    change = next(foresee(DAY, (), None, Lifecycle(), at("Sat 11:00")))
    assert change.state is Target.AWAKE
    assert change.to_json() == {
        "at": "2026-11-30T08:55:00Z",
        "state": "awake",
        "reason": "it is being made ready for office hours, which begin at Mon 30 Nov 09:00",
    }


def test_a_wake_to_come_is_ready_after_the_lead_and_stays_for_min_awake():
    """Its lease counts from five minutes before it begins (`SKEW`)."""
    found = changes(rules(finish_paid_hour=False), Lifecycle(), "11:00", [lease("12:00", "12:05")])
    assert found == [("awake", at("11:55")), ("asleep", at("12:10"))]


@pytest.mark.parametrize("now", ["12:05", "12:10", "12:40"])
def test_the_reason_foreseen_is_the_one_that_will_be_decided(now):
    """Also when what kept it awake is over already, and only its paid hour is not."""
    requested = Asked(rules(idle_timeout="0"), [lease("12:00", "12:10")])
    requested.wake("12:00", "12:04", balancer="12:00")
    (change,) = foresee(requested.rules, requested.leases, None, requested.lifecycle, at(now))
    decision = requested.decide("12:56")
    assert (change.at, change.state) == (at("12:56"), decision.state)
    assert change.reason == decision.reason == "the time that wake link asked for is over"
