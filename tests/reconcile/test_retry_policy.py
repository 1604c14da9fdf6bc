"""How often, and for how long, what AWS refuses is asked for again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.errors import (
    DeniedError,
    ForeignError,
    PermanentError,
    RetryError,
    SoonError,
    WaitError,
)
from controller.domain.planning.observed import Holder
from controller.domain.planning.plan import Action, Plan, Target, Verb
from controller.domain.planning.spec import Kind
from controller.reconcile.retry_policy import (
    BLOCKED_GRACE,
    FOREIGN_GRACE,
    MOST_UPDATES,
    SLOWEST_RETRY,
    SOON,
    RetryPolicy,
)
from factories import EIP, LB, NOON, SERVICE, TG, observed
from local.clock import ManualClock

MOMENT = timedelta(milliseconds=1)
CREATE = Action(verb=Verb.CREATE, kind=Kind.LOAD_BALANCER, address=LB)
REPAIR = Action(verb=Verb.UPDATE, kind=Kind.SERVICE, address=SERVICE, changes=("desiredCount",))
DELETE = Action(verb=Verb.DELETE, kind=Kind.TARGET_GROUP, address=TG, target=Target.ASLEEP)


def plan(target=Target.AWAKE, **parts):
    return Plan(target=target, **parts)


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def patience(clock):
    return RetryPolicy(clock)


def wait(clock, length):
    clock.advance(length.total_seconds())


# refusals


@pytest.mark.parametrize(
    ("error", "times"),
    [(PermanentError("no"), 1), (DeniedError("no"), 2), (ForeignError("no"), 3)],
)
def test_a_refusal_that_may_come_from_a_lag_is_asked_for_again(patience, error, times):
    """Rights and tags lag (§6.2, F70); what is plainly wrong is not asked twice."""
    assert [patience.is_final(CREATE, error) for _ in range(times)] == [False] * (times - 1) + [
        True
    ]


def test_refusals_of_one_address_are_not_those_of_another(patience):
    assert not patience.is_final(CREATE, DeniedError("no"))
    assert not patience.is_final(DELETE, DeniedError("no"))
    assert patience.is_final(CREATE, DeniedError("no"))


def test_what_takes_its_time_is_never_final(patience, clock):
    for _ in range(100):
        assert not patience.is_final(DELETE, WaitError("in use", after_seconds=1))
        wait(clock, timedelta(hours=1))
        patience.hold_back(DELETE, WaitError("in use", after_seconds=1))


def test_what_heals_within_a_minute_or_not_at_all_is_final_after_that(patience, clock):
    error = SoonError("not yet", after_seconds=5)
    assert not patience.is_final(CREATE, error)
    patience.hold_back(CREATE, error)
    wait(clock, SOON - MOMENT)
    assert not patience.is_final(CREATE, error)
    patience.hold_back(CREATE, error)  # it counts from the first time
    wait(clock, MOMENT)
    assert patience.is_final(CREATE, error)


def test_a_refused_call_is_left_alone_for_longer_each_time_and_a_minute_at_most(patience):
    error = RetryError("slow down", after_seconds=3)
    seconds = [patience.hold_back(CREATE, error).total_seconds() for _ in range(20)]
    assert seconds[:10] == [3, 3, 3, 3, 3, 3, 6, 12, 24, 48]
    assert set(seconds[10:]) == {SLOWEST_RETRY.total_seconds()}


def test_without_a_word_of_aws_it_is_five_seconds(patience):
    assert patience.hold_back(CREATE, DeniedError("no")) == timedelta(seconds=5)


def test_somebody_waits_for_a_wake_so_its_waits_do_not_grow(patience):
    error = WaitError("not free yet", after_seconds=2)
    assert {patience.hold_back(CREATE, error) for _ in range(20)} == {timedelta(seconds=2)}
    asleep = [patience.hold_back(DELETE, error).total_seconds() for _ in range(20)]
    assert asleep[:7] == [2, 2, 2, 2, 2, 2, 4]
    assert asleep[-1] == 60


def test_a_read_that_is_denied_for_a_moment_is_no_reason_to_end(patience, clock):
    denied = DeniedError("no")
    assert patience.may_be_allowed_soon(denied)
    wait(clock, SOON - MOMENT)
    assert patience.may_be_allowed_soon(denied)
    wait(clock, MOMENT)
    assert not patience.may_be_allowed_soon(denied)
    patience.answered()
    assert patience.may_be_allowed_soon(denied)
    assert not patience.may_be_allowed_soon(PermanentError("gone"))


# what is given up


def test_the_same_update_of_the_same_object_is_counted(patience):
    assert [patience.updates(REPAIR, "arn:1") for _ in range(MOST_UPDATES)] == [1, 2, 3]
    assert patience.updates(REPAIR, "arn:2") == 1
    assert patience.updates(replace(REPAIR, changes=("platformVersion",)), "arn:1") == 1


def test_on_the_way_to_awake_only_a_setting_is_given_up(patience):
    patience.final = {LB: "no", SERVICE: "no", TG: "no"}
    assert patience.is_given_up(REPAIR)
    assert patience.is_given_up(DELETE)
    assert not patience.is_given_up(CREATE)
    patience.made(SERVICE)
    patience.made("nothing.was.said.of.this")
    assert not patience.is_given_up(REPAIR)


def test_a_sleep_is_given_up_when_nothing_else_can_be_done_or_is_on_its_way(patience):
    left = plan(Target.ASLEEP, actions=(DELETE,))
    assert not patience.is_all_given_up(left)
    assert not patience.is_all_given_up(plan(Target.ASLEEP))
    patience.final[TG] = "no"
    assert patience.is_all_given_up(left)
    assert not patience.is_all_given_up(replace(left, waiting=((LB, "being deleted"),)))
    other = replace(DELETE, address=LB, kind=Kind.LOAD_BALANCER)
    assert not patience.is_all_given_up(replace(left, actions=(DELETE, other)))
    blocked = replace(other, waits_for="its tags cannot be read yet")
    assert patience.is_all_given_up(replace(left, actions=(DELETE, blocked)))


def test_a_wake_has_arrived_when_only_refused_repairs_are_left(patience):
    left = plan(actions=(REPAIR,))
    assert not patience.is_all_refused(left)
    assert not patience.is_all_refused(plan())
    patience.final[SERVICE] = "no"
    assert patience.is_all_refused(left)
    assert not patience.is_all_refused(replace(left, actions=(REPAIR, CREATE)))
    assert not patience.is_all_refused(replace(left, waiting=((LB, "starting"),)))
    assert not patience.is_all_refused(replace(left, blocked=((LB, "not ours"),)))


# what stands in the way


def test_a_stranger_is_believed_after_half_a_minute(patience, clock):
    blocked = plan(blocked=((LB, "not ours"),))
    world = observed({})
    assert not patience.is_blocked(Target.AWAKE, world, blocked)
    wait(clock, BLOCKED_GRACE - MOMENT)
    assert not patience.is_blocked(Target.AWAKE, world, blocked)
    wait(clock, MOMENT)
    assert patience.is_blocked(Target.AWAKE, world, blocked)


def test_one_that_went_away_meanwhile_counts_from_anew(patience, clock):
    blocked, world = plan(blocked=((LB, "not ours"),)), observed({})
    assert not patience.is_blocked(Target.AWAKE, world, blocked)
    wait(clock, BLOCKED_GRACE)
    assert not patience.is_blocked(Target.AWAKE, world, plan())
    assert not patience.is_blocked(Target.AWAKE, world, blocked)


def test_an_elastic_ip_in_somebody_elses_use_is_waited_for_as_long_as_it_is_all(patience, clock):
    """It is free, and may come back (F03)."""
    world = observed({}, Holder.FOREIGN)
    only_held = plan(blocked=((EIP, "in use"),))
    assert not patience.is_blocked(Target.AWAKE, world, only_held)
    wait(clock, FOREIGN_GRACE - MOMENT)
    assert not patience.is_blocked(Target.AWAKE, world, only_held)
    both = replace(only_held, blocked=((EIP, "in use"), (LB, "not ours")))
    assert patience.is_blocked(Target.AWAKE, world, both)
    wait(clock, MOMENT)
    assert patience.is_blocked(Target.AWAKE, world, only_held)


def test_a_sleep_is_blocked_only_once_there_is_nothing_else_to_do(patience, clock):
    blocked, world = plan(Target.ASLEEP, blocked=((SERVICE, "not ours"),)), observed({})
    for busy in ({"actions": (DELETE,)}, {"waiting": ((LB, "being deleted"),)}):
        assert not patience.is_blocked(Target.ASLEEP, world, replace(blocked, **busy))
        wait(clock, BLOCKED_GRACE)
    assert not patience.is_blocked(Target.ASLEEP, world, blocked)
    wait(clock, BLOCKED_GRACE)
    assert patience.is_blocked(Target.ASLEEP, world, blocked)
    busy_wake = plan(blocked=((LB, "not ours"),), waiting=((TG, "being made"),))
    assert patience.is_blocked(Target.AWAKE, world, busy_wake)
