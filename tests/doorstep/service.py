"""What the user's container is here: a server that writes down what came, byte for byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """One request as it arrived: its first line, header lines in order, and the body."""

    line: str
    lines: tuple[tuple[str, str], ...]
    body: bytes
    address: str

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.lines}


Script = Callable[[Received], bytes]


def plain(received: Received) -> bytes:
    return answer(b"hello", "Content-Type: text/plain")


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer with its length."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


@dataclass
class Service:
    """
    Listens on all addresses of this machine. `script` makes the answer's bytes, after which the
    connection is closed; None answers nothing and leaves it open until the end.
    """

    script: Script | None = plain
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    listens: bool = True

    def __enter__(self) -> Service:
        self._server = socket.create_server(("", 0), backlog=256)
        self.port = self._server.getsockname()[1]
        self._kept: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.stop()
        for each in self._kept:
            each.close()

    def stop(self) -> None:
        """From now on a connection is refused."""
        self._server.close()
        with socket.socket() as knock:  # wakes the thread that waits for one
            knock.connect_ex(("127.0.0.1", self.port))
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with connection.makefile("rb") as stream:
            head = stream.readline().decode("latin-1").rstrip("\r\n")
            if not head:
                connection.close()
                return
            lines = []
            while line := stream.readline().decode("latin-1").rstrip("\r\n"):
                name, _, value = line.partition(": ")
                lines.append((name, value))
            length = int({n.lower(): v for n, v in lines}.get("content-length", 0))
            body = stream.read(length)
        received = Received(head, tuple(lines), body, connection.getsockname()[0])
        self.received.append(received)
        if self.script is None:
            self._kept.append(connection)
            return
        with suppress(OSError):  # whoever asked has hung up
            connection.sendall(self.script(received))
        connection.close()
