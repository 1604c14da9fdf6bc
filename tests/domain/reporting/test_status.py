"""The status record as JSON, whole, empty, and from before a field was there."""

import json
from dataclasses import replace

from controller.domain.decision.history import Event, EventKind, Learned, Wake
from controller.domain.decision.lifecycle import ConsumedRequests, Failure, Lifecycle, Slept
from controller.domain.money.meter import Meter
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress, Timeline
from controller.domain.reporting.status import Status, Trouble
from domain.decision_inputs import at, minutes, quiet, up

SPENT = ConsumedRequests(
    leases=frozenset({("a", at("09:00")), ("b", at("10:00"))}),
    windows_until=at("09:00"),
    hold_at=at("11:00"),
)


def full():
    lifecycle = up(
        "12:00",
        "12:04",
        balancer="12:01",
        activity=quiet("12:10", "12:40", "12:43", last="12:10"),
        spent=SPENT,
        slept=Slept(at=at("11:20"), rule="idle", reason="nobody has used it for 30 min"),
        failure=Failure(at=at("10:00"), cause="no image", spec_hash="sha256:1", spent=SPENT),
        incomplete_since=at("12:30"),
    )
    wake = Wake(started_at=at("12:00"), ready_at=at("12:04"), reason="", from_rest=True)
    return Status(
        target=Target.AWAKE,
        since=at("12:00"),
        settled=True,
        from_rest=False,
        phase="awake",
        cause="a task is replaced",
        decision={"state": "awake"},
        updated_at=at("12:43"),
        spec_hash="sha256:2",
        lifecycle=lifecycle,
        progress=Progress(settled=frozenset({"arn:a"})),
        timeline=Timeline().see("aws_lb.a", "creating", at("12:00")),
        learned=Learned.of([wake]),
        meter=Meter(opened_at=at("09:00")),
        spread_offset=minutes(3),
        endpoint={"ip": "203.0.113.25", "port": 5000, "url": "http://203.0.113.25:5000/"},
        stuck=Trouble(since=at("09:00"), cause="draining", standing=("aws_ecs_service.a",)),
        blocked=Trouble(since=at("09:00"), cause="theirs"),
        warned_for=at("13:00"),
        troubles=(EventKind.STUCK, EventKind.BLOCKED),
        outbox=(Event(stack="a", at=at("12:04"), kind=EventKind.AWAKE, reason="a demo"),),
    )


def test_a_status_is_kept_as_json():
    data = full().to_json()

    assert Status.from_json(json.loads(json.dumps(data))) == full()
    assert data["failure"] == {"at": "2026-11-23T10:00:00Z", "cause": "no image"}


def test_an_empty_record_is_that_of_a_new_stack():
    assert Status.from_json({}) == Status()
    assert Status.from_json(Status().to_json()) == Status()
    assert Lifecycle.from_json({}) == Lifecycle()


def test_a_stack_of_a_spread_sets_out_earlier_by_its_share():
    assert Status(spread_offset=minutes(3)).lead(minutes(20)) == minutes(6 + 3)
    assert Status(spread_offset=minutes(3)).lead(minutes(2)) == minutes(2 + 3)


def test_what_is_spent_adds_up():
    more = ConsumedRequests(leases=frozenset({("c", at("12:00"))}), windows_until=at("08:00"))
    both = SPENT | more

    assert {id_ for id_, _ in both.leases} == {"a", "b", "c"}
    assert both.windows_until == at("09:00")
    assert both.hold_at == at("11:00")


def test_a_stack_that_was_put_back_was_ready_all_the_time():
    lifecycle = up("12:00", "12:04").snapshot_taken(at("13:00"), complete=False, served=False)
    assert (lifecycle.incomplete_since, lifecycle.unserved_since) == (at("13:00"), at("13:00"))
    later = lifecycle.snapshot_taken(at("13:05"), complete=False, served=False)
    assert (later.incomplete_since, later.unserved_since) == (at("13:00"), at("13:00"))

    half = later.snapshot_taken(at("13:06"), complete=False, served=True)
    assert (half.incomplete_since, half.unserved_since) == (at("13:00"), None)
    assert half.ready(at("13:07")) == up("12:00", "12:04", served_again_at=at("13:06"))
    again = up("12:00", "12:04", served_again_at=at("13:07"))
    assert later.ready(at("13:07")) == again
    assert later.snapshot_taken(at("13:07"), complete=True, served=True) == again

    waking = up("12:00")
    assert waking.snapshot_taken(at("12:02"), complete=False, served=False) == waking


def test_a_new_wake_knows_nothing_of_the_time_awake_before():
    """What was seen of the traffic then would put it to sleep at once."""
    before = full().lifecycle.gone_to_sleep(full().lifecycle.slept, ConsumedRequests())
    assert (before.waking_since, before.ready_at, before.incomplete_since) == (None, None, None)

    odd = replace(
        before, ready_at=at("12:04"), incomplete_since=at("12:30"), unserved_since=at("12:30")
    )
    again = odd.begin_transition(at("15:00"))
    assert again.waking_since == at("15:00")
    assert (again.ready_at, again.incomplete_since, again.activity) == (None, None, None)
    assert again.unserved_since is None
    assert again.begin_transition(at("15:05")) == again


def test_one_that_sleeps_already_only_spends():
    slept = Slept(at=at("12:00"), rule="hold", reason="ann put it to sleep")
    asleep = Lifecycle(slept=slept)
    later = replace(slept, at=at("13:00"))
    assert asleep.gone_to_sleep(later, SPENT) == Lifecycle(slept=slept, spent=SPENT)
