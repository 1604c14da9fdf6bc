"""What a pass takes down of what costs money, from one look at the stack."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.money.meter import Meter, SeenTask
from controller.domain.money.usage import BillingInterval, Tasks, UsageProfile
from controller.domain.planning.observed import ABSENT, State
from controller.domain.planning.plan import Target, make_plan
from controller.domain.planning.progress import Progress, Timeline
from controller.domain.reporting.status import Status
from controller.reconcile.metering import (
    changed_services,
    ended_services,
    leaving_services,
    metered,
    nothing_exists,
    unseen_services,
)
from controller.reconcile.outcome import Iteration
from factories import LB, NOON, SERVICE, TG, article_spec, observed, seen, service

SPEC = article_spec()
MINUTE = timedelta(minutes=1)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
SERVICE_ARN = "arn:aws:ecs:us-east-1:1:service/c/nsfw_api_service"
STOOD = BilledResource(address=LB, arn=BALANCER, since=NOON - 30 * MINUTE)
RAN = BilledResource(address=SERVICE, arn=SERVICE_ARN, since=NOON - 30 * MINUTE)
BOTH = article_spec(resources=(service(asleep={"desiredCount": 1}, request={"desiredCount": 3}),))


def look(target: Target = Target.ASLEEP, **states) -> Iteration:
    found = observed({LB: ABSENT} | states)
    plan = make_plan(SPEC, target, found)
    return Iteration(now=NOON, target=target, observed=found, plan=plan, timeline=Timeline())


def balancer(state: State = State.READY, **changes):
    return seen(state, attributes={"arn": BALANCER}, **changes)


def tasks(state: State = State.READY, **changes):
    return seen(state, attributes={"arn": SERVICE_ARN}, **changes)


def stood(*standing, **changes) -> Status:
    return Status(lifecycle=Lifecycle(billed=standing), **changes)


def standing(status: Status, spec=SPEC, target: Target = Target.ASLEEP, **states):
    return metered(status, spec, look(target, **states), NOON).lifecycle.billed


@pytest.mark.parametrize(
    ("deleted_arn", "until"),
    [(BALANCER, NOON - 5 * MINUTE), (f"{BALANCER}0", NOON)],
)
def test_a_load_balancer_is_paid_until_our_own_delete_or_until_found_gone(deleted_arn, until):
    progress = Progress().after_delete(LB, deleted_arn, NOON - 5 * MINUTE)
    status = Status(lifecycle=Lifecycle(billed=(STOOD,)), progress=progress)
    after = metered(status, SPEC, look(), NOON)

    assert [(each.arn, each.until) for each in after.meter.ended] == [(BALANCER, until)]
    assert after.lifecycle.billed == ()


def test_load_balancers_and_services_are_counted_from_when_aws_says_they_were_made():
    made = {
        LB: balancer(created_at=NOON - 3 * MINUTE),
        SERVICE: tasks(State.FAILED, created_at=NOON - 2 * MINUTE),
        TG: seen(State.READY, TG, created_at=NOON - 4 * MINUTE),
    }
    assert standing(Status(), target=Target.AWAKE, **made) == (
        BilledResource(address=LB, arn=BALANCER, since=NOON - 3 * MINUTE),
        BilledResource(address=SERVICE, arn=SERVICE_ARN, since=NOON - 2 * MINUTE),
    )


def test_what_is_known_to_be_ours_continues_though_a_read_shows_less():
    assert standing(stood(STOOD), **{LB: balancer()}) == (STOOD,)
    assert standing(stood(STOOD), **{LB: balancer(State.PENDING, owned=False)}) == (STOOD,)


def test_a_service_counts_while_its_tasks_drain_and_a_load_balancer_not_after_its_delete():
    leaving = {LB: balancer(State.LEAVING), SERVICE: tasks(State.LEAVING)}
    assert standing(stood(STOOD, RAN), **leaving) == (RAN,)
    unknown = {SERVICE: tasks(State.LEAVING, created_at=NOON)}
    assert standing(Status(), **unknown) == ()


def test_a_service_that_was_made_again_has_the_same_arn_and_is_another():
    again = tasks(created_at=NOON - MINUTE)
    after = metered(stood(RAN), SPEC, look(**{SERVICE: again}), NOON)
    assert [each.since for each in after.lifecycle.billed] == [NOON - MINUTE]
    assert [each.since for each in after.meter.ended] == [RAN.since]


def test_a_service_ends_when_it_is_found_gone_and_not_with_our_delete():
    """Its tasks drain meanwhile. The bill says whose tasks they were."""
    progress = Progress().after_delete(SERVICE, SERVICE_ARN, NOON - 5 * MINUTE)
    (span,) = metered(stood(RAN, progress=progress), SPEC, look(), NOON).meter.ended
    assert span == BillingInterval(
        address=SERVICE,
        arn=SERVICE_ARN,
        since=RAN.since,
        until=NOON,
        tasks=UsageProfile.of(SPEC).tasks[SERVICE],
    )


@pytest.mark.parametrize(("lived", "until"), [(0, 10), (-1, 0)])
def test_a_delete_from_before_it_was_made_was_of_another(lived, until):
    since = NOON - 10 * MINUTE
    fresh = BilledResource(address=LB, arn=BALANCER, since=since)
    progress = Progress().after_delete(LB, BALANCER, since + lived * MINUTE)
    (span,) = metered(stood(fresh, progress=progress), SPEC, look(), NOON).meter.ended
    assert (span.since, span.until, span.tasks) == (since, NOON - until * MINUTE, None)


def test_what_our_clock_sees_end_before_it_began_lasted_no_time():
    ahead = BilledResource(address=LB, arn=BALANCER, since=NOON + MINUTE)
    (span,) = metered(stood(ahead), SPEC, look(), NOON).meter.ended
    assert (span.since, span.until) == (NOON, NOON)


def test_a_service_of_both_worlds_counts_from_the_wake_and_not_at_rest():
    waking = Lifecycle(waking_since=NOON - 9 * MINUTE)
    there = {SERVICE: tasks(created_at=NOON - 99 * MINUTE)}
    since = NOON - 9 * MINUTE
    ours = BilledResource(address=SERVICE, arn=SERVICE_ARN, since=since)
    assert standing(Status(lifecycle=waking), BOTH, Target.AWAKE, **there) == (ours,)
    assert standing(Status(), BOTH, Target.AWAKE, **there)[0].since == NOON
    assert standing(stood(RAN), BOTH, Target.AWAKE, **there) == (RAN,)
    assert standing(stood(RAN), BOTH, Target.ASLEEP, **there) == ()
    busy = {SERVICE: tasks(State.PENDING)}
    assert standing(stood(RAN), BOTH, Target.ASLEEP, **busy) == (RAN,)


def test_what_a_dead_pass_made_is_found_by_the_sleep_that_takes_it_down():
    """With AWS's own time of its creation."""
    made = balancer(created_at=NOON - 3 * MINUTE)
    after = metered(Status(), SPEC, look(**{LB: made}), NOON)

    assert [(each.arn, each.since) for each in after.lifecycle.billed] == [
        (BALANCER, NOON - 3 * MINUTE)
    ]


@pytest.mark.parametrize(
    "found",
    [
        balancer(State.FOREIGN, created_at=NOON),
        balancer(State.PENDING, created_at=NOON, owned=False),
        balancer(State.PENDING),
    ],
)
def test_what_is_not_known_to_be_ours_is_not_counted(found):
    assert metered(Status(), SPEC, look(**{LB: found}), NOON).lifecycle.billed == ()


def test_a_read_for_a_replaced_spec_leaves_alone_what_it_does_not_name():
    other = BilledResource(address="aws_lb.other", arn=f"{BALANCER}7", since=NOON)
    status = Status(lifecycle=Lifecycle(billed=(STOOD, other)))

    assert metered(status, SPEC, look(), NOON, whole=False).lifecycle.billed == (other,)
    assert metered(status, SPEC, look(), NOON).lifecycle.billed == ()


def test_tasks_are_read_by_the_spec_that_names_their_service():
    """One of a replaced spec has no address in this one: it counts as long as it stood."""
    task = SeenTask(arn="arn:t", created_at=NOON, since=NOON, until=None, tasks=Tasks())
    ended = tuple(
        BillingInterval(address=address, arn=SERVICE_ARN, since=NOON - MINUTE, until=NOON)
        for address in (SERVICE, "aws_ecs_service.old")
    )
    meter = Meter(ended=ended).saw(SERVICE, [task]).saw("aws_ecs_service.old", [task])

    assert ended_services(Status(meter=meter), SPEC) == [ended[0]]


def test_when_nothing_stands_all_of_it_is_over():
    meter = Meter().using(UsageProfile.of(SPEC), NOON - 60 * MINUTE)
    progress = Progress().after_delete(LB, BALANCER, NOON - 5 * MINUTE)
    after = nothing_exists(stood(STOOD, RAN, meter=meter, progress=progress), NOON)

    assert after.lifecycle.billed == ()
    assert [(each.arn, each.until, each.tasks) for each in after.meter.ended] == [
        (BALANCER, NOON - 5 * MINUTE, None),
        (SERVICE_ARN, NOON, UsageProfile.of(SPEC).tasks[SERVICE]),
    ]


# whose tasks are asked for


def of(*found):
    return [each.address for each in found]


def test_the_tasks_of_a_service_are_read_once_when_it_leaves():
    leaving = observed({SERVICE: tasks(State.LEAVING), LB: balancer(State.LEAVING)})
    status = stood(STOOD, RAN)
    assert leaving_services(status, SPEC, leaving) == [RAN]
    requested = stood(STOOD, RAN, meter=Meter().saw(SERVICE, []))
    assert leaving_services(requested, SPEC, leaving) == []
    assert leaving_services(status, SPEC, observed({SERVICE: tasks()})) == []
    assert leaving_services(stood(), SPEC, leaving) == []


def test_the_tasks_of_a_service_that_a_wake_took_up_are_read_again_when_it_leaves():
    """Also if one of them had ended before: what a sleep has read are not those of the wake."""
    arn = SERVICE_ARN.replace(":service/", ":task/")
    since = NOON - 20 * MINUTE
    known = Tasks(count=1, cpu=256, memory=512)
    one = SeenTask(arn=f"{arn}/1", created_at=since, since=since, until=None, tasks=known)
    gone = BillingInterval(address=SERVICE, arn=f"{arn}/0", since=since, until=NOON, tasks=known)
    asleep = stood(RAN, meter=Meter(seen={SERVICE: (one,)}, ended=(gone,)))
    leaves = observed({LB: ABSENT, SERVICE: tasks(State.LEAVING)})
    assert leaving_services(asleep, SPEC, leaves) == []

    runs = look(Target.AWAKE, **{SERVICE: tasks(State.PENDING)})
    awake = metered(asleep, SPEC, runs, NOON)
    assert leaving_services(awake, SPEC, leaves) == [RAN]


def test_extra_tasks_of_a_service_that_keeps_some_asleep_are_unknown():
    leaving = observed({SERVICE: tasks(State.LEAVING)})
    assert leaving_services(stood(RAN), BOTH, leaving) == []
    ended = BillingInterval(address=SERVICE, arn=SERVICE_ARN, since=RAN.since, until=NOON)
    assert unseen_services(stood(meter=Meter(ended=(ended,))), BOTH) == []


@pytest.mark.parametrize(
    ("replaced", "read", "changed"),
    [
        (None, None, False),
        (-30, None, False),
        (-29, None, True),
        (-9, -9, False),
        (-8, -9, True),
        (-29, -40, True),
        (-30, -40, False),
    ],
)
def test_a_service_whose_tasks_were_stopped_since_anybody_looked_has_changed(
    replaced, read, changed
):
    def ago(minutes):
        return None if minutes is None else NOON + minutes * MINUTE

    world = observed({SERVICE: tasks(replaced_at=ago(replaced))})
    status = stood(STOOD, RAN, meter=Meter(read_at=ago(read)))
    assert of(*changed_services(status, SPEC, world)) == ([SERVICE] if changed else [])


def test_the_tasks_of_a_service_that_was_gone_before_a_read_are_read_afterwards():
    def span(address, arn):
        return BillingInterval(address=address, arn=arn, since=RAN.since, until=NOON)

    ended = (
        span(SERVICE, SERVICE_ARN),
        span(SERVICE, "arn:aws:ecs:us-east-1:1:task/c/1"),
        span("aws_ecs_service.old", SERVICE_ARN),
        span(LB, BALANCER),
    )
    meter = Meter(ended=ended)
    assert unseen_services(stood(meter=meter), SPEC) == [ended[0]]
    assert unseen_services(stood(meter=meter.saw(SERVICE, [])), SPEC) == []


def test_only_services_are_ended_services():
    ended = tuple(
        BillingInterval(address=SERVICE, arn=arn, since=RAN.since, until=NOON)
        for arn in (SERVICE_ARN, "arn:aws:ecs:us-east-1:1:task/c/1")
    )
    seen_before = Meter(ended=ended).saw(SERVICE, [])
    assert ended_services(stood(meter=seen_before), SPEC) == [ended[0]]
    assert ended_services(stood(meter=Meter(ended=ended)), SPEC) == []
