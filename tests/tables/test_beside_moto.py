"""Whatever the store asks, the tables in memory answer as moto does."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import controller.store
from controller.domain.decision.history import Event, EventKind, Wake
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.errors import DormouseError
from controller.domain.planning.plan import Target
from controller.store.lock import Lock, LockKeeper
from controller.store.seats import Seats
from controller.store.table import Table
from controller.store.withdrawals import KeysTurn, Withdrawals
from factories import NOON, article_spec
from local.aws import LaptopAws
from local.clock import ManualClock
from local.records import create_table
from tables.tables import Tables

NUMBERS = count()
"""Each example has a table of its own; clients are dear."""
STACKS = st.sampled_from(["nsfw-api", "other"])
WHEN = st.integers(0, 4).map(lambda n: NOON + n * timedelta(minutes=20))
HOUR = timedelta(hours=1)
FEW = st.integers(0, 3)
NAMES = st.sampled_from(["a", "b"])
MAYBE = st.booleans()


class Both:
    """A DynamoDB client that asks both, and holds the second answer to the first."""

    def __init__(self) -> None:
        played = LaptopAws()
        Tables().play(played)
        self._clients = [aws.session().client("dynamodb") for aws in (LaptopAws(), played)]
        self.meta = self._clients[0].meta
        self.requested: set[str] = set()

    def make(self, table: str) -> None:
        for client in self._clients:
            create_table(client, table)

    def __getattr__(self, operation: str) -> Any:
        if operation.startswith("_"):
            raise AttributeError(operation)

        def call(**request: Any) -> Any:
            self.requested.add(operation)
            moto, memory = (outcome(each, operation, request) for each in self._clients)
            assert reported(memory) == reported(moto), (operation, request)
            if isinstance(moto, ClientError):
                raise moto
            return moto

        return call

    def contents(self, table: str) -> list[list[Any]]:
        """All items of each, by their keys."""
        pages = (client.scan(TableName=table)["Items"] for client in self._clients)
        return [sorted(items, key=lambda i: (i["pk"]["S"], i["sk"]["S"])) for items in pages]


def outcome(client: Any, operation: str, request: dict[str, Any]) -> Any:
    try:
        return getattr(client, operation)(**request)
    except ClientError as error:
        return error


def reported(answer: Any) -> Any:
    """What the store reads of an answer: texts of errors are nobody's."""
    if isinstance(answer, ClientError):
        reasons = answer.response.get("CancellationReasons", ())
        return (
            answer.response["Error"]["Code"],
            answer.response.get("Item"),
            [(each.get("Code"), each.get("Item")) for each in reasons],
        )
    found = {name: answer[name] for name in ("Item", "Items", "Attributes") if answer.get(name)}
    if "Attributes" in found:
        # The store reads the fence. moto tells the key of a new item too, and leaves out what
        # was set to the value that it had; DynamoDB does neither.
        found["Attributes"] = found["Attributes"].get("fence")
    return found


class Store:
    """Everything that the store can be asked for, each with small arguments."""

    def __init__(self, dynamodb: Both) -> None:
        self._dynamodb = dynamodb
        self.name = f"table-{next(NUMBERS)}"
        dynamodb.make(self.name)
        self.table = Table(dynamodb, self.name)
        self.locks = LockKeeper(dynamodb, self.name)

    def publish(self, stack, at, few, name, maybe):
        self.table.put_spec(article_spec(stack=stack), due_at=at)

    def grant(self, stack, at, few, name, maybe):
        hour = timedelta(hours=few)
        self.table.grant(
            Lease(stack=stack, id=name, holder="h", reason="", granted_at=at, expires_at=at + hour)
        )

    def extend(self, stack, at, few, name, maybe):
        self.table.extend(stack, name, at + timedelta(hours=few), at)

    def hold(self, stack, at, few, name, maybe):
        if maybe:
            self.table.lift_hold(stack, at)
        else:
            self.table.hold(
                Hold(
                    stack=stack, state=Target.AWAKE, by=name, reason="", set_at=at, until=at + HOUR
                )
            )

    def ask(self, stack, at, few, name, maybe):
        self.table.request_pass(stack, at)
        self.table.load_requests(stack)

    def take_up(self, stack, at, few, name, maybe):
        self.table.take_up(stack, few)

    def claim(self, stack, at, few, name, maybe):
        self.table.claim(stack, few, at)

    def end_a_pass(self, stack, at, few, name, maybe):
        requested = self.table.load_requests(stack) if maybe else None
        self.table.put_status(stack, {"by": name}, at if few else None, few or None, requested)

    def break_a_pass(self, stack, at, few, name, maybe):
        self.table.back_off(stack, at, few, few if maybe else None)

    def be_due(self, stack, at, few, name, maybe):
        for due in list(self.table.overdue(at)):
            self.table.defer_until(due, at + timedelta(minutes=few))

    def read(self, stack, at, few, name, maybe):
        self.table.published()
        self.table.has_history(stack)
        self.table.load(stack)

    def remember(self, stack, at, few, name, maybe):
        event = Event(stack=stack, at=at, kind=EventKind.AWAKE, reason="")
        self.table.put_event(event)
        if maybe:
            self.table.mark_delivered(event, at)
        list(self.table.events(stack, NOON, at))
        ready = at + timedelta(seconds=few)
        self.table.put_wake(stack, Wake(started_at=at, ready_at=ready, reason="", from_rest=maybe))
        self.table.last_wakes(stack, 2)

    def take_out(self, stack, at, few, name, maybe):
        self.table.take_out(stack, few)
        self.table.let_go(stack)
        self.table.clear_out(stack)

    def lock(self, stack, at, few, name, maybe):
        lock = self.locks.acquire(stack, name, at) or Lock(stack, name, few)
        self.locks.held_for(stack, at)
        self.locks.renew(lock, at)
        if few:
            self.locks.count_on(lock, few)
        (self.locks.release if maybe else self._forget)(lock, at)

    def _forget(self, lock, at):
        self.locks.forget(lock)

    def sit(self, stack, at, few, name, maybe):
        seats = Seats(self._dynamodb, self.name, stack, name)
        until = at + timedelta(minutes=few)
        seat = seats.take(at, until)
        if maybe:
            seats.give_back(seat or "seat0", until)

    def withdraw(self, stack, at, few, name, maybe):
        withdrawn = Withdrawals(self._dynamodb, self.name)
        with KeysTurn(self._dynamodb, self.name, ManualClock(at), name):
            withdrawn.withdraw(name, at)
        withdrawn.withdrawn()


SOURCE = Path(controller.store.__path__[0])
STEPS = sorted(name for name in vars(Store) if not name.startswith("_"))


@pytest.fixture(scope="module")
def both():
    return Both()


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), STACKS, WHEN, FEW, NAMES, MAYBE), max_size=25)
)
def test_the_store_cannot_distinguish_them(both, steps):
    store = Store(both)
    store.table.put_spec(article_spec(), due_at=NOON)
    for step, *arguments in steps:
        # What is not there, or was taken by another, both have said alike.
        with suppress(DormouseError, ClientError):
            getattr(store, step)(*arguments)
    moto, memory = both.contents(store.name)
    assert memory == moto


def test_every_operation_of_the_store_is_among_them(both):
    store = Store(both)
    for step in ["publish", *STEPS]:
        with suppress(DormouseError):
            getattr(store, step)("nsfw-api", NOON, 1, "a", True)
    source = "".join(each.read_text() for each in SOURCE.glob("*.py"))
    assert both.requested == set(re.findall(r"_dynamodb\.([a-z_]+)\(", source))
