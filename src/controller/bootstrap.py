"""The only place that builds clients and puts the packages together for the Lambda functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from traceback import format_exc
from typing import Any

from controller.aws.clients import Clients, Session
from controller.aws.cloud import AwsCloud
from controller.aws.invitations import Invitations
from controller.aws.start_pass import starter
from controller.aws.topic import Topic
from controller.aws.traffic import TrafficReader
from controller.clock import SystemClock
from controller.domain.dataclass import dataclass, field
from controller.domain.decision.idle import Traffic
from controller.domain.decision.wake_spread import spread_offset
from controller.domain.errors import LockLostError, NotPublishedError
from controller.domain.guards.overdue import LONGEST_PASS, Overdue
from controller.domain.planning.spec import Json, Spec
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.domain.reporting.proof import Proof
from controller.domain.reporting.real_rehearsal import Answer
from controller.notify.notifier import Log, NoLog, Notifier
from controller.notify.webhook import Webhook
from controller.reconcile.heartbeat import Heartbeat
from controller.reconcile.ports import Asks, Notify, Ports
from controller.reconcile.side_by_side import Threads
from controller.reconcile.stack_pass import StackPass
from controller.settings import Settings
from controller.store.board import Board
from controller.store.board_keeper import BoardKeeper
from controller.store.lock import LockKeeper
from controller.store.stack_records import StackRecords
from controller.store.status_text import StatusText, kept_texts
from controller.store.table import Table

MOST_REGIONS = 4
"""Of so many regions, those used last, the clients are kept; each takes some MB."""


@dataclass(frozen=True, kw_only=True)
class Controller:
    """What both kinds of event need; clients are made on first use and kept while warm."""

    settings: Settings
    session: Session
    clients: Clients
    clock: Clock
    side_by_side: SideBySide
    notify: Notify
    log: Log = field(default_factory=NoLog)
    rehearses: bool = True
    ask_service: Asks = field(default_factory=lambda: _ask_service)
    regions: dict[str | None, Clients] = field(default_factory=dict)
    texts: Callable[[str], StatusText] = field(default_factory=kept_texts)

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
        board = BoardKeeper(Board(self.clients.dynamodb, self.settings.table), self.log.warning)
        store = StackRecords(self.table, locks, lock, self.clock, board, self.texts(stack))
        try:
            store.claim()
            ports = Ports(
                store,
                self._cloud,
                self._traffic,
                self.clock,
                self.side_by_side,
                self.notify,
                self._rehearse if self.rehearses else None,
                self.settings.notify_about.digest,
                self.ask_service if self.rehearses else None,
            )
            stack_pass = StackPass(ports, spread_offset(stack, self.settings.spread))
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

    def _release(self, store: StackRecords, stack: str) -> None:
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
        make_client = partial(self.clients.get, "lambda")
        start = starter(make_client, self.settings.controller, correlation_id)
        at_once = self.settings.passes_at_once
        return Heartbeat(self.table, start, self.clock, self.side_by_side, at_once).run()

    def _rehearse(self, spec: Spec, now: datetime) -> Proof:
        from controller.account.rehearsal import rehearse  # once a day: not at each cold start

        return rehearse(spec, self._clients_of(spec), self.side_by_side, now)

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
    notify: Notify | None = None,
    log: Log | None = None,
    rehearses: bool = True,
) -> Controller:
    """
    Build the controller; tests and the simulated AWS give a session and a clock of their own.

    `notify` lets people know of an event, once it is recorded; it is called again if it raises. By
    default it does what the environment says. Without `rehearses` no pass asks whether a sleeping
    stack could wake.
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
        notify=notify or make_notifier(settings, clients, clock, log),
        log=log,
        rehearses=rehearses,
    )


def make_notifier(settings: Settings, clients: Clients, clock: Clock, log: Log) -> Notifier:
    """The notifier by the settings; without any of them nobody is notified."""
    can_invite = settings.keys and settings.api
    return Notifier(
        clock=clock,
        log=log,
        topic=Topic(clients, settings.topic) if settings.topic else None,
        webhook=Webhook(settings.webhook) if settings.webhook else None,
        invites=Invitations(clients, settings.keys, settings.api) if can_invite else None,
        about=settings.notify_about,
        namespace=settings.metrics,
    )


def _ask_service(url: str, path: str) -> Answer:
    from controller.account.question import ask_once  # once a month: not at each cold start

    return ask_once(url, path)


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
