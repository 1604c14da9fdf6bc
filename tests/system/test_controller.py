"""The Lambda function's work: a pass for one stack from its records, and the heartbeat."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from controller.bootstrap import bootstrap
from controller.domain.decision.lease import Lease
from controller.domain.errors import EndPassError, SpecError
from controller.reconcile.side_by_side import one_by_one
from controller.store import items
from controller.store.lock import LockKeeper
from factories import article_spec
from local.aws import LaptopAws
from local.errors import AwsError
from local.records import create_table
from system.stack_under_test import ASLEEP, AWAKE, FORBIDDEN, StackUnderTest

BUDGET = timedelta(seconds=300)


@pytest.fixture
def sut():
    aws = LaptopAws(profile="typical")
    aws.furnish_article()
    create_table(aws.session().client("dynamodb"), "dormouse")
    sut = StackUnderTest(aws)
    yield sut
    assert not {call.operation for call in aws.calls} & FORBIDDEN


@pytest.fixture
def controller(sut):
    made = bootstrap(
        {"DORMOUSE_TABLE": "dormouse", "DORMOUSE_CONTROLLER": "controller"},
        session=sut.session,
        clock=sut.aws.clock,
        side_by_side=one_by_one,
        rehearses=False,
    )
    made.table.put_spec(sut.spec, due_at=sut.aws.clock.now())
    return made


def lease(sut, minutes: float, id_: str = "a") -> Lease:
    now = sut.aws.clock.now()
    return Lease(
        stack="nsfw-api",
        id=id_,
        holder="wake link",
        reason="a demo",
        granted_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )


def run(controller, budget: timedelta = BUDGET) -> dict:
    return controller.run_pass("nsfw-api", "request-1", budget)


def test_a_lease_wakes_the_stack_and_its_end_puts_it_to_sleep(sut, controller):
    controller.table.grant(lease(sut, 58))
    result = run(controller)
    assert result["result"] == "converged"
    assert sut.standing() == AWAKE
    assert result["decision"]["reason"] == "wake link asked for it: a demo"

    status = controller.table.load("nsfw-api").status
    assert status.phase == "awake"
    assert status.endpoint["url"] == "http://203.0.113.25:5000/"

    sut.aws.clock.advance(3600 - 240)  # the lease is over, and the paid hour nearly
    assert run(controller)["result"] == "converged"
    assert sut.standing() == ASLEEP


def test_office_hours_wake_it_without_anybody_asking(sut, controller):
    """The simulated AWS's Monday begins at 09:00 UTC."""
    policy = {"office_hours": [[["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]]}
    spec = article_spec(policy=policy)
    controller.table.put_spec(spec, due_at=sut.aws.clock.now())

    result = run(controller)
    assert result["decision"]["reason"] == "office hours"
    assert sut.standing() == AWAKE
    # Its end is hours away: in a quarter of an hour somebody may have changed something.
    assert result["due_at"].startswith("2026-11-23T09:17:")


def test_a_pass_that_runs_out_of_time_comes_back_and_goes_on(sut, controller):
    controller.table.grant(lease(sut, 60))
    result = run(controller, timedelta(seconds=60))
    assert result["result"] == "unfinished"
    assert "load balancer starting" in result["cause"]
    sut.aws.clock.advance(1)
    assert controller.table.due(sut.aws.clock.now()) == ["nsfw-api"]

    writes = len(sut.aws.calls.of("CreateLoadBalancer", "CreateService"))
    assert run(controller)["result"] == "converged"
    assert len(sut.aws.calls.of("CreateLoadBalancer", "CreateService")) == writes


def test_a_failed_wake_is_torn_down_and_only_a_new_lease_tries_again(sut, controller):
    sut.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    controller.table.grant(lease(sut, 180))
    result = run(controller, timedelta(minutes=60))

    assert sut.standing() == ASLEEP
    assert result["decision"]["state"] == "asleep"
    status = controller.table.load("nsfw-api").status
    assert "CannotPullContainerError" in status.lifecycle.failure.cause

    sut.aws.clock.advance(60)
    made = len(sut.aws.calls.of("CreateLoadBalancer"))
    run(controller)
    assert len(sut.aws.calls.of("CreateLoadBalancer")) == made

    sut.aws.conditions.containers("nsfw-api-container", "healthy")
    controller.table.grant(lease(sut, 60, "b"))
    assert run(controller)["result"] == "converged"
    assert sut.standing() == AWAKE


def test_only_one_pass_at_a_time_works_on_a_stack(sut, controller):
    locks = LockKeeper(sut.session.client("dynamodb"), "dormouse")
    now = sut.aws.clock.now()
    first = locks.acquire("nsfw-api", "one", now)
    assert run(controller) == {"result": "busy"}

    sut.aws.clock.advance(61)
    second = locks.acquire("nsfw-api", "two", sut.aws.clock.now())
    assert second.fence > first.fence
    assert not locks.renew(first, sut.aws.clock.now())
    locks.release(first, sut.aws.clock.now())
    assert run(controller) == {"result": "busy"}


FAR = {"N": "99999999999"}


@pytest.mark.parametrize(
    "damage",
    [
        {"until": FAR},
        {"until": FAR, "since": FAR},
        {"until": {"S": "tomorrow"}},
        {"until": {"NULL": True}},
        {"until": FAR, "fence": {"S": "one"}},
        {"until": {"N": "0"}, "fence": {"S": "one"}},
    ],
)
def test_a_lock_that_no_pass_can_have_taken_is_void(sut, controller, damage):
    """Or nothing would put the stack to sleep, and nobody would hear of it."""
    run(controller)
    dynamodb = sut.session.client("dynamodb")
    key = items.key("nsfw-api", items.LOCK)
    item = dynamodb.get_item(TableName="dormouse", Key=key)["Item"]
    dynamodb.put_item(TableName="dormouse", Item=item | damage)
    locks = LockKeeper(dynamodb, "dormouse")

    assert not locks.is_held("nsfw-api", sut.aws.clock.now())
    assert run(controller)["result"] == "converged"
    assert run(controller)["result"] == "converged"


def test_a_lock_that_ends_two_minutes_ahead_is_void_and_one_of_a_minute_is_not(sut, controller):
    """A pass takes it for a minute; the clocks of two functions differ by seconds."""
    run(controller)
    dynamodb, now = sut.session.client("dynamodb"), sut.aws.clock.now()
    key, locks = items.key("nsfw-api", items.LOCK), LockKeeper(dynamodb, "dormouse")
    item = dynamodb.get_item(TableName="dormouse", Key=key)["Item"]
    for seconds, held in ((75, True), (120, False)):
        until = {"until": {"N": str(now.timestamp() + seconds)}}
        dynamodb.put_item(TableName="dormouse", Item=item | until)
        assert locks.is_held("nsfw-api", now) == held
        assert run(controller)["result"] == ("busy" if held else "converged")


def test_a_lock_that_has_been_given_back_is_held_by_nobody(sut):
    """It may be given back between the try and the question how long it has been held."""
    locks, now = LockKeeper(sut.session.client("dynamodb"), "dormouse"), sut.aws.clock.now()
    lock = locks.acquire("nsfw-api", "one", now)
    sut.aws.clock.advance(20)
    assert locks.held_for("nsfw-api", sut.aws.clock.now()) == timedelta(seconds=20)
    locks.release(lock, sut.aws.clock.now())
    sut.aws.clock.advance(3600)
    assert locks.held_for("nsfw-api", sut.aws.clock.now()) == timedelta(0)


def test_a_stack_that_is_busy_for_longer_than_a_pass_can_last_is_overdue(sut, controller):
    locks = LockKeeper(sut.session.client("dynamodb"), "dormouse")
    lock = locks.acquire("nsfw-api", "one that hangs", sut.aws.clock.now())
    for _ in range(30):
        assert run(controller) == {"result": "busy"}
        sut.aws.clock.advance(30)
        assert locks.renew(lock, sut.aws.clock.now())
    sut.aws.clock.advance(1)
    found = run(controller)
    assert (found["result"], found["overdue"]) == ("busy", "busy_too_long")
    assert found["busy_seconds"] == 901

    sut.aws.clock.advance(60)
    assert run(controller)["result"] == "converged"
    other = locks.acquire("nsfw-api", "another", sut.aws.clock.now())
    assert other
    assert run(controller) == {"result": "busy"}


def test_a_pass_that_cannot_give_its_lock_back_has_done_its_work_all_the_same(
    sut, controller, monkeypatch
):
    lines = []
    log = SimpleNamespace(warning=lambda message, **facts: lines.append((message, facts)))

    def refused(*_):
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    monkeypatch.setattr(LockKeeper, "release", refused)
    controller = replace(controller, log=log)
    controller.table.grant(lease(sut, 60, "a"))
    assert run(controller)["result"] == "converged"
    assert sut.standing() == AWAKE
    ((message, facts),) = lines
    assert (message, facts["stack"]) == ("lock not released", "nsfw-api")
    assert "ThrottlingException" in facts["traceback"]


def test_the_heartbeat_hands_on_due_stacks_alone(sut, controller):
    now = sut.aws.clock.now()
    later = replace(sut.spec, stack="later")
    controller.table.put_spec(later, due_at=now + timedelta(hours=1))
    invoked = []
    sut.aws.answer_with(
        "lambda", "Invoke", lambda params: invoked.append(params) or {"StatusCode": 202}
    )

    assert controller.hand_on_due() == ["nsfw-api"]
    assert [json.loads(p["Payload"]) for p in invoked] == [{"stack": "nsfw-api"}]
    assert invoked[0]["InvocationType"] == "Event"


def test_a_stack_that_cannot_be_started_delays_no_other(sut, controller):
    for name in ("broken", "other"):
        controller.table.put_spec(replace(sut.spec, stack=name), due_at=sut.aws.clock.now())
    invoked = []

    def invoke(params):
        name = json.loads(params["Payload"])["stack"]
        if name == "broken":
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
        invoked.append(name)
        return {"StatusCode": 202}

    sut.aws.answer_with("lambda", "Invoke", invoke)
    with pytest.raises(EndPassError, match=r"1 of 3 due stacks \(broken: .*they stay due"):
        controller.hand_on_due()
    assert sorted(invoked) == ["nsfw-api", "other"]
    assert "broken" in controller.table.due(sut.aws.clock.now())


def test_a_doubled_or_day_old_invocation_finds_nothing_to_do(sut, controller):
    controller.table.grant(lease(sut, 58))
    run(controller)
    writes = len(sut.aws.calls.writes().of("CreateLoadBalancer", "CreateService"))
    first = run(controller)
    assert run(controller)["decision"] == first["decision"]

    sut.aws.clock.advance(26 * 3600)
    run(controller)
    assert sut.standing() == ASLEEP
    assert len(sut.aws.calls.writes().of("CreateLoadBalancer", "CreateService")) == writes


def test_a_pass_over_an_awake_stack_costs_a_few_small_requests(sut, controller):
    controller.table.grant(lease(sut, 58))
    run(controller)
    start = len(sut.aws.calls)
    run(controller)

    calls = [call for call in sut.aws.calls[start:] if call.service == "dynamodb"]
    assert [call.operation for call in calls] == [
        "UpdateItem",  # the lock
        "UpdateItem",  # due again, if this pass is lost
        "Query",  # what is asked for
        "Query",  # the rest
        "Query",  # whether anything was asked for since
        "UpdateItem",  # how it ended
        "PutItem",  # its row on the board
        "UpdateItem",  # the lock
    ]
    assert all(call.is_read for call in sut.aws.calls[start:] if call.service != "dynamodb")


def test_a_stack_that_is_not_published_says_how_to(sut, controller):
    with pytest.raises(SpecError, match="dormouse publish DIR"):
        controller.run_pass("other", "x", BUDGET)
    assert controller.table.due(sut.aws.clock.now()) == ["nsfw-api"]


def test_a_request_to_an_unpublished_stack_fails_once_and_leaves_little(sut, controller):
    """A press that was on its way while the records were taken out."""
    late = replace(lease(sut, 60), stack="gone")
    controller.table.grant(late)
    with pytest.raises(SpecError, match="not published"):
        controller.run_pass("gone", "x", BUDGET)

    assert controller.table.due(sut.aws.clock.now() + timedelta(days=400)) == ["nsfw-api"]
    assert records_of(sut, "gone") == {"mark", f"lease#{late.id}"}
    controller.table.put_spec(replace(article_spec(), stack="gone"), sut.aws.clock.now())
    assert "gone" in controller.table.due(sut.aws.clock.now())


def test_a_status_without_a_spec_fails_once_and_stays_for_whoever_publishes_again(sut, controller):
    run(controller)
    dynamodb = sut.session.client("dynamodb")
    dynamodb.delete_item(TableName="dormouse", Key=items.key("nsfw-api", "spec"))
    with pytest.raises(SpecError, match="not published"):
        run(controller)

    assert controller.table.due(sut.aws.clock.now() + timedelta(days=400)) == []
    assert "status" in records_of(sut, "nsfw-api")
    controller.table.put_spec(article_spec(), sut.aws.clock.now())
    assert run(controller)["result"] == "converged"


def records_of(sut, stack):
    found = sut.session.client("dynamodb").scan(TableName="dormouse")["Items"]
    return {item["sk"]["S"] for item in found if item["pk"]["S"].endswith(f"#{stack}")}


def test_a_zone_that_nobody_has_rules_for_fails_no_pass_and_is_reported(sut, controller):
    spec = article_spec(policy={"time_zone": "Mars/Olympus_Mons", "office_hours": []})
    began_at = sut.aws.clock.now()
    controller.table.put_spec(spec, due_at=began_at)

    assert run(controller)["result"] == "converged"
    (damage,) = controller.table.load("nsfw-api").damaged
    assert 'has rules for "Mars/Olympus_Mons"' in damage.why
    reported = controller.table.events("nsfw-api", began_at, began_at + timedelta(hours=1))
    (reason,) = [event.reason for event in reported]
    assert 'has rules for "Mars/Olympus_Mons"' in reason
    assert "publish it again" in reason
