"""Which of the things with our tags nobody needs, judged from the records alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from controller.domain.guards.sweeping import (
    ABANDONED,
    Known,
    OwnedResource,
    classify,
    judge,
    ready_to_go,
)
from controller.domain.planning.owner_tags import tag_value
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Kind
from controller.domain.reporting.status import Status
from factories import LB, NOON, SERVICE, TG, article_spec, service

ASLEEP = Status(target=Target.ASLEEP, settled=True, updated_at=NOON)
BALANCER = OwnedResource(
    kind=Kind.LOAD_BALANCER,
    name="ecs-nlb",
    arn="arn:lb",
    region="us-east-1",
    stack="nsfw-api",
    address=tag_value(LB),
    since=NOON - timedelta(hours=1),
    usd_per_hour=Decimal("0.0225"),
)
TARGETS = replace(
    BALANCER,
    kind=Kind.TARGET_GROUP,
    name="ecs-target-group",
    arn="arn:tg",
    address=tag_value(TG),
    usd_per_hour=Decimal(0),
)
TASKS = replace(
    BALANCER, kind=Kind.SERVICE, name="nsfw_api_service", arn="arn:s", address=tag_value(SERVICE)
)


def known(status=ASLEEP, wanted=Target.ASLEEP, **changes):
    return Known(**{"spec": article_spec(), "status": status, "wanted": wanted, **changes})


def judged(owned, of, now=NOON):
    (verdict,) = judge([owned], {"nsfw-api": of}, now)
    return verdict.leftover, verdict.why


def test_what_the_records_do_not_know_is_a_leftover_and_nothing_is_without_records():
    gone = 'there is no stack "nsfw-api" in the records of this deployment'
    assert judged(BALANCER, None) == (True, gone)
    assert judge([BALANCER], {}, NOON)[0].why == gone

    (verdict,) = judge([BALANCER], None, NOON)
    assert not verdict.leftover
    assert verdict.why == "the records cannot be read, so it may well be needed"


def test_what_stands_of_a_stack_that_sleeps_is_a_leftover():
    for owned in (BALANCER, TARGETS, TASKS):
        assert judged(owned, known()) == (True, 'stack "nsfw-api" is asleep')


def test_nothing_of_a_stack_that_is_awake_or_about_to_be_is_one():
    needed = (False, 'stack "nsfw-api" is awake, or about to be')
    awake = replace(ASLEEP, target=Target.AWAKE)
    assert judged(BALANCER, known(wanted=Target.AWAKE)) == needed
    assert judged(BALANCER, known(awake)) == needed


def test_while_a_pass_works_on_the_stack_nothing_is_one_however_it_looks():
    working = (False, 'a pass is working on stack "nsfw-api"; try again in a minute')
    assert judged(BALANCER, known(busy=True)) == working
    assert judged(replace(BALANCER, name="other"), known(busy=True)) == working


def test_what_is_needed_asleep_too_is_none():
    both = service(asleep={"desiredCount": 0})
    of = known(spec=article_spec(resources=(both,)))
    assert judged(TASKS, of) == (False, "it exists while the stack sleeps, too")


@pytest.mark.parametrize(
    ("silent", "leftover"), [(timedelta(0), False), (timedelta(seconds=1), True)]
)
def test_a_transition_to_sleep_is_the_controllers_until_no_pass_has_gone_on_with_it(
    silent, leftover
):
    now = NOON + ABANDONED + silent
    on_its_way = known(replace(ASLEEP, settled=False))
    assert judged(BALANCER, on_its_way, now)[0] is leftover
    assert judged(BALANCER, known(clearing=True), now)[0] is leftover


def test_the_controllers_transition_says_what_it_is():
    half_way = known(replace(ASLEEP, settled=False))
    assert judged(BALANCER, half_way)[1] == 'stack "nsfw-api" is being put to sleep'
    clearing = known(clearing=True)
    assert judged(BALANCER, clearing) == (
        False,
        "the controller is about to take down what a replaced spec names",
    )


def test_a_transition_that_no_pass_has_ever_looked_at_is_not_abandoned():
    unseen = known(replace(ASLEEP, settled=False, updated_at=None))
    assert not judged(BALANCER, unseen, NOON + timedelta(days=1))[0]


# what the spec does not name, also of a stack that is awake


def test_a_resource_is_identified_by_its_kind_name_and_region():
    awake = known(wanted=Target.AWAKE)
    why = 'the spec of "nsfw-api" now calls it "ecs-nlb"'
    assert judged(replace(BALANCER, name="old"), awake) == (True, why)
    assert judged(replace(BALANCER, region="eu-west-1"), awake) == (True, f"{why} in us-east-1")
    assert judged(replace(BALANCER, kind=Kind.TARGET_GROUP), awake) == (True, why)
    anywhere = known(wanted=Target.AWAKE, spec=article_spec(region=None))
    assert not judged(replace(BALANCER, region="eu-west-1"), anywhere)[0]
    assert judged(replace(BALANCER, name="old", region="eu-west-1"), anywhere) == (True, why)


def test_a_resource_of_another_account_is_not_the_one_that_the_spec_names():
    """A stack that moved from account 1 to the role of account 222222222222."""
    old = replace(BALANCER, arn="arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/x/1")
    moved = article_spec(role_arn="arn:aws:iam::222222222222:role/dormouse")
    why = 'the spec of "nsfw-api" now calls it "ecs-nlb" in account 222222222222'
    assert judged(old, known(wanted=Target.AWAKE, spec=moved)) == (True, why)
    back = known(wanted=Target.AWAKE, account="222222222222")
    assert judged(old, back) == (True, why)
    assert not judged(old, known(wanted=Target.AWAKE, account="1"))[0]
    assert not judged(old, known(wanted=Target.AWAKE))[0]


def test_a_resource_whose_address_is_gone_from_the_spec_says_so():
    old = replace(BALANCER, name="old", address="aws_lb.old")
    assert judged(old, known(wanted=Target.AWAKE)) == (
        True,
        'its address is not in the spec of "nsfw-api" any more',
    )


# what people see, and the order


def test_leftovers_come_first_and_the_dearest_of_them():
    needed = replace(BALANCER, stack="awake", usd_per_hour=Decimal(9), arn="arn:0")
    dear = replace(BALANCER, usd_per_hour=Decimal(1), arn="arn:z")
    cheap = [replace(TARGETS, arn="arn:b"), replace(TARGETS, arn="arn:a")]
    records = {"nsfw-api": None, "awake": known(wanted=Target.AWAKE)}
    found = judge([needed, *cheap, dear], records, NOON)
    assert [verdict.owned.arn for verdict in found] == ["arn:z", "arn:a", "arn:b", "arn:0"]


def test_a_verdict_in_json_has_these_fields():
    (verdict,) = judge([BALANCER], {}, NOON)
    assert verdict.to_json() == {
        "kind": "load_balancer",
        "name": "ecs-nlb",
        "arn": "arn:lb",
        "region": "us-east-1",
        "stack": "nsfw-api",
        "address": "aws_lb.nlb/0",
        "since": "2026-11-23T11:00:00Z",
        "usd_per_hour": 0.0225,
        "leftover": True,
        "why": 'there is no stack "nsfw-api" in the records of this deployment',
    }


def test_who_answers_for_a_stack_condemns_what_is_its_and_nothing_else():
    other = replace(BALANCER, stack="other", arn="arn:other")
    found = classify(judge([BALANCER, other], None, NOON), ["nsfw-api"])
    assert {v.owned.stack: v.leftover for v in found} == {"nsfw-api": True, "other": False}
    assert [v.why for v in found if v.leftover] == ["named by --without-table"]


def test_a_target_group_goes_when_nothing_hangs_on_it_and_its_tasks_are_gone():
    """AWS behaviour §3.3, §3.6."""
    assert ready_to_go([BALANCER, TASKS, TARGETS]) == [BALANCER, TASKS, TARGETS]
    hung, in_use = replace(TARGETS, load_balancers=("arn:lb",)), replace(TARGETS, targets=1)
    assert ready_to_go([hung, in_use]) == []
    busy = replace(BALANCER, targets=1, load_balancers=("arn:lb",))
    assert ready_to_go([busy, replace(BALANCER, leaving=True)]) == [busy]
