"""
A Lambda function behind an address of this machine, as a Function URL would be (payload 2.0).

    with FunctionUrl(handler) as url: ...      # url.address is http://127.0.0.1:<a free port>

Source of the event's shape: AWS behaviour §5.7. A body whose type is not text comes base64
encoded, and so does a form's, as Lambda sends it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

_TEXT = ("text/", "application/json", "application/xml", "application/javascript")
_MOST_BODY = 6 * 1024 * 1024

REQUEST_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Context:
    """The little of Lambda's context that handlers ask for."""

    function_name: str = "laptop-api"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:laptop-api"
    aws_request_id: str = REQUEST_ID

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class FunctionUrl:
    """Serves from its making until it is closed; `port` 0 takes a free one."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _requests_to(handler))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> FunctionUrl:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def make_event(
    method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> dict[str, Any]:
    """The event of one request; `target` is path and query as they stand in the request line."""
    parts = urlsplit(target if target.startswith("/") else f"/{target}")
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    as_text = lower.get("content-type", "").startswith(_TEXT)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(parts.path),
        "rawQueryString": parts.query,
        "headers": lower,
        "requestContext": {
            "accountId": "anonymous",
            "domainName": lower.get("host", "laptop"),
            "http": {
                "method": method,
                "path": unquote(parts.path),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": lower.get("user-agent", ""),
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": bool(body) and not as_text,
    }
    if body:
        encoded = body if as_text else base64.b64encode(body)
        event["body"] = encoded.decode("utf-8", "replace")
    return event


def _requests_to(handler: Handler) -> type[BaseHTTPRequestHandler]:
    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > _MOST_BODY:
                self.close_connection = True
                self.send_error(413)
                return
            body = self.rfile.read(int(length))
            event = make_event(self.command, self.path, dict(self.headers), body)
            self._send(handler(event, Context()))

        def _send(self, reply: dict[str, Any]) -> None:
            body = str(reply.get("body") or "")
            sent = base64.b64decode(body) if reply.get("isBase64Encoded") else body.encode()
            self.send_response(reply["statusCode"])
            for name, value in (reply.get("headers") or {}).items():
                self.send_header(name, str(value))
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer  # noqa: N815
        do_TRACE = do_QUERY = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Addresses hold keys, so they are not printed."""

    return Requests
