"""Where an awake stack answers."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.observed import Observed
from controller.domain.spec import Json, Spec


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`ip` is the Elastic IP, or the load balancer's own name where the stack has none."""

    ip: str
    port: int | None
    path: str = "/"

    @property
    def url(self) -> str:
        port = f":{self.port}" if self.port is not None else ""
        return f"http://{self.ip}{port}{self.path}"

    def to_json(self) -> dict[str, Json]:
        return {"ip": self.ip, "port": self.port, "url": self.url}


def find_endpoint(spec: Spec, observed: Observed) -> Endpoint | None:
    """The address of the first listener, None while nothing tells it."""
    port = spec.endpoint.get("port")
    path = str(spec.endpoint.get("open_path", "/"))
    for address in observed.addresses.values():
        if address.public_ip:
            return Endpoint(address.public_ip, port, path)
    for seen in observed.resources.values():
        if seen.attributes.get("dns_name"):
            return Endpoint(seen.attributes["dns_name"], port, path)
    return None
