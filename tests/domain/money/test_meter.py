"""What the status keeps of a month's bill, from one thing that happens to the next."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.money.ledger import Past, month_usage, usage_now
from controller.domain.money.meter import Meter, SeenTask
from controller.domain.money.month import Month
from controller.domain.money.usage import NOTHING, BillingInterval, Tasks, UsageProfile
from factories import LB, NOON, SERVICE, article_spec, service

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOVEMBER = Month(2026, 11)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
SERVICE_ARN = "arn:aws:ecs:us-east-1:1:service/c/nsfw_api_service"
USE = UsageProfile.of(article_spec())
TWO = UsageProfile(balancers=2, elastic_ips=2)
LARGE = Tasks(count=1, cpu=1024, memory=4096, arm=True, public_ip=True)


def task(name: str, since: datetime | None, until: datetime | None = None) -> SeenTask:
    return SeenTask(arn=f"arn:{name}", created_at=NOON, since=since, until=until, tasks=LARGE)


def span(name: str, since: datetime, until: datetime) -> BillingInterval:
    return BillingInterval(
        address=SERVICE, arn=f"arn:{name}", since=since, until=until, tasks=LARGE
    )


def balancer(since: datetime, hours: float) -> BillingInterval:
    return BillingInterval(address=LB, arn=BALANCER, since=since, until=since + hours * HOUR)


# --- the month, from the status alone, is the one from the history ------------------------------


def test_each_spec_counts_for_as_long_as_it_held():
    """Published in October, changed then and twice in November."""
    uses = [
        (datetime(2026, 10, 1, tzinfo=UTC), TWO),
        (datetime(2026, 10, 20, tzinfo=UTC), USE),
        (datetime(2026, 11, 5, tzinfo=UTC), TWO),
        (datetime(2026, 11, 11, tzinfo=UTC), USE),
    ]
    meter = Meter()
    for since, use in uses:
        meter = meter.using(use, since)

    from_status = usage_now(meter, Lifecycle(), NOON)
    assert from_status == month_usage(NOVEMBER, Past(uses=uses), Meter(), Lifecycle(), NOON)
    assert from_status.spent.elastic_ip == 24 * (4 + 2 * 6) + (NOON - uses[-1][0]) / HOUR


def test_it_was_published_when_it_was_first_seen():
    meter = Meter().using(USE, NOON).using(TWO, NOON + HOUR)

    assert usage_now(meter, Lifecycle(), NOON + 3 * HOUR).start == NOON
    assert (meter.opened_at, meter.use_since) == (NOON, NOON + HOUR)


def test_wakes_and_times_awake_of_a_month_are_its_own():
    began = NOVEMBER.start
    meter = Meter().using(USE, began - DAY)
    meter = meter.woken(began - 2 * HOUR).rested(began - 2 * HOUR, began + 3 * HOUR)
    november = usage_now(meter, Lifecycle(), NOON)
    assert (november.wakes, november.awake) == (0, 3 * HOUR)

    meter = meter.woken(NOON).rested(NOON, NOON + HOUR).woken(NOON + 2 * HOUR)
    november = usage_now(meter, Lifecycle(), NOON + 2 * HOUR)
    assert (november.wakes, november.awake) == (2, 4 * HOUR)


def test_what_never_got_ready_was_not_awake():
    meter = Meter().using(USE, NOON)

    assert meter.rested(None, NOON + HOUR) == meter


def test_what_an_event_reports_is_added_to_what_was_reported_before():
    meter = Meter().using(USE, NOON - DAY).over([balancer(NOON - 5 * HOUR, 2)]).recorded(NOON)
    meter = meter.over([balancer(NOON - 2 * HOUR, 1)])
    assert meter.recorded(NOON).ended == ()

    for each in (meter, meter.recorded(NOON)):
        assert usage_now(each, Lifecycle(), NOON).spent.load_balancer == 3


def test_only_hours_since_the_publish_are_reported():
    """Its load balancer was Terraform's before."""
    meter = Meter().using(USE, NOON).over([balancer(NOON - 5 * HOUR, 7)])

    assert usage_now(
        meter.recorded(NOON + 2 * HOUR), Lifecycle(), NOON + 2 * HOUR
    ).spent == replace(NOTHING, load_balancer=Decimal(2), elastic_ip=Decimal(2))


def test_a_service_on_machines_of_ones_own_ends_and_has_cost_nothing():
    own = UsageProfile.of(article_spec(resources=(service(request={"launchType": "EC2"}),)))
    ended = BillingInterval(address=SERVICE, arn=SERVICE_ARN, since=NOON - HOUR, until=NOON)
    meter = Meter().using(own, NOON - DAY).over([ended]).recorded(NOON)

    assert usage_now(meter, Lifecycle(), NOON).spent == NOTHING


# --- what stands, and the tasks of services ------------------------------------------------------


def test_what_exists_is_reported_as_if_it_ended_now():
    """Its tasks are those that it has more than while asleep; AWS's clock may be ahead of ours."""
    both = service(request={"desiredCount": 3}, asleep={"desiredCount": 1})
    meter = Meter(use=UsageProfile.of(article_spec(resources=(both,))))
    standing = (
        BilledResource(address=LB, arn=BALANCER, since=NOON + MINUTE),
        BilledResource(address=SERVICE, arn=SERVICE_ARN, since=NOON - HOUR),
    )

    two = Tasks(count=2, public_ip=True)
    assert meter.open_spans(standing, NOON) == [
        BillingInterval(address=LB, arn=BALANCER, since=NOON, until=NOON),
        BillingInterval(address=SERVICE, arn=SERVICE_ARN, since=NOON - HOUR, until=NOON, tasks=two),
    ]


def test_tasks_that_aws_replaced_are_counted_once_and_those_that_run_not_yet():
    stopped, ran = task("1", NOON, NOON + HOUR), task("2", NOON + HOUR)
    unborn = task("3", None, NOON + HOUR)
    at = NOON + 2 * HOUR
    meter = Meter().replaced(SERVICE, [stopped, ran, unborn], at)
    assert meter.ended == (span("1", NOON, NOON + HOUR),)
    assert meter.read_at == at

    again = meter.replaced(SERVICE, [stopped, replace(ran, until=at)], at + HOUR)
    assert again.ended == (*meter.ended, span("2", NOON + HOUR, at))
    assert again.read_at == at + HOUR
    assert again.replaced(SERVICE, [stopped], at + HOUR).ended == again.ended


def test_a_service_that_stands_counts_without_the_tasks_that_have_a_span():
    two = UsageProfile.of(article_spec(resources=(service(request={"desiredCount": 2}),)))
    stood = BilledResource(address=SERVICE, arn=SERVICE_ARN, since=NOON - HOUR)
    stopped = [task("1", NOON, NOON + HOUR), task("2", NOON, NOON + HOUR)]
    at = NOON + 3 * HOUR
    meter = Meter(use=two).replaced(SERVICE, stopped[:1], at).replaced(SERVICE, stopped, at)

    for kept in (meter, Meter.from_json(json.loads(json.dumps(meter.to_json())))):
        (open_,) = kept.open_spans([stood], at)
        assert open_.since == NOON  # 2 x 4 hours, of which 2 x 1 have spans of their own
    later = replace(stood, since=NOON + 2 * HOUR)
    assert meter.open_spans([later], at)[0].since == later.since  # of another service
    assert meter.at_rest().open_spans([stood], at)[0].since == stood.since


def test_a_service_whose_tasks_were_never_read_gives_way_to_those_reported_now():
    gone = BillingInterval(address=SERVICE, arn=SERVICE_ARN, since=NOON, until=NOON + HOUR)
    kept = balancer(NOON, 1)
    meter = Meter(ended=(kept, gone)).settled(gone, [task("1", NOON + MINUTE)])

    assert meter.ended == (kept, span("1", NOON + MINUTE, NOON + HOUR))


def test_a_settled_service_is_forgotten_and_others_are_not():
    """And a task that was counted when AWS replaced it is not counted again."""
    gone = BillingInterval(address=SERVICE, arn=SERVICE_ARN, since=NOON, until=NOON + HOUR)
    one, two = task("1", NOON, NOON + MINUTE), task("2", NOON + MINUTE)
    meter = Meter().replaced(SERVICE, [one], NOON + MINUTE).over([gone])
    meter = meter.saw(SERVICE, [one, two]).saw("aws_ecs_service.other", [one])
    meter = meter.settled(gone, [])

    assert meter.ended == (
        span("1", NOON, NOON + MINUTE),
        span("2", NOON + MINUTE, NOON + HOUR),
    )
    assert meter.seen == {"aws_ecs_service.other": (one,)}


def test_at_count_0_nothing_is_remembered_of_its_tasks():
    meter = Meter().using(USE, NOON)
    busy = meter.saw(SERVICE, [task("1", NOON)])
    busy = replace(busy, counted=frozenset({"arn:0"}), read_at=NOON)

    assert busy.at_rest() == meter


def test_all_of_it_is_kept_as_json():
    meter = Meter().using(TWO, NOON - DAY).using(USE, NOON).woken(NOON).rested(NOON, NOON + HOUR)
    meter = meter.over([balancer(NOON, 2)]).recorded(NOON + 2 * HOUR).over([span("1", NOON, NOON)])
    meter = meter.saw(SERVICE, [task("2", NOON, NOON + HOUR), task("3", None)])
    meter = replace(meter, counted=frozenset({"arn:b", "arn:a"}), read_at=NOON)

    assert NOTHING not in (meter.tally.used, meter.tally.always, meter.tally.rest)
    assert Meter.from_json(json.loads(json.dumps(meter.to_json()))) == meter
    assert Meter.from_json({}) == Meter()


def test_a_task_that_is_still_stopping_is_looked_for_again():
    """ECS says that it stops one when it begins to: what it used is known when it has ended."""
    before = Meter().replaced(SERVICE, [], NOON)
    stopping = replace(task("new", NOON), leaving=True)
    looked = before.replaced(SERVICE, [stopping], NOON + HOUR)
    assert looked.read_at == before.read_at
    assert looked.ended == ()

    ended = replace(stopping, until=NOON + 2 * HOUR, leaving=False)
    done = looked.replaced(SERVICE, [ended], NOON + 3 * HOUR)
    assert done.read_at == NOON + 3 * HOUR
    assert [span.arn for span in done.ended] == [stopping.arn]
