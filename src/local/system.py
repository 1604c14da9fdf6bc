"""
The whole system on a laptop: an AWS, the table, the keys, all functions, and one stack.

    with laptop_system(spec, speed=60) as system:
        system.link()                      # the page; what a press of it does is real
        system.report()                    # the state of the stack, as the page shows it

The functions' own handlers run, in threads, with real boto3 clients. What ends with the block
leaves nothing behind: no process, no file, no open port.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api import handler as wake_url
from controller.bootstrap import bootstrap
from controller.domain.dataclass import dataclass, field
from controller.domain.decision.history import Event
from controller.domain.money.prices import DEFAULT_REGION
from controller.domain.planning.spec import Kind, Spec
from controller.domain.planning.timing import Timing
from controller.domain.policy.policy import Policy
from controller.domain.policy.schedule import Schedule
from controller.domain.reporting.report import Report, make_report
from controller.domain.reporting.status import Status
from controller.door_links import DoorLink, sign_door
from controller.handlers import entry
from controller.links import Keys, Link, Scope, make_secret
from controller.reconcile.side_by_side import one_by_one
from controller.settings import DEPLOYMENT
from controller.store.table import Table
from door import handler as door_function
from local.aws import LaptopAws
from local.bill import Bill, make_bill
from local.clock import ScaledClock
from local.deployed import Deployed
from local.function_url import FunctionUrl
from local.functions import ROOM, Function
from local.furnish_spec import furnish_for
from local.records import create_table
from local.server import LaptopServer
from local.stand_in import StandIn, free_address, is_free

ENVIRONMENT = {
    "DORMOUSE_TABLE": DEPLOYMENT,
    "DORMOUSE_CONTROLLER": f"{DEPLOYMENT}-controller",
    "DORMOUSE_KEYS_PARAMETER": f"/dormouse/{DEPLOYMENT}/keys",
}
DOOR_SECONDS = 345
"""The door's time, as template.yaml gives it."""

MOST_CALLS = 20_000
"""How many calls are kept in the record."""


@dataclass(kw_only=True)
class LaptopSystem:
    """
    What runs inside `laptop_system`.

    `url` is where the wake URL answers, `door_url` where the door does, `endpoint` where the AWS
    does (`AWS_ENDPOINT_URL`).
    `trouble` lists what the controller function failed with, which should be nothing.
    """

    spec: Spec
    aws: LaptopAws
    url: str
    door_url: str
    endpoint: str
    service: StandIn
    keys: Keys
    deployed: Deployed
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.started_at = self.now

    @property
    def now(self) -> datetime:
        return self.aws.clock.now()

    @property
    def policy(self) -> Policy:
        return Policy.from_json(self.spec.policy)

    @property
    def table(self) -> Table:
        return Table(self.aws.session().client("dynamodb"), DEPLOYMENT)

    def link(self, scope: Scope = Scope.ADMIN, name: str = "") -> str:
        """A signed link to the page."""
        key = sign(self.keys, self.spec.stack, self.now, scope, name)
        return f"{self.url}/s/{self.spec.stack}?k={key}"

    def door(self, name: str = "", path: str = "") -> str:
        """A signed base address for programs, or an address below it."""
        door = DoorLink(
            stack=self.spec.stack,
            expires_at=self.now + timedelta(days=365),
            id=secrets.token_hex(4),
            name=name,
        )
        key = sign_door(self.keys, door, self.now)
        return f"{self.door_url}/d/{self.spec.stack}/{key}/{path}"

    def report(self) -> Report:
        records = self.table.load(self.spec.stack)
        status = records.status or Status()
        return make_report(
            records.spec,
            status,
            records.leases,
            records.hold,
            self.now,
            held=records.held,
            bookings=records.bookings,
            term=records.term,
        )

    def events(self) -> Iterable[Event]:
        """Everything that has happened, the oldest first."""
        end = self.now + timedelta(hours=1)
        return self.table.events(self.spec.stack, self.started_at - timedelta(hours=1), end)

    def bill(self) -> Bill:
        return make_bill(self.spec, self.aws.lifetimes(), self.started_at, self.now)

    def taken_ports(self) -> list[int]:
        """Ports of the awake address that another program of this machine has, while asleep."""
        return [port for port in ports_of(self.spec) if not is_free(self.service.ip, port)]

    def jump_to(self, moment: datetime) -> None:
        """Let the time up to then pass at once."""
        self.aws.clock.advance(max(0.0, (moment - self.now).total_seconds()))


@contextmanager
def laptop_system(
    spec: Spec,
    *,
    speed: float = 60,
    profile: str | Timing = "typical",
    port: int = 0,
    start: datetime | None = None,
) -> Iterator[LaptopSystem]:
    """
    Run the system; `port` is the page's, 0 a free one.

    The clock begins at `start`, or at a moment outside office hours with as long before the next
    ones as there is. Raises CannotFurnishError for a spec that needs what the laptop does not
    play, and OSError for a port that is taken.
    """
    clock = ScaledClock(speed, start or quiet_moment(spec, datetime.now(UTC)))
    ip = free_address(ports_of(spec))
    things, region = furnish_for(spec, ip), spec.region or DEFAULT_REGION
    with LaptopServer(profile, clock=clock, furnish=things, region=region) as server:
        keys = deploy(server.aws, spec)
        session = server.aws.session()
        handle = wake_url.make_handler(ENVIRONMENT, session=session, clock=clock)
        forward = door_function.make_handler(ENVIRONMENT, session=session, clock=clock)
        outputs = {"Table": DEPLOYMENT}
        deployed = Deployed(server.aws, DEPLOYMENT, outputs)
        handle = deployed.behind_url("api", handle)
        forward = deployed.behind_url("door", forward)
        with (
            FunctionUrl(handle, port) as url,
            FunctionUrl(forward, seconds=DOOR_SECONDS, clock=clock) as door,
            StandIn(server.aws, ip, weight=speed) as service,
        ):
            system = LaptopSystem(
                spec=spec,
                aws=server.aws,
                url=url.address,
                door_url=door.address,
                endpoint=server.url,
                service=service,
                keys=keys,
                deployed=deployed,
            )
            outputs |= {"WakeUrl": f"{url.address}/", "DoorUrl": f"{door.address}/"}
            deployed.play()
            with without_logs(), _controller(system):
                yield system


def deploy(aws: LaptopAws, spec: Spec) -> Keys:
    """Make a table, the keys of the links, and publish a stack; both functions' `ENVIRONMENT`."""
    now, session = aws.clock.now(), aws.session()
    keys = Keys(secrets=(make_secret(now, secrets.token_hex),))
    create_table(session.client("dynamodb"), DEPLOYMENT)
    session.client("ssm").put_parameter(
        Name=ENVIRONMENT["DORMOUSE_KEYS_PARAMETER"],
        Value=json.dumps(keys.to_json()),
        Type="SecureString",
    )
    Table(session.client("dynamodb"), DEPLOYMENT).put_spec(spec, due_at=now)
    return keys


def sign(keys: Keys, stack: str, now: datetime, scope: Scope, name: str = "") -> str:
    """The key of a fresh link, good for a year."""
    link = Link(
        stack=stack,
        scope=scope,
        expires_at=now + timedelta(days=365),
        id=secrets.token_hex(4),
        name=name,
    )
    return keys.sign(link, now)


def _controller(system: LaptopSystem) -> Function:
    """The controller function, which its own calls and those of the wake URL reach by name."""
    aws = system.aws
    controller = bootstrap(
        ENVIRONMENT, session=aws.session(), clock=aws.clock, side_by_side=one_by_one
    )

    def failed(error: Exception) -> None:
        system.trouble.append(f"{type(error).__name__}: {error}")

    handle = _tidied(system, entry.make_handler(controller))
    function = Function(ENVIRONMENT["DORMOUSE_CONTROLLER"], handle, aws.clock, failed)
    aws.answer_with("lambda", "Invoke", function.invoke)
    aws.answer_with("lambda", "GetAccountSettings", lambda _: {"AccountLimit": ROOM})
    return function


@contextmanager
def without_logs() -> Iterator[None]:
    """What the functions would write to CloudWatch Logs; what they fail with is in `trouble`."""
    modules = (entry, wake_url, door_function)
    handlers = {module.logger.registered_handler for module in modules}  # two may share one
    before = {handler: handler.stream for handler in handlers}
    with Path(os.devnull).open("w") as nowhere:
        for handler in handlers:
            handler.setStream(nowhere)
        try:
            yield
        finally:
            for handler, stream in before.items():
                handler.setStream(stream)


def _tidied(system: LaptopSystem, handler: entry.Handle) -> entry.Handle:
    """
    `handler` after trimming the record of calls, which is not to grow for days; nothing once the
    function is deleted.
    """
    aws = system.aws

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if system.deployed.is_deleted:
            return {}
        if len(aws.calls) > MOST_CALLS:
            del aws.calls[: MOST_CALLS // 2]
        return handler(event, context)

    return handle


def ports_of(spec: Spec) -> list[int]:
    """The ports on which the awake stack answers."""
    ports = (listener.request.get("Port") for listener in spec.of_kind(Kind.LISTENER))
    return [port for port in ports if isinstance(port, int)]


def quiet_moment(spec: Spec, now: datetime) -> datetime:
    """
    When the longest time without office hours of the coming week has just begun; `now` where
    there are none, or no end of them.
    """
    schedule = Schedule(Policy.from_json(spec.policy))
    longest, begins_at = timedelta(0), now
    for window in schedule.windows(now, now + timedelta(days=8)):
        opens_at = window.closes_at and schedule.next_opening(window.closes_at)
        if window.closes_at and opens_at and opens_at - window.closes_at > longest:
            longest = opens_at - window.closes_at
            begins_at = window.closes_at + longest / 100
    return begins_at
