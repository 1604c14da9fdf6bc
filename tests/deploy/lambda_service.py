"""
Lambda's Invoke over HTTP on this machine, for functions that run here.

    with LambdaService({"dormouse-controller": function}) as service: ...

Set AWS_ENDPOINT_URL_LAMBDA to `service.url`, and whoever invokes one of the names, waiting for
the answer or not, reaches the function given for it. It also tells the account's limits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from deploy.lambda_function import FunctionError, LambdaFunction
from local.functions import ROOM

SETTINGS = "/2016-08-19/account-settings"
PREFIX, SUFFIX = "/2015-03-31/functions/", "/invocations"


class LambdaService:
    """Serves inside the block; functions may be added to `functions` while it does."""

    def __init__(self, functions: Mapping[str, LambdaFunction] | None = None) -> None:
        self.functions: dict[str, LambdaFunction] = dict(functions or {})
        self.later: list[Future[Any]] = []
        """What was invoked without waiting, in order; results and errors are in here."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _requests_to(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> LambdaService:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, name: str, event: Any, wait: bool) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of one Invoke."""
        function = self.functions.get(name.rpartition(":")[2])
        if function is None:
            headers = {"x-amzn-errortype": "ResourceNotFoundException"}
            return 404, headers, {"Message": f"Function not found: {name}"}
        if not wait:
            self.later.append(function.invoke_later(event))
            return 202, {}, None
        try:
            return 200, {"X-Amz-Executed-Version": "$LATEST"}, function.invoke(event)
        except FunctionError as error:
            told = {"errorType": error.kind, "errorMessage": str(error)}
            return 200, {"X-Amz-Function-Error": "Unhandled"}, told


def _requests_to(service: LambdaService) -> type[BaseHTTPRequestHandler]:
    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
            name = unquote(self.path.removeprefix(PREFIX).removesuffix(SUFFIX))
            wait = self.headers.get("X-Amz-Invocation-Type", "RequestResponse") != "Event"
            status, headers, content = service.answer(name, event, wait)
            body = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            known = self.path.rstrip("/") == SETTINGS
            body = json.dumps({"AccountLimit": ROOM} if known else {}).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the functions' own logs say more."""

    return Requests
