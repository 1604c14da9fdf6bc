"""
A small real HTTP service that answers where the laptop's load balancer would lead.

It stands in for the user's container: it answers on an Elastic IP of this machine (127.0.0.1)
exactly while a load balancer that holds the address is active and has a healthy target.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from local.aws import LaptopAws

_EVERY_SECONDS = 0.1


class StandIn:
    """Opens and closes the listeners' ports as the laptop AWS says; use it as a context."""

    def __init__(self, aws: LaptopAws, ip: str = "127.0.0.1") -> None:
        self._elbv2 = aws.session().client("elbv2")
        self._ip = ip
        self._open: dict[int, ThreadingHTTPServer] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="stand-in")
        self.busy_ports: set[int] = set()

    def __enter__(self) -> StandIn:
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
        for port in list(self._open):
            self._close(port)

    def _watch(self) -> None:
        while not self._done.wait(_EVERY_SECONDS):
            wanted = set(self._ports())
            for port in self._open.keys() - wanted:
                self._close(port)
            for port in wanted - self._open.keys() - self.busy_ports:
                self._listen(port)

    def _ports(self) -> list[int]:
        """Ports behind which a healthy target stands, on load balancers with our address."""
        ports: list[int] = []
        for balancer in self._elbv2.describe_load_balancers()["LoadBalancers"]:
            if balancer["State"]["Code"] == "active" and self._ip in _addresses(balancer):
                reply = self._elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
                ports += [one["Port"] for one in reply["Listeners"] if self._is_served(one)]
        return ports

    def _is_served(self, listener: dict[str, Any]) -> bool:
        group = listener["DefaultActions"][0].get("TargetGroupArn")
        if not group:
            return False
        reply = self._elbv2.describe_target_health(TargetGroupArn=group)
        states = [t["TargetHealth"]["State"] for t in reply["TargetHealthDescriptions"]]
        return "healthy" in states

    def _listen(self, port: int) -> None:
        try:
            server = ThreadingHTTPServer((self._ip, port), _Container)
        except OSError:
            self.busy_ports.add(port)  # something else of this machine has it
            return
        self._open[port] = server
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def _close(self, port: int) -> None:
        server = self._open.pop(port)
        server.shutdown()
        server.server_close()


def _addresses(balancer: dict[str, Any]) -> list[str]:
    return [
        address["IpAddress"]
        for zone in balancer.get("AvailabilityZones", ())
        for address in zone.get("LoadBalancerAddresses", ())
        if "IpAddress" in address
    ]


class _Container(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"message": "hello from your container", "path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the terminal belongs to the demo."""
