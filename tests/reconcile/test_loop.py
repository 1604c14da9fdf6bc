"""A run as a whole, on a cloud that stays as it is."""

from __future__ import annotations

from controller.domain.planning.observed import State
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress, Timeline
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Result
from controller.reconcile.retry_policy import MOST_UPDATES
from controller.reconcile.side_by_side import one_by_one
from factories import LB, LISTENER, NOON, SERVICE, TG, article_spec, observed, seen
from local.clock import ManualClock

WHOLE = {LB: State.READY, TG: State.READY, LISTENER: State.READY, SERVICE: State.READY}


class Still:
    """A cloud in which no step changes anything."""

    def __init__(self, states):
        self.world = observed(states)
        self.taken = []

    def observe(self, target, progress, now, only):
        return self.world

    def take(self, action, world):
        self.taken.append(action.address)
        return world[action.address]


def run(cloud, target=Target.AWAKE, **more):
    return Reconciler(article_spec(), cloud, ManualClock(NOON), one_by_one, **more).run(target)


def test_a_stack_that_is_as_it_should_be_is_left_alone():
    cloud = Still(WHOLE)
    outcome = run(cloud)
    assert (outcome.result, outcome.target, cloud.taken) == (Result.CONVERGED, Target.AWAKE, [])
    assert outcome.observed == cloud.world
    assert outcome.plan.converged


def test_an_update_that_never_shows_is_given_up_by_name():
    other = seen(State.READY, SERVICE, differs=("platformVersion",))
    cloud = Still({**WHOLE, SERVICE: other})
    outcome = run(cloud)
    assert cloud.taken == [SERVICE] * MOST_UPDATES
    assert outcome.result is Result.CONVERGED
    assert "still has not the platformVersion" in outcome.cause


def test_each_round_is_reported_with_what_is_remembered():
    rounds, remembers = [], Progress(leftovers_checked_for="one")
    timeline = Timeline()
    run(Still(WHOLE), report=rounds.append, progress=remembers, timeline=timeline)
    assert [(one.now, one.target) for one in rounds] == [(NOON, Target.AWAKE)]
    assert rounds[0].progress.leftovers_checked_for == "one"
    assert rounds[0].plan.converged
