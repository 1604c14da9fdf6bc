from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.decision.desired import decide
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.decision.office_hours import Rules, Stop
from controller.domain.money.budget import Spending, make_budget, next_edge, stop_of
from controller.domain.money.meter import Meter
from controller.domain.money.usage import Interval, UsageProfile
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy
from factories import LB, SERVICE, article_spec

SPEC = article_spec()
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BALANCER = "arn:aws:elasticloadbalancing:::loadbalancer/net/a/1"
TASKS = "arn:aws:ecs:::service/a/b"
METER = Meter().using(UsageProfile.of(SPEC), START)
"""Published with the month: by noon of the 23rd its address has cost 2.70 $."""


def up(since: datetime) -> Lifecycle:
    billed = (
        BilledResource(address=LB, arn=BALANCER, since=since),
        BilledResource(address=SERVICE, arn=TASKS, since=since),
    )
    return Lifecycle(waking_since=since, ready_at=since, billed=billed)


def rules(limit: float | None, *, stops: bool = False, hours: bool = True) -> Rules:
    policy = {
        "monthly_budget": limit,
        "budget_stops": stops,
        "office_hours": ["Mon-Fri 09:00-18:00"] if hours else [],
        "idle_timeout": "0",
        "finish_paid_hour": False,
    }
    return Rules.of(parse_policy(policy))


def budget(limit: float | None, lifecycle: Lifecycle | None = None, now=NOW, **more):
    of = rules(limit, **more)
    return make_budget(SPEC, of, (), None, lifecycle or Lifecycle(), METER, now)


def test_there_is_none_without_a_limit_or_before_a_pass():
    assert budget(None) is None
    assert make_budget(SPEC, rules(5), (), None, Lifecycle(), Meter(), NOW) is None


def test_what_is_spent_is_the_ledgers_and_what_is_to_come_is_that_of_the_openings():
    asleep = budget(100, hours=False)
    assert asleep.spent == Decimal("0.005") * 540
    assert asleep.expected == Decimal("0.005") * 720
    assert asleep.used_up_at is None and not asleep.is_near

    # Monday the 23rd, from noon: 6 hours; four days more of 9; then Monday the 30th.
    open_hours = 6 + 4 * 9 + 9
    opened = budget(100)
    assert float(opened.expected - asleep.expected) == pytest.approx(open_hours * 0.03984, 1e-3)


def test_it_says_on_which_day_it_will_be_used_up():
    found = budget(4.1)
    assert found.used_up_at.date().isoformat() == "2026-11-26"
    assert 9 <= found.used_up_at.hour < 18
    assert budget(4.0, hours=False).used_up_at is None


@pytest.mark.parametrize(
    ("limit", "near", "used_up"), [(5, False, False), (3, True, False), (2.7, True, True)]
)
def test_near_is_from_eighty_percent_on(limit, near, used_up):
    found = budget(limit, hours=False)
    assert (found.is_near, found.is_used_up) == (near, used_up)


def test_in_json_it_has_these_fields():
    assert budget(2.5, stops=True).to_json() == {
        "month": "2026-11",
        "currency": "USD",
        "limit": 2.5,
        "spent": 2.7,
        "expected": pytest.approx(5.63, abs=0.01),
        "used_up": True,
        "used_up_at": "2026-11-23T12:00:00Z",
        "resets_at": "2026-12-01T00:00:00Z",
        "stops": True,
    }


def test_what_stands_now_is_not_counted_twice():
    """Half an hour up: its first hour of the load balancer is paid, and in what is spent."""
    lifecycle = up(NOW - HOUR / 2)
    spending = Spending(SPEC, lifecycle, METER, NOW)
    stay = (Interval(NOW, NOW + 10 * HOUR),)
    before, later = spending.by(NOW, stay), spending.by(NOW + HOUR / 4, stay)
    tasks = (Decimal("0.04048") / 4 + Decimal("0.004445") / 2 + Decimal("0.005")) / 4
    assert later - before == tasks + Decimal("0.005") / 4
    assert spending.by(NOW + HOUR * 3 / 4, stay) - later > Decimal("0.0225")


# what it stops


def test_office_hours_end_with_it_where_that_is_wanted():
    lifecycle, of = up(NOW - HOUR), rules(2.78, stops=True)
    stop = stop_of(SPEC, of.policy, lifecycle, METER, NOW)
    assert NOW < stop.start < NOW + HOUR and stop.end == datetime(2026, 12, 1, tzinfo=UTC)
    of = of.with_stop(stop)
    before = decide(of, (), None, lifecycle, NOW)
    assert (before.reason, before.until) == ("office hours", stop.start)
    assert stop.start.second == 0
    after = decide(of, (), None, lifecycle, stop.start)
    assert (after.state, after.reason) == (
        Target.ASLEEP,
        "the budget of 2.78 $ for 2026-11 is used up",
    )
    asleep = decide(of, (), None, Lifecycle(), stop.start)
    assert (asleep.state, asleep.until) == (Target.ASLEEP, datetime(2026, 12, 1, 9, tzinfo=UTC))


def test_without_budget_stops_office_hours_go_on():
    assert stop_of(SPEC, rules(1).policy, up(NOW - HOUR), METER, NOW) is None


def test_used_up_already_no_window_of_the_month_counts():
    stop = stop_of(SPEC, rules(1, stops=True).policy, up(NOW - HOUR), METER, NOW)
    assert stop.start == START
    of = rules(1, stops=True).with_stop(stop)
    decision = decide(of, (), None, up(NOW - HOUR), NOW)
    assert (decision.state, decision.reason) == (Target.ASLEEP, stop.reason)


def test_a_stack_that_is_asleep_is_not_woken_for_the_last_minutes_of_its_money():
    """Asleep with 0.01 $ left: office hours would have it up for minutes, again and again."""
    of = rules(2.71, stops=True)
    stop = stop_of(SPEC, of.policy, Lifecycle(), METER, NOW)
    assert stop.start == START
    assert decide(of.with_stop(stop), (), None, Lifecycle(), NOW).state is Target.ASLEEP
    assert stop_of(SPEC, rules(9, stops=True).policy, Lifecycle(), METER, NOW) is None


def test_a_new_month_begins_in_the_middle_of_office_hours():
    policy = parse_policy({"office_hours": ["daily 00:00-24:00"], "idle_timeout": "0"})
    stop = Stop(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), "used up")
    of = Rules.of(policy).with_stop(stop)
    decision = decide(of, (), None, Lifecycle(), NOW)
    assert (decision.state, decision.until) == (Target.ASLEEP, stop.end)
    assert decide(of, (), None, Lifecycle(), stop.end).state is Target.AWAKE


def test_a_pass_is_due_when_people_are_to_be_notified():
    lifecycle = up(NOW - HOUR)
    at = next_edge(SPEC, rules(3.5).policy, lifecycle, METER, NOW)
    spent = Spending(SPEC, lifecycle, METER, NOW).by(at, (Interval(NOW, at + HOUR),))
    assert spent >= Decimal("2.8") and at > NOW
    assert next_edge(SPEC, rules(100).policy, Lifecycle(), METER, NOW) is None
    assert next_edge(SPEC, rules(1).policy, lifecycle, METER, NOW) is None


# properties

moments = st.integers(0, 7 * 24 * 60).map(lambda minute: NOW + timedelta(minutes=minute))


@given(st.decimals("2.5", "9", places=2), st.booleans(), moments, moments)
def test_money_only_grows_and_reaches_a_limit_at_one_moment(limit, is_up, one, other):
    lifecycle = up(NOW - HOUR) if is_up else Lifecycle()
    spending = Spending(SPEC, lifecycle, METER, NOW)
    stays = (Interval(NOW, NOW + 30 * HOUR), Interval(NOW + 40 * HOUR, NOW + 50 * HOUR))
    first, last = min(one, other), max(one, other)
    assert spending.by(first, stays) <= spending.by(last, stays)
    at = spending.reaches(limit, stays)
    if at is None:
        assert spending.by(datetime(2026, 12, 1, tzinfo=UTC), stays) < limit
    else:
        assert spending.by(at, stays) >= limit
        assert at == NOW or spending.by(at - timedelta(minutes=3), stays) < limit


@given(st.decimals("2.71", "4", places=2), st.integers(0, 300))
def test_the_moment_of_the_stop_does_not_depend_on_when_it_is_computed(limit, minutes):
    """As long as it stands as it does, and the limit is ahead."""
    lifecycle, policy = up(NOW - HOUR), rules(float(limit), stops=True).policy
    stop = stop_of(SPEC, policy, lifecycle, METER, NOW)
    later = NOW + timedelta(minutes=minutes)
    if stop is None or stop.start <= later or stop.start == START:
        return
    again = stop_of(SPEC, policy, lifecycle, METER, later)
    assert abs(again.start - stop.start) <= timedelta(minutes=2)


@given(moments, moments, moments)
def test_nothing_is_open_in_the_time_of_a_stop_and_all_is_outside_of_it(start, end, moment):
    if start >= end:
        return
    of = rules(5)
    stopped = of.with_stop(Stop(start, end, "used up"))
    last = NOW + timedelta(days=9)
    is_open = any(moment in window for window in of.hours(NOW, last))
    assert any(moment in window for window in stopped.hours(NOW, last)) == (
        is_open and not start <= moment < end
    )
    assert replace(stopped, stop=None) == of
