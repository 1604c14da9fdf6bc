"""
A Lambda function behind an address of this machine, as a Function URL would be (payload 2.0).

    with FunctionUrl(handler) as url: ...      # url.address is http://127.0.0.1:<a free port>

Source of the event's shape: AWS behaviour §5.7. A body whose type is not text comes base64
encoded, and so does a form's, as Lambda sends it. Cookies come twice, and repeated headers joined
by a comma. On the way back some headers get another name, and what is too long is a bare 502.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from controller.domain.dataclass import dataclass
from local.clock import Clock, ScaledClock
from local.http_server import HttpServer, Requests

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

_TEXT = ("text/", "application/json", "application/xml", "application/javascript")
_MOST_BODY = 6 * 1024 * 1024
_MOST_EVENT = 6 * 1024 * 1024
_MOST_RESULT = 6_291_556

_RENAMED = frozenset({"connection", "date", "www-authenticate"})
"""Headers of a function that reach the client as `x-amzn-Remapped-<name>`."""

_KEPT_BACK = frozenset({"content-length", "keep-alive", "transfer-encoding"})
_WITHOUT_BODY = (204, 304)

REQUEST_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Context:
    """The little of Lambda's context that handlers ask for."""

    function_name: str = "laptop-api"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:laptop-api"
    aws_request_id: str = REQUEST_ID
    ends_at: datetime | None = None
    clock: Clock | None = None

    def get_remaining_time_in_millis(self) -> int:
        if self.ends_at is None or self.clock is None:
            return 30_000
        return max(0, int((self.ends_at - self.clock.now()).total_seconds() * 1000))


class FunctionUrl(HttpServer):
    """`port` 0 takes a free one. Each request has `seconds` of the function's time, by `clock`."""

    def __init__(
        self, handler: Handler, port: int = 0, *, seconds: float = 30, clock: Clock | None = None
    ) -> None:
        super().__init__(_Invocations, port)
        self.handler, self.seconds, self.clock = handler, seconds, clock or ScaledClock()

    address = HttpServer.url


def make_event(
    method: str,
    target: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    body: bytes = b"",
    source: str = "127.0.0.1",
) -> dict[str, Any]:
    """
    The event of one request; `target` is path and query as they are in the request line.

    The raw path keeps its percent-encoding, the other one has lost it.
    """
    path, _, query = (target if target.startswith("/") else f"/{target}").partition("?")
    lower = _joined(headers or ())
    as_text = lower.get("content-type", "").startswith(_TEXT) and _is_utf8(body)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query.partition("#")[0],
        "headers": lower,
        "requestContext": {
            "accountId": "anonymous",
            "domainName": lower.get("host", "laptop"),
            "http": {
                "method": method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": source,
                "userAgent": lower.get("user-agent", ""),
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": bool(body) and not as_text,
    }
    if "cookie" in lower:
        event["cookies"] = lower["cookie"].split("; ")
    if body:
        event["body"] = (body if as_text else base64.b64encode(body)).decode()
    return event


def _joined(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    for name, value in pairs:
        lower = name.lower()
        if lower != "connection":
            found[lower] = f"{found[lower]},{value}" if lower in found else value
    return found


def _is_utf8(body: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        body.decode()
        return True
    return False


def _returned(reply: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The headers of a function's answer as the client sees them; a body has always a type."""
    headers = reply.get("headers") or {}
    if reply.get("body") and "content-type" not in {name.lower() for name in headers}:
        yield "Content-Type", "application/json"
    for name, value in headers.items():
        if name.lower() in _RENAMED:
            yield f"x-amzn-Remapped-{name}", str(value)
        elif name.lower() not in _KEPT_BACK:
            yield name, str(value)
    for cookie in reply.get("cookies") or ():
        yield "Set-Cookie", str(cookie)


class _Invocations(Requests):
    server: FunctionUrl

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _MOST_BODY:
            self.close_connection = True
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        source = self.client_address[0]
        event = make_event(self.command, self.path, self.headers.items(), body, source)
        if len(json.dumps(event)) >= _MOST_EVENT:
            self.send_error(413)
            return
        self._pass_on(self._invoke(event))

    def _invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        clock = self.server.clock
        ends_at = clock.now() + timedelta(seconds=self.server.seconds)
        try:
            reply = self.server.handler(event, Context(ends_at=ends_at, clock=clock))
            if len(json.dumps(reply, ensure_ascii=False).encode()) > _MOST_RESULT:
                raise ValueError("the answer is too long")
        except Exception:
            return {"statusCode": 502, "body": "Internal Server Error"}
        return reply

    def _pass_on(self, reply: dict[str, Any]) -> None:
        body = str(reply.get("body") or "")
        sent = base64.b64decode(body) if reply.get("isBase64Encoded") else body.encode()
        self.send_response_only(reply["statusCode"])
        self.send_header("Date", self.date_time_string())
        for name, value in _returned(reply):
            self.send_header(name, value)
        if reply["statusCode"] not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer
    do_TRACE = do_QUERY = _answer
