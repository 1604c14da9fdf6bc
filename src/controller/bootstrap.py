"""The only place that builds clients and puts the rooms together for the Lambda functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

from controller.aws.clients import Clients, Session
from controller.aws.cloud import AwsCloud
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.domain.spec import Json, Spec
from controller.reconcile.side_by_side import Threads
from controller.reconcile.stack_pass import StackPass
from controller.settings import Settings
from controller.store.lock import Lock, LockKeeper
from controller.store.table import Records, Table


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        sleep(seconds)


class LockedStack:
    """The store of one stack whose lock this pass holds."""

    def __init__(self, table: Table, locks: LockKeeper, lock: Lock, clock: Clock) -> None:
        self._table = table
        self._locks = locks
        self._lock = lock
        self._clock = clock

    def load(self) -> Records:
        return self._table.load(self._lock.stack)

    def put_status(self, status: Mapping[str, Json], due_at: datetime | None) -> None:
        self._table.put_status(self._lock.stack, status, due_at)

    def renew_lock(self) -> bool:
        return self._locks.renew(self._lock, self._clock.now())

    def release(self) -> None:
        self._locks.release(self._lock, self._clock.now())


@dataclass(frozen=True, kw_only=True)
class Controller:
    """What both kinds of event need; clients are made on first use and kept while warm."""

    settings: Settings
    session: Session
    clients: Clients
    clock: Clock
    side_by_side: SideBySide

    @property
    def table(self) -> Table:
        return Table(self.clients.dynamodb, self.settings.table)

    def run_pass(self, stack: str, holder: str, budget: timedelta) -> dict[str, Json]:
        """Run one pass for `stack`; say how it ended. A stack that is being worked on is left."""
        locks = LockKeeper(self.clients.dynamodb, self.settings.table)
        now = self.clock.now()
        lock = locks.acquire(stack, holder, now)
        if lock is None:
            return {"result": "busy"}
        store = LockedStack(self.table, locks, lock, self.clock)
        try:
            stack_pass = StackPass(store, self._cloud, self.clock, self.side_by_side)
            return stack_pass.run(now + budget).as_log()
        finally:
            store.release()

    def hand_on_due(self) -> list[str]:
        """Start a pass for each stack whose time has come; return their names."""
        due = self.table.due(self.clock.now())
        for stack in due:
            self.clients.get("lambda").invoke(
                FunctionName=self.settings.controller,
                InvocationType="Event",
                Payload=json.dumps({"stack": stack}).encode(),
            )
        return due

    def _cloud(self, spec: Spec, side_by_side: SideBySide) -> Cloud:
        return AwsCloud(spec, Clients(self.session, spec.region, spec.role_arn), side_by_side)


def bootstrap(
    environment: Mapping[str, str],
    *,
    session: Session | None = None,
    clock: Clock | None = None,
    side_by_side: SideBySide | None = None,
) -> Controller:
    """Build the controller; tests and the laptop give a session and a clock of their own."""
    settings = Settings.from_environment(environment)
    session = session or _boto3_session()
    return Controller(
        settings=settings,
        session=session,
        clients=Clients(session, region=None),
        clock=clock or SystemClock(),
        side_by_side=side_by_side or Threads(),
    )


def _boto3_session() -> Any:
    import boto3  # the import of the handler stays light; the first event pays

    return boto3.Session()
