"""What one time awake has cost. Prices are those of AWS behaviour §7.1."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from controller.domain.money.bill import Stay, add_up, asleep_hour, awake_hour, hour_of
from controller.domain.money.usage import BillingInterval, Tasks
from controller.domain.planning.spec import Spec
from factories import LB, LISTENER, NOON, SERVICE, article_spec, load_balancer, service

MINUTE = timedelta(minutes=1)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
SMALL = Tasks(public_ip=True)
HERE, TOKYO = article_spec(), article_spec(region="ap-northeast-1")


def balancer(since: float, until: float) -> BillingInterval:
    """Minutes from noon."""
    return BillingInterval(
        address=LB, arn=BALANCER, since=NOON + since * MINUTE, until=NOON + until * MINUTE
    )


def task(since: float, until: float) -> BillingInterval:
    return BillingInterval(
        address=SERVICE,
        arn="arn:aws:ecs:us-east-1:1:task/c/1",
        since=NOON + since * MINUTE,
        until=NOON + until * MINUTE,
        tasks=SMALL,
    )


def bill(*spans: BillingInterval, spec: Spec = HERE) -> Stay | None:
    return add_up(spec, [each.to_json() for each in spans])


@pytest.mark.parametrize(
    ("spec", "balancers", "tasks"), [(HERE, "0.0675", "0.0520275"), (TOKYO, "0.0729", "0.061215")]
)
def test_a_time_awake_costs_its_started_hours_and_its_tasks(spec, balancers, tasks):
    """Of a load balancer two hours and twenty minutes, of a task three hours."""
    stay = bill(balancer(0, 140), task(10, 190), spec=spec)

    assert stay == Stay(
        start=NOON,
        end=NOON + 190 * MINUTE,
        load_balancers=Decimal(balancers),
        started_hours=3,
        tasks=Decimal(tasks),
    )
    assert stay.cost == Decimal(balancers) + Decimal(tasks)
    assert stay.lasted == 190 * MINUTE


def test_a_task_that_ended_last_and_at_once_costs_its_minute():
    """A vCPU and memory for a minute, its address for six seconds."""
    stay = bill(balancer(0, 10), task(10, 10.1))

    expected = (Decimal("0.01012") + Decimal("0.0022225")) / 60 + Decimal("0.005") / 600
    assert float(stay.tasks) == pytest.approx(float(expected))
    assert stay.end == NOON + 10.1 * MINUTE


def test_what_cost_nothing_has_no_bill():
    assert bill() is None


@pytest.mark.parametrize(
    ("spec", "balancer", "task"), [(HERE, "0.0225", "0.0173425"), (TOKYO, "0.0243", "0.020405")]
)
def test_an_hour_awake_costs_what_stands_only_then(spec, balancer, task):
    assert hour_of(spec, LB) == Decimal(balancer)
    assert hour_of(spec, SERVICE) == Decimal(task)
    assert hour_of(spec, LISTENER) == 0
    assert awake_hour(spec) == Decimal(balancer) + Decimal(task)
    assert asleep_hour(spec) == Decimal("0.005")


def test_a_task_that_runs_in_both_worlds_costs_asleep_too():
    both = service(request={"desiredCount": 3}, asleep={"desiredCount": 1})
    here, tokyo = (
        article_spec(region=spec.region, resources=(load_balancer(), both))
        for spec in (HERE, TOKYO)
    )

    assert hour_of(here, SERVICE) == 2 * Decimal("0.0173425")
    assert asleep_hour(here) == Decimal("0.005") + Decimal("0.0173425")
    assert asleep_hour(tokyo) == Decimal("0.005") + Decimal("0.020405")
