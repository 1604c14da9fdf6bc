"""When a stack is looked at again, and whether people are warned by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.desired import Decision
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.decision.sleep_rules import Rule
from controller.domain.planning.observed import Holder
from controller.domain.planning.plan import Plan, Target
from controller.domain.planning.progress import Progress, Timeline
from controller.domain.reporting.status import Status, Trouble
from controller.reconcile.next_visit import CHECK, MEND, PUNCTUAL, SLOW, SOON, next_visit
from controller.reconcile.outcome import Outcome, Result
from factories import EIP, LB, NOON, SERVICE, article_spec, observed
from reconcile.records import HOUR, Loaded, lease

AWAKE, ASLEEP = Target.AWAKE, Target.ASLEEP
MINUTE = timedelta(minutes=1)
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"


def decided(state, until=None):
    return Decision(state=state, rule=Rule.LEASE, reason="asked", until=until, evidence={})


def ended(result=Result.CONVERGED, target=AWAKE, plan=None):
    return Outcome(
        result=result,
        target=target,
        cause="",
        observed=observed({}, Holder.LEAVING),
        plan=plan,
        progress=Progress(),
        timeline=Timeline(),
    )


def up(since=NOON - HOUR, balancer_since=NOON - HOUR) -> Status:
    standing = (BilledResource(address=LB, arn=BALANCER, since=balancer_since),)
    lifecycle = Lifecycle(waking_since=since, ready_at=since, billed=standing)
    return Status(target=AWAKE, settled=True, lifecycle=lifecycle)


def awake(until, status=None, now=NOON, outcome=None, clear_at=None, **policy):
    """The next visit to a stack that a lease keeps awake until then."""
    records = Loaded(
        spec=article_spec(policy={"idle_timeout": "0", "finish_paid_hour": False, **policy}),
        leases=(lease(until, since=NOON - HOUR),),
    )
    decision = decided(AWAKE, until)
    return next_visit(status or up(), records, decision, outcome or ended(), now, clear_at)


def test_what_sleeps_is_left_alone_until_its_decision_may_change():
    asleep = Status(target=ASLEEP, settled=True)
    visit = next_visit(asleep, Loaded(), decided(ASLEEP), ended(target=ASLEEP), NOON)
    assert (visit.at, visit.ending) == (None, None)
    later = decided(ASLEEP, NOON + 8 * HOUR)
    assert next_visit(asleep, Loaded(), later, ended(target=ASLEEP), NOON).at == NOON + 8 * HOUR


def test_what_is_awake_is_looked_at_a_few_times_an_hour():
    assert awake(NOON + 8 * HOUR).at == NOON + CHECK


def test_what_a_replaced_spec_has_left_is_come_back_for():
    visit = awake(NOON + 8 * HOUR, clear_at=NOON + MINUTE)
    assert visit.at == NOON + MINUTE


@pytest.mark.parametrize("result", [Result.CONVERGED, Result.DEGRADED])
def test_people_are_warned_ten_minutes_before_the_end_and_not_before(result):
    end, outcome = NOON + HOUR, ended(result)
    early = awake(end, now=end - SOON - 2 * MINUTE, outcome=outcome)
    assert (early.at, early.ending) == (end - SOON, None)
    due = awake(end, now=end - SOON, outcome=outcome)
    assert due.ending
    assert due.ending.at == end
    assert due.ending.state is ASLEEP


def test_one_that_is_awake_for_a_moment_only_is_not_warned_of():
    end = NOON + 5 * MINUTE
    assert awake(end, up(since=end - 2 * SOON)).ending
    assert awake(end, up(since=end - 2 * SOON + MINUTE)).ending is None


def test_it_comes_back_before_an_end_after_which_an_hour_is_paid_almost_at_once():
    end = NOON + 4 * MINUTE
    paid = up(balancer_since=end + PUNCTUAL / 2 - HOUR)
    assert awake(end, paid, finish_paid_hour=True).at == end - PUNCTUAL
    assert awake(end, paid, finish_paid_hour=True, now=end - PUNCTUAL).at == end
    assert awake(end, up(balancer_since=end - HOUR / 2), finish_paid_hour=True).at == end


def test_what_is_degraded_is_looked_at_again_in_a_few_minutes():
    assert awake(NOON + 8 * HOUR, outcome=ended(Result.DEGRADED)).at == NOON + MEND


@pytest.mark.parametrize("result", [Result.BLOCKED, Result.FAILED])
def test_what_needs_a_person_is_tried_slowly(result):
    visit = next_visit(Status(), Loaded(), decided(ASLEEP), ended(result, ASLEEP), NOON)
    assert visit.at == NOON + SLOW


def test_what_is_not_done_yet_goes_on_at_once():
    visit = next_visit(Status(), Loaded(), decided(ASLEEP), ended(Result.UNFINISHED), NOON)
    assert visit.at == NOON


def test_a_sleep_that_is_stuck_goes_on_slowly_but_for_addresses_that_become_free():
    stuck = Status(stuck=Trouble(since=NOON, cause="it drains"))
    drains = Plan(target=ASLEEP, waiting=((SERVICE, "draining"),))
    frees = replace(drains, waiting=((EIP, "not free yet"),))
    for plan, at in ((drains, NOON + SLOW), (frees, NOON), (None, NOON + SLOW)):
        outcome = ended(Result.UNFINISHED, ASLEEP, plan)
        assert next_visit(stuck, Loaded(), decided(ASLEEP), outcome, NOON).at == at
