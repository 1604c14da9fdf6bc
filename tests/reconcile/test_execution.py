"""Steps that are taken, and what becomes of those that AWS refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.errors import DeniedError, EndPassError, PermanentError, WaitError
from controller.domain.planning.observed import ABSENT, State
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.progress import READ_LAG, Progress, Timeline
from controller.domain.planning.spec import Kind
from controller.reconcile.execution import Execution
from controller.reconcile.journal import SHOWN, Journal
from controller.reconcile.retry_policy import MOST_UPDATES, SLOWEST_RETRY
from controller.reconcile.serving import Serving
from controller.reconcile.side_by_side import one_by_one
from factories import LB, LISTENER, NOON, SERVICE, TG, article_spec, observed, seen
from local.clock import ManualClock
from reconcile.turns import plan, ready

SPEC = article_spec()
MINUTE = timedelta(minutes=1)
NOTHING = observed({})
MAKE_LB = Action(verb=Verb.CREATE, kind=Kind.LOAD_BALANCER, address=LB)
MAKE_TG = Action(verb=Verb.CREATE, kind=Kind.TARGET_GROUP, address=TG)
DEPLOY = Action(verb=Verb.UPDATE, kind=Kind.SERVICE, address=SERVICE, changes=("platformVersion",))
SLEEP_LB = Action(verb=Verb.DELETE, kind=Kind.LOAD_BALANCER, address=LB, target=Target.ASLEEP)


class Answers:
    """A cloud that answers each address by what it was given; anything else becomes ready."""

    def __init__(self, **answers):
        self.answers = answers
        self.prepared = 0

    def prepare(self, actions):
        self.prepared += 1

    def take(self, action, observed):
        answer = self.answers.get(action.kind, seen(State.PENDING, action.address))
        if isinstance(answer, Exception):
            raise answer
        return answer


class Setup:
    def __init__(self, **answers):
        self.clock = ManualClock(NOON)
        self.cloud = Answers(**answers)
        self.journal = Journal(SPEC, Progress(), Timeline())
        self.execution = Execution(SPEC, self.cloud, self.clock, one_by_one, self.journal)

    @property
    def progress(self):
        return self.journal.progress

    def take(self, *actions, world=NOTHING, serving=None):
        return self.execution.take(actions, world, serving or Serving())


def test_what_is_made_is_known_at_once_and_remembered():
    setup = Setup()
    observed, note = setup.take(MAKE_LB, MAKE_TG)
    assert (observed[LB].state, note) == (State.PENDING, "")
    assert setup.progress.just_created(LB, NOON).arn == observed[LB].arn
    assert [step.step for step in setup.journal.timeline.steps] == ["creating", "creating"]


def test_what_terraform_keeps_is_looked_for_once_before_the_first_create():
    setup = Setup()
    setup.execution.prepare(plan(actions=(DEPLOY,)))
    assert setup.cloud.prepared == 0
    setup.execution.prepare(plan(actions=(DEPLOY, MAKE_LB)))
    setup.execution.prepare(plan(actions=(MAKE_TG,)))
    assert setup.cloud.prepared == 1


def test_a_refusal_holds_back_its_own_step_alone():
    setup = Setup(load_balancer=WaitError("the Elastic IP is held", after_seconds=2))
    observed, note = setup.take(MAKE_LB, MAKE_TG)
    assert note == "the Elastic IP is held"
    assert (observed[LB], observed[TG].state) == (ABSENT, State.PENDING)
    assert setup.progress.is_held_back(LB, NOON + timedelta(seconds=1))
    assert not setup.progress.is_held_back(LB, NOON + timedelta(seconds=2))
    assert not setup.progress.is_held_back(TG, NOON)


@pytest.mark.parametrize("error", [PermanentError("no"), EndPassError("expired", after_seconds=1)])
def test_what_ends_a_round_is_raised_once_the_rest_is_remembered(error):
    setup = Setup(load_balancer=error)
    with pytest.raises(type(error), match=str(error)):
        setup.take(MAKE_LB, MAKE_TG)
    assert setup.progress.just_created(TG, NOON)


def test_a_mistake_of_our_own_is_no_answer_of_aws():
    with pytest.raises(KeyError):
        Setup(load_balancer=KeyError("Arn")).take(MAKE_LB)


def test_a_sleep_goes_on_without_a_step_that_was_refused_for_good():
    setup = Setup(load_balancer=PermanentError("deletion protection"))
    setup.take(SLEEP_LB)
    assert setup.execution.final == {LB: "deletion protection"}


def test_what_serves_people_is_not_torn_down_for_a_setting():
    whole = observed({SERVICE: State.READY})
    for how in ({"serving": ready()}, {"world": whole}):
        setup = Setup(service=PermanentError("no such version"))
        setup.take(DEPLOY, **how)
        assert setup.execution.final == {SERVICE: "no such version"}
    waking = observed({SERVICE: State.PENDING})
    with pytest.raises(PermanentError):
        Setup(service=PermanentError("no such version")).take(DEPLOY, world=waking)


def test_a_denial_on_what_was_made_a_moment_ago_is_a_lag():
    """Rights that are bound to its tags may not hold yet (F70)."""
    setup = Setup()
    setup.take(MAKE_LB, MAKE_TG)
    setup.cloud.answers = {"listener": DeniedError("no right")}
    listen = Action(verb=Verb.CREATE, kind=Kind.LISTENER, address=LISTENER, after=(LB, TG))
    for _ in range(5):
        setup.take(listen)
    assert setup.progress.retry_at[LISTENER] <= NOON + READ_LAG
    setup.clock.advance(READ_LAG.total_seconds())
    with pytest.raises(PermanentError):
        setup.take(listen)


# updates


def test_a_deployment_is_given_time_to_show():
    setup = Setup()
    setup.take(DEPLOY, world=observed({SERVICE: State.READY}))
    assert setup.progress.retry_at[SERVICE] == NOON + SHOWN
    assert setup.progress.is_settled(f"arn:{SERVICE}", SPEC[SERVICE])


def test_an_update_that_does_not_show_is_made_a_few_times_and_then_reported():
    setup, world = Setup(), observed({SERVICE: State.READY})
    for _ in range(MOST_UPDATES - 1):
        setup.take(DEPLOY, world=world)
    assert setup.execution.final == {}
    setup.take(DEPLOY, world=world)
    assert "still has not the platformVersion" in setup.execution.final[SERVICE]


def test_tasks_of_a_leaving_service_are_stopped_once_a_minute():
    setup = Setup()
    setup.take(DEPLOY, world=observed({SERVICE: State.LEAVING}))
    assert setup.progress.retry_at[SERVICE] == NOON + SLOWEST_RETRY
    assert setup.execution.final == {}


# deletes


def test_one_that_was_taken_down_because_it_failed_counts_as_created_again():
    setup, world = Setup(), observed({LB: State.FAILED})
    remake = Action(verb=Verb.DELETE, kind=Kind.LOAD_BALANCER, address=LB)
    setup.take(remake, world=world)
    assert setup.progress.is_recreated(LB)
    assert setup.progress.is_doomed(LB, f"arn:{LB}", NOON + MINUTE)


@pytest.mark.parametrize(("target", "again"), [(Target.AWAKE, True), (Target.ASLEEP, False)])
def test_an_outdated_one_is_created_again_only_where_something_better_is_to_come(target, again):
    setup = Setup()
    world = observed({LB: seen(State.READY, LB, outdated=("Scheme",))})
    action = Action(verb=Verb.DELETE, kind=Kind.LOAD_BALANCER, address=LB, target=target)
    setup.take(action, world=world)
    assert setup.progress.is_recreated(LB) is again
