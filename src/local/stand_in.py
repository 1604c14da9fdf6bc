"""
A small real HTTP service that answers where the simulated load balancer would lead.

It stands in for the user's container: it answers on an Elastic IP of this machine (127.0.0.1)
exactly while a load balancer that holds the address is active and has a healthy target. Whoever
uses it makes traffic, which CloudWatch reports of that load balancer.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any

from local.aws import LaptopAws
from local.elbv2.state import Elbv2, Listener, LoadBalancer
from local.http_server import HttpServer, Requests

_EVERY_SECONDS = 0.2
_ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 10))


def free_address(ports: Iterable[int]) -> str:
    """An address of this machine on which all the ports are free; 127.0.0.1 if there is none."""
    ports = list(ports)
    return next((ip for ip in _ADDRESSES if all(is_free(ip, p) for p in ports)), _ADDRESSES[0])


def is_free(ip: str, port: int) -> bool:
    """Whether a server could listen there, asked as `HttpServer` would."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, port))
        except OSError:
            return False
    return True


class StandIn:
    """
    Opens and closes the listeners' ports as the simulated AWS says; use it as a context.

    `weight` is for how many connections each one counts: where an hour takes a minute, whoever
    asks once a second is to weigh as much as in real life. `uses` counts those that came.
    """

    def __init__(self, aws: LaptopAws, ip: str = "127.0.0.1", weight: float = 1) -> None:
        self._aws = aws
        self.ip = ip
        self._weight = weight
        self._open: dict[int, HttpServer] = {}
        self._counting = threading.Lock()
        self.uses = 0
        self.used_at: datetime | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, daemon=True, name="stand-in")
        self.busy_ports: set[int] = set()

    def __enter__(self) -> StandIn:
        self._aws.watch(self._follow)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        self._aws.unwatch(self._follow)
        for port in list(self._open):
            self._close(port)

    def _keep_up(self) -> None:
        """Time passes also while nobody calls."""
        while not self._done.wait(_EVERY_SECONDS):
            self._aws.peek()

    def _follow(self) -> None:
        """A reader of a healthy or missing target finds it so; called one at a time."""
        wanted = self._ports()
        for port in self._open.keys() - wanted.keys():
            self._close(port)
        for port in wanted.keys() - self._open.keys() - self.busy_ports:
            self._listen(port, wanted[port])

    def _ports(self) -> dict[int, str]:
        """Port to load balancer where a healthy target is behind one with our address."""
        world = self._aws.world
        state = world.region(self._aws.region_name).elbv2
        return {
            listener.port: balancer.arn
            for balancer in state.balancers.values()
            if balancer.serving_at <= world.now < balancer.deleted_at
            and self.ip in _addresses(balancer)
            for listener in balancer.listeners
            if _is_served(state, listener)
        }

    def _listen(self, port: int, balancer: str) -> None:
        try:
            server = HttpServer(partial(_Container, partial(self._count, balancer)), port, self.ip)
        except OSError:
            self.busy_ports.add(port)  # something else of this machine has it
            return
        self._open[port] = server.start()

    def _count(self, balancer: str, carried: int) -> None:
        """One connection came and carried this many bytes."""
        with self._counting:
            now = self._aws.clock.now()
            self._aws.traffic.flows(
                balancer, now, new_flows=self._weight, bytes=carried * self._weight
            )
            self.uses, self.used_at = self.uses + 1, now

    def _close(self, port: int) -> None:
        self._open.pop(port).stop()


def _addresses(balancer: LoadBalancer) -> list[str]:
    return [zone.address.public_ip for zone in balancer.zones if zone.address]


def _is_served(state: Elbv2, listener: Listener) -> bool:
    groups = (state.groups.get(arn) for arn in listener.group_arns)
    return any(
        target.status == "healthy" for group in groups if group for target in group.targets.values()
    )


PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<title>Your service</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}
</style><h1>Hello from your container</h1>
<p>Here your own service would answer. This one stands in for it, and it is up only while the
stack is awake.</p>
<p>Each time that you load this page counts as use. Leave it alone, and the stack goes to sleep;
this address then stops answering.</p></html>
"""


class _Container(Requests):
    """Answers a page to browsers, JSON to others; `count` receives the bytes of each request."""

    protocol_version = "HTTP/1.0"  # each request is a connection, and each connection is counted

    def __init__(self, count: Callable[[int], None], *given: Any) -> None:
        self._count = count
        super().__init__(*given)

    def do_GET(self) -> None:
        wants_page = "text/html" in self.headers.get("Accept", "")
        kind = "text/html; charset=utf-8" if wants_page else "application/json"
        said = {"message": "hello from your container", "path": self.path}
        body = (PAGE if wants_page else f"{json.dumps(said)}\n").encode()
        # Before it is answered, so that every answered request is counted.
        self._count(len(self.requestline) + len(str(self.headers)) + len(body))
        self.send(200, body, {"Content-Type": kind})
