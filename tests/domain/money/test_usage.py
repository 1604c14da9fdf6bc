"""What is billed, as AWS does it (AWS behaviour §7.1)."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from controller.domain.errors import TextError
from controller.domain.money.bill import hour_of
from controller.domain.money.month import Month
from controller.domain.money.usage import (
    NOTHING,
    Amounts,
    BillingInterval,
    Interval,
    Tasks,
    UsageProfile,
)
from factories import NOON, SERVICE, article_spec, load_balancer, service

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DAY = Interval(NOON - 12 * HOUR, NOON + 12 * HOUR)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/a/1"
TASK = "arn:aws:ecs:us-east-1:1:task/c/1"
SMALL = Tasks(cpu=256, memory=512, public_ip=True)


def strategy(*providers: str) -> dict:
    return {"capacityProviderStrategy": [{"capacityProvider": each} for each in providers]}


def span(arn: str, since: float, until: float, tasks: Tasks | None = None) -> BillingInterval:
    """Minutes from noon."""
    return BillingInterval(
        address="a", arn=arn, since=NOON + since * MINUTE, until=NOON + until * MINUTE, tasks=tasks
    )


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (0, 1, 1),
        (0, 0, 1),  # deleted by a clock that runs behind
        (0, -1, 1),
        (0, 60, 1),
        (0, 60.5, 2),
        (-12 * 60 - 30, -12 * 60 + 10, 0),  # its hour began the day before
        (-12 * 60 - 30, -12 * 60 + 31, 1),
        (12 * 60 - 1, 12 * 60 + 200, 1),  # the hours after midnight are tomorrow's
        (-5000, 5000, 24),
        (2000, 3000, 0),
    ],
)
def test_a_load_balancer_is_billed_by_the_hours_that_start(since, until, hours):
    assert span(BALANCER, since, until).used(DAY, UsageProfile()) == Amounts(
        load_balancer=Decimal(hours)
    )


@pytest.mark.parametrize(
    ("until", "billed", "held"), [(60, 60, 60), (0.5, 1, 0.5), (12 * 60 + 30, 720, 720)]
)
def test_a_task_is_billed_by_the_second_a_minute_at_least(until, billed, held):
    used = span(TASK, 0, until, SMALL).used(DAY, UsageProfile())

    assert float(used.vcpu) == pytest.approx(billed / 60 / 4)
    assert float(used.gigabyte) == pytest.approx(billed / 60 / 2)
    assert float(used.task_address) == pytest.approx(held / 60)


def test_a_task_on_arm_has_prices_of_its_own():
    used = span(TASK, 0, 60, Tasks(cpu=1024, memory=2048, arm=True)).used(DAY, UsageProfile())

    assert used == Amounts(vcpu_arm=Decimal(1), gigabyte_arm=Decimal(2))


def test_a_service_of_an_earlier_record_counts_by_its_spec():
    use = UsageProfile(tasks={"a": Tasks(count=2)})
    used = span("arn:aws:ecs:us-east-1:1:service/c/a", 0, 60).used(DAY, use)

    assert used == Amounts(vcpu=Decimal("0.5"), gigabyte=Decimal(1))


def test_a_spec_tells_what_it_uses():
    two = service(request={"desiredCount": 2}, size={"cpu": 512, "memory": 1024, "arm": True})
    use = UsageProfile.of(article_spec(resources=(load_balancer(), two)))

    assert (use.region, use.balancers, use.elastic_ips) == ("us-east-1", 1, 1)
    assert use.tasks == {SERVICE: Tasks(count=2, cpu=512, memory=1024, arm=True, public_ip=True)}
    assert use.at_rest(DAY) == Amounts(elastic_ip=Decimal(24))
    assert use.always_on(DAY) == Amounts(
        load_balancer=Decimal(24),
        vcpu_arm=Decimal(24),
        gigabyte_arm=Decimal(48),
        task_address=Decimal(48),
        elastic_ip=Decimal(24),
    )


PUBLIC = {"Scheme": "internet-facing"}
OWN = {"SubnetId": "subnet-a", "AllocationId": "eipalloc-a"}


@pytest.mark.parametrize(
    ("request_", "addresses"),
    [
        ({**PUBLIC, "Subnets": ["subnet-a", "subnet-b"]}, 2),
        ({"Subnets": ["subnet-a"]}, 1),  # AWS's default is public
        ({**PUBLIC, "Subnets": {"$look_up": "subnets"}}, 1),
        (
            {
                **PUBLIC,
                "SubnetMappings": [{"SubnetId": "a", "AllocationId": "e"}, {"SubnetId": "b"}],
            },
            1,
        ),
        ({**PUBLIC, "SubnetMappings": [{"SubnetId": "a", "AllocationId": "e"}]}, 0),
        ({"Scheme": "internal", "Subnets": ["subnet-a", "subnet-b"]}, 0),
    ],
)
def test_a_public_load_balancer_pays_for_the_addresses_that_aws_lends_it(request_, addresses):
    plain = load_balancer()
    spec = article_spec(resources=(replace(plain, request={"Name": "lb", **request_}),))
    use = UsageProfile.of(spec)
    assert UsageProfile.from_json(use.to_json()) == use
    awake = replace(span(BALANCER, 0, 90), address=plain.address).used(DAY, use)
    assert awake.balancer_address == Decimal("1.5") * addresses
    assert use.always_on(DAY).balancer_address == 24 * addresses
    assert use.at_rest(DAY).balancer_address == 0
    assert hour_of(spec, plain.address) == Decimal("0.0225") + addresses * Decimal("0.005")


def test_tasks_that_stay_while_asleep_are_no_saving():
    both = service(request={"desiredCount": 3}, asleep={"desiredCount": 1})
    use = UsageProfile.of(article_spec(resources=(both,)))

    assert use.at_rest(DAY).vcpu == 6
    assert use.awake_only(SERVICE).count == 2
    assert use.awake_only("aws_ecs_service.other") is None


@pytest.mark.parametrize("asleep", [3, 4])
def test_a_service_that_keeps_all_its_tasks_costs_no_more_awake(asleep):
    both = service(request={"desiredCount": 3}, asleep={"desiredCount": asleep})

    assert UsageProfile.of(article_spec(resources=(both,))).awake_only(SERVICE).count == 0


@pytest.mark.parametrize(
    ("runs_on", "fargate"),
    [
        ({"launchType": "FARGATE"}, True),
        ({"launchType": "EC2"}, False),
        ({"launchType": "EXTERNAL"}, False),
        (strategy("mine"), False),
        (strategy("FARGATE"), True),
        (strategy("mine", "FARGATE_SPOT"), True),
        ({}, True),  # as its cluster says, which is not known: it counts
    ],
)
def test_only_tasks_on_fargate_cost_by_themselves(runs_on, fargate):
    """Those on machines of one's own do not."""
    plain = service()
    request = {name: value for name, value in plain.request.items() if name != "launchType"}
    one = replace(plain, request=request | runs_on)

    assert (SERVICE in UsageProfile.of(article_spec(resources=(one,))).tasks) is fargate


def test_what_a_spec_does_not_say_is_not_assumed_to_cost_nothing():
    """One task of the smallest size; no address of its own, nor an Elastic IP."""
    balancer = replace(load_balancer(), request={"Name": "a", "Subnets": ["subnet-1"]})
    bare = replace(service(), request={"serviceName": "a", "launchType": "FARGATE"})
    use = UsageProfile.of(article_spec(resources=(balancer, bare)))

    assert (use.balancers, use.elastic_ips) == (1, 0)
    assert use.tasks == {SERVICE: Tasks(count=1, cpu=256, memory=512)}
    no_vpc = replace(bare, request={**bare.request, "networkConfiguration": {}})
    assert UsageProfile.of(article_spec(resources=(balancer, no_vpc))) == use


def test_what_is_written_down_is_read_again():
    large = Tasks(count=3, cpu=1024, memory=4096, arm=True)
    spans = [span(BALANCER, 0, 3), span(TASK, 0, 4, SMALL), span(TASK, 5, 6, large)]
    both = service(request={"desiredCount": 3}, asleep={"desiredCount": 1})
    use = UsageProfile.of(article_spec(resources=(load_balancer(), both)))
    usage = Amounts(vcpu=Decimal(1) / 3, elastic_ip=Decimal(24))

    written = json.loads(json.dumps([each.to_json() for each in spans]))
    assert [BillingInterval.from_json(each) for each in written] == spans
    assert UsageProfile.from_json(json.loads(json.dumps(use.to_json()))) == use
    again = Amounts.from_json(json.loads(json.dumps(usage.to_json())))
    assert abs(again.vcpu - usage.vcpu) < Decimal("1e-9")
    assert Amounts.from_json({}) == NOTHING


def test_what_an_earlier_version_wrote_is_read():
    """It knew no region, and no tasks while asleep."""
    old = UsageProfile(balancers=1, elastic_ips=1, tasks={SERVICE: SMALL})
    written = {name: old.to_json()[name] for name in ("balancers", "elastic_ips", "tasks")}

    assert UsageProfile.from_json(written) == old


def test_twice_as_long_uses_twice_as_much_of_everything():
    hour, two = (
        UsageProfile.of(article_spec()).always_on(Interval(NOON, NOON + n * HOUR)) for n in (1, 2)
    )

    assert hour * 2 == two
    assert hour + hour == two


@pytest.fixture
def in_tokyo(monkeypatch):
    """On a machine whose own clock is nine hours ahead."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_months_are_those_of_utc_in_every_zone():
    assert Month.of(Month(2026, 12).start - MINUTE) == Month(2026, 11)


def test_months_are_those_of_utc():
    assert Month.parse("2026-12").next == Month(2027, 1)
    assert Month.of(Month(2026, 11).end) == Month(2026, 12)
    for text in ("2026-13", "2026-1", "november", "0000-01", "2026-11-01"):
        with pytest.raises(TextError, match="is not a month"):
            Month.parse(text)
