"""What a run remembers of what it has seen and done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from controller.domain.planning.going import COUNT
from controller.domain.planning.observed import Holder, Leftover, State
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.progress import Progress, Timeline, settled_key
from controller.domain.planning.spec import Kind
from controller.reconcile.journal import Journal
from factories import EIP, LB, NOON, SERVICE, article_spec, observed, seen
from reconcile.turns import plan

SPEC = article_spec()
LATER = NOON + timedelta(minutes=1)


def journal(**known) -> Journal:
    return Journal(SPEC, Progress(**known), Timeline())


def begun(target, **known):
    one = journal(**known)
    one.begin(target, NOON)
    return one.progress.cold_since


def test_a_sleep_is_blind_as_long_as_nobody_knows_what_else_there_is():
    assert begun(Target.ASLEEP) == NOON
    assert begun(Target.ASLEEP, cold_since=LATER) == LATER
    assert begun(Target.ASLEEP, leftovers_checked_for=SPEC.hash, cold_since=LATER) is None
    assert begun(Target.AWAKE, cold_since=LATER) is None


def test_whoever_deleted_a_service_its_drain_counts_from_when_it_was_first_seen():
    one = journal()
    leaving = observed({SERVICE: State.LEAVING})
    one.saw(leaving)
    one.saw(replace(leaving, at=LATER))
    assert one.progress.draining_since(SERVICE, f"arn:{SERVICE}") == NOON


def test_what_stands_no_more_is_not_remembered_as_settled():
    mark = settled_key(f"arn:{LB}", SPEC[LB])
    one = journal(settled=frozenset({mark, "arn:gone#1"}))
    one.saw(observed({LB: State.READY}))
    assert one.progress.settled == {mark}


def test_settings_that_are_asked_for_no_more_are_not_remembered_as_those_that_it_has():
    """They may be changed from now on, and come back with the files of before."""
    one = journal(settled=frozenset({f"arn:{LB}#1"}))
    one.saw(observed({LB: State.READY}))
    assert one.progress.settled == {f"arn:{LB}#"}
    assert one.progress.was_settled(f"arn:{LB}")


def test_a_service_whose_count_is_lowered_is_not_said_to_be_deleted():
    one = journal()
    lowers = Action(
        verb=Verb.DELETE,
        kind=Kind.SERVICE,
        address=SERVICE,
        changes=(COUNT,),
        target=Target.ASLEEP,
    )
    one.takes((lowers,), NOON)
    one.takes((replace(lowers, changes=()),), LATER)
    steps = [(s.step, s.started_at) for s in one.timeline.steps]
    assert steps == [("stopping tasks", NOON), ("deleting", LATER)]


def test_a_step_is_over_when_nothing_is_waited_for_any_more():
    one = journal()
    starting = observed({LB: seen(State.PENDING, LB)}, Holder.LEAVING)
    one.advance(starting, plan(waiting=((LB, "load balancer starting"),)), NOON)
    one.advance(observed({LB: State.READY}), plan(), LATER)
    found = [(s.address, s.step, s.finished_at) for s in one.timeline.steps]
    assert found == [
        (LB, "load balancer starting", LATER),
        (EIP, "Elastic IP not free yet", LATER),
    ]


def test_failures_are_forgotten_once_the_stack_is_as_it_should_be():
    one = journal(failures={LB: 1}, retry_at={LB: LATER})
    one.arrived(observed({}))
    assert (one.progress.failures, one.progress.retry_at) == ({}, {})


def test_only_a_read_that_found_nothing_else_ends_the_cold_search():
    world = observed({})
    more = Leftover(kind=Kind.LOAD_BALANCER, name="other", arn="arn:other", address="aws_lb.other")
    for leftovers, leftovers_checked_for in ((None, ""), ((more,), ""), ((), SPEC.hash)):
        one = journal()
        one.arrived(replace(world, leftovers=leftovers))
        assert one.progress.leftovers_checked_for == leftovers_checked_for
