"""
What the door costs.

A request to an awake stack, compared with the same request to its own address: the time of our own
code, with the table's answers cached. Then a hundred simultaneous clients of 33 stacks, over HTTP,
with a clock that makes minutes of a wake pass in seconds: how many clients got no answer, and how
many requests were sent twice.
"""

from __future__ import annotations

import http.client
import json
import secrets
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from bench.api import Remembering
from bench.report import Measure
from controller.bootstrap import bootstrap
from controller.door_links import DoorLink, sign_door
from controller.links import Keys, make_secret
from controller.reconcile.side_by_side import one_by_one
from controller.store.table import Table
from door import handler as door_function
from doorstep.service import Service
from doorstep.world import spec_of
from local.aws import LaptopAws
from local.clock import ScaledClock
from local.function_url import Context, FunctionUrl, make_event
from local.functions import ROOM, Function
from local.furnish_spec import furnish_for
from local.records import create_table
from local.system import DOOR_SECONDS, ENVIRONMENT, without_logs
from tables.tables import Tables

TIMES = 300
STACKS, CLIENTS, SPEED = 33, 100, 20
PATIENCE_SECONDS = 60
KEY = "d00rd00r"


def measure() -> Iterator[Measure]:
    with without_logs(), Service() as service:
        yield from _awake(service)
        service.received.clear()
        yield from _crowd(service)


class _Place:
    """Some stacks in an account of their own, with a controller that runs when it is told to."""

    def __init__(self, port: int, stacks: int, speed: float, profile: str) -> None:
        self.clock = ScaledClock(speed)
        self.aws = LaptopAws(profile=profile, clock=self.clock)
        Tables().play(self.aws)
        create_table(self.aws.session().client("dynamodb"), ENVIRONMENT["DORMOUSE_TABLE"])
        now = self.clock.now()
        self.keys = Keys(secrets=(make_secret(now, secrets.token_hex),))
        stored = {"Parameter": {"Value": json.dumps(self.keys.to_json())}}
        self.aws.answer_with("ssm", "GetParameter", lambda _: stored)
        self.aws.answer_with("lambda", "GetAccountSettings", lambda _: {"AccountLimit": ROOM})
        self.stacks = []
        for number in range(stacks):
            spec = spec_of(port, number)
            things = furnish_for(spec, f"127.0.0.{number + 2}")
            self.aws.furnish(**(things if not number else _own(things)))
            table = Table(self.aws.session().client("dynamodb"), ENVIRONMENT["DORMOUSE_TABLE"])
            table.put_spec(spec, due_at=now)
            self.stacks.append(spec.stack)
        self.controller = bootstrap(
            ENVIRONMENT, session=self.aws.session(), clock=self.clock, side_by_side=one_by_one
        )
        self.failed: list[str] = []
        function = Function(
            ENVIRONMENT["DORMOUSE_CONTROLLER"],
            lambda event, _: self.controller.run_pass(
                event["stack"], secrets.token_hex(4), timedelta(minutes=5)
            ),
            self.clock,
            lambda error: self.failed.append(repr(error)),
        )
        self.aws.answer_with("lambda", "Invoke", function.invoke)

    def handler(self, session: Any = None) -> door_function.Handle:
        session = session or self.aws.session()
        return door_function.make_handler(ENVIRONMENT, session=session, clock=self.clock)

    def path(self, stack: str) -> str:
        now = self.clock.now()
        door = DoorLink(stack=stack, expires_at=now + timedelta(days=1), id=KEY)
        return f"/d/{stack}/{sign_door(self.keys, door, now)}/"


def _own(things: dict[str, Any]) -> dict[str, Any]:
    """What a further stack has that the first one has not."""
    return {"elastic_ips": things["elastic_ips"]}


def _awake(service: Service) -> Iterator[Measure]:
    place = _Place(service.port, 1, 1, "typical")
    handle = place.handler(Remembering(place.aws.session()))
    _wake(place)
    event = make_event("GET", place.path(place.stacks[0]), {"host": "door"})

    def ours() -> float:
        began = time.perf_counter()
        reply = handle(event, Context())
        took = time.perf_counter() - began
        assert reply["statusCode"] == 200, reply
        return took * 1000

    ours()
    by_door, direct = [], []
    for _ in range(TIMES):
        by_door.append(ours())
        direct.append(_direct("127.0.0.2", service.port))
    door, alone = statistics.median(by_door), statistics.median(direct)
    yield Measure(
        name="what the door adds to a request of an awake stack",
        value=door - alone,
        bound=15,
        unit="ms",
        detail=f"{door:.1f} ms / {alone:.1f} ms directly, medians of {TIMES}",
    )


def _wake(place: _Place) -> None:
    """By a request that does not wait; the time that it takes is skipped."""
    handle, stack = place.handler(), place.stacks[0]
    handle(make_event("GET", place.path(stack), {"prefer": "respond-async"}), Context())
    while True:
        place.clock.advance(10)
        time.sleep(0.02)
        reply = handle(make_event("GET", place.path(stack), {"prefer": "wait=0"}), Context())
        if reply["statusCode"] == 200:
            return


def _direct(host: str, port: int) -> float:
    began = time.perf_counter()
    connection = http.client.HTTPConnection(host, port)
    connection.request("GET", "/", headers={"Connection": "close"})
    connection.getresponse().read()
    connection.close()
    return (time.perf_counter() - began) * 1000


def _crowd(service: Service) -> Iterator[Measure]:
    place = _Place(service.port, STACKS, SPEED, "fast")
    with FunctionUrl(place.handler(), seconds=DOOR_SECONDS, clock=place.clock) as url:
        clients = [_Client(place, url.address, number) for number in range(CLIENTS)]
        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(_Client.ask, clients))
        took = time.perf_counter() - began
    sent = Counter(received.headers["x-client"] for received in service.received)
    again = sum(client.tries > 1 for client in clients)
    lost = [client for client in clients if client.status != 200]
    yield Measure(
        name="clients of a hundred that were lost",
        value=len(lost),
        bound=0,
        unit="",
        detail=f"{STACKS} stacks woken in {took:.0f} s; {again} told to come again, and served",
    )
    yield Measure(
        name="requests of a hundred that were sent twice",
        value=sum(times > 1 for times in sent.values()),
        bound=0,
        unit="",
        detail=f"{sum(sent.values())} arrived at the services",
    )
    yield Measure(name="passes that failed", value=len(place.failed), bound=0, unit="")


class _Client:
    """Asks once, and again after a 503, as it is told; all begin together."""

    start = threading.Barrier(CLIENTS)

    def __init__(self, place: _Place, address: str, number: int) -> None:
        self._place = place
        self._address = address
        self._number = number
        self._path = place.path(place.stacks[number % STACKS])
        self.status = self.tries = 0

    def ask(self) -> None:
        self.start.wait()
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            self.tries += 1
            wait = self._once()
            if self.status != 503:
                return
            self._place.clock.sleep(wait)

    def _once(self) -> float:
        netloc = urlsplit(self._address).netloc
        connection = http.client.HTTPConnection(netloc, timeout=PATIENCE_SECONDS)
        connection.request("POST", self._path, b"x", {"x-client": str(self._number)})
        reply = connection.getresponse()
        reply.read()
        connection.close()
        self.status = reply.status
        return float(reply.headers.get("Retry-After", 0))
