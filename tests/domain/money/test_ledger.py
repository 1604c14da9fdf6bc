"""From recorded transitions to the account of a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from controller.domain.decision.history import Event, EventKind
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.money.controller_cost import controller_cost, controller_parts
from controller.domain.money.ledger import (
    Past,
    Statement,
    cost,
    month_usage,
    until_settled,
    usage_now,
)
from controller.domain.money.meter import Meter, SeenTask
from controller.domain.money.month import Month
from controller.domain.money.past_again import meter_again, standing_again
from controller.domain.money.prices import TABLE, find_prices, origin
from controller.domain.money.usage import Amounts, BillingInterval, Interval, Tasks, UsageProfile
from controller.domain.timestamps import format_timestamp
from factories import LB, SERVICE, article_spec

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOVEMBER = Month(2026, 11)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
USE = UsageProfile.of(article_spec())
PRICES = TABLE["us-east-1"]
ONE_HOUR = Interval(NOW, NOW + HOUR)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
SERVICE_ARN = "arn:aws:ecs:us-east-1:1:service/c/nsfw_api_service"


def span(
    day: int, hours: float, arn: str = BALANCER, tasks: Tasks | None = None
) -> BillingInterval:
    since = datetime(2026, 11, day, 9, tzinfo=UTC)
    return BillingInterval(
        address=LB, arn=arn, since=since, until=since + hours * HOUR, tasks=tasks
    )


def asleep(*spans: BillingInterval) -> Event:
    facts = {"spans": [each.to_json() for each in spans]}
    return event(EventKind.ASLEEP, spans[-1].until, **facts)


def event(kind: EventKind, at: datetime, **facts) -> Event:
    return Event(stack="nsfw-api", at=at, kind=kind, reason="", facts=facts)


def account(
    *events: Event, opened=datetime(2026, 10, 1, tzinfo=UTC), now=NOW, **parts
) -> Statement:
    past = Past(uses=[(opened, USE)], events=events)
    used = month_usage(NOVEMBER, past, parts.get("meter", Meter()), Lifecycle(), now)
    return Statement(used=used, prices=PRICES)


@pytest.mark.parametrize("reported", [(1, 2.5), (2.5, 1)])
def test_a_span_that_two_events_report_counts_once(reported):
    """With its later end: one took it for gone too early."""
    twice = account(*(asleep(span(3, hours)) for hours in reported))

    assert twice.used.spent.load_balancer == 3


def test_a_service_of_an_earlier_record_counts_by_the_spec_of_its_time():
    """Of what stood before the first spec that is known, that one tells."""
    uses = [
        (
            datetime(2026, 11, day, 9, tzinfo=UTC),
            UsageProfile(tasks={LB: Tasks(count=count, cpu=1024)}),
        )
        for day, count in ((5, 1), (10, 2), (15, 4))
    ]

    def vcpu_hours(day: int) -> Decimal:
        past = Past(uses=uses, events=[asleep(span(day, 1, SERVICE_ARN))])
        return meter_again(past, NOW).tally.used.vcpu

    opened = event(EventKind.WAKING, NOVEMBER.start)
    early = Past(uses=uses, events=[opened, asleep(span(3, 1, SERVICE_ARN))])
    assert meter_again(early, NOW).tally.used.vcpu == 1
    assert [vcpu_hours(day) for day in (5, 9, 10, 15, 16)] == [1, 1, 2, 4, 4]


def test_wakes_are_counted_in_the_month_in_which_it_was_ready():
    wakes = [event(EventKind.AWAKE, at) for at in (NOVEMBER.start, NOVEMBER.end - MINUTE)]
    next_month = event(EventKind.AWAKE, NOVEMBER.end)

    assert account(*wakes, next_month, now=NOVEMBER.end + HOUR).used.wakes == 2


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
    used = month_usage(NOVEMBER, Past(), Meter(), Lifecycle(), NOW)

    assert Statement(used=used, prices=PRICES).saved == 0
    assert usage_now(Meter(), Lifecycle(), NOW) is None


def test_times_awake_are_those_in_which_it_could_be_used():
    ready_at = NOVEMBER.start - HOUR
    ended = event(
        EventKind.SLEEPING, NOVEMBER.start + 2 * HOUR, ready_at=format_timestamp(ready_at)
    )

    assert account(ended).awake_hours == 2


def test_events_are_read_until_nothing_of_the_month_can_follow():
    events = [asleep(span(3, 1)), asleep(span(30, 20)), asleep(span(30, 30)), asleep(span(30, 40))]

    assert until_settled(events, NOVEMBER) == events[:2]
    at_its_end = asleep(replace(span(30, 1), until=NOVEMBER.end))
    assert until_settled([at_its_end, *events], NOVEMBER) == [at_its_end]


def test_what_stands_counts_up_to_now_and_what_ended_untold():
    meter = Meter(opened_at=NOVEMBER.start, ended=(span(19, 1),)).using(USE, NOVEMBER.start)
    since = NOW - 90 * MINUTE
    standing = (
        BilledResource(address=LB, arn=f"{BALANCER}2", since=since),
        BilledResource(address=SERVICE, arn=SERVICE_ARN, since=since),
    )
    used = usage_now(meter, Lifecycle(ready_at=since, billed=standing), NOW)

    assert used.spent.load_balancer == 3
    assert used.spent.vcpu == Decimal("1.5") / 4
    assert used.awake == 90 * MINUTE
    past = Past(uses=[(NOVEMBER.start, USE)])
    lifecycle = Lifecycle(ready_at=since, billed=standing)
    assert month_usage(NOVEMBER, past, meter, lifecycle, NOW) == used


def test_a_new_month_begins_with_nothing():
    meter = Meter(opened_at=NOVEMBER.start, ended=(span(19, 5),)).using(USE, NOVEMBER.start)
    meter = meter.recorded(NOW).woken(NOW)
    december = usage_now(meter, Lifecycle(), NOVEMBER.end + HOUR)

    assert usage_now(meter, Lifecycle(), NOW).spent.load_balancer == 5
    assert (december.spent.load_balancer, december.wakes) == (0, 0)
    assert december.always == USE.always_on(ONE_HOUR)


def test_a_lost_meter_is_made_again():
    ready = {"ready_at": format_timestamp(NOW - 3 * HOUR)}
    events = [
        event(EventKind.AWAKE, NOW - 3 * HOUR),
        event(EventKind.SLEEPING, NOW - HOUR, **ready),
        asleep(span(19, 2)),
    ]
    uses = [
        (NOVEMBER.start, replace(USE, balancers=2)),
        (NOW - 30 * HOUR, replace(USE, balancers=3)),
        (NOW - 10 * HOUR, USE),
    ]
    past = Past(uses=uses, events=events)

    again = meter_again(past, NOW)
    assert again.use == USE
    expected = month_usage(NOVEMBER, past, Meter(), Lifecycle(), NOW)
    assert usage_now(again, Lifecycle(), NOW) == expected
    assert (expected.wakes, expected.awake) == (1, 2 * HOUR)


def test_what_stood_is_known_from_the_last_event_that_says_so():
    """Those of an earlier release say nothing."""
    balancer = BilledResource(address=LB, arn=BALANCER, since=NOW - 3 * HOUR)
    awake = event(EventKind.AWAKE, NOW - 3 * HOUR, stands=[balancer.to_json()])
    old = event(EventKind.SLEEPING, NOW - HOUR)
    over = event(EventKind.ASLEEP, NOW, spans=[], stands=[])

    assert standing_again([awake, old]) == (balancer,)
    assert standing_again([awake, old, over]) == ()
    assert standing_again([old]) == ()


def test_reported_tasks_are_remembered_until_the_stack_has_slept():
    task = span(19, 2, "arn:aws:ecs:us-east-1:1:task/c/1", Tasks())
    reported = event(EventKind.REPLACED, NOW - HOUR, spans=[task.to_json(), span(19, 1).to_json()])
    past = Past(uses=[(NOVEMBER.start, USE)], events=[reported])

    assert meter_again(past, NOW).counted == {task.arn}
    assert meter_again(replace(past, events=[reported, asleep(span(19, 3))]), NOW).counted == set()


def test_a_lost_meter_is_rebuilt_from_events_where_the_history_has_no_specs():
    """What the stack would use always on is not known, so no saving is told."""
    stood = span(19, 2)
    again = meter_again(Past(events=[event(EventKind.AWAKE, stood.since), asleep(stood)]), NOW)

    assert (again.tally.used.load_balancer, again.tally.wakes) == (2, 1)
    assert usage_now(again, Lifecycle(), NOW + HOUR) is None
    assert meter_again(Past(), NOW) == Meter()


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
        use, prices = UsageProfile.of(article_spec(region=region)), find_prices(region)
        assert round(730 * float(cost(use.always_on(ONE_HOUR), prices)), 1) == always
        assert 730 * cost(use.at_rest(ONE_HOUR), prices) == Decimal("3.65")


def test_prices_of_another_region_are_never_passed_off_as_its_own():
    assert origin(find_prices("ap-northeast-1"), "ap-northeast-1") == "prices of 2026-09"
    said = origin(find_prices("eu-west-1"), "eu-west-1")
    assert said.startswith("prices of 2026-09 in us-east-1: those of eu-west-1 are not known")


def test_the_controller_costs_cents_and_says_what_the_allowance_hides():
    parts = controller_parts(730 * HOUR, awake=220 * HOUR, wakes=44)
    free = {part.what for part in parts if part.free and not part.cost}

    assert free == {"schedule", "function calls", "function GB-s"}
    assert Decimal("0.01") < controller_cost(parts) < Decimal("0.1")
    assert controller_cost(parts) < sum(part.without_allowance for part in parts) < Decimal("0.3")


# --- as people and programs are told ------------------------------------------------------------


def line(item: str, what: str, hours: float, price: float, cost: float, always_on: float) -> dict:
    said = {"item": item, "what": what, "hours": hours, "price": price}
    return {**said, "cost": cost, "always_on": always_on}


def test_a_statement_is_listed_by_its_parts():
    """A day in us-east-1 with one and a half hours awake; the prices are AWS behaviour §7.1."""
    small = Tasks(public_ip=True)
    stood = span(19, 1.5), span(19, 1.5, "arn:aws:ecs:task/c/1", small)
    ready_at = format_timestamp(stood[0].since + 20 * MINUTE)
    slept = event(EventKind.SLEEPING, stood[0].until, ready_at=ready_at)
    woke = event(EventKind.AWAKE, stood[0].since)
    reported = account(woke, slept, asleep(*stood), opened=NOW - 24 * HOUR).to_json()

    assert reported.pop("lines") == [
        line("load_balancer", "load balancer, started hours", 2, 0.0225, 0.045, 0.54),
        line("vcpu", "Fargate vCPU", 0.375, 0.04048, 0.0152, 0.2429),
        line("gigabyte", "Fargate memory, GB", 0.75, 0.004445, 0.0033, 0.0533),
        line("task_address", "public address of the tasks", 1.5, 0.005, 0.0075, 0.12),
        line("elastic_ip", "Elastic IP", 24, 0.005, 0.12, 0.12),
    ]
    assert reported == {
        "month": "2026-11",
        "currency": "USD",
        "from": "2026-11-19T00:00:00Z",
        "to": "2026-11-20T00:00:00Z",
        "awake_hours": 1.17,
        "spent": 0.191,
        "always_on": 1.0762,
        "saved": 0.8852,
        "elastic_ip": 0.12,
        "wakes": 1,
        "prices": "us-east-1, 2026-09",
    }


def test_what_was_used_and_would_not_be_always_on_has_a_line():
    """A service that the spec of today does not name."""
    arm = span(3, 2, "arn:aws:ecs:task/c/1", Tasks(arm=True))

    lines = {
        line["item"]: (line["cost"], line["always_on"]) for line in account(asleep(arm)).lines()
    }
    assert lines["vcpu_arm"] == (0.0162, 0)
    assert lines["gigabyte_arm"] == (0.0036, 0)


def test_cents_add_up_even_where_each_would_be_rounded_otherwise():
    used = replace(
        account().used,
        spent=Amounts(elastic_ip=Decimal("38.8")),  # 0.194 USD
        always=Amounts(elastic_ip=Decimal("215.2")),  # 1.076: 0.882 more
    )
    cents = Statement(used=used, prices=PRICES).in_cents()

    assert [str(each) for each in cents] == ["0.19", "1.08", "0.89"]
