"""When AWS is looked at again, and how much of it is read then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.planning.observed import Holder, State
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind
from controller.reconcile.outcome import Limits
from controller.reconcile.pacing import (
    SHORTEST_PAUSE,
    UNREADABLE,
    WHOLE,
    pause_after,
    read_next,
)
from factories import EIP, LB, NOON, SERVICE, seen
from reconcile.turns import plan, saw, turn

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ACTS = Action(verb=Verb.CREATE, kind=Kind.LOAD_BALANCER, address=LB, waits_for="the Elastic IP")
ACTING = saw(plan(actions=(ACTS,)))
WAITING = saw(plan(waiting=((SERVICE, "task starting"),)))


@pytest.mark.parametrize(
    ("look", "way", "usual", "seconds"),
    [
        (ACTING, 0, 0, 1),
        (ACTING, 60, 0, 3),
        (ACTING, 600, 0, 5),
        (WAITING, 0, 0, 2),
        (WAITING, 0, 80, 4),
        (WAITING, 60, 20, 3),
        (saw(plan(Target.ASLEEP, actions=(ACTS,))), 0, 0, 2),
        (saw(plan()), 0, 0, 5),
    ],
)
def test_it_looks_more_rarely_the_longer_the_way_is(look, way, usual, seconds):
    limits = Limits(usual=usual * SECOND)
    late = turn(seen=look, now=NOON + way * SECOND)
    assert pause_after(late, limits) == seconds * SECOND


def test_what_can_be_asked_again_sooner_is():
    held = turn(seen=WAITING, progress=Progress().holding_back(LB, NOON + SECOND))
    assert pause_after(held, Limits()) == SECOND
    almost = replace(held, now=NOON + SECOND - timedelta(milliseconds=1))
    assert pause_after(almost, Limits()) == SHORTEST_PAUSE


def test_tags_that_cannot_be_read_yet_are_asked_for_soon():
    unread = saw(WAITING.plan, {LB: seen(State.PENDING, owned=False)})
    late = turn(seen=unread, now=NOON + 10 * MINUTE)
    assert pause_after(late, Limits()) == UNREADABLE


def test_aws_is_left_alone_for_as_long_as_it_says():
    quiet = turn(seen=WAITING, quiet_until=NOON + MINUTE)
    assert pause_after(quiet, Limits()) == MINUTE


def test_only_what_is_waited_for_is_read_and_everything_once_a_minute():
    after = turn(seen=WAITING, reading=WAITING)
    assert read_next(after, NOON + WHOLE - SECOND) == {SERVICE}
    assert read_next(after, NOON + WHOLE) is None
    assert read_next(turn(seen=WAITING), NOON) is None


def test_an_elastic_ip_is_read_as_long_as_something_waits_for_it():
    held = saw(plan(actions=(ACTS,)), holder=Holder.LEAVING)
    assert read_next(turn(reading=held), NOON) == {LB, EIP}
    other = saw(WAITING.plan, holder=Holder.LEAVING)
    assert read_next(turn(reading=other), NOON) == {SERVICE}
