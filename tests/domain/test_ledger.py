"""From recorded transitions to the account of a month."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from controller.domain.history import Event, EventKind
from controller.domain.ledger import (
    Account,
    Past,
    account_month,
    account_now,
    cost,
    meter_again,
    until_settled,
)
from controller.domain.marks import Marks, Standing
from controller.domain.meter import Meter, SeenTask
from controller.domain.moments import format_moment
from controller.domain.month import Month
from controller.domain.prices import TABLE, find_prices, origin
from controller.domain.upkeep import upkeep, upkeep_cost
from controller.domain.usage import Span, Tasks, Use, Window
from factories import LB, SERVICE, article_spec

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOVEMBER = Month(2026, 11)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
USE = Use.of(article_spec())
PRICES = TABLE["us-east-1"]
ONE_HOUR = Window(NOW, NOW + HOUR)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
SERVICE_ARN = "arn:aws:ecs:us-east-1:1:service/c/nsfw_api_service"


def span(day: int, hours: float, arn: str = BALANCER, tasks: Tasks | None = None) -> Span:
    since = datetime(2026, 11, day, 9, tzinfo=UTC)
    return Span(address=LB, arn=arn, since=since, until=since + hours * HOUR, tasks=tasks)


def asleep(*spans: Span) -> Event:
    facts = {"spans": [each.to_json() for each in spans]}
    return event(EventKind.ASLEEP, spans[-1].until, **facts)


def event(kind: EventKind, at: datetime, **facts) -> Event:
    return Event(stack="nsfw-api", at=at, kind=kind, reason="", facts=facts)


def account(*events: Event, opened=datetime(2026, 10, 1, tzinfo=UTC), now=NOW, **parts) -> Account:
    past = Past(uses=[(opened, USE)], events=events)
    used = account_month(NOVEMBER, past, parts.get("meter", Meter()), Marks(), now)
    return Account(used=used, prices=PRICES)


def test_a_span_that_two_events_tell_of_counts_once():
    """With its later end: the first one took it for gone too early."""
    twice = account(asleep(span(3, 1)), asleep(span(3, 2.5)))

    assert twice.used.spent.load_balancer == 3


def test_nothing_is_saved_before_it_was_published():
    late = account(opened=NOW - HOUR)
    early = account()

    assert late.used.start == NOW - HOUR
    assert late.saved == PRICES.load_balancer + cost(USE.always_on(ONE_HOUR), PRICES) - (
        PRICES.load_balancer + PRICES.address
    )
    assert early.used.start == NOVEMBER.start
    assert early.saved == late.saved * 19 * 24


def test_an_account_without_history_claims_nothing():
    used = account_month(NOVEMBER, Past(), Meter(), Marks(), NOW)

    assert Account(used=used, prices=PRICES).saved == 0
    assert account_now(Meter(), Marks(), NOW) is None


def test_times_awake_are_those_in_which_it_could_be_used():
    ready_at = NOVEMBER.start - HOUR
    ended = event(EventKind.SLEEPING, NOVEMBER.start + 2 * HOUR, ready_at=format_moment(ready_at))

    assert account(ended).awake_hours == 2


def test_events_are_read_until_nothing_of_the_month_can_follow():
    events = [asleep(span(3, 1)), asleep(span(30, 20)), asleep(span(30, 30)), asleep(span(30, 40))]

    assert until_settled(events, NOVEMBER) == events[:2]


def test_what_stands_counts_up_to_now_and_what_ended_untold():
    meter = Meter(opened_at=NOVEMBER.start, ended=(span(19, 1),)).using(USE, NOVEMBER.start)
    since = NOW - 90 * MINUTE
    standing = (
        Standing(address=LB, arn=f"{BALANCER}2", since=since),
        Standing(address=SERVICE, arn=SERVICE_ARN, since=since),
    )
    used = account_now(meter, Marks(ready_at=since, standing=standing), NOW)

    assert used.spent.load_balancer == 3
    assert used.spent.vcpu == Decimal("1.5") / 4
    assert used.awake == 90 * MINUTE
    past = Past(uses=[(NOVEMBER.start, USE)])
    marks = Marks(ready_at=since, standing=standing)
    assert account_month(NOVEMBER, past, meter, marks, NOW) == used


def test_a_new_month_begins_with_nothing():
    meter = Meter(opened_at=NOVEMBER.start, ended=(span(19, 5),)).using(USE, NOVEMBER.start)
    meter = meter.told(NOW).woken(NOW)
    december = account_now(meter, Marks(), NOVEMBER.end + HOUR)

    assert account_now(meter, Marks(), NOW).spent.load_balancer == 5
    assert (december.spent.load_balancer, december.wakes) == (0, 0)
    assert december.always == USE.always_on(ONE_HOUR)


def test_a_lost_meter_is_made_again():
    ready = {"ready_at": format_moment(NOW - 3 * HOUR)}
    events = [
        event(EventKind.AWAKE, NOW - 3 * HOUR),
        event(EventKind.SLEEPING, NOW - HOUR, **ready),
        asleep(span(19, 2)),
    ]
    small = replace(USE, balancers=2)
    past = Past(uses=[(NOVEMBER.start, small), (NOW - 10 * HOUR, USE)], events=events)

    again = meter_again(past, NOW)
    assert again.use == USE
    expected = account_month(NOVEMBER, past, Meter(), Marks(), NOW)
    assert account_now(again, Marks(), NOW) == expected
    assert (expected.wakes, expected.awake) == (1, 2 * HOUR)


def test_a_meter_is_kept_as_json():
    task = SeenTask(arn="arn:t", created_at=NOW, since=NOW, until=None, tasks=Tasks())
    meter = Meter(ended=(span(3, 1),)).using(USE, NOVEMBER.start).woken(NOW)
    meter = meter.saw(SERVICE, [task]).replaced(SERVICE, [replace(task, until=NOW)], NOW)

    assert Meter.from_json(json.loads(json.dumps(meter.to_json()))) == meter
    assert Meter.from_json({}) == Meter()


def test_a_service_gives_way_to_its_tasks():
    """One that had no image yet cost nothing; one that AWS has forgotten ended with the service."""
    gone = span(3, 2, SERVICE_ARN)
    tasks = [
        SeenTask(arn=f"arn:{n}", created_at=gone.since, since=since, until=None, tasks=Tasks())
        for n, since in enumerate((gone.since + MINUTE, gone.since + HOUR, None))
    ]
    stopped = replace(tasks[0], until=gone.since + HOUR)
    meter = Meter(ended=(gone,)).saw(LB, tasks).settled(gone, [stopped])

    assert [(each.since, each.until) for each in meter.ended] == [
        (gone.since + MINUTE, gone.since + HOUR),
        (gone.since + HOUR, gone.until),
    ]
    assert meter.seen == {}


def test_the_article_stack_costs_what_the_fact_sheet_says():
    """AWS behaviour §7.2: 32.7 USD always on in us-east-1, 36.3 in Tokyo; 3.65 asleep."""
    for region, always in (("us-east-1", 32.7), ("ap-northeast-1", 36.3)):
        use, prices = Use.of(article_spec(region=region)), find_prices(region)
        assert round(730 * float(cost(use.always_on(ONE_HOUR), prices)), 1) == always
        assert 730 * cost(use.at_rest(ONE_HOUR), prices) == Decimal("3.65")


def test_prices_of_another_region_are_never_passed_off_as_its_own():
    assert origin(find_prices("ap-northeast-1"), "ap-northeast-1") == "prices of 2026-09"
    said = origin(find_prices("eu-west-1"), "eu-west-1")
    assert said.startswith("prices of 2026-09 in us-east-1: those of eu-west-1 are not known")


def test_the_controller_costs_cents_and_says_what_the_allowance_hides():
    parts = upkeep(730 * HOUR, awake=220 * HOUR, wakes=44)
    free = {part.what for part in parts if part.free and not part.cost}

    assert free == {"schedule", "function calls", "function GB-s"}
    assert Decimal("0.01") < upkeep_cost(parts) < Decimal("0.1")
    assert upkeep_cost(parts) < sum(part.without_allowance for part in parts) < Decimal("0.3")
