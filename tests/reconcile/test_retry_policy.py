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
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.spec import Kind
from controller.reconcile.retry_policy import (
    MOST_UPDATES,
    SLOWEST_RETRY,
    SOON,
    RetryPolicy,
)
from factories import LB, NOON, SERVICE, TG
from local.clock import ManualClock

MOMENT = timedelta(milliseconds=1)
CREATE = Action(verb=Verb.CREATE, kind=Kind.LOAD_BALANCER, address=LB)
REPAIR = Action(verb=Verb.UPDATE, kind=Kind.SERVICE, address=SERVICE, changes=("desiredCount",))
DELETE = Action(verb=Verb.DELETE, kind=Kind.TARGET_GROUP, address=TG, target=Target.ASLEEP)


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
def test_a_refusal_that_may_come_from_a_lag_is_retried(patience, error, times):
    """Rights and tags lag (AWS behaviour §6.2, F70); what is plainly wrong is not asked twice."""
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


# what is given up


def test_the_same_update_of_the_same_object_is_counted(patience):
    assert [patience.updates(REPAIR, "arn:1") for _ in range(MOST_UPDATES)] == [1, 2, 3]
    assert patience.updates(REPAIR, "arn:2") == 1
    assert patience.updates(replace(REPAIR, changes=("platformVersion",)), "arn:1") == 1


def test_what_was_said_of_the_one_before_does_not_hold_for_a_new_one(patience):
    patience.final = {SERVICE: "no", TG: "no"}
    patience.made(SERVICE)
    patience.made("nothing.was.said.of.this")
    assert patience.final == {TG: "no"}
