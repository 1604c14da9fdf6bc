"""
One request to the service, once: connect, send, read the answer.

By `http.client`, which neither follows redirects, nor decodes, nor sends anything again; what it
lets through that no proxy may forward is checked here. Whoever could not be connected to has been
sent nothing and may be tried again; after the first byte nothing is repeated.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from controller.domain.dataclass import dataclass
from door.headers import is_token

MOST_ANSWER = 6_291_456
"""Bytes. Lambda returns no more, whatever it holds (AWS behaviour §5.7: 6 MiB)."""

CONNECT_SECONDS = 3
ANSWER_SECONDS = 60
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Target:
    """Where the service answers: what the controller wrote down of the spec's own address."""

    host: str
    port: int
    tls: bool

    @property
    def authority(self) -> str:
        """As a client names it that came to the address itself."""
        return self.host if self.port == (443 if self.tls else 80) else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered, as it came."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class RelayError(Exception):
    """A request that was sent and has no good answer; it may have been carried out."""


class SilentError(RelayError):
    """No answer, or not all of it, in time."""


class BrokenError(RelayError):
    """What came is no answer that can be forwarded; the text says why."""


class TooLargeError(RelayError):
    """The service answered with more than can be returned."""


class Sender:
    """An open connection that has carried nothing. `send` may be called once; `close` always."""

    def __init__(self, target: Target, seconds: float = CONNECT_SECONDS) -> None:
        """Raises OSError where nobody answers."""
        kind = _SecureConnection if target.tls else _Connection
        self._connection = kind(target.host, target.port, timeout=seconds)
        self._connection.auto_open = 0  # or it would connect again by itself, and send again
        self._connection.connect()
        self._socket: socket.socket = self._connection.sock

    def close(self) -> None:
        self._connection.close()

    def send(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """Send it and read the whole answer within so many seconds. Raises RelayError."""
        with _Deadline(self._socket, seconds) as deadline:
            try:
                return self._exchange(method, target, headers, body)
            except RelayError:
                if deadline.is_over:
                    raise SilentError from None
                raise
            except TimeoutError:
                raise SilentError from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                if deadline.is_over:
                    raise SilentError from None
                raise BrokenError(_said(error)) from None

    def _exchange(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> Answer:
        connection = self._connection
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, _as_bytes(value))
        # Whoever does not want the body may answer and hang up before it has all of it.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders(body or None)
        response = connection.getresponse()
        _check(response)
        return Answer(response.status, response.getheaders(), _read(response))


class _Deadline:
    """Hangs up when the time is over: a socket's own time-out starts again with each byte."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._socket = connection
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True
        self._seconds = seconds
        self.is_over = False

    def __enter__(self) -> _Deadline:
        self._socket.settimeout(self._seconds + 1)
        self._timer.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._timer.cancel()

    def _hang_up(self) -> None:
        self.is_over = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


class _Lines:
    """A stream whose lines hold no lone CR: `http.client` would take it for the end of a header."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readline(self, *limit: int) -> bytes:
        line: bytes = self._stream.readline(*limit)
        if b"\r" in line.removesuffix(b"\n").removesuffix(b"\r"):
            raise BrokenError("one of its headers is malformed")
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Response(http.client.HTTPResponse):
    """An answer; lines end where HTTP ends them, and every interim answer is passed over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fp = _Lines(self.fp)  # type: ignore[assignment]

    def _read_status(self) -> tuple[str, int, str]:
        """Past every interim answer: the library knows 100 alone, and takes 103 for the answer."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 102 <= status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)


class _Connection(http.client.HTTPConnection):
    response_class = _Response


class _SecureConnection(_Connection):
    def connect(self) -> None:
        """
        Encrypted, but to an address: a certificate names a domain, which nobody here knows.

        So none is requested. Who answers is as sure as for every client of the bare address.
        """
        import ssl  # few stacks need it

        super().connect()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)


def _check(response: http.client.HTTPResponse) -> None:
    """Refuse what the library lets through, and two readers would read in two ways."""
    if not 200 <= response.status <= 599:
        raise BrokenError(f"it answered with status {response.status}")
    defects: Any = getattr(response.headers, "defects", ())
    if defects or not all(is_token(name) and "\0" not in value for name, value in _pairs(response)):
        raise BrokenError("one of its headers is malformed")
    codings = _all(response, "transfer-encoding")
    if codings and [each.lower() for each in codings] != ["chunked"]:
        raise BrokenError(f"it uses the transfer encoding {', '.join(codings)[:60]}")
    lengths = set(_all(response, "content-length"))
    if len(lengths) > 1 or not all(each.isascii() and each.isdigit() for each in lengths):
        raise BrokenError("it gives no one length of its answer")


def _pairs(response: http.client.HTTPResponse) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in response.getheaders()]


def _all(response: http.client.HTTPResponse, name: str) -> list[str]:
    return [each.strip() for each in response.headers.get_all(name) or ()]


def _read(response: http.client.HTTPResponse) -> bytes:
    pieces, size = [], 0
    while piece := response.read(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_ANSWER:
            raise TooLargeError
    if response.length:
        raise BrokenError("it hung up within its answer")
    return b"".join(pieces)


def _as_bytes(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def _said(error: Exception) -> str:
    if isinstance(error, http.client.RemoteDisconnected | ConnectionError):
        return "it hung up without an answer"
    if isinstance(error, http.client.IncompleteRead):
        return "it hung up within its answer"
    return f"its answer cannot be read ({type(error).__name__})"
