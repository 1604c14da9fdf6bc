"""
Records of an earlier release under the code of this one, and those of a later one.

tests/data/records holds what a release wrote for the article's stack, ten minutes into a wake that
a link had asked for and then extended to 11:12. A release that changes a record adds its own file.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.bootstrap import bootstrap
from controller.domain.errors import SpecError
from controller.domain.timestamps import parse_timestamp
from controller.reconcile.side_by_side import one_by_one
from factories import article_spec
from local.aws import LaptopAws
from local.clock import ManualClock
from local.records import create_table
from system.stack_under_test import ASLEEP, AWAKE, StackUnderTest

STACK = "nsfw-api"
RELEASES = sorted((Path(__file__).parents[1] / "data" / "records").glob("*.json"))
WRITTEN_AT = datetime(2026, 11, 23, 9, 13, tzinfo=UTC)
BUDGET = timedelta(minutes=10)


def account(items):
    """The account, its table with these items, and this release's controller."""
    aws = LaptopAws(profile="fast", clock=ManualClock(WRITTEN_AT))
    aws.furnish_article()
    dynamodb = aws.session().client("dynamodb")
    create_table(dynamodb, "dormouse")
    for item in items:
        dynamodb.put_item(TableName="dormouse", Item=item)
    environment = {"DORMOUSE_TABLE": "dormouse", "DORMOUSE_CONTROLLER": "controller"}
    controller = bootstrap(
        environment,
        session=aws.session(),
        clock=aws.clock,
        side_by_side=one_by_one,
        rehearses=False,
    )
    return aws, controller


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def items(request):
    return json.loads(request.param.read_text())


def test_a_wake_begun_by_an_earlier_release_is_kept_and_ended_by_this_one(items):
    aws, controller = account(items)
    sut = StackUnderTest(aws)
    assert controller.run_pass(STACK, "test", BUDGET)["result"] == "converged"
    assert sut.standing() == AWAKE

    aws.clock.advance(3 * 3600 - 240)  # the lease is over, and the third paid hour nearly
    assert controller.run_pass(STACK, "test", BUDGET)["result"] == "converged"
    assert sut.standing() == ASLEEP


def test_what_an_earlier_release_has_learned_is_not_forgotten(items):
    _, controller = account(items)
    assert len(controller.table.last_wakes(STACK)) == 1
    controller.run_pass(STACK, "test", BUDGET)
    status = controller.table.load(STACK).status
    assert any(address == "aws_lb.nlb[0]" for address, *_ in status.learned.to_json()["steps"])


def test_the_spec_of_an_earlier_release_keeps_its_hash(items):
    """Else the first pass after an upgrade would take every stack for changed."""
    (item,) = [i for i in items if i["sk"]["S"] == "spec"]
    _, controller = account(items)
    assert controller.table.load(STACK).spec.hash == json.loads(item["body"]["S"])["hash"]


def of_a_later_release(items, kind):
    return [
        item | {"version": {"N": "99"}} if item["sk"]["S"].startswith(kind) else item
        for item in items
    ]


def test_a_spec_of_a_later_release_is_not_guessed_at_and_nothing_is_done(items):
    aws, controller = account(of_a_later_release(items, "spec"))
    came = controller.run_pass(STACK, "test", BUDGET)

    assert "its spec cannot be read" in came["decision"]["reason"]
    (damaged,) = controller.table.load(STACK).damaged
    assert "found version 99, expected 1 at most; deploy the release" in damaged.why
    assert StackUnderTest(aws).standing() == ASLEEP
    assert [call.service for call in aws.calls.writes() if call.service in ("elbv2", "ecs")] == []
    # Nobody has to publish it again once the later release is back.
    assert parse_timestamp(came["due_at"]) <= aws.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize(("kind", "stands"), [("status", AWAKE), ("lease#", ASLEEP)])
def test_another_record_of_a_later_release_is_set_aside_and_stops_nothing(items, kind, stands):
    """Without a lease that nobody can read it sleeps; a status is learned again."""
    aws, controller = account(of_a_later_release(items, kind))
    (damaged,) = controller.table.load(STACK).damaged
    assert damaged.record.startswith(kind)
    assert "found version 99, expected 1 at most; deploy the release" in damaged.why
    assert controller.run_pass(STACK, "test", BUDGET)["result"] == "converged"
    assert StackUnderTest(aws).standing() == stands


def test_a_past_wake_of_a_later_release_teaches_nothing(items):
    _, controller = account(of_a_later_release(items, "wake#"))
    assert controller.table.last_wakes(STACK) == []


@pytest.mark.parametrize("schema", [2, 0, None, "1"])
def test_a_spec_of_another_schema_says_what_to_do(schema):
    data = article_spec().to_json() | {"schema": schema}
    with pytest.raises(SpecError, match="deploy the release that wrote it, or publish it again"):
        type(article_spec()).from_json(data)
