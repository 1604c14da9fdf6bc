"""The hours of whole days: by the status, by the history, and as CloudWatch had them."""

from __future__ import annotations

from datetime import timedelta

from controller.domain.money.hour_log import HOUR
from controller.domain.money.ledger import Past, Statement, account_days, month_usage, until_settled
from controller.domain.money.month import Month
from controller.domain.money.past_hours import hours_between, last_hours
from controller.domain.money.past_months import last_months
from controller.domain.money.prices import find_prices
from controller.domain.reporting.status import Status
from factories import article_spec
from system.days import STACK, days
from system.test_money import NOVEMBER, OFFICE, ledger, lose_status

PRICES = find_prices("us-east-1")


def records(day, start):
    table, status = day.controller.table, Status.from_json(day.status)
    events = list(table.events(STACK, start, day.now + timedelta(days=1)))
    return Past(uses=table.uses(STACK), events=events), status


def hours(day, since="Mon 06:00"):
    """Of the status alone, up to now."""
    status, first = Status.from_json(day.status), day.moment(since)
    found = last_hours(status.meter, status.lifecycle, day.now, day.zone)
    return "".join(found.each[(first - found.first) // HOUR :])


def test_a_day_hour_by_hour():
    """Tokyo, 06:00 to 15:00: visits at nine and ten, then nobody."""
    day = days(profile="fast", **OFFICE)
    day.visit("Mon 09:10", "Mon 10:20")
    day.live("Mon 15:00")

    shown = hours(day)
    assert shown == "..quu...."  # woken before nine, asleep again before eleven
    past, status = records(day, NOVEMBER.start)
    reported = hours_between(
        past, status.meter, status.lifecycle, day.moment("Mon 06:00"), day.now, day.now
    )
    assert "".join(reported.each) == shown
    assert (reported.used, reported.awake) == (2, 3)


def test_before_it_was_published_nothing_is_known():
    day = days(profile="fast", **OFFICE)
    day.live("Mon 08:00")

    assert hours(day, "Mon 03:00") == "???.."


def test_without_traffic_reads_use_is_unknown():
    day = days(profile="fast", **OFFICE, idle_timeout="0")
    day.visit("Mon 09:10", "Mon 10:20")
    day.live("Mon 12:00")

    assert set(hours(day)[3:]) == {"a"}


def test_hours_of_a_lost_status_come_back_from_the_history():
    day = days(profile="fast", **OFFICE)
    day.visit("Mon 09:04", "Mon 10:46")
    day.live("Mon 20:00")
    before = hours(day)
    lose_status(day)
    day.live("Mon 20:02")

    assert "u" in before
    assert hours(day).startswith(before)


def test_days_add_up_to_their_month_across_its_end():
    day = days("Mon+1 06:00", profile="fast", **OFFICE, idle_timeout="0")
    day.plan("Tue+1 06:30", lambda: day.wake(hours=4))
    day.live("Wed+1 06:00")

    for month in (NOVEMBER, NOVEMBER.next):
        past, status = records(day, month.start)
        past = Past(uses=past.uses, events=until_settled(past.events, month))
        args = month, past, status.meter, status.lifecycle, day.now
        each, whole = account_days(*args), month_usage(*args)
        assert sum(one.spent.load_balancer for one in each) == whole.spent.load_balancer
        total = sum(Statement(used=one, prices=PRICES).spent for one in each)
        assert abs(total - Statement(used=whole, prices=PRICES).spent) < 1e-9
        assert sum((one.awake for one in each), timedelta(0)) == whole.awake
        assert sum(one.wakes for one in each) == whole.wakes


def test_a_month_that_is_over_is_kept_as_the_ledger_has_it():
    """Also while it goes on being awake, and again when the status is lost."""
    day = days("Mon+1 06:00", profile="fast", **OFFICE, idle_timeout="0")
    day.plan("Tue+1 06:30", lambda: day.wake(hours=4))
    day.live("Wed+1 06:00")

    def november():
        status = Status.from_json(day.status)
        months = last_months(status.meter, status.lifecycle, PRICES, day.now)
        assert [one.used.month for one in months] == [NOVEMBER, NOVEMBER.next]
        return months[0]

    truth = ledger(day, NOVEMBER)
    kept = november()
    assert abs(kept.spent - truth.spent) < 1e-2 * float(truth.spent)
    assert abs(kept.always_on - truth.always_on) < 1e-9
    lose_status(day)
    day.live("Wed+1 06:02")
    assert abs(november().spent - truth.spent) < 1e-9


def test_months_in_which_no_pass_ran_are_reported_all_the_same():
    """Asleep without office hours, nothing is due: those who look close the months themselves."""
    day = days("Sat 06:00", profile="fast")
    day.live("Sat 06:30")
    status = Status.from_json(day.status)
    later = day.now + timedelta(days=100)

    months = last_months(status.meter, status.lifecycle, PRICES, later)
    found = [str(one.used.month) for one in months]
    assert found == ["2026-11", "2026-12", "2027-01", "2027-02", "2027-03"]
    assert [float(one.spent) for one in months[1:3]] == [3.72, 3.72]  # its Elastic IP
    assert Month.of(later) == months[-1].used.month


def test_a_change_of_the_spec_keeps_what_is_known():
    day = days(profile="fast", **OFFICE)
    day.visit("Mon 09:04", "Mon 09:46")
    day.live("Mon 12:00")
    before = hours(day)
    day.publish(article_spec(policy={**day.spec.policy, "open_path": "/docs"}))
    day.live("Mon 12:30")

    assert hours(day).startswith(before)
