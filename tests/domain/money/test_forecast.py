"""What office hours come to in load balancer hours, tasks and Elastic IPs."""

from datetime import timedelta

import pytest

from controller.domain.money.forecast import make_forecast
from domain.decision_inputs import HOURS, at, rules
from factories import article_spec

SPEC = article_spec()


def forecast(start: str, end: str, **policy):
    return make_forecast(SPEC, rules(lead=5, **policy), at(start), at(end))


def test_a_day_is_longer_by_the_lead_and_the_rest_of_the_paid_hour():
    day = forecast("00:00", "Tue 00:00", office_hours=HOURS)
    assert [(stay.start, stay.end) for stay in day.stays] == [(at("08:55"), at("18:51"))]
    assert day.spent.load_balancer == 10  # 08:55 to 18:51, by the started hour
    assert day.spent.elastic_ip == 24
    assert float(day.spent.vcpu) == pytest.approx(0.25 * (9 + 56 / 60))


def test_without_the_paid_hour_it_ends_with_the_office_hours_and_pays_as_much():
    day = forecast("00:00", "Tue 00:00", office_hours=HOURS, finish_paid_hour=False)
    assert [stay.end for stay in day.stays] == [at("18:00")]
    assert day.spent.load_balancer == 10


def test_what_is_open_already_was_woken_before():
    rest = forecast("12:00", "Tue 00:00", office_hours=HOURS)
    assert rest.stays[0].start == at("08:55")
    assert rest.awake_hours == pytest.approx(6 + 51 / 60)
    assert rest.spent.load_balancer == 6  # those that begin at 12:55 and later


def test_without_office_hours_only_the_elastic_ip_is_left():
    week = forecast("00:00", "Sun 00:00")
    assert week.stays == ()
    assert (week.spent.load_balancer, week.spent.elastic_ip) == (0, 144)


def test_always_open_is_always_on():
    week = forecast("00:00", "Sun 00:00", office_hours=["daily 00:00-24:00"])
    assert week.spent == week.always
    assert week.awake_hours == week.all_hours == 144


def test_two_years_are_counted_to_their_end():
    years = make_forecast(
        SPEC, rules(lead=5, office_hours=HOURS), at("00:00"), at("00:00") + timedelta(days=728)
    )
    assert years.spent.load_balancer == 104 * 5 * 10
