"""How long a run may take, by what is known of the stack."""

from __future__ import annotations

from datetime import timedelta

from controller.domain.decision.history import Learned
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import Policy
from controller.domain.reporting.status import Status
from controller.reconcile.limits import limits_of_run
from controller.reconcile.outcome import Limits
from factories import NOON

MINUTE = timedelta(minutes=1)
POLICY = Policy(wake_timeout=20 * MINUTE)
OWN = Limits(deadline=NOON + 14 * MINUTE, patient=False)


def limits(status, target=Target.AWAKE, **how):
    return limits_of_run(OWN, status, POLICY, target, NOON, **how)


def test_the_wake_timeout_counts_from_the_start_of_the_wake():
    assert limits(Status()).give_up_at == NOON + 20 * MINUTE
    begun = Status(lifecycle=Lifecycle(waking_since=NOON - 5 * MINUTE))
    assert limits(begun).give_up_at == NOON + 15 * MINUTE
    assert limits(begun, Target.ASLEEP).give_up_at is None


def test_the_limits_of_the_process_stay():
    found = limits(Status())
    assert (found.deadline, found.patient) == (OWN.deadline, False)


def test_past_wakes_show_how_long_one_takes():
    known = Status(learned=Learned(totals=(120.0, 140.0, 160.0)))
    assert limits(known).learned.usual >= 2 * MINUTE
    assert limits(known, Target.ASLEEP).learned == known.learned


def test_a_wake_counts_from_its_first_pass():
    begun = Status(lifecycle=Lifecycle(waking_since=NOON - 5 * MINUTE))
    assert (limits(begun).since, limits(Status()).since) == (NOON - 5 * MINUTE, None)


def test_one_that_was_ready_is_given_up_only_once_it_serves_nobody():
    assert limits(Status()).served is None
    known = {"incomplete_since": NOON + MINUTE, "unserved_since": NOON + 2 * MINUTE}
    served = limits(Status(lifecycle=Lifecycle(ready_at=NOON, **known))).served
    assert (served.since, served.incomplete_since) == (NOON, NOON + MINUTE)
    assert served.unserved_since == NOON + 2 * MINUTE
    assert served.patience == 20 * MINUTE


def test_after_a_lost_status_a_read_shows_whether_it_was_ready():
    served = limits(Status(), is_found=True).served
    assert served.since is None
