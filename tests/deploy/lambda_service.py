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
from typing import Any
from urllib.parse import unquote

from deploy.lambda_function import FunctionError, LambdaFunction
from local.functions import ROOM
from local.http_server import HttpServer, Requests

SETTINGS = "/2016-08-19/account-settings"
PREFIX, SUFFIX = "/2015-03-31/functions/", "/invocations"


class LambdaService(HttpServer):
    """Serves inside the block; functions may be added to `functions` while it does."""

    def __init__(self, functions: Mapping[str, LambdaFunction] | None = None) -> None:
        self.functions: dict[str, LambdaFunction] = dict(functions or {})
        self.later: list[Future[Any]] = []
        """What was invoked without waiting, in order; results and errors are in here."""
        super().__init__(_Invocations)

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
            reported = {"errorType": error.kind, "errorMessage": str(error)}
            return 200, {"X-Amz-Function-Error": "Unhandled"}, reported


class _Invocations(Requests):
    server: LambdaService

    def do_POST(self) -> None:
        event = json.loads(self.read_body() or b"null")
        name = unquote(self.path.removeprefix(PREFIX).removesuffix(SUFFIX))
        wait = self.headers.get("X-Amz-Invocation-Type", "RequestResponse") != "Event"
        status, headers, content = self.server.answer(name, event, wait)
        self.send(status, b"" if content is None else json.dumps(content).encode(), headers)

    def do_GET(self) -> None:
        known = self.path.rstrip("/") == SETTINGS
        body = json.dumps({"AccountLimit": ROOM} if known else {}).encode()
        self.send(200 if known else 404, body)
