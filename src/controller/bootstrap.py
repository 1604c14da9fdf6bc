"""The only place that builds clients and puts the rooms together for the Lambda functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import sleep
from traceback import format_exc
from typing import Any

from controller.aws.clients import Clients, Session
from controller.aws.cloud import AwsCloud
from controller.aws.invitations import Invitations
from controller.aws.start_pass import start_pass
from controller.aws.topic import Topic
from controller.aws.traffic import TrafficReader
from controller.domain.decision.history import Event, Wake
from controller.domain.decision.idle import Traffic
from controller.domain.decision.wake_spread import spread_offset
from controller.domain.errors import LockLostError, NotPublishedError
from controller.domain.guards.overdue import LONGEST_PASS, Overdue
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.spec import Json, Spec
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.notify.notifier import Log, NoLog, Notifier
from controller.notify.webhook import Webhook
from controller.reconcile.heartbeat import Heartbeat
from controller.reconcile.ports import Tell
from controller.reconcile.side_by_side import Threads
from controller.reconcile.stack_pass import StackPass
from controller.settings import Settings
from controller.store.asked import AskedFor
from controller.store.lock import LENGTH, Lock, LockKeeper
from controller.store.table import Records, Table

RENEW = timedelta(seconds=15)
"""A pass that was away for longer asks whether the lock is still its own."""

MOST_REGIONS = 4
"""Of so many regions, those used last, the clients are kept; each takes some MB."""


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
        self._stack = lock.stack
        self._clock = clock
        self._seen: AskedFor | None = None
        self._renewed_at = clock.now()

    def claim(self) -> None:
        """Shut out the passes before this one; if this one is lost, another comes."""
        try:
            self._claim()
        except LockLostError as error:
            higher = self._locks.count_on(self._lock, error.fence) if error.fence else None
            if higher is None:
                raise
            self._lock = higher
            self._claim()

    def _claim(self) -> None:
        self._table.claim(self._stack, self._lock.fence, self._clock.now() + LENGTH)

    def load(self) -> Records:
        """Read everything, and take up what was asked for: from now on this pass is what is due."""
        records = self._table.load(self._stack)
        if records.asked_for.is_due:
            if self._seen is not None:
                self._claim()  # what this pass wrote since may say that nothing is due
            self._table.take_up(self._stack, records.asked)
        self._seen = records.asked_for
        return records

    def asked(self) -> int:
        return self._table.asked(self._stack)

    def put_status(
        self, status: Mapping[str, Json], due_at: datetime | None, asked: int | None = None
    ) -> bool:
        """Store how the pass stands; with `asked`, which is how it ends, if nothing came since."""
        if asked is not None and (self._seen is None or self._seen.count != asked):
            return False
        seen = self._seen if asked is not None else None
        return self._table.put_status(self._stack, status, due_at, self._lock.fence, seen)

    def forget_leftover(self, spec: Spec) -> None:
        self._table.forget_leftover(self._stack, spec)

    def put_wake(self, wake: Wake) -> None:
        self._table.put_wake(self._stack, wake)

    def last_wakes(self) -> Sequence[Wake]:
        return self._table.last_wakes(self._stack)

    def put_event(self, event: Event) -> bool:
        return self._table.put_event(event)

    def mark_delivered(self, event: Event) -> None:
        self._table.mark_delivered(event, self._clock.now())

    def events(self, start: datetime) -> Sequence[Event]:
        return list(self._table.events(self._stack, start, self._clock.now()))

    def uses(self) -> Sequence[tuple[datetime, UsageProfile]]:
        return self._table.uses(self._stack)

    def put_use(self, use: UsageProfile, now: datetime) -> None:
        self._table.put_use(self._stack, use, now)

    def renew_lock(self) -> bool:
        """Hold it for another minute; with most of the last one left that is not written."""
        now = self._clock.now()
        if now - self._renewed_at < RENEW:
            return True
        self._renewed_at = now
        return self._locks.renew(self._lock, now)

    def let_go(self) -> None:
        """After a pass for what is not published: it failed once, and is due no more."""
        if self._table.let_go(self._stack):
            self._locks.forget(self._lock)

    def back_off(self) -> None:
        """After a pass that broke; where this breaks too, the next heartbeat tries again."""
        with suppress(Exception):
            asked = self._seen.count if self._seen else None
            self._table.back_off(self._stack, self._clock.now(), self._lock.fence, asked)

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
    tell: Tell
    log: Log = field(default_factory=NoLog)
    regions: dict[str | None, Clients] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        return Table(self.clients.dynamodb, self.settings.table)

    def run_pass(self, stack: str, holder: str, budget: timedelta) -> dict[str, Json]:
        """Run one pass for `stack`; say how it ended. A stack that is being worked on is left."""
        locks = LockKeeper(self.clients.dynamodb, self.settings.table)
        now = self.clock.now()
        lock = locks.acquire(stack, holder, now)
        if lock is None:
            return _busy(locks.held_for(stack, now))
        store = LockedStack(self.table, locks, lock, self.clock)
        try:
            store.claim()
            stack_pass = StackPass(
                store,
                self._cloud,
                self._traffic,
                self.clock,
                self.side_by_side,
                self.tell,
                spread_offset(stack, self.settings.spread),
            )
            return stack_pass.run(now + budget).as_log()
        except LockLostError:
            return {"result": "lost"}
        except NotPublishedError:
            store.let_go()
            raise
        except Exception:
            store.back_off()
            raise
        finally:
            self._release(store, stack)

    def _release(self, store: LockedStack, stack: str) -> None:
        """Give the lock back; it runs out by itself, so what is done is not undone for that."""
        try:
            store.release()
        except Exception:
            self.log.warning("lock not released", stack=stack, traceback=format_exc())

    def hand_on_due(self, correlation_id: str = "") -> list[str]:
        """
        Start a pass for each stack whose time has come; see `Heartbeat.run`.

        `correlation_id` is what the logs of those passes have in common with the caller's.
        """

        def start(stack: str, within: timedelta | None) -> None:
            client, controller = self.clients.get("lambda"), self.settings.controller
            start_pass(client, controller, stack, within, correlation_id)

        at_once = self.settings.passes_at_once
        return Heartbeat(self.table, start, self.clock, self.side_by_side, at_once).run()

    def _traffic(self, spec: Spec) -> Traffic:
        return TrafficReader(self._clients_of(spec).get("cloudwatch"))

    def _cloud(self, spec: Spec, side_by_side: SideBySide) -> Cloud:
        return AwsCloud(spec, self._clients_of(spec), side_by_side)

    def _clients_of(self, spec: Spec) -> Clients:
        """A role's credentials run out; those of a region alone are kept, and their connections."""
        if spec.role_arn:
            return Clients(self.session, spec.region, spec.role_arn)
        kept = self.regions.pop(spec.region, None) or Clients(self.session, spec.region)
        self.regions[spec.region] = kept
        if len(self.regions) > MOST_REGIONS:
            del self.regions[next(iter(self.regions))]
        return kept


def bootstrap(
    environment: Mapping[str, str],
    *,
    session: Session | None = None,
    clock: Clock | None = None,
    side_by_side: SideBySide | None = None,
    tell: Tell | None = None,
    log: Log | None = None,
) -> Controller:
    """
    Build the controller; tests and the laptop give a session and a clock of their own.

    `tell` lets people know of an event, once it is recorded; it is called again if it raises. By
    default it does what the environment says.
    """
    settings = Settings.from_environment(environment)
    session = session or _boto3_session()
    log = NoLog() if log is None else log
    clients = Clients(session, region=None)
    clock = clock or SystemClock()
    return Controller(
        settings=settings,
        session=session,
        clients=clients,
        clock=clock,
        side_by_side=side_by_side or Threads(),
        tell=tell or make_notifier(settings, clients, clock, log),
        log=log,
    )


def make_notifier(settings: Settings, clients: Clients, clock: Clock, log: Log) -> Notifier:
    """Whoever is to be told, by the settings; with none of them nobody is."""
    can_invite = settings.keys and settings.api
    return Notifier(
        clock=clock,
        log=log,
        topic=Topic(clients, settings.topic) if settings.topic else None,
        webhook=Webhook(settings.webhook) if settings.webhook else None,
        invites=Invitations(clients, settings.keys, settings.api) if can_invite else None,
        most=settings.tell,
        namespace=settings.metrics,
    )


def _busy(held: timedelta) -> dict[str, Json]:
    """Another pass has the stack; that is normal for as long as a pass may last."""
    if held <= LONGEST_PASS:
        return {"result": "busy"}
    return {
        "result": "busy",
        "overdue": str(Overdue.BUSY_TOO_LONG),
        "busy_seconds": round(held.total_seconds()),
    }


def _boto3_session() -> Any:
    import boto3  # the import of the handler stays light; the first event pays

    return boto3.Session()
