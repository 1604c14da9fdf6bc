"""What a pass decides by, and what it writes down before it acts; whether that is still wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.hold import Hold
from controller.domain.decision.idle import Counts, Minute
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.decision.sleep_rules import Rule
from controller.domain.errors import LockLostError
from controller.domain.money.meter import Meter
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.plan import Target
from controller.domain.reporting.status import Status
from controller.reconcile.deciding import Decider
from controller.reconcile.still_wanted import StillWanted
from controller.reconcile.tracker import StatusTracker
from factories import LB, NOON, article_spec
from local.clock import ManualClock
from reconcile.records import HOUR, Loaded, MemoryStore, lease

AWAKE, ASLEEP = Target.AWAKE, Target.ASLEEP
MINUTE = timedelta(minutes=1)
SPEC = article_spec(policy={"idle_timeout": "30m", "finish_paid_hour": False})
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
UP = Lifecycle(
    waking_since=NOON - 2 * HOUR,
    ready_at=NOON - 2 * HOUR,
    billed=(BilledResource(address=LB, arn=BALANCER, since=NOON - 2 * HOUR),),
)


HELD_ASLEEP = Hold(
    stack="nsfw-api",
    state=ASLEEP,
    by="somebody",
    reason="",
    set_at=NOON,
    until=NOON + HOUR,
    over=frozenset({"one"}),
)


class Quiet:
    """Nobody uses the stack; counts how often that was asked."""

    def __init__(self):
        self.reads = 0

    def __call__(self, spec):
        return self

    def read(self, balancers, start, end):
        self.reads += 1
        moments = [start + n * MINUTE for n in range(int((end - start) / MINUTE))]
        return Counts(tuple(Minute(at=at, new_flows=0, bytes=0) for at in moments))


class Setup:
    def __init__(self, status=None, *leases):
        known = status or Status()
        known = known.with_meter(Meter().using(UsageProfile.of(SPEC), NOON))
        self.clock = ManualClock(NOON)
        self.store = MemoryStore(Loaded(spec=SPEC, status=known, leases=leases))
        self.tracker = StatusTracker(self.store, self.clock)
        self.tracker.begin(self.records)
        self.traffic = Quiet()
        self.decider = Decider(self.tracker, self.traffic, self.clock)

    @property
    def records(self):
        return self.store.records

    def still_wanted(self, decision, **how):
        return StillWanted(self.store, self.decider, self.clock, self.records, decision, **how)


def awake(*leases):
    return Setup(Status(target=AWAKE, settled=True, lifecycle=UP), *leases)


# deciding


def test_a_new_target_is_written_before_anything_is_done_about_it():
    setup = Setup(None, lease(NOON + HOUR))
    decision = setup.decider.begin_transition(setup.records)
    assert decision.state is AWAKE
    assert [status["target"] for status, _ in setup.store.written] == ["awake"]
    assert [str(event.kind) for event in setup.tracker.status.outbox] == ["waking"]


def test_the_same_target_is_no_news():
    setup = Setup(Status(target=ASLEEP, settled=True))
    assert setup.decider.begin_transition(setup.records).state is ASLEEP
    assert setup.store.written == []
    assert setup.tracker.status.outbox == ()


def test_traffic_is_read_only_where_it_can_change_what_holds():
    setup = Setup(Status(target=ASLEEP, settled=True))
    setup.decider.decide(setup.records)
    assert setup.traffic.reads == 0
    idle = awake(lease(NOON + HOUR, since=NOON - 2 * HOUR))
    decision = idle.decider.decide(idle.records)
    assert idle.traffic.reads == 1
    assert (decision.state, decision.rule) == (ASLEEP, Rule.IDLE)
    assert idle.tracker.status.lifecycle.activity.read_at == NOON


def test_what_goes_to_sleep_uses_up_what_kept_it_awake():
    setup = awake(lease(NOON + HOUR, since=NOON - 2 * HOUR))
    setup.decider.begin_transition(setup.records)
    assert setup.tracker.status.lifecycle.has_consumed_lease(setup.records.leases[0])
    assert setup.decider.verdict(setup.records, NOON).state is ASLEEP


def test_a_decision_is_kept_until_something_that_it_rests_on_changes():
    setup = Setup(None, lease(NOON + HOUR))
    first = setup.decider.verdict(setup.records, NOON)
    assert setup.decider.verdict(setup.records, NOON + MINUTE) is first
    later = replace(setup.records, hold=HELD_ASLEEP, request_version=1)
    assert setup.decider.verdict(later, NOON + MINUTE).state is ASLEEP


# still wanted


def test_the_records_are_read_again_only_after_a_request():
    setup = Setup(None, lease(NOON + HOUR))
    still_wanted = setup.still_wanted(setup.decider.begin_transition(setup.records))
    assert still_wanted()
    assert setup.store.loads == 0
    setup.store.records = replace(setup.records, hold=HELD_ASLEEP, request_version=1)
    assert not still_wanted()
    assert setup.store.loads == 1


def test_another_spec_is_another_target():
    setup = Setup(None, lease(NOON + HOUR))
    still_wanted = setup.still_wanted(setup.decider.begin_transition(setup.records))
    setup.store.records = replace(setup.records, spec=replace(SPEC, policy={}), request_version=1)
    assert not still_wanted()


def test_an_end_that_has_come_is_seen_without_a_read():
    setup = Setup(None, lease(NOON + HOUR))
    still_wanted = setup.still_wanted(setup.decider.begin_transition(setup.records))
    setup.clock.advance(HOUR.total_seconds())
    assert not still_wanted()
    assert setup.store.loads == 0


def test_a_pass_whose_lock_is_gone_ends_but_for_what_it_has_just_read():
    setup = Setup(None, lease(NOON + HOUR))
    still_wanted = setup.still_wanted(setup.decider.begin_transition(setup.records), is_fresh=True)
    setup.store.has_lock = False
    assert still_wanted()
    with pytest.raises(LockLostError):
        still_wanted()
