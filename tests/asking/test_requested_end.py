"""What people may ask for, and which lease an "extend" means."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.asking.requested_end import (
    ends_late_enough,
    lease_to_extend,
    leases_to_release,
    next_closing,
    parse_end,
)
from controller.domain.decision.asker import Asker
from controller.domain.errors import TextError
from controller.domain.planning.plan import Target
from controller.domain.reporting.report import make_report
from controller.domain.reporting.status import Status
from domain.decision_inputs import HOURS, at, hold, lease, rules
from factories import article_spec

NO_HOURS = rules(wake_for="2h", max_awake="12h")
OFFICE = rules(lead=5, office_hours=HOURS, max_awake="12h")


@pytest.mark.parametrize(
    ("text", "until"),
    [("", "14:00"), ("1m", "12:01"), ("90s", "12:01:30"), ("1h30m", "13:30"), ("12h", "Tue 00:00")],
)
def test_a_time_counts_from_now_and_no_time_is_the_policys(text, until):
    assert parse_end(text, NO_HOURS, at("12:00")) == at(until)


def test_where_nothing_is_said_it_is_never_longer_than_the_longest_time():
    short = rules(wake_for="2h", max_awake="30m")
    assert parse_end("", short, at("12:00")) == at("12:30")


@pytest.mark.parametrize("text", ["59s", "0", "12h1s", "1d", "soon", "30", "-1h"])
def test_anything_else_is_refused_with_what_can_be_requested(text):
    with pytest.raises(TextError) as refused:
        parse_end(text, NO_HOURS, at("12:00"))
    assert str(refused.value) == (
        f'"{text}" is no valid length: expected a time from 1m to 12h, such as "1h", or "close"'
    )


def test_what_cannot_be_read_is_refused_however_long_it_may_be_awake():
    with pytest.raises(TextError, match="from 1m to 48h"):
        parse_end("soon", rules(max_awake="2d"), at("12:00"))


def test_a_minute_can_always_be_requested():
    """However short a time the policy allows outside office hours."""
    brief = rules(wake_for="20s", max_awake="30s")
    assert parse_end("1m", brief, at("12:00")) == at("12:01")


@pytest.mark.parametrize("now", ["08:56", "09:00", "17:59"])
def test_close_is_the_closing_of_the_office_hours_of_now(now):
    """Also while the stack is being woken for them."""
    assert parse_end("close", OFFICE, at(now)) == at("18:00")


def test_close_before_office_hours_is_their_closing_if_it_may_be_awake_so_long():
    assert parse_end("close", OFFICE, at("Tue 06:00")) == at("Tue 18:00")
    refuse_to_close(OFFICE, "Tue 05:59")
    refuse_to_close(OFFICE, "Sat 12:00")


def test_close_needs_office_hours_that_close():
    refuse_to_close(NO_HOURS, "12:00")
    refuse_to_close(rules(office_hours=["daily 00:00-24:00"]), "12:00")
    from_tuesday_on = rules(office_hours=["daily 00:00-24:00"], closed_on=["2026-11-23"])
    refuse_to_close(from_tuesday_on, "12:00")


def refuse_to_close(of, now):
    assert next_closing(of, at(now)) is None
    with pytest.raises(TextError) as refused:
        parse_end("close", of, at(now))
    assert str(refused.value) == '"close" needs office hours that close soon; give a time'


# which lease is meant


def report(leases, held=None):
    status = Status(target=Target.ASLEEP, settled=True)
    return make_report(article_spec(), status, leases, held, at("12:00"))


LINK = Asker.of_link("aa")


def test_extend_means_the_lease_of_the_job_that_ends_last():
    leases = [
        lease("11:00", "13:00", "aa-1"),
        lease("11:00", "14:00", "aa-2"),
        lease("11:00", "16:00", "aa-ci#3"),
        lease("11:00", "17:00", "bb-4"),
    ]
    assert lease_to_extend(report(leases), LINK).id == "aa-2"
    assert lease_to_extend(report(leases), LINK.as_job("ci")).id == "aa-ci#3"
    assert lease_to_extend(report(leases), LINK.as_job("c")) is None
    assert lease_to_extend(report([]), LINK) is None


def test_extend_means_one_that_was_given_for_the_same_reason():
    leases = [lease("11:00", "13:00", "aa-1", reason="demo")]
    assert lease_to_extend(report(leases), LINK, "demo").id == "aa-1"
    assert lease_to_extend(report(leases), LINK).id == "aa-1"
    assert lease_to_extend(report(leases), LINK, "release") is None


def test_extend_never_means_a_lease_that_sleep_now_was_pressed_over():
    over = hold("asleep", "11:30", "Tue 09:00", over=frozenset({"aa-1"}))
    assert lease_to_extend(report([lease("11:00", "13:00", "aa-1")], over), LINK) is None

    pause = hold("awake", "11:30", "Tue 09:00", over=frozenset({"aa-1"}))
    leases = [lease("11:00", "13:00", "aa-1"), lease("11:00", "12:30", "aa-2")]
    assert lease_to_extend(report(leases, pause), LINK).id == "aa-2"


def test_release_means_what_runs_of_one_job_or_of_all_and_nothing_of_others():
    leases = [
        lease("11:00", "13:00", "aa-1"),
        lease("11:00", "13:00", "aa-ci#2"),
        lease("11:00", "13:00", "aa-ci2#3"),
        lease("10:00", "11:30", "aa-4"),
        lease("11:00", "13:00", "aab-5"),
    ]

    def released(asker):
        return [each.id for each in leases_to_release(leases, asker, at("12:00"))]

    assert released(LINK) == ["aa-1", "aa-ci#2", "aa-ci2#3"]
    assert released(LINK.as_job("ci")) == ["aa-ci#2"]
    assert released(Asker.of_link("b")) == []


@pytest.mark.parametrize(
    ("sooner", "enough"), [(-3600, True), (0, True), (59.9, True), (60, False)]
)
def test_a_lease_that_ends_less_than_a_minute_sooner_lasts_long_enough(sooner, enough):
    until = at("13:00") + timedelta(seconds=sooner)
    assert ends_late_enough(lease("11:00", "13:00"), until) is enough
