"""What one turn of a run comes to: taken, ended, given up, or waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.errors import DeniedError, EndPassError, PermanentError, RetryError
from controller.domain.planning.observed import Holder, State
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind
from controller.reconcile.outcome import Limits, Result
from controller.reconcile.retry_policy import SOON
from controller.reconcile.verdicts import (
    A_MOMENT,
    BLIND,
    BLOCKED_GRACE,
    FOREIGN_GRACE,
    LAST_STEPS,
    ONE_MORE,
    Ending,
    blocked_since,
    find_end,
    find_holdup,
    is_blocked,
    may_go_on,
    only_waits,
    takeable,
)
from factories import EIP, LB, NOON, SERVICE, TG, seen
from reconcile.turns import PATIENCE, new, plan, ready, saw, turn

AWAKE, ASLEEP = Target.AWAKE, Target.ASLEEP
MOMENT, MINUTE = timedelta(milliseconds=1), timedelta(minutes=1)
HOUR = timedelta(hours=1)
CREATE = Action(verb=Verb.CREATE, kind=Kind.LOAD_BALANCER, address=LB)
REPAIR = Action(verb=Verb.UPDATE, kind=Kind.SERVICE, address=SERVICE, changes=("desiredCount",))
DELETE = Action(verb=Verb.DELETE, kind=Kind.TARGET_GROUP, address=TG, target=ASLEEP)
REMAKE = Action(verb=Verb.DELETE, kind=Kind.LOAD_BALANCER, address=LB)
FOREIGN = saw(plan(blocked=((LB, "not ours"),)))
FAILED = saw(plan(failed=((SERVICE, "the image is gone"),), actions=(CREATE,)))
NO_LIMITS = Limits()


def end(turn, limits=NO_LIMITS):
    return find_end(turn, limits)


# what may be taken


def test_ready_steps_are_taken_and_those_that_wait_are_not():
    waits = replace(DELETE, address=SERVICE, waits_for="its tags cannot be read yet")
    look = saw(plan(ASLEEP, actions=(DELETE, waits)))
    assert takeable(turn(ASLEEP), look) == [DELETE]


def test_a_call_that_is_held_back_is_taken_once_its_time_has_come():
    look = saw(plan(actions=(CREATE,)))
    held = turn(progress=Progress().holding_back(LB, NOON + MINUTE))
    assert takeable(held, look) == []
    assert takeable(replace(held, now=NOON + MINUTE), look) == [CREATE]


@pytest.mark.parametrize("look", [FOREIGN, FAILED])
def test_a_wake_that_is_blocked_or_has_failed_makes_nothing_that_costs_money(look):
    look = saw(replace(look.plan, actions=(CREATE,)))
    assert takeable(turn(), look) == []
    assert takeable(turn(serving=ready()), look) == [CREATE]


def test_a_load_balancer_that_failed_again_after_it_was_created_again_is_left_while_it_serves():
    look = saw(plan(actions=(REMAKE,)), {LB: State.FAILED})
    again = turn(serving=ready(), progress=Progress().after_failure(LB))
    assert takeable(again, look) == []


def test_and_is_created_again_once_more_an_hour_later():
    look = saw(plan(actions=(REMAKE,)), {LB: State.FAILED})
    known = Progress().after_delete(LB, "arn:old", NOON).after_failure(LB)
    again = turn(serving=ready(), progress=known)
    assert takeable(replace(again, now=NOON + HOUR - MOMENT), look) == []
    assert takeable(replace(again, now=NOON + HOUR), look) == [REMAKE]


def test_a_wake_that_is_out_of_time_begins_nothing():
    look = saw(plan(actions=(CREATE,)))
    late = turn(seen=look, give_up_at=NOON)
    assert takeable(replace(late, now=NOON - MOMENT), look) == [CREATE]
    assert takeable(late, look) == []
    assert takeable(replace(late, serving=ready()), look) == [CREATE]
    ended = end(late, Limits(give_up_at=NOON))
    assert ended.result is Result.FAILED
    assert ended.cause.startswith("not awake in time: nothing could be done about it")


def test_a_sleep_goes_on_however_late_it_is():
    look = saw(plan(ASLEEP, actions=(DELETE,)))
    assert takeable(turn(ASLEEP, give_up_at=NOON), look) == [DELETE]


# what was refused for good


def test_during_a_wake_only_a_setting_is_given_up():
    refused = turn(final={LB: "no", SERVICE: "no", TG: "no"})
    assert refused.is_given_up(REPAIR)
    assert refused.is_given_up(DELETE)
    assert not refused.is_given_up(CREATE)


def test_a_sleep_is_given_up_when_nothing_else_can_be_done_or_is_on_its_way():
    left, refused = plan(ASLEEP, actions=(DELETE,)), turn(ASLEEP, final={TG: "no"})
    assert not turn(ASLEEP).is_all_given_up(left)
    assert not turn(ASLEEP).is_all_given_up(plan(ASLEEP))
    assert refused.is_all_given_up(left)
    assert not refused.is_all_given_up(replace(left, waiting=((LB, "being deleted"),)))
    other = replace(DELETE, address=LB, kind=Kind.LOAD_BALANCER)
    assert not refused.is_all_given_up(replace(left, actions=(DELETE, other)))
    blocked = replace(other, waits_for="its tags cannot be read yet")
    assert refused.is_all_given_up(replace(left, actions=(DELETE, blocked)))
    assert end(replace(refused, seen=saw(left))) == Ending(Result.FAILED, "no")


def test_a_wake_has_arrived_when_only_refused_repairs_are_left():
    left, refused = plan(actions=(REPAIR,)), turn(final={SERVICE: "no"})
    assert not turn().is_all_refused(left)
    assert not turn().is_all_refused(plan())
    assert refused.is_all_refused(left)
    assert not refused.is_all_refused(replace(left, actions=(REPAIR, CREATE)))
    assert not refused.is_all_refused(replace(left, waiting=((LB, "starting"),)))
    assert not refused.is_all_refused(replace(left, blocked=((LB, "not ours"),)))
    assert end(replace(refused, seen=saw(left))) == Ending(Result.CONVERGED, "no")


# what stands in the way


def blocked(target, look, since=None, now=NOON):
    found = blocked_since(turn(target, blocked_since=since, now=now), look)
    return found, is_blocked(turn(target, blocked_since=found, now=now), look)


def test_a_foreign_resource_is_reported_after_half_a_minute():
    assert blocked(AWAKE, FOREIGN) == (NOON, False)
    assert blocked(AWAKE, FOREIGN, NOON, NOON + BLOCKED_GRACE - MOMENT) == (NOON, False)
    assert blocked(AWAKE, FOREIGN, NOON, NOON + BLOCKED_GRACE) == (NOON, True)


def test_one_that_went_away_meanwhile_counts_from_anew():
    assert blocked(AWAKE, saw(plan()), NOON) == (None, False)


def test_an_elastic_ip_in_somebody_elses_use_is_waited_for_as_long_as_it_is_all():
    """It is free, and may come back (F03)."""
    held = saw(plan(blocked=((EIP, "in use"),)), holder=Holder.FOREIGN)
    both = replace(held, plan=plan(blocked=((EIP, "in use"), (LB, "not ours"))))
    almost = NOON + FOREIGN_GRACE - MOMENT
    assert blocked(AWAKE, held, NOON, almost) == (NOON, False)
    assert blocked(AWAKE, both, NOON, almost) == (NOON, True)
    assert blocked(AWAKE, held, NOON, NOON + FOREIGN_GRACE) == (NOON, True)


@pytest.mark.parametrize("busy", [{"actions": (DELETE,)}, {"waiting": ((LB, "leaving"),)}])
def test_a_sleep_is_blocked_only_once_there_is_nothing_else_to_do(busy):
    look = saw(plan(ASLEEP, blocked=((SERVICE, "not ours"),)))
    assert blocked(ASLEEP, replace(look, plan=replace(look.plan, **busy)), NOON) == (None, False)
    assert blocked(ASLEEP, look, NOON, NOON + BLOCKED_GRACE) == (NOON, True)


def test_a_wake_that_is_blocked_ends_and_says_by_what():
    late = turn(seen=FOREIGN, blocked_since=NOON, now=NOON + BLOCKED_GRACE)
    assert end(late) == Ending(Result.BLOCKED, "not ours")


# how a run ends


def test_nothing_left_to_do_ends_the_run_and_its_warnings_are_reported():
    look = saw(plan(warnings=("a", "b")))
    assert end(turn(seen=look)) == Ending(Result.CONVERGED, "a; b")


def test_a_sleep_that_remembers_nothing_goes_on_looking_for_a_while():
    blind = turn(ASLEEP, saw(plan(ASLEEP)), progress=Progress(cold_since=NOON))
    assert end(replace(blind, now=NOON + BLIND - MOMENT)) is None
    assert end(replace(blind, now=NOON + BLIND)) == Ending(Result.CONVERGED)
    assert find_holdup(blind) == "making sure that nothing else is on its way"


def test_a_wake_fails_for_what_time_does_not_heal_and_one_that_serves_is_degraded():
    assert end(turn(seen=FAILED)) == Ending(Result.FAILED, "the image is gone")
    assert end(turn(seen=FAILED, serving=ready())) == Ending(Result.DEGRADED, "the image is gone")
    assert end(turn(seen=FAILED, serving=ready(unserved_since=NOON))) is None


def test_created_again_once_is_enough_for_a_wake():
    look = saw(plan(actions=(REMAKE,)), {LB: seen(State.FAILED, cause="no room")})
    once = turn(seen=look)
    assert end(once) is None
    again = replace(once, progress=Progress().after_failure(LB))
    assert end(again) == Ending(Result.FAILED, "created again once, and failed again: no room")


def test_one_that_serves_is_degraded_only_once_that_lasts():
    look = saw(plan(waiting=((SERVICE, "task starting"),)))
    lasting = turn(seen=look, serving=ready(incomplete_since=NOON))
    assert end(lasting) is None
    later = replace(lasting, now=NOON + 5 * MINUTE)
    assert end(later) == Ending(Result.DEGRADED, "task starting")


def test_one_that_serves_nobody_any_more_is_given_up_after_the_time_of_a_wake():
    look = saw(plan(waiting=((SERVICE, "task starting"),)))
    lost = turn(seen=look, serving=ready(unserved_since=NOON))
    assert end(replace(lost, now=NOON + PATIENCE - MOMENT)) is None
    given_up = end(replace(lost, now=NOON + PATIENCE))
    assert given_up.result is Result.FAILED
    assert given_up.cause == "no target was healthy for 20 min: task starting"


# what AWS refuses


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (PermanentError("no"), Result.FAILED),
        (EndPassError("expired", after_seconds=1), Result.UNFINISHED),
        (RetryError("slow down", after_seconds=1), None),
        (DeniedError("no right"), None),
    ],
)
def test_what_a_refused_round_comes_to(error, result):
    ended = end(turn(error=error, note=str(error), refused_since=NOON))
    assert (ended and ended.result) == result


def test_a_denial_means_something_only_when_it_lasts():
    denied = turn(error=DeniedError("no right"), refused_since=NOON)
    assert end(replace(denied, now=NOON + SOON - MOMENT)) is None
    assert end(replace(denied, now=NOON + SOON)) == Ending(Result.FAILED, "no right")
    kept = replace(denied, now=NOON + SOON, serving=ready())
    assert end(kept) == Ending(Result.DEGRADED, "no right")
    assert end(replace(kept, serving=ready(unserved_since=NOON))) is None


# time


def test_a_wake_is_given_up_when_its_time_is_over_and_one_that_was_ready_is_not():
    look = saw(plan(actions=(replace(CREATE, waits_for="waits for the Elastic IP"),)))
    limits = Limits(give_up_at=NOON)
    cause = "not awake in time: waits for the Elastic IP"
    assert end(turn(seen=look), limits) == Ending(Result.FAILED, cause, is_late=True)
    assert end(turn(seen=look, serving=ready()), limits) is None


def test_a_wake_that_is_given_up_names_the_refusals_that_lasted():
    """Those of calls that AWS has taken since are over."""
    look, limits = saw(plan(actions=(CREATE,))), Limits(give_up_at=NOON)
    refused = Progress().holding_back(CREATE.address, NOON, "Throttling: Rate exceeded")
    ending = end(turn(seen=look, progress=refused), limits)
    assert ending.cause == "not awake in time: Throttling: Rate exceeded"
    for taken in (
        refused.holding_back(CREATE.address, NOON),
        refused.after_create(CREATE.address, "arn", NOON),
        refused.after_delete(CREATE.address, "arn", NOON),
    ):
        assert "Rate exceeded" not in end(turn(seen=look, progress=taken), limits).cause
    assert Progress.from_json(refused.to_json()) == refused


def test_a_run_ends_before_its_process_does():
    limits = Limits(deadline=NOON + LAST_STEPS + ONE_MORE)
    early = turn(now=NOON - MOMENT)
    assert end(early, limits) is None
    assert end(turn(), limits) == Ending(Result.UNFINISHED, "AWS has not answered yet")


def test_a_pass_in_a_crowd_leaves_as_soon_as_it_would_only_wait():
    look, limits = saw(plan(waiting=((LB, "load balancer starting"),))), Limits(patient=False)
    waiting = turn(seen=look)
    assert end(waiting, limits) == Ending(Result.UNFINISHED, "load balancer starting")
    assert end(replace(waiting, taken=(CREATE,)), limits) is None
    held = replace(waiting, progress=Progress().holding_back(LB, NOON + MINUTE))
    assert end(held, limits) is None
    unread = saw(look.plan, {LB: seen(State.PENDING, owned=False)})
    assert end(turn(seen=unread), limits) is None


# what is waited for


def test_only_waiting_means_that_nothing_is_to_be_done_or_decided():
    waits = saw(plan(waiting=((LB, "starting"),)))
    assert only_waits(turn(), waits)
    assert not only_waits(turn(), saw(plan()))
    assert not only_waits(turn(), saw(plan(actions=(CREATE,))))
    assert not only_waits(turn(final={SERVICE: "no"}), waits)
    assert not only_waits(turn(), FAILED)


def test_a_wake_makes_one_part_after_the_other_by_what_it_has_just_read():
    makes, moment = saw(plan(actions=(CREATE,))), turn(now=NOON + A_MOMENT, serving=new())
    assert may_go_on(turn(), saw(plan(waiting=((LB, "starting"),))))
    assert may_go_on(moment, makes)
    assert may_go_on(moment, saw(plan(actions=(REPAIR,))))
    assert not may_go_on(replace(moment, now=moment.now + MOMENT), makes)
    for served in (ready(), new(unserved_since=None)):
        assert not may_go_on(replace(moment, serving=served), makes)


def test_no_deletion_and_no_end_rests_on_a_part():
    wakes = turn(serving=new())
    assert not may_go_on(wakes, saw(plan()))
    assert not may_go_on(wakes, saw(plan(actions=(CREATE, REMAKE))))
    assert not may_go_on(replace(wakes, target=ASLEEP), saw(plan(ASLEEP, actions=(DELETE,))))
    assert not may_go_on(wakes, FOREIGN)
    assert not may_go_on(wakes, FAILED)
    assert not may_go_on(replace(wakes, final={SERVICE: "no"}), saw(plan(actions=(CREATE,))))


def test_the_last_refusal_is_said_before_all_else():
    look = saw(plan(waiting=((LB, "starting"),)), {SERVICE: seen(State.PENDING, cause="slow")})
    assert find_holdup(turn(seen=look)) == "starting; slow"
    assert find_holdup(turn(seen=look, note="denied")) == "denied"
