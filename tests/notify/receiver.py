"""A server at the other end of a webhook: real HTTPS on this machine, with a key of its own."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.http_server import HttpServer, Requests


@dataclass
class Receiver:
    """
    Takes POSTs at `url` and keeps them; `context` trusts it. `answer` says what it does:
    a status, or "drip" to send a byte now and then without an end.
    """

    folder: Path
    answer: int | str = 200
    location: str = ""
    taken: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)

    def __enter__(self) -> Receiver:
        certificate = _make_certificate(self.folder)
        self._server = HttpServer(partial(_Posts, self))
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(certificate)
        self._server.socket = served.wrap_socket(self._server.socket, server_side=True)
        self.context = ssl.create_default_context(cafile=str(certificate))
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.stop()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_port}/services/T0/secret?v=1"


class _Posts(Requests):
    def __init__(self, receiver: Receiver, *given: Any) -> None:
        self._receiver = receiver
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.read_body()
        self._receiver.paths.append(self.path)
        self._receiver.taken.append(json.loads(body))
        if self._receiver.answer == "drip":
            self._drip()
        else:
            location = self._receiver.location
            self.send(
                int(self._receiver.answer), headers={"Location": location} if location else {}
            )

    def _drip(self) -> None:
        while not self._receiver.stopped.wait(0.02):
            self.wfile.write(b"H")


def _make_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "receiver.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
