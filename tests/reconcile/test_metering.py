"""What a pass takes down of what costs money, from one look at the stack."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.marks import Marks, Standing
from controller.domain.meter import Meter, SeenTask
from controller.domain.observed import ABSENT, State
from controller.domain.plan import Target, make_plan
from controller.domain.progress import Progress, Timeline
from controller.domain.status import Status
from controller.domain.usage import Span, Tasks
from controller.reconcile.loop import Round
from controller.reconcile.metering import ended_services, metered
from factories import LB, NOON, SERVICE, article_spec, observed, seen

SPEC = article_spec()
MINUTE = timedelta(minutes=1)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
SERVICE_ARN = "arn:aws:ecs:us-east-1:1:service/c/nsfw_api_service"
STOOD = Standing(address=LB, arn=BALANCER, since=NOON - 30 * MINUTE)


def look(target: Target = Target.ASLEEP, **states) -> Round:
    found = observed({LB: ABSENT} | states)
    plan = make_plan(SPEC, target, found)
    return Round(now=NOON, target=target, observed=found, plan=plan, timeline=Timeline())


def balancer(state: State = State.READY, **changes):
    return seen(state, attributes={"arn": BALANCER}, **changes)


@pytest.mark.parametrize(
    ("deleted_arn", "until"),
    [(BALANCER, NOON - 5 * MINUTE), (f"{BALANCER}0", NOON)],
)
def test_a_load_balancer_is_paid_until_our_own_delete_or_until_found_gone(deleted_arn, until):
    progress = Progress().after_delete(LB, deleted_arn, NOON - 5 * MINUTE)
    status = Status(marks=Marks(standing=(STOOD,)), progress=progress)
    after = metered(status, SPEC, look(), NOON)

    assert [(each.arn, each.until) for each in after.meter.ended] == [(BALANCER, until)]
    assert after.marks.standing == ()


def test_what_a_dead_pass_made_is_found_by_the_sleep_that_takes_it_down():
    """With AWS's own time of its creation."""
    made = balancer(created_at=NOON - 3 * MINUTE)
    after = metered(Status(), SPEC, look(**{LB: made}), NOON)

    assert [(each.arn, each.since) for each in after.marks.standing] == [
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
    assert metered(Status(), SPEC, look(**{LB: found}), NOON).marks.standing == ()


def test_a_look_for_a_replaced_spec_leaves_alone_what_it_does_not_name():
    other = Standing(address="aws_lb.other", arn=f"{BALANCER}7", since=NOON)
    status = Status(marks=Marks(standing=(STOOD, other)))

    assert metered(status, SPEC, look(), NOON, whole=False).marks.standing == (other,)
    assert metered(status, SPEC, look(), NOON).marks.standing == ()


def test_tasks_are_asked_for_by_the_spec_that_names_their_service():
    """One of a replaced spec has no address in this one: it counts as long as it stood."""
    task = SeenTask(arn="arn:t", created_at=NOON, since=NOON, until=None, tasks=Tasks())
    ended = tuple(
        Span(address=address, arn=SERVICE_ARN, since=NOON - MINUTE, until=NOON)
        for address in (SERVICE, "aws_ecs_service.old")
    )
    meter = Meter(ended=ended).saw(SERVICE, [task]).saw("aws_ecs_service.old", [task])

    assert ended_services(Status(meter=meter), SPEC) == [ended[0]]
