"""What is billed, by the rules of AWS (behaviour §7.1)."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from controller.domain.errors import TextError
from controller.domain.month import Month
from controller.domain.usage import NOTHING, Span, Tasks, Usage, Use, Window
from factories import NOON, SERVICE, article_spec, load_balancer, service

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DAY = Window(NOON - 12 * HOUR, NOON + 12 * HOUR)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/a/1"
TASK = "arn:aws:ecs:us-east-1:1:task/c/1"
SMALL = Tasks(cpu=256, memory=512, public_ip=True)


def span(arn: str, since: float, until: float, tasks: Tasks | None = None) -> Span:
    """Minutes from noon."""
    return Span(
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
    assert span(BALANCER, since, until).used(DAY, Use()) == Usage(load_balancer=Decimal(hours))


@pytest.mark.parametrize(
    ("until", "billed", "held"), [(60, 60, 60), (0.5, 1, 0.5), (12 * 60 + 30, 720, 720)]
)
def test_a_task_is_billed_by_the_second_a_minute_at_least(until, billed, held):
    used = span(TASK, 0, until, SMALL).used(DAY, Use())

    assert float(used.vcpu) == pytest.approx(billed / 60 / 4)
    assert float(used.gigabyte) == pytest.approx(billed / 60 / 2)
    assert float(used.task_address) == pytest.approx(held / 60)


def test_a_task_on_arm_has_prices_of_its_own():
    used = span(TASK, 0, 60, Tasks(cpu=1024, memory=2048, arm=True)).used(DAY, Use())

    assert used == Usage(vcpu_arm=Decimal(1), gigabyte_arm=Decimal(2))


def test_a_service_of_an_earlier_record_counts_by_its_spec():
    use = Use(tasks={"a": Tasks(count=2)})
    used = span("arn:aws:ecs:us-east-1:1:service/c/a", 0, 60).used(DAY, use)

    assert used == Usage(vcpu=Decimal("0.5"), gigabyte=Decimal(1))


def test_a_spec_tells_what_it_uses():
    two = service(request={"desiredCount": 2}, size={"cpu": 512, "memory": 1024, "arm": True})
    use = Use.of(article_spec(resources=(load_balancer(), two)))

    assert (use.region, use.balancers, use.elastic_ips) == ("us-east-1", 1, 1)
    assert use.tasks == {SERVICE: Tasks(count=2, cpu=512, memory=1024, arm=True, public_ip=True)}
    assert use.at_rest(DAY) == Usage(elastic_ip=Decimal(24))
    assert use.always_on(DAY) == Usage(
        load_balancer=Decimal(24),
        vcpu_arm=Decimal(24),
        gigabyte_arm=Decimal(48),
        task_address=Decimal(48),
        elastic_ip=Decimal(24),
    )


def test_tasks_that_stay_while_asleep_are_no_saving():
    both = service(request={"desiredCount": 3}, asleep={"desiredCount": 1})
    use = Use.of(article_spec(resources=(both,)))

    assert use.at_rest(DAY).vcpu == 6
    assert use.awake_only(SERVICE).count == 2


@pytest.mark.parametrize(
    "request_",
    [
        {"launchType": "EC2"},
        {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "mine"}]},
    ],
)
def test_tasks_on_machines_of_ones_own_cost_nothing_here(request_):
    assert Use.of(article_spec(resources=(service(request=request_),))).tasks == {}


def test_what_is_written_down_is_read_again():
    spans = [span(BALANCER, 0, 3), span(TASK, 0, 4, SMALL)]
    use = Use.of(article_spec())
    usage = Usage(vcpu=Decimal(1) / 3, elastic_ip=Decimal(24))

    written = json.loads(json.dumps([each.to_json() for each in spans]))
    assert [Span.from_json(each) for each in written] == spans
    assert Use.from_json(json.loads(json.dumps(use.to_json()))) == use
    again = Usage.from_json(json.loads(json.dumps(usage.to_json())))
    assert abs(again.vcpu - usage.vcpu) < Decimal("1e-9")
    assert Usage.from_json({}) == NOTHING


def test_months_are_those_of_utc():
    assert Month.parse("2026-12").next == Month(2027, 1)
    assert Month.of(Month(2026, 11).end) == Month(2026, 12)
    for text in ("2026-13", "2026-1", "november", "0000-01", "2026-11-01"):
        with pytest.raises(TextError, match="is not a month"):
            Month.parse(text)
