"""What a turn remembers of its reads and steps, and what it has given up."""

from __future__ import annotations

from datetime import timedelta

from controller.domain.planning.plan import Action, Verb
from controller.domain.planning.progress import Step
from controller.domain.planning.spec import Kind
from factories import LB, NOON, SERVICE, TG
from reconcile.turns import new, ready, turn

SECOND = timedelta(seconds=1)
LATER = NOON + 5 * SECOND
SCALES = Action(verb=Verb.CREATE, kind=Kind.AUTOSCALING_TARGET, address="scaling", after=(SERVICE,))


def test_a_full_read_replaces_every_read_of_single_addresses():
    read = turn(read_at={LB: NOON + SECOND}, serving=ready()).having_read(None, LATER, new())
    assert (read.whole_at, read.read_at, read.serving) == (LATER, {}, new())


def test_a_read_of_some_addresses_leaves_the_others_as_they_were():
    read = turn(read_at={LB: NOON + SECOND}, serving=ready()).having_read({TG}, LATER, new())
    assert (read.whole_at, read.serving) == (NOON, new())
    assert [read.last_read(each) for each in (LB, TG, SERVICE)] == [NOON + SECOND, LATER, NOON]


def test_an_address_is_busy_since_its_own_last_step_that_is_not_over():
    steps = (
        Step(address=LB, step="creating", started_at=NOON + SECOND),
        Step(address=LB, step="starting", started_at=NOON + 3 * SECOND, finished_at=LATER),
        Step(address=TG, step="creating", started_at=NOON + 2 * SECOND),
    )
    busy = turn(steps=steps)
    assert [busy.busy_since(each) for each in (LB, TG, SERVICE)] == [
        NOON + SECOND,
        NOON + 2 * SECOND,
        NOON,
    ]


def test_a_companion_is_given_up_with_what_it_comes_after():
    assert not turn(final={LB: "no"}).is_given_up(SCALES)
    assert turn(final={SERVICE: "no"}).is_given_up(SCALES)
    assert turn(final={"scaling": "no"}).is_given_up(SCALES)
