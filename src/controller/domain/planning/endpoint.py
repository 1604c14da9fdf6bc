"""The address of an awake stack, and its protocol."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.dataclass import dataclass
from controller.domain.planning.observed import Observed
from controller.domain.planning.spec import Json, Spec

_HTTPS_PORT = 443
# What no browser opens: a listener that takes UDP alone.
_WITHOUT_LINK = ("UDP", "QUIC")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    `ip` is the Elastic IP, or the load balancer's own name where the stack has none.

    `protocol` is that of the listener, as ELB names it ("TCP", "TLS", "UDP", "TCP_UDP", …).
    """

    ip: str
    port: int | None
    path: str = "/"
    protocol: str = "TCP"

    @property
    def url(self) -> str | None:
        """
        None for what has no link (UDP).

        Behind TLS, and on the port that is HTTPS's own, people get the scheme https; else http.
        """
        if self.protocol in _WITHOUT_LINK:
            return None
        return f"{_scheme(self.protocol, self.port)}://{self._host}{self.path}"

    @property
    def text(self) -> str:
        """The text for people: the link, or "203.0.113.10:27015 (UDP)"."""
        return self.url or f"{self._host} ({self.protocol})"

    @property
    def _host(self) -> str:
        return f"{self.ip}:{self.port}" if self.port is not None else self.ip

    def to_json(self) -> dict[str, Json]:
        """`text` only where there is no `url`."""
        fields: dict[str, Json] = {"ip": self.ip, "port": self.port, "url": self.url}
        return fields if self.url else {**fields, "text": self.text}


def scheme_of(spec: Spec) -> str:
    """The scheme of the awake stack: "http", or "https" behind TLS."""
    return _scheme(str(spec.endpoint.get("protocol")), spec.endpoint.get("port"))


def _scheme(protocol: str, port: int | None) -> str:
    return "https" if protocol == "TLS" or port == _HTTPS_PORT else "http"


def address_text(endpoint: Mapping[str, Json] | None) -> str:
    """The text for people of a stored endpoint; "" if there is none."""
    if not endpoint:
        return ""
    return str(endpoint.get("url") or endpoint.get("text") or "")


def takes_http(spec: Spec) -> bool:
    """Whether the stack has an address once awake, and one that HTTP could be spoken to."""
    port, protocol = spec.endpoint.get("port"), str(spec.endpoint.get("protocol") or "TCP")
    return isinstance(port, int) and protocol not in _WITHOUT_LINK


def find_endpoint(spec: Spec, observed: Observed) -> Endpoint | None:
    """The address of the first listener, None while it is unknown."""
    ip = _address(observed)
    if ip is None:
        return None
    return Endpoint(
        ip,
        spec.endpoint.get("port"),
        str(spec.endpoint.get("open_path", "/")),
        str(spec.endpoint.get("protocol") or "TCP"),
    )


def _address(observed: Observed) -> str | None:
    for address in observed.addresses.values():
        if address.public_ip:
            return address.public_ip
    for seen in observed.resources.values():
        if seen.attributes.get("dns_name"):
            return seen.attributes["dns_name"]
    return None
