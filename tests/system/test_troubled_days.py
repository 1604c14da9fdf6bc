"""
Days on which something goes wrong, or somebody changes something, on a fast simulated AWS.

Times are Tokyo's; a stack without a history is woken six minutes before it opens.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.timestamps import format_timestamp
from controller.store import items
from controller.store.lock import LockKeeper
from controller.store.table import Table
from factories import EIP, LB, article_spec, load_balancer
from local.faults import FOREVER, Fault
from system.days import STACK, days
from system.stack_under_test import ASLEEP, AWAKE, FORBIDDEN

OFFICE = {"office_hours": ["Mon-Fri 09:00-18:00"], "finish_paid_hour": False}


@pytest.fixture
def make_days():
    made = []

    def make(start="Mon 06:00", profile="fast", **policy):
        made.append(days(start, profile, **policy))
        return made[-1]

    yield make
    for each in made:
        assert not {call.operation for call in each.aws.calls} & FORBIDDEN


def test_a_failed_image_pull_is_given_up_and_tried_again_for_a_new_reason_only(make_days):
    day = make_days(**OFFICE)
    day.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    day.live("Mon 12:00")

    assert day.sut.standing() == ASLEEP
    assert day.reason.startswith("the wake failed: ")
    assert "CannotPullContainerError" in day.reason
    assert "CannotPullContainerError" in day.status["failure"]["cause"]
    assert [kind for _, kind in day.story()] == ["waking", "failed", "asleep"]
    assert len(day.balancers()) == 1

    day.live("Mon 14:00")
    assert len(day.balancers()) == 1  # office hours have been used up
    day.plan("Mon 14:00", day.wake)
    day.live("Mon 14:30")
    assert len(day.balancers()) == 2
    assert day.sut.standing() == ASLEEP

    day.aws.conditions.containers("nsfw-api-container", "healthy")
    day.visit("Tue 09:00", "Tue 12:00")
    day.live("Tue 10:00")
    assert day.sut.standing() == AWAKE
    assert day.status["failure"] is None


def test_a_changed_configuration_is_a_reason_to_try_again(make_days):
    day = make_days(**OFFICE)
    day.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    day.visit("Mon 09:00", "Mon 12:00")
    day.live("Mon 10:00")
    assert day.sut.standing() == ASLEEP

    day.aws.conditions.containers("nsfw-api-container", "healthy")
    policy = {**day.spec.policy, "wake_timeout": "25m"}
    day.plan("Mon 10:30", lambda: day.publish(article_spec(policy=policy)))
    day.live("Mon 10:40")
    assert day.sut.standing() == AWAKE


def test_nobody_is_awake_for_a_scanner(make_days):
    day = make_days(**OFFICE)
    day.aws.traffic.noise("ecs-nlb", day.moment("Mon 08:00"))
    day.live("Mon 10:00")

    assert ("Mon 09:33", "sleeping") in day.story()


def test_a_long_connection_keeps_it_awake_as_long_as_it_says_something(make_days):
    day = make_days(**OFFICE)
    minute = timedelta(minutes=1)
    for number in range(120):
        at = day.moment("Mon 09:00") + number * minute
        day.aws.traffic.flows("ecs-nlb", at, new_flows=0, bytes=150, active=1)
    day.aws.traffic.hold_open("ecs-nlb", day.moment("Mon 11:00"))
    day.live("Mon 11:30")
    assert day.sut.standing() == AWAKE

    day.live("Mon 12:00")
    assert ("Mon 11:33", "sleeping") in day.story()


def test_what_cloudwatch_does_not_report_is_not_idle(make_days):
    day = make_days(max_awake="3h", finish_paid_hour=False)
    day.aws.conditions.metric_status = "PartialData"
    day.plan("Mon 08:00", lambda: day.wake(8))
    day.live("Mon 10:00")
    assert day.sut.standing() == AWAKE
    assert "what is not known is not idle" in day.reason

    day.live("Mon 12:00")
    assert ("Mon 11:01", "sleeping") in day.story()  # three hours and two seconds
    assert "max_awake" in day.reasons()["Mon 11:01 sleeping"]


def test_counts_that_are_a_quarter_of_an_hour_late_delay_the_sleep_by_that(make_days):
    day = make_days("Mon 06:00", "slow", **OFFICE)
    day.visit("Mon 09:05", "Mon 09:58")
    day.live("Mon 12:00")

    assert ("Mon 10:42", "sleeping") in day.story()  # 09:57, half an hour, and 15 minutes
    requested = day.aws.calls.of("GetMetricData")
    assert len(requested) <= 6


def test_what_somebody_took_away_is_put_back_within_a_quarter_of_an_hour(make_days):
    """F50, between two passes of a quiet morning; the wake's own patience is long over."""
    day = make_days(**OFFICE)
    day.visit("Mon 09:00", "Mon 12:00")
    day.live("Mon 10:02")
    elbv2 = day.sut.session.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])

    day.live("Mon 10:25")
    assert day.sut.standing() == AWAKE
    assert day.reason == "office hours"
    assert len(day.balancers()) == 2
    assert [kind for _, kind in day.story()] == ["waking", "awake", "replaced"]


def test_a_foreign_load_balancer_blocks_the_wake_and_nothing_is_paid_meanwhile(make_days):
    day = make_days(**OFFICE)
    elbv2 = day.sut.session.client("elbv2")
    elbv2.create_load_balancer(Name="ecs-nlb", Type="network", Subnets=["subnet-0a1b2c3d4e5f60718"])
    day.live("Mon 10:00")

    assert [kind for _, kind in day.story()] == ["waking", "blocked"]
    blocked = day.status["blocked"]
    assert 'load balancer "ecs-nlb"' in blocked["cause"]
    assert len(day.balancers()) == 1  # theirs
    assert day.sut.standing()["services"] == 0

    (theirs,) = elbv2.describe_load_balancers()["LoadBalancers"]
    elbv2.delete_load_balancer(LoadBalancerArn=theirs["LoadBalancerArn"])
    day.plan("Mon 11:00", day.wake)
    day.live("Mon 11:10")
    assert day.sut.standing() == AWAKE
    assert day.status["blocked"] is None


def test_a_service_that_drains_for_ever_has_its_tasks_stopped(make_days):
    """F43: after a quarter of an hour, and nobody has to be told."""
    day = make_days(**OFFICE)
    day.aws.conditions.containers("nsfw-api-container", "drain_stuck")
    day.visit("Mon 09:00", "Mon 17:59")
    day.live("Mon 18:25")

    assert day.sut.standing() == ASLEEP
    kinds = [kind for _, kind in day.story("Mon 17:00")]
    assert kinds == ["sleeping_soon", "sleeping", "asleep"]


def test_a_sleep_that_is_stuck_is_recorded_with_what_still_costs(make_days):
    """F43: the service drains for ever, and its tasks may not be stopped."""
    day = make_days(**OFFICE)
    day.aws.conditions.containers("nsfw-api-container", "drain_stuck")
    day.aws.faults.add(
        Fault(operation="StopTask", code="AccessDeniedException", message="no", times=FOREVER)
    )
    day.visit("Mon 09:00", "Mon 17:59")
    day.live("Mon 18:10")
    assert day.status["stuck"] is None
    day.live("Mon 18:25")

    stuck = day.status["stuck"]
    assert stuck["since"] == "2026-11-23T09:00:00Z"
    assert "draining" in stuck["cause"]
    kinds = [kind for _, kind in day.story("Mon 17:00")]
    assert kinds == ["sleeping_soon", "sleeping", "stuck"]
    assert day.balancers()[0].ended_at is not None  # the dearest part is gone


@pytest.mark.parametrize("code", ["ExpiredToken", "Throttling", "AccessDenied"])
def test_a_stack_that_has_slept_for_hours_is_not_stuck_by_one_pass_that_cannot_read(
    make_days, code
):
    """The quarter of an hour counts from when it was last seen asleep."""
    day = make_days(**OFFICE)
    day.visit("Mon 09:00", "Mon 17:59")
    day.live("Mon 23:00")
    day.aws.faults.add(
        Fault(operation="DescribeLoadBalancers", code=code, message="no", status=400, times=FOREVER)
    )
    day.run_pass()
    assert day.status["stuck"] is None
    day.live("Mon 23:30")
    assert [kind for _, kind in day.story("Mon 22:00")] == ["stuck"]
    assert "cannot read" in day.status["stuck"]["cause"]
    day.aws.faults.clear()
    day.live("Tue 00:30")
    assert day.status["stuck"] is None


@pytest.mark.parametrize("operation", ["DescribeListeners", "DescribeAddresses"])
def test_a_read_that_is_denied_and_that_no_deletion_needs_keeps_no_stack_awake(
    make_days, operation
):
    """Load balancer and task were paid for until somebody granted the right."""
    day = make_days(**OFFICE)
    day.visit("Mon 09:00", "Mon 17:59")
    day.live("Mon 17:55")
    day.aws.faults.add(Fault(operation=operation, code="AccessDenied", status=403, times=FOREVER))
    day.live("Mon 18:25")
    assert day.sut.standing() == ASLEEP
    assert [kind for _, kind in day.story("Mon 18:00")] == ["sleeping", "asleep"]
    day.aws.faults.clear()
    day.visit("Tue 09:00", "Tue 09:29")
    day.live("Tue 09:30")
    assert day.sut.standing() == AWAKE


# what a configuration change does


def test_a_policy_that_changes_while_awake_counts_at_once(make_days):
    day = make_days(**OFFICE)
    day.visit("Mon 09:00", "Mon 10:00")
    later = {**day.spec.policy, "office_hours": [[["mon"], "09:00", "10:15"]]}
    day.plan("Mon 10:05", lambda: day.publish(article_spec(policy=later)))
    day.live("Mon 10:30")

    assert ("Mon 10:15", "sleeping") in day.story()


def test_a_load_balancer_that_is_renamed_while_awake_is_not_left_behind(make_days):
    day = make_days(**OFFICE)
    day.visit("Mon 09:00", "Mon 12:00")
    resources = [
        load_balancer(request={"Name": "other-nlb"}) if each.address == LB else each
        for each in day.spec.resources
    ]
    renamed = replace(day.spec, resources=tuple(resources))
    day.plan("Mon 10:05", lambda: day.publish(renamed))
    day.live("Mon 10:20")

    assert day.sut.standing() == AWAKE
    elbv2 = day.sut.session.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    assert balancer["LoadBalancerName"] == "other-nlb"
    assert balancer["AvailabilityZones"][0]["LoadBalancerAddresses"][0]["AllocationId"] == EIP
    assert day.controller.table.load(STACK).leftovers == ()
    assert "(replaced: " not in str(day.status["progress"]), "it is gone, and so is its trace"


# what is lost


def wipe(day):
    dynamodb = day.aws.session().client("dynamodb")
    for item in dynamodb.scan(TableName="dormouse")["Items"]:
        dynamodb.delete_item(TableName="dormouse", Key={"pk": item["pk"], "sk": item["sk"]})


def test_a_lost_table_does_not_lose_a_sleep(make_days):
    """Only the lease is lost: once the stack is published again, nothing asks for it."""
    day = make_days(finish_paid_hour=False)
    day.plan("Mon 13:00", lambda: day.wake(8))
    day.live("Mon 13:10")
    assert day.sut.standing() == AWAKE
    wipe(day)
    day.live("Mon 13:20")
    day.plan("Mon 13:20", lambda: day.publish(day.spec))
    day.live("Mon 13:30")

    assert day.sut.standing() == ASLEEP
    assert day.reason == "nobody has asked for it"


def test_a_lost_table_in_office_hours_finds_its_stack_awake(make_days):
    day = make_days(**OFFICE)
    day.visit("Mon 09:00", "Mon 17:59")
    day.live("Mon 12:00")
    wipe(day)
    day.plan("Mon 12:10", lambda: day.publish(day.spec))
    day.live("Mon 12:20")

    assert day.sut.standing() == AWAKE
    assert len(day.balancers()) == 1
    assert day.status["lifecycle"]["billed"][0][2] == "2026-11-22T23:54:00Z"
    assert day.status["learned"]["totals"] == []  # a wake of no time teaches nothing
    day.live("Mon 19:00")
    assert day.sut.standing() == ASLEEP


def test_a_lost_status_is_learned_again_from_the_history(make_days):
    day = make_days(**OFFICE)
    day.live("Mon 20:00")
    totals = day.status["learned"]["totals"]
    assert totals
    dynamodb = day.aws.session().client("dynamodb")
    key = {"pk": {"S": f"stack#{STACK}"}, "sk": {"S": "status"}}
    dynamodb.delete_item(TableName="dormouse", Key=key)
    day.run_pass()

    assert day.status["learned"]["totals"] == totals
    day.live("Tue 09:00")
    assert day.sut.standing() == AWAKE


def test_a_pass_that_dies_is_taken_up_by_the_next_tick_but_one(make_days, monkeypatch):
    day = make_days(**OFFICE)
    day.aws.faults.add(
        Fault(operation="CreateService", dropped=True, predicate=kill_at(day, monkeypatch))
    )
    day.live("Mon 08:53")
    day.aws.clock.advance(60)
    with pytest.raises(KilledError):
        day.tick()
    assert day.due_at() <= day.moment("Mon 08:56")

    day.live("Mon 09:00")
    assert day.sut.standing() == AWAKE


def test_a_pass_that_breaks_is_tried_less_and_less_often_until_it_works_again(make_days):
    """Each failed try is a mail: sixty an hour would hide the one that matters."""
    day = make_days(**OFFICE)
    day.live("Sat 08:00")
    day.aws.faults.add(Fault(operation="DescribeLoadBalancers", predicate=breaking))

    waits = []
    for _ in range(9):
        with pytest.raises(ValueError, match="a bug"):
            day.run_pass()
        waits.append(round((day.due_at() - day.now).total_seconds() / 60))
        day.aws.clock.advance(60 * waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]

    day.aws.faults.clear()
    day.run_pass()
    day.aws.faults.add(Fault(operation="DescribeLoadBalancers", predicate=breaking))
    with pytest.raises(ValueError, match="a bug"):
        day.run_pass()
    assert (day.due_at() - day.now).total_seconds() <= 61


@pytest.mark.parametrize("moment", ["Mon 09:10", "Mon 08:59"], ids=["awake", "waking"])
def test_a_stack_that_is_not_at_rest_waits_a_quarter_of_an_hour_at_most(make_days, moment):
    """People wait for it, or it costs money; a table that lost answers may answer again."""
    day = make_days(**OFFICE)
    day.live("Mon 08:00")
    day.live(moment)
    assert not (day.status["settled"] and day.status["target"] == "asleep")

    fault = Fault(operation="DescribeLoadBalancers", predicate=breaking)
    day.aws.faults.add(fault)
    waits = []
    for _ in range(7):
        with pytest.raises(ValueError, match="a bug"):
            day.run_pass()
        waits.append(round((day.due_at() - day.now).total_seconds() / 60))
        day.aws.clock.advance(60 * waits[-1])
    assert waits == [1, 2, 4, 8, 15, 15, 15]


def breaking(params):
    raise ValueError("a bug")


def test_a_request_while_a_pass_breaks_is_not_postponed(make_days):
    """The press finds the lock taken; the pass that has it breaks and must not hide the press."""
    day = make_days(**OFFICE)
    day.live("Sat 08:00")

    def breaks(params):
        raise ValueError("a bug")

    def is_pressed_and_breaks(params):
        day.wake()
        breaks(params)

    day.aws.answer_with("elbv2", "DescribeLoadBalancers", breaks)
    for _ in range(6):
        with pytest.raises(ValueError, match="a bug"):
            day.run_pass()
    assert day.due_at() - day.now > timedelta(minutes=30)

    day.aws.answer_with("elbv2", "DescribeLoadBalancers", is_pressed_and_breaks)
    with pytest.raises(ValueError, match="a bug"):
        day.run_pass()
    assert day.due_at() - day.now <= timedelta(minutes=2)


class KilledError(BaseException):
    """The process is gone: nothing is caught, nothing is tidied up."""


def kill_at(day, monkeypatch):
    """A test that ends early must not leave the next ones with a lock that nobody gives back."""
    alive = iter([True])

    def predicate(params):
        if not next(alive, False):
            return False
        # Lambda ends it without a word: not even the lock is given back.
        monkeypatch.setattr(LockKeeper, "release", lambda *_: None)
        day.during(day.now + timedelta(seconds=1), monkeypatch.undo)
        raise KilledError

    return predicate


def test_a_pass_whose_lock_was_taken_writes_nothing_more(make_days):
    """It was frozen for minutes; another has taken over, and goes on from what it sees."""
    day = make_days("Sat 06:00", **OFFICE)
    day.wake(3)
    done = []

    def freeze():
        locks = LockKeeper(day.aws.session().client("dynamodb"), "dormouse")
        day.aws.clock.advance(90)
        lock = locks.acquire(STACK, "the other", day.now)
        table = Table(day.aws.session().client("dynamodb"), "dormouse")
        table.claim(STACK, lock.fence, day.now + timedelta(seconds=60))
        table.put_status(STACK, {"phase": "theirs"}, day.now, fence=lock.fence)
        done.append(True)

    day.during(day.now + timedelta(seconds=30), freeze)
    assert day.run_pass() == {"result": "lost"}
    assert done
    assert json.loads(items.body_text(status_item(day))) == {"phase": "theirs"}


# what is told


def test_an_undelivered_event_is_delivered_once_by_the_next_pass(make_days):
    day = make_days("Sat 06:00", finish_paid_hour=False, idle_timeout="0")
    failures = iter([True] * 2)

    def tell(spec, event):
        if next(failures, False):
            raise RuntimeError("the topic is gone")
        day.reported.append(event)

    day.controller = day.new_controller(tell)
    day.plan("Sat 13:00", day.wake)
    day.live("Sat 16:00")

    kinds = ["waking", "awake", "sleeping_soon", "sleeping", "asleep"]
    assert [str(event.kind) for event in day.reported] == kinds
    assert day.status["outbox"] == []


def test_people_are_notified_of_what_a_time_awake_consisted_of(make_days):
    day = make_days("Sat 06:00", finish_paid_hour=False, idle_timeout="0")
    day.plan("Sat 13:00", day.wake)
    day.live("Sat 16:00")

    reported = {str(event.kind): event for event in day.reported}
    assert reported["awake"].facts["endpoint"]["url"] == "http://203.0.113.25:5000/"
    assert reported["sleeping_soon"].facts["ends_at"] == "2026-11-28T05:00:00Z"
    spans = {span[0].partition(".")[0]: span[2:] for span in reported["asleep"].facts["spans"]}
    assert spans["aws_lb"] == ["2026-11-28T04:00:02Z", "2026-11-28T05:00:00Z"]
    (task,) = (one for one in day.aws.lifetimes() if one.kind == "task")
    pulled, stopped = format_timestamp(task.started_at), format_timestamp(task.ended_at)
    assert spans["aws_ecs_service"][:2] == [pulled, stopped]  # by AWS's own account of the task


def test_a_lock_whose_item_was_lost_counts_on_from_what_stands_on_the_status(make_days):
    """A fresh item begins at one: below the status, every pass after it would be shut out."""
    day = make_days(**OFFICE)
    day.visit("Mon 09:00", "Mon 12:00")
    day.live("Mon 10:00")
    fence = status_item(day)["fence"]["N"]
    day.sut.session.client("dynamodb").delete_item(
        TableName="dormouse", Key=items.key(STACK, items.LOCK)
    )
    assert int(fence) > 2
    assert day.run_pass()["result"] == "converged"
    assert int(status_item(day)["fence"]["N"]) == int(fence) + 1


def test_a_pass_whose_lock_was_taken_does_not_number_it_anew(make_days):
    day = make_days(**OFFICE)
    table = day.controller.table
    locks = LockKeeper(table._dynamodb, "dormouse")
    late = locks.acquire(STACK, "late", day.now)
    day.aws.clock.advance(61)
    assert locks.acquire(STACK, "next", day.now)

    assert locks.count_on(late, 40) is None


def status_item(day):
    reply = day.sut.session.client("dynamodb").get_item(
        TableName="dormouse", Key=items.key(STACK, items.STATUS)
    )
    return reply["Item"]
