"""
The door, the controller and a simulated AWS on one simulated clock; the service is a real socket.

Each request and each pass is a process of its own that sleeps on that clock, so a hold of minutes
takes as long as its calls. A process may be killed at any call, before or after its effect, and
does nothing any more from then on.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from controller.bootstrap import bootstrap
from controller.domain.planning.spec import Spec
from controller.door_links import DoorLink, sign_door
from controller.links import Keys, make_secret
from controller.reconcile.side_by_side import one_by_one
from controller.store.table import Table
from direct import Crash, DirectSession
from door.handler import make_handler
from factories import NOON, SUBNET, article_spec, listener, load_balancer, service, target_group
from installation import ENVIRONMENT
from local.aws import LaptopAws
from local.calls import Call
from local.function_url import Context, make_event
from local.furnish_spec import furnish_for
from local.records import create_table
from simulation.clockwork import Clockwork, Process
from tables.tables import Tables

STACK = "nsfw-api"
FUNCTION_SECONDS = 345
QUIET = {"office_hours": [], "idle_timeout": "30m", "finish_paid_hour": False}


def spec_of(port: int, number: int = 0, **policy: Any) -> Spec:
    """A stack of the article's form; those with different numbers share nothing but the network."""
    mark = f"-{number}" if number else ""
    address = f"eipalloc-0a1b2c3d4e5f6{number:04}"
    mapping = [{"SubnetId": SUBNET, "AllocationId": address}]
    resources = (
        target_group(request={"Name": f"group{mark}", "Port": port}),
        load_balancer(request={"Name": f"nlb{mark}", "SubnetMappings": mapping}),
        listener(request={"Port": port}),
        service(request={"serviceName": f"service{mark}"}),
    )
    return article_spec(
        stack=f"{STACK}{mark}",
        resources=resources,
        endpoint={"port": port, "open_path": "/"},
        policy=QUIET | policy,
    )


class Reply(SimpleNamespace):
    """What the client got: status, headers by lower-case name, cookies, the bytes of the body."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Visit:
    """One request under way; `reply` is None until it is answered, `death` says how it died."""

    process: Process
    reply: Reply | None = None
    failure: BaseException | None = None
    ended_at: datetime | None = None


@dataclass
class World:
    """`limits` is what the account's functions have free; `strike` sees each call of a visit."""

    port: int
    stacks: int = 1
    profile: str = "typical"
    policy: dict[str, Any] = field(default_factory=dict)
    limit: int = 1000
    heartbeats: bool = True
    strike: Callable[[Process, str, str], str | None] | None = None

    def __post_init__(self) -> None:
        self.work = Clockwork(NOON)
        self.aws = LaptopAws(profile=self.profile, clock=self.work.clock)
        self.specs = [spec_of(self.port, number, **self.policy) for number in range(self.stacks)]
        self._furnish()
        self.tables = Tables()
        self.tables.play(self.aws)
        create_table(self.aws.session().client("dynamodb"), "dormouse")
        self.aws.answer_with("lambda", "Invoke", self._invoked)
        limits = {"ConcurrentExecutions": self.limit, "UnreservedConcurrentExecutions": self.limit}
        self.aws.answer_with("lambda", "GetAccountSettings", lambda _: {"AccountLimit": limits})
        self.keys = Keys(secrets=(make_secret(self.now, secrets.token_hex),))
        keys = {"Parameter": {"Value": json.dumps(self.keys.to_json())}}
        self.aws.answer_with("ssm", "GetParameter", lambda _: keys)
        for spec in self.specs:
            self.table.put_spec(spec, due_at=self.now)
        self.calls: Counter[str] = Counter()
        self.broken: list[BaseException] = []
        self.made: list[Call] = []
        """What requests asked of AWS."""
        self.is_visiting = False
        """A call of a request is under way, and not one of the controller's."""
        if self.heartbeats:
            self.work.after(1, self._beat)

    @property
    def now(self) -> datetime:
        return self.work.now

    @property
    def table(self) -> Table:
        return Table(DirectSession(self.aws).client("dynamodb"), "dormouse")

    def key(self, stack: str = STACK, **changes: Any) -> str:
        parts = {"stack": stack, "expires_at": self.now + timedelta(days=90), "id": "d00rd00r"}
        return sign_door(self.keys, DoorLink(**(parts | changes)), self.now)

    def send(
        self,
        method: str = "GET",
        path: str = "",
        body: bytes = b"",
        *,
        key: str | None = None,
        stack: str = STACK,
        source: str = "198.51.100.7",
        answer_seconds: float = 5,
        **headers: str,
    ) -> Visit:
        """A request that comes now; its clock is run by `run`. Header names have underscores."""
        target = f"/d/{stack}/{self.key(stack) if key is None else key}/{path}"
        return self.send_to(
            target, method, body, source=source, answer_seconds=answer_seconds, **headers
        )

    def send_to(
        self,
        target: str,
        method: str = "GET",
        body: bytes = b"",
        *,
        source: str = "198.51.100.7",
        answer_seconds: float = 5,
        **headers: str,
    ) -> Visit:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"host": "door.example", **named}
        if body:
            given.setdefault("content-length", str(len(body)))
        event = make_event(method, target, given, body, source)

        def run(process: Process) -> Any:
            session = _Session(self, process)
            handle = make_handler(
                ENVIRONMENT,
                session=session,
                clock=process,
                answer_seconds=answer_seconds,
                draw=lambda _: 0,
            )
            ends_at = process.now() + timedelta(seconds=FUNCTION_SECONDS)
            return handle(event, Context(ends_at=ends_at, clock=self.work.clock))

        visit = Visit(process=Process(self.work, f"{method} {target[:30]}", run, self._ended_visit))
        self._visits[visit.process] = visit
        visit.process.start()
        return visit

    @property
    def _visits(self) -> dict[Process, Visit]:
        found: dict[Process, Visit] = self.__dict__.setdefault("_all_visits", {})
        return found

    def ask(self, *given: Any, seconds: float = 400, **more: Any) -> Reply:
        """Send a request and let time pass until it is answered."""
        visit = self.send(*given, **more)
        return self.finish(visit, seconds)

    def finish(self, visit: Visit, seconds: float = 400) -> Reply:
        end = self.now + timedelta(seconds=seconds)
        while visit.ended_at is None and self.now < end:
            self.run(1)
        if visit.failure:
            raise visit.failure
        assert visit.reply is not None, "it was not answered"
        return visit.reply

    def run(self, seconds: float) -> None:
        self.work.run(self.now + timedelta(seconds=seconds))
        if self.broken:
            raise self.broken[0]

    def wake(self, stack: str = STACK) -> None:
        """By a request that does not wait, and time."""
        self.ask(stack=stack, prefer="respond-async")
        self.run(200)

    def status(self, stack: str = STACK) -> Any:
        """As `dormouse status --json` tells it."""
        from controller.domain.reporting.report import make_report
        from controller.domain.reporting.status import Status

        records = self.table.load(stack)
        return make_report(
            records.spec,
            records.status or Status(),
            records.leases,
            records.hold,
            self.now,
            records.damaged,
            records.held,
            records.bookings,
            records.term,
        ).to_json()

    def held_slots(self) -> list[tuple[str, str]]:
        """Every slot that counts now, of stacks and of the account."""
        now = self.now.timestamp()
        return [
            (item["pk"]["S"], name)
            for item in self.tables.table({"TableName": "dormouse"}).items.values()
            for name, value in item.items()
            if name.startswith("end") and float(value["N"]) > now
        ]

    # what runs

    def _ended_visit(self, process: Process, error: BaseException | None) -> None:
        visit = self._visits[process]
        visit.ended_at, visit.failure = self.now, error
        if error is None:
            visit.reply = reply_of(process.result)

    def _invoked(self, params: Any) -> dict[str, Any]:
        stack = json.loads(params["Payload"])["stack"]
        self.work.after(0.2, lambda: self._pass(stack))
        return {"StatusCode": 202}

    def _pass(self, stack: str) -> None:
        def run(process: Process) -> Any:
            controller = bootstrap(
                ENVIRONMENT,
                session=DirectSession(self.aws),
                clock=process,
                side_by_side=one_by_one,
            )
            return controller.run_pass(stack, process.name, timedelta(seconds=300))

        Process(self.work, f"pass of {stack} at {self.now}", run, self._ended_pass).start()

    def _beat(self) -> None:
        self.work.after(60, self._beat)
        for stack in dict.fromkeys(due.stack for due in self.table.overdue(self.now)):
            self._pass(stack)

    def _ended_pass(self, process: Process, error: BaseException | None) -> None:
        if error:
            self.broken.append(error)

    def _furnish(self) -> None:
        things: dict[str, list[Any]] = {}
        for number, spec in enumerate(self.specs):
            for kind, found in furnish_for(spec, f"127.0.0.{number + 2}").items():
                known = things.setdefault(kind, [])
                known += [each for each in found if each not in known]
        self.aws.furnish(**things)


class _Session(DirectSession):
    """The door's session: each of its calls may be the last of its process."""

    def __init__(self, world: World, process: Process) -> None:
        super().__init__(world.aws)
        self._world = world
        self._process = process

    def make(self, service: str, operation: str, params: dict[str, Any], region: str) -> Any:
        world, process = self._world, self._process
        if process.dead:
            raise Crash(process.name)
        world.calls[f"{service}:{operation}"] += 1
        end = world.strike(process, service, operation) if world.strike else None
        if end == "before":
            process.die()
        world.is_visiting, known = True, len(world.aws.calls)
        try:
            reply = self.ask(service, operation, params, region)
        finally:
            world.is_visiting = False
            world.made += world.aws.calls[known:]
        if end == "after":
            process.die()
        return reply


def reply_of(result: dict[str, Any]) -> Reply:
    body = result.get("body") or ""
    return Reply(
        status=result["statusCode"],
        headers={name.lower(): value for name, value in result["headers"].items()},
        cookies=result.get("cookies", []),
        body=base64.b64decode(body) if result["isBase64Encoded"] else body.encode(),
        is_text=not result["isBase64Encoded"],
    )


def statuses(visits: Iterable[Visit]) -> Counter[int]:
    return Counter(visit.reply.status for visit in visits if visit.reply)
