"""
The ledger against a second account of what stood in AWS, over whole days, to the cent and closer.

Months are those of UTC, in which AWS bills: here one ends on Tuesday at 09:00 in Tokyo.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from controller.domain.money.ledger import Past, Statement, month_usage, until_settled, usage_now
from controller.domain.money.month import Month
from controller.domain.money.prices import find_prices
from controller.domain.planning.timing import TYPICAL
from controller.domain.reporting.status import Status
from factories import SERVICE, article_spec, service
from local.ecs.mishaps import interrupt
from local.faults import Fault
from system import second_account
from system.days import STACK, days

OFFICE = {"office_hours": ["Mon-Fri 09:00-18:00"], "finish_paid_hour": False}
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
EXACT = Fraction(1, 1_000_000)
CLOSE = Fraction(1, 10_000)
"""While it is awake, a task counts from the creation of its service: AWS is asked at its end."""


def ledger(day, month=NOVEMBER) -> Statement:
    """As `dormouse cost` makes it."""
    table, status = day.controller.table, Status.from_json(day.status)
    events = table.events(STACK, month.start, day.now + timedelta(days=1))
    past = Past(uses=table.uses(STACK), events=until_settled(events, month))
    used = month_usage(month, past, status.meter, status.lifecycle, day.now)
    return Statement(used=used, prices=find_prices("us-east-1"))


def tally(day) -> Statement:
    """As the page shows it: from the status alone."""
    status = Status.from_json(day.status)
    return Statement(
        used=usage_now(status.meter, status.lifecycle, day.now), prices=find_prices("us-east-1")
    )


def agree(day, month=NOVEMBER, *, close=EXACT) -> Statement:
    """The ledger, once it has been compared with the second account, and the tally with both."""
    account = ledger(day, month)
    start, end = account.used.start, account.used.end
    second = second_account.spent(day.aws.lifetimes(), start, end)
    assert abs(Fraction(account.spent) - sum(second.values())) < close, second
    assert abs(Fraction(account.elastic_ip) - second["elastic_ip"]) < EXACT
    if month == Month.of(day.now):
        said = tally(day)
        assert abs(said.spent - account.spent) < Fraction(1, 10**9)
        assert abs(said.always_on - account.always_on) < Fraction(1, 10**9)
        assert (said.used.awake, said.used.wakes) == (account.used.awake, account.used.wakes)
    return account


@pytest.mark.parametrize("finish_paid_hour", [False, True])
def test_office_hours_with_an_idle_teardown_and_a_wake(finish_paid_hour):
    day = days(profile="fast", **{**OFFICE, "finish_paid_hour": finish_paid_hour})
    day.visit("Mon 09:04", "Mon 10:46")
    day.plan("Mon 13:00", day.wake)
    day.visit("Mon 13:05", "Mon 13:45")
    day.live("Tue 06:00")

    account = agree(day)
    assert account.used.wakes == 2
    assert 3 < account.awake_hours < 4.5
    assert account.saved > 0
    assert sum(day.paid_hours()) == account.used.spent.load_balancer


def test_a_stack_that_is_awake_counts_the_running_hour():
    day = days(profile="fast", **OFFICE, idle_timeout="0")
    day.live("Mon 12:34")

    account = agree(day, close=CLOSE)
    assert account.used.spent.load_balancer == 4
    always = second_account.always_on(account.used.start, day.now)
    assert abs(Fraction(account.always_on) - always) < EXACT
    assert account.saved == account.always_on - account.spent > 0


def test_several_wakes_within_an_hour_cost_more_than_they_save():
    """Each load balancer is a new started hour."""
    day = days("Sat 06:00", profile="fast", finish_paid_hour=False, idle_timeout="0", min_awake="0")
    for minute in (2, 22, 42):
        day.plan(f"Sat 06:{minute:02}", lambda: day.wake(hours=0.2))
    day.live("Sat 07:00")

    account = agree(day)
    assert account.used.spent.load_balancer == 3
    assert account.used.wakes == 3
    assert account.saved < 0


def test_a_wake_that_fails_costs_what_it_cost():
    """Its tasks are billed from the start of a pull that never ends well."""
    day = days("Sat 06:00", profile="fast")
    day.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    day.plan("Sat 07:00", day.wake)
    day.live("Sat 09:00")

    assert "failed" in {kind for _, kind in day.story()}
    account = agree(day)
    assert (account.used.wakes, account.awake_hours) == (0, 0)
    assert account.used.spent.load_balancer == 1
    assert account.used.spent.vcpu > 0


def test_a_task_that_was_replaced_is_counted_once_while_the_stack_stays_awake():
    """Its service stands on, and counts from then on for the tasks that it has now."""
    day = days(profile="fast", **OFFICE, idle_timeout="0")

    def end_the_task():
        ecs = day.aws.session().client("ecs")
        (arn,) = ecs.list_tasks(cluster="nsfw_api_cluster")["taskArns"]
        interrupt(day.aws, arn)

    day.plan("Mon 13:00", end_the_task)
    day.plan("Mon 15:00", end_the_task)
    day.live("Mon 17:00")

    assert [kind for _, kind in day.story()].count("replaced") == 2
    agree(day, close=Fraction(1, 1000))  # a task begins some seconds after its service


def test_what_is_replaced_while_awake_is_paid_for_as_well():
    """A load balancer deleted by hand, and a task that Fargate takes away long before the end."""
    day = days(profile="fast", **OFFICE, idle_timeout="0")
    elbv2 = day.aws.session().client("elbv2")

    def delete():
        (found,) = elbv2.describe_load_balancers()["LoadBalancers"]
        elbv2.delete_load_balancer(LoadBalancerArn=found["LoadBalancerArn"])

    def end_the_task():
        ecs = day.aws.session().client("ecs")
        (arn,) = ecs.list_tasks(cluster="nsfw_api_cluster")["taskArns"]
        interrupt(day.aws, arn)

    day.plan("Mon 10:20", end_the_task)
    day.plan("Mon 12:10", delete)
    day.live("Mon 20:00")

    assert [kind for _, kind in day.story()].count("replaced") == 2
    assert "replaced" not in {str(event.kind) for event in day.reported}
    account = agree(day)
    assert len(day.balancers()) == 2
    assert len([one for one in day.aws.lifetimes() if one.kind == "task"]) >= 2
    assert account.used.wakes == 1


def test_tasks_that_never_start_in_a_degraded_stack_are_paid_for():
    """Each is billed from its image pull on. No event of ECS mentions it, and AWS forgets it."""
    two = service(request={**service().request, "desiredCount": 2})
    day = days(profile="fast", **OFFICE, idle_timeout="0")
    resources = tuple(two if each.address == SERVICE else each for each in day.spec.resources)
    day.publish(article_spec(policy=day.spec.policy, resources=resources))

    def end_a_task_for_good():
        ecs = day.aws.session().client("ecs")
        day.aws.conditions.containers("nsfw-api-container", "image_pull_error")
        interrupt(day.aws, ecs.list_tasks(cluster="nsfw_api_cluster")["taskArns"][0])

    day.plan("Mon 11:00", end_a_task_for_good)
    day.plan("Mon 13:30", lambda: day.aws.conditions.containers("nsfw-api-container", "healthy"))
    day.live("Mon 20:00")

    assert {"degraded", "restored"} <= {str(event.kind) for event in day.reported}
    assert len([one for one in day.aws.lifetimes() if one.kind == "task"]) > 10
    agree(day)


def test_a_time_awake_across_the_end_of_the_month_is_in_both():
    """The hour that starts in November is November's."""
    day = days("Mon+1 06:00", profile="fast", **OFFICE, idle_timeout="0")
    day.plan("Tue+1 06:30", lambda: day.wake(hours=4))
    day.live("Wed+1 06:00")

    november, december = agree(day, NOVEMBER), agree(day, DECEMBER)
    assert november.used.end == december.used.start == DECEMBER.start
    assert november.used.wakes == 2
    assert december.used.spent.load_balancer > 0
    assert november.awake_hours > 9 + 2


@pytest.mark.parametrize("drains_alone", [False, True])
def test_a_sleep_that_a_wake_interrupts_is_paid_for(drains_alone):
    """By the count of its service: the service of the second time is that of the first."""
    pace = replace(TYPICAL, drains_alone=drains_alone)
    day = days("Sat 06:00", pace, finish_paid_hour=False, idle_timeout="0", min_awake="0")
    day.plan("Sat 07:00", lambda: day.wake(hours=0.5))
    day.during(day.moment("Sat 07:30:40"), lambda: day.wake(hours=0.5))
    day.live("Sat 10:00")

    account = agree(day)
    assert account.used.spent.load_balancer == len(day.balancers()) == 2


def test_a_task_that_others_bring_up_during_a_sleep_is_paid_for():
    """Its service is deleted by force then; AWS is asked again which tasks it had."""
    pace = replace(TYPICAL, drains_alone=True, task_start=1)
    day = days("Sat 06:00", pace, finish_paid_hour=False, idle_timeout="0", min_awake="0")
    day.aws.conditions.count_raised_after = 27
    day.plan("Sat 07:00", lambda: day.wake(hours=0.5))
    day.live("Sat 10:00")

    agree(day)
    assert sum(each.kind == "task" for each in day.aws.lifetimes()) == 2


def test_a_spec_of_another_size_counts_from_when_it_is_published():
    """Always on would have cost the one before until then."""
    day = days(profile="fast", **OFFICE)
    large = service(size={"cpu": 1024, "memory": 2048, "arm": False})
    day.live("Mon 08:00")
    resources = tuple(large if each.address == SERVICE else each for each in day.spec.resources)
    day.publish(article_spec(policy=day.spec.policy, resources=resources))
    day.live("Mon 08:30")
    changed_at = day.controller.table.uses(STACK)[1][0]

    account, said = ledger(day), tally(day)
    assert account.used == said.used
    small = second_account.always_on(account.used.start, changed_at)
    large = second_account.always_on(changed_at, day.now, cpu=1024, memory=2048)
    assert abs(Fraction(account.always_on) - small - large) < EXACT


def test_a_lost_status_is_made_again_from_the_history():
    day = days(profile="fast", **OFFICE)
    day.visit("Mon 09:04", "Mon 09:46")
    day.live("Mon 20:00")
    before = tally(day)
    lose_status(day)
    day.live("Mon 20:02")

    after = agree(day)
    assert before.saved > 0
    assert after.used.start == before.used.start
    assert after.used.awake == before.used.awake > timedelta(hours=1)
    assert after.used.spent.load_balancer == before.used.spent.load_balancer


def lose_status(day):
    key = {"pk": {"S": f"stack#{STACK}"}, "sk": {"S": "status"}}
    day.aws.session().client("dynamodb").delete_item(TableName="dormouse", Key=key)
    day.controller.table.request_pass(STACK, day.now)


@pytest.mark.parametrize("left", ["service", "nothing"])
def test_a_status_that_is_lost_in_the_middle_of_a_sleep_takes_no_money_along(left):
    """The load balancer is gone, and with "nothing" the service and its tasks have gone as well."""
    day = days(profile="fast", **OFFICE, idle_timeout="0")
    day.live("Mon 17:30")
    (task,) = day.sut.aws.peek().ecs.clusters["nsfw_api_cluster"].tasks.values()
    interrupt(day.aws, task.arn)  # its span is told while awake
    day.live("Mon 17:50")
    day.aws.conditions.containers("nsfw-api-container", "drain_stuck")
    ecs = day.aws.session().client("ecs")
    ecs.stop_task(cluster="nsfw_api_cluster", task=running(ecs))  # the next one never drains
    day.live("Mon 18:07")
    assert not day.sut.standing()["load_balancers"]
    if left == "nothing":
        ecs.stop_task(cluster="nsfw_api_cluster", task=stopping(ecs))
        day.aws.clock.advance(20)
    lose_status(day)
    day.live("Mon 18:40")

    assert day.sut.standing()["services"] == 0
    account = agree(day)
    assert account.used.spent.load_balancer == 10
    assert account.used.spent.vcpu > Decimal("9") / 4


def running(ecs):
    (arn,) = ecs.list_tasks(cluster="nsfw_api_cluster")["taskArns"]
    return arn


def stopping(ecs):
    found = ecs.list_tasks(cluster="nsfw_api_cluster", desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster="nsfw_api_cluster", tasks=found)["tasks"]
    (arn,) = [each["taskArn"] for each in tasks if each["lastStatus"] != "STOPPED"]
    return arn


def test_tasks_that_cannot_be_read_count_as_long_as_their_service():
    """Never less than what was spent."""
    day = days("Sat 06:00", profile="fast", finish_paid_hour=False)
    for operation in ("ListTasks", "DescribeTasks"):
        denied = Fault(operation=operation, code="AccessDeniedException", status=400, times=99)
        day.aws.faults.add(denied)
    day.plan("Sat 07:00", day.wake)
    day.live("Sat 10:00")

    account = ledger(day)
    second = sum(second_account.spent(day.aws.lifetimes(), account.used.start, day.now).values())
    assert second < Fraction(account.spent) < second + Fraction(1, 1000)
    assert abs(account.spent - tally(day).spent) < EXACT


def test_before_it_was_published_it_saved_nothing():
    day = days("Sat 06:00", profile="fast")
    day.live("Sat 07:00")

    assert ledger(day, Month(2026, 10)).always_on == 0
    opened_at = day.controller.table.uses(STACK)[0][0]
    assert ledger(day).used.start == opened_at
    assert ledger(day).used.spent.elastic_ip * 3600 == (day.now - opened_at).total_seconds()
