"""Policy "monthly": a sleeping stack is woken for real once in 30 days, asked once, and sleeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.booking import Booking
from controller.domain.decision.history import EventKind
from controller.domain.decision.hold import Hold
from controller.domain.money.ledger import usage_now
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy
from controller.domain.reporting.proof import Verdict
from controller.domain.reporting.real_rehearsal import Answer, RealVerdict
from controller.reconcile import real_rehearsal
from controller.store.lock import LockKeeper
from controller.store.stack_records import StackRecords
from diagnostics.exam import Exam, index
from local.faults import FOREVER, Fault, throttled
from system.days import STACK, Days

MONTH = timedelta(days=30)
QUIET = {"time_zone": "Asia/Tokyo", "rehearse": "monthly", "finish_paid_hour": False}


class Service:
    """Answers as told, and counts who asks."""

    def __init__(self, day):
        self.day, self.requested = day, []
        self.answer = Answer(RealVerdict.ANSWERED, "HTTP 200")
        self.then = lambda: None

    def __call__(self, url, path):
        assert self.day.balancers()[-1].ended_at is None, "it is asked while it stands"
        self.requested.append((self.day.now, url, path))
        self.then()
        return self.answer


@pytest.fixture
def sleeping():
    """
    The article's stack, asleep and looked at, a minute before its first rehearsal is due.

    No heartbeat came in the days before.
    """

    def make(start="Mon 02:58", days=30, **policy):
        day = Days(parse_policy(QUIET | policy), start, profile="fast", rehearses=True)
        exam = Exam(day.sut)
        exam.role()
        exam.define()
        exam.push(index("amd64"))
        service = Service(day)
        day.controller = replace(day.controller, ask_service=service)
        day.run_pass()
        day.aws.clock.advance(days * 86_400)
        return day, service

    return make


def after(day, **length):
    day.live_until(day.now + timedelta(**length))


def status_of(day):
    return day.controller.table.load(STACK).status


def real_of(day):
    return status_of(day).real_rehearsal


def stands(day):
    return [one for one in day.balancers() if one.ended_at is None]


def is_asleep(day):
    status = status_of(day)
    return status.target is Target.ASLEEP and status.settled and not stands(day)


def kinds(day):
    return [event.kind for event in day.reported]


def test_it_wakes_once_in_thirty_days_at_the_quiet_hour_is_called_once_and_sleeps(sleeping):
    day, service = sleeping()
    assert (service.requested, day.balancers()) == ([], [])
    began = day.now
    after(day, hours=2)
    ((requested_at, url, path),) = service.requested
    assert began < requested_at < began + timedelta(minutes=15)
    assert requested_at.astimezone(day.zone).hour == 3
    assert (url.startswith("http://"), path) == (True, "/")
    assert is_asleep(day)
    assert [day.controller.table.load(STACK).leases[0].id] == ["rehearsal"]
    assert real_of(day).verdict is RealVerdict.ANSWERED
    assert [str(kind) for kind in kinds(day)] == ["waking", "awake", "sleeping", "asleep"]

    day.live_until(requested_at + MONTH)
    assert len(service.requested) == 1
    after(day, hours=25)
    assert len(service.requested) == 2
    assert service.requested[1][0] - requested_at >= MONTH
    assert service.requested[1][0].astimezone(day.zone).hour == 3
    assert is_asleep(day)


def test_its_cost_is_in_the_ledger_and_its_wake_says_why(sleeping):
    day, _ = sleeping()
    after(day, hours=2)
    (wake,) = day.controller.table.last_wakes(STACK)
    assert wake.reason == "rehearsal asked for it: the monthly wake for real"
    (event,) = [event for event in day.reported if event.kind is EventKind.ASLEEP]
    assert any(":loadbalancer/" in span[1] for span in event.facts["spans"])
    status = status_of(day)
    used = usage_now(status.meter, status.lifecycle, day.now)
    assert (used.spent.load_balancer, used.wakes, day.paid_hours()) == (1, 1, [1])
    assert 0 < used.spent.vcpu < 1


@pytest.mark.parametrize("rehearse", ["look", "off"])
def test_nothing_is_woken_under_another_policy(sleeping, rehearse):
    day, service = sleeping(rehearse=rehearse)
    after(day, days=2)
    assert (service.requested, day.balancers(), real_of(day)) == ([], [], None)


def test_the_quiet_hour_is_that_of_its_own_history(sleeping):
    """Somebody uses it every night from one until five."""
    day, service = sleeping(days=26, idle_timeout="20m")
    for _ in range(3):
        opens = (day.now + timedelta(days=1)).astimezone(day.zone).replace(hour=1, minute=0)
        day.live_until(opens)
        day.wake(3.9, holder="ann")
        day.run_pass()
        for minute in range(0, 230, 3):
            day.aws.traffic.flows(
                "ecs-nlb", opens + timedelta(minutes=minute), new_flows=9, bytes=90_000
            )
        after(day, hours=5)
        assert is_asleep(day)
    after(day, days=3)
    ((requested_at, _, _),) = service.requested
    assert requested_at.astimezone(day.zone).hour == 5


def test_none_begins_within_two_hours_before_an_opening(sleeping):
    day, service = sleeping(office_hours=["Wed 04:30-06:00"])
    after(day, hours=5)
    assert service.requested == []
    after(day, days=1)
    assert len(service.requested) == 1


def held(day):
    day.hold(
        Hold(
            stack=STACK,
            state=Target.ASLEEP,
            by="ann",
            reason="",
            set_at=day.now,
            until=day.now + timedelta(hours=3),
        )
    )


def booked(day):
    opens = day.now + timedelta(hours=2)
    day.controller.table.book(
        Booking(
            stack=STACK,
            id="b1",
            owner="cli",
            by="ann",
            reason="",
            made_at=day.now,
            opens_at=opens,
            closes_at=opens + timedelta(minutes=30),
        )
    )


def image_lost(day):
    Exam(day.sut).client("ecr").delete_repository(repositoryName="api", force=True)
    day.controller.table.request_rehearsal(STACK, day.now)


@pytest.mark.parametrize("hinder", [held, booked, image_lost])
def test_what_somebody_wants_and_what_would_fail_comes_first(sleeping, hinder):
    day, service = sleeping()
    hinder(day)
    day.run_pass()
    after(day, hours=1, minutes=30)
    assert (service.requested, day.balancers()) == ([], [])
    if hinder is image_lost:
        Exam(day.sut).push(index("amd64"))
    day.controller.table.request_rehearsal(STACK, day.now)
    day.run_pass()
    after(day, days=1)
    assert len(service.requested) == 1, "the next night"
    assert is_asleep(day)


def test_none_begins_while_the_budget_is_used_up(sleeping):
    """Its Elastic IP alone costs 3.65 a month; the budget is used up in the month's last days."""
    day, service = sleeping(monthly_budget=0.5)
    after(day, days=2)
    assert (service.requested, day.balancers()) == ([], [])
    day.aws.clock.advance(8 * 86_400)  # a new month
    after(day, days=1)
    assert len(service.requested) == 1


def test_who_puts_it_to_sleep_meanwhile_ends_it(sleeping):
    day, service = sleeping()
    day.during(day.now + timedelta(minutes=2, seconds=30), day.sleep)
    after(day, hours=1)
    assert (len(day.balancers()), service.requested) == (1, [])
    assert is_asleep(day)
    real = real_of(day)
    assert real.verdict is RealVerdict.NOT_FINISHED
    assert real.said.startswith("ann holds it asleep")
    proof = status_of(day).proof
    (finding,) = proof.findings
    assert (proof.verdict, finding.hinders) == (Verdict.COULD_WAKE, False)
    assert "was not finished, so it has proved nothing: ann holds it asleep" in finding.message


def test_one_that_somebody_ended_is_tried_again_the_next_night(sleeping):
    day, service = sleeping()
    day.during(day.now + timedelta(minutes=2, seconds=30), day.sleep)
    after(day, hours=1)
    (finding,) = status_of(day).proof.findings
    assert "it is tried again after 2026-12-22 19:0" in finding.message
    day.controller.table.lift_hold(STACK, day.now)
    after(day, hours=20)
    assert service.requested == [], "not at another hour"
    after(day, hours=5)
    ((requested_at, _, _),) = service.requested
    assert (requested_at.astimezone(day.zone).day, requested_at.astimezone(day.zone).hour) == (
        24,
        3,
    )
    assert real_of(day).verdict is RealVerdict.ANSWERED
    assert status_of(day).proof.findings == ()
    day.live_until(requested_at + MONTH)
    assert len(service.requested) == 1


def test_one_that_never_comes_to_an_end_costs_three_wakes_a_month(sleeping):
    """Every night somebody puts it to sleep before the service is asked."""
    day, service = sleeping()
    began = day.now

    def put_to_sleep(_):
        day.sleep()
        return False

    day.aws.faults.add(Fault(operation="CreateListener", predicate=put_to_sleep, times=FOREVER))
    after(day, days=32)
    assert service.requested == []
    assert [(one.started_at - began).days for one in day.balancers()] == [0, 1, 2]
    after(day, days=2)
    assert [(one.started_at - began).days for one in day.balancers()] == [0, 1, 2, 32, 33]


REFUSED = ["CreateLoadBalancer", "CreateService", "CreateTargetGroup", "CreateListener"]


@pytest.mark.parametrize("operation", REFUSED)
def test_one_that_aws_throttled_is_tried_again_and_says_what_it_waited_for(sleeping, operation):
    day, service = sleeping()
    kind = "ecs" if operation == "CreateService" else "elbv2"
    day.aws.faults.add(throttled(kind, operation, times=FOREVER))
    after(day, hours=2)
    real = real_of(day)
    assert (service.requested, real.verdict) == ([], RealVerdict.COULD_NOT_WAKE)
    assert "Rate exceeded" in real.said
    assert "it is tried again after" in status_of(day).proof.findings[0].message
    day.aws.faults.clear()
    after(day, days=1)
    assert len(service.requested) == 1
    assert status_of(day).proof.findings == ()


def test_a_wake_of_somebody_else_ends_what_the_last_one_left_open(sleeping):
    """They have shown that it wakes; it is not woken once more to show it."""
    day, service = sleeping()
    day.aws.faults.add(throttled("elbv2", "CreateLoadBalancer", times=FOREVER))
    after(day, hours=2)
    assert status_of(day).proof.findings
    day.aws.faults.clear()
    day.wake(1, holder="ann")
    day.run_pass()
    after(day, hours=2)
    assert status_of(day).proof.findings == ()
    made = len(day.balancers())
    after(day, days=28)
    assert (len(day.balancers()), service.requested) == (made, [])
    after(day, days=3)
    assert len(service.requested) == 1


def test_somebody_who_wants_it_meanwhile_keeps_it_awake(sleeping):
    day, service = sleeping(idle_timeout="0")
    service.then = lambda: day.wake(2, holder="ann")
    after(day, hours=1, minutes=30)
    assert len(service.requested) == 1
    assert len(stands(day)) == 1
    assert day.reason.startswith("ann asked for it")
    after(day, hours=2)
    assert is_asleep(day)
    assert len(day.balancers()) == 1


def test_a_wake_that_fails_is_reported_and_shown_and_it_sleeps(sleeping):
    day, service = sleeping()
    day.aws.faults.add(
        Fault(operation="CreateLoadBalancer", code="AccessDeniedException", status=403, times=1000)
    )
    after(day, hours=2)
    assert service.requested == []
    assert is_asleep(day)
    assert {EventKind.FAILED, EventKind.BLOCKED} & set(kinds(day))
    assert real_of(day).verdict is RealVerdict.COULD_NOT_WAKE
    (finding,) = status_of(day).proof.findings
    assert (finding.rule, finding.hinders) == (real_rehearsal.RULE, False)
    day.aws.faults.clear()
    after(day, days=2)
    assert len(day.aws.calls.of("CreateLoadBalancer")) > 0
    assert service.requested == [], "not before another month"
    (finding,) = status_of(day).proof.findings
    assert "it could not wake: " in finding.message
    day.aws.clock.advance(28 * 86_400)
    after(day, days=1)
    assert len(service.requested) == 1
    assert status_of(day).proof.findings == ()


def test_an_answer_that_is_none_is_among_the_findings(sleeping):
    day, service = sleeping()
    service.answer = Answer(RealVerdict.NOT_ANSWERED, "http://192.0.2.1:5000/: HTTP 503")
    after(day, hours=2)
    assert is_asleep(day)
    (finding,) = status_of(day).proof.findings
    assert finding.message.endswith("it did not answer: http://192.0.2.1:5000/: HTTP 503")
    assert status_of(day).proof.verdict is Verdict.COULD_WAKE


class KilledError(BaseException):
    """The process is gone."""


def dies_once(day, monkeypatch, owner, name, *, before, when=lambda *_: True):
    """At the first call of this method the process ends, and gives no lock back."""
    real, alive = getattr(owner, name), [True]

    def die(*args, **named):
        if not alive or not when(*args):
            return real(*args, **named)
        alive.clear()
        if not before:
            real(*args, **named)
        monkeypatch.setattr(LockKeeper, "release", lambda *_: None)
        raise KilledError

    monkeypatch.setattr(owner, name, die)
    return alive


POINTS = {
    "before its lease": (StackRecords, "grant_if_unasked", True),
    "after its lease": (StackRecords, "grant_if_unasked", False),
    "before the service is asked": (Service, "__call__", True),
    "after the service is asked": (Service, "__call__", False),
    "before its lease is released": (StackRecords, "end_lease", True),
    "after its lease is released": (StackRecords, "end_lease", False),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_pass_that_dies_in_the_middle_leaves_it_asleep(sleeping, monkeypatch, point):
    day, service = sleeping()
    release = LockKeeper.release
    owner, name, before = POINTS[point]
    alive = dies_once(day, monkeypatch, owner, name, before=before)
    with pytest.raises(KilledError):
        after(day, hours=2)
    assert not alive
    monkeypatch.setattr(LockKeeper, "release", release)
    after(day, hours=2)
    assert is_asleep(day)
    assert 1 <= len(service.requested) <= 2
    assert real_of(day).verdict is RealVerdict.ANSWERED
    assert len(day.balancers()) == 1
    after(day, days=3)
    assert len(day.balancers()) == 1, "once in thirty days"


@pytest.mark.parametrize("asks", ["once before", "never before"])
def test_somebody_who_holds_it_asleep_at_the_same_moment_is_first(sleeping, monkeypatch, asks):
    """Between the records that the pass has read and its lease there is no gap."""
    day, service = sleeping()
    if asks == "once before":
        day.controller.table.request_rehearsal(STACK, day.now)
        day.run_pass()
    real, waits = StackRecords.grant_if_unasked, [True]

    def held_first(*given):
        if waits.pop() if waits else False:
            held(day)
        return real(*given)

    monkeypatch.setattr(StackRecords, "grant_if_unasked", held_first)
    after(day, hours=2)

    assert not waits
    assert (service.requested, day.balancers()) == ([], [])
    assert not day.controller.table.load(STACK).leases
    after(day, days=1)
    assert len(service.requested) == 1, "the next night"


@pytest.mark.parametrize("operation", ["CreateLoadBalancer", "CreateService", "DeleteLoadBalancer"])
def test_a_process_that_dies_while_it_wakes_or_sleeps_leaves_it_asleep(
    sleeping, monkeypatch, operation
):
    day, _ = sleeping()
    release, alive = LockKeeper.release, [True]

    def die(params):
        if not alive:
            return False
        alive.clear()
        monkeypatch.setattr(LockKeeper, "release", lambda *_: None)
        raise KilledError

    day.aws.faults.add(Fault(operation=operation, code="x", status=400, times=1, predicate=die))
    with pytest.raises(KilledError):
        after(day, hours=2)
    monkeypatch.setattr(LockKeeper, "release", release)
    after(day, hours=2)
    assert is_asleep(day)
    assert real_of(day).verdict is RealVerdict.ANSWERED


def test_a_controller_that_is_gone_for_good_in_the_middle_of_the_wake_ends_it_by_its_lease(
    sleeping, monkeypatch
):
    """Nobody asks, and nothing renews: the passes come back after an hour."""
    day, service = sleeping()
    release = LockKeeper.release
    dies_once(day, monkeypatch, Service, "__call__", before=True)
    with pytest.raises(KilledError):
        after(day, hours=2)
    monkeypatch.setattr(LockKeeper, "release", release)
    day.aws.clock.advance(3600)
    after(day, minutes=30)
    assert service.requested == []
    assert is_asleep(day)
    assert real_of(day).verdict is RealVerdict.NOT_FINISHED
