"""Which opening a stack is woken for, and which one comes next."""

from __future__ import annotations

from datetime import timedelta

from controller.domain.decision.office_hours import OfficeHours, Window
from domain.decision_inputs import HOURS, at, minutes, rules

DAYS = rules(lead=5, office_hours=HOURS)


def windows(now: str, of=DAYS, **back) -> OfficeHours:
    return OfficeHours(of, at(now), **back)


def test_a_stack_is_woken_before_its_opening():
    found = windows("00:00").next_after(at("00:00"))

    assert found == Window(at("08:55"), at("09:00"), at("18:00"))


def test_a_policy_that_does_not_want_it_ready_wakes_it_at_the_opening():
    """However long its wakes take."""
    at_nine = rules(lead=5, office_hours=HOURS, ready_by_opening=False)

    assert at_nine.lead == minutes(0)
    assert windows("00:00", at_nine).next_after(at("00:00")).starts_at == at("09:00")


def test_the_next_one_after_the_moment_of_a_wake_is_the_day_after():
    """As "until the next opening" is asked for at the very moment at which one begins."""
    monday = windows("00:00")

    assert monday.at(at("08:55")).opens_at == at("09:00")
    assert monday.next_after(at("08:55")).opens_at == at("Tue 09:00")
    assert windows("08:55").next_after(at("08:55")).opens_at == at("Tue 09:00")


def test_of_two_where_one_begins_before_the_other_has_closed_the_later_counts():
    close = rules(lead=20, office_hours=["Mon 09:00-12:00", "Mon 12:10-13:00"])
    day = windows("09:00", close)

    assert day.at(at("11:49")).opens_at == at("09:00")
    assert day.at(at("11:50")).opens_at == at("12:10")
    assert day.at(at("13:00")) is None


def test_the_edges_of_an_opening_are_its_wake_its_opening_and_its_closing():
    day, moment, edges = windows("00:00"), at("00:00"), []
    for _ in range(4):
        moment = day.next_edge(moment)
        edges.append(moment)

    assert edges == [at("08:55"), at("09:00"), at("18:00"), at("Tue 08:55")]


def test_the_last_closing_is_known_as_far_back_as_requested():
    tuesday = windows("Tue 00:00", back=timedelta(hours=7))

    assert tuesday.last_closing(at("Tue 00:00")) == at("18:00")
    assert tuesday.last_closing(at("Tue 18:00")) == at("Tue 18:00")
    assert tuesday.last_closing(at("Tue 17:59")) == at("18:00")
    assert windows("Tue 00:00").last_closing(at("Tue 00:00")) is None


def test_without_office_hours_there_is_no_opening():
    never = windows("00:00", rules())

    assert (never.at(at("12:00")), never.next_after(at("12:00"))) == (None, None)
    assert (never.next_edge(at("12:00")), never.last_closing(at("12:00"))) == (None, None)
