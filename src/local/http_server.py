"""HTTP servers that only this machine reaches; port, connections and thread end with the block."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class HttpServer(ThreadingHTTPServer):
    """
    Listens on `ip` from its making, and answers with `requests` inside the block.

    `port` 0 takes a free one; raises OSError where another program has it. `start` and `stop` are
    for those that cannot use a block. `patience` is for how many seconds an answer under way is
    given when the server stops; then its connection is cut.
    """

    request_queue_size = 128  # many come at one time, and none of them is to be turned away
    patience = 0.0

    def __init__(
        self, requests: Callable[..., BaseHTTPRequestHandler], port: int = 0, ip: str = "127.0.0.1"
    ) -> None:
        self._connections: set[socket.socket] = set()
        self._guard = threading.Condition()
        super().__init__((ip, port), requests)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        self._close_connections()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._guard:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._guard:
            self._connections.discard(request)
            self._guard.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is its own affair; anything else is reported."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def _close_connections(self) -> None:
        """Wake the threads that wait for a further request, and let them close."""
        with self._guard:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._guard.wait_for(lambda: not self._connections, timeout=self.patience)


class Requests(BaseHTTPRequestHandler):
    """One connection; what answers has a method `do_GET`, `do_POST` and so on."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def read_body(self) -> bytes:
        return b"".join(self._pieces())

    def send(
        self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _pieces(self) -> Iterator[bytes]:
        yield self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: addresses hold keys, and what is served keeps a record of its own."""
