"""The store's calls on a table made as the template makes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.decision.lease import Lease
from controller.store import items
from controller.store.lock import LockKeeper
from controller.store.table import Table
from deploy.authorization import Account
from deploy.iam import allows, statements
from deploy.stack import deploy
from factories import NOON, article_spec
from local.aws import LaptopAws

NAME = "dormouse-Table"
MADE_BY_CREATE = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
)


@pytest.fixture
def aws():
    aws = LaptopAws()
    properties = deploy()["Table"]["Properties"]
    request = {key: properties[key] for key in MADE_BY_CREATE}
    aws.session().client("dynamodb").create_table(TableName=NAME, **request)
    aws.calls.clear()
    return aws


@pytest.fixture
def dynamodb(aws):
    return aws.session().client("dynamodb")


def test_a_published_stack_is_found_when_it_is_due(dynamodb):
    table, spec = Table(dynamodb, NAME), article_spec()
    table.put_spec(spec, due_at=NOON)

    assert table.due(NOON - timedelta(seconds=1)) == []
    assert table.due(NOON) == [spec.stack]


def test_a_stack_that_nothing_will_change_is_not_in_the_index(dynamodb):
    table, spec = Table(dynamodb, NAME), article_spec()
    table.put_spec(spec, due_at=NOON)
    table.take_up(spec.stack, 1)
    table.put_status(spec.stack, {}, due_at=None)

    assert table.due(NOON + timedelta(days=365)) == []


def test_what_expires_is_named_as_the_table_deletes_it():
    expiry = deploy()["Table"]["Properties"]["TimeToLiveSpecification"]
    item = items.to_item("nsfw-api", "lease#1", {}, expires=1)

    assert expiry["Enabled"] is True
    assert expiry["AttributeName"] in item


def test_the_controllers_role_allows_every_call_of_the_store(aws, dynamodb):
    table, spec, locks = Table(dynamodb, NAME), article_spec(), LockKeeper(dynamodb, NAME)
    lease = Lease(
        stack=spec.stack,
        id="1",
        holder="someone",
        reason="a demo",
        granted_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )
    table.put_spec(spec, due_at=NOON)  # a developer's call, not the controller's
    start = len(aws.calls)
    table.grant(lease)
    table.due(NOON)
    lock = locks.acquire(spec.stack, "a pass", NOON)
    table.take_up(spec.stack, table.load(spec.stack).request_version)
    table.put_status(spec.stack, {}, due_at=NOON)
    locks.release(lock, NOON)

    role = statements(deploy()["ControllerRole"])
    requested = [q for call in aws.calls[start:] for q in Account().questions(call)]
    assert {q.action for q in requested} >= {"dynamodb:Query", "dynamodb:PutItem"}
    assert any(q.resource.endswith("/index/due") for q in requested)
    assert [str(q) for q in requested if not allows(role, q)] == []
