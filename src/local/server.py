"""
The simulated AWS as an HTTP endpoint on 127.0.0.1, for any AWS client.

    python -m local.server --port 0 --profile typical --speed 60 --furnish article

prints its URL on the first line; `AWS_ENDPOINT_URL` set to it reaches every service. Signatures
are not checked. Under /_laptop/ are the clock, the record and the rules: see `local.control`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from controller.domain.errors import TextError
from controller.domain.planning.timing import Timing
from controller.timing_file import EXPECTED, find_timing
from local import control, wire
from local.answered import Answered
from local.aws import LaptopAws
from local.clock import Clock, ScaledClock
from local.errors import AwsError, not_answered
from local.furnish import PRESETS
from local.http_server import HttpServer, Requests

OWN_HEADERS = frozenset(
    {"content-length", "transfer-encoding", "connection", "date", "server", "status"}
)
"""Headers that this server writes itself, whatever moto says."""


INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_LIMIT = r"functions/(?P<FunctionName>[^/]+)/concurrency"
LAMBDA_CALLS = {
    "GetAccountSettings": ("GET", re.compile(r"/2016-08-19/account-settings/?")),
    "GetFunctionConcurrency": ("GET", re.compile(rf"/2019-09-30/{_LIMIT}")),
    "PutFunctionConcurrency": ("PUT", re.compile(rf"/2017-10-31/{_LIMIT}")),
    "DeleteFunctionConcurrency": ("DELETE", re.compile(rf"/2017-10-31/{_LIMIT}")),
}
"""What `dormouse doctor` and `destroy` ask of Lambda, which moto does not know."""


class LaptopServer(HttpServer):
    """
    One account behind a free port, in a thread of its own.

    As a context manager it serves inside the block and closes every socket at its end. `clock`
    wins over `speed`; `furnish` is a preset's name or what `LaptopAws.furnish` takes.
    """

    patience = 5.0

    def __init__(
        self,
        profile: str | Timing = "typical",
        *,
        speed: float = 1.0,
        clock: Clock | None = None,
        furnish: str | dict[str, Any] | None = None,
        port: int = 0,
        **options: Any,
    ) -> None:
        self.aws = LaptopAws(profile=profile, clock=clock or ScaledClock(speed), **options)
        things = PRESETS[furnish] if isinstance(furnish, str) else furnish
        self.furnished = self.aws.furnish(**things) if things else {}
        self.answered = Answered()
        super().__init__(_Handler, port)

    @property
    def environment(self) -> dict[str, str]:
        """What an AWS client of another process needs in its environment to come here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "laptop",
            "AWS_SECRET_ACCESS_KEY": "laptop",
            "AWS_REGION": self.aws.region_name,
            "AWS_DEFAULT_REGION": self.aws.region_name,  # the one that Python's SDK reads
            "AWS_EC2_METADATA_DISABLED": "true",
        }


class _Handler(Requests):
    wbufsize = 1 << 20  # head and body leave in one piece: see `local.answered`
    server: LaptopServer

    def _serve(self) -> None:
        body = self.read_body()
        try:
            answer = self._answer(body)
        except AwsError:
            self.close_connection = True  # dropped
            return
        self.send(answer.status, answer.body, answer.headers)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve

    def _answer(self, body: bytes) -> wire.Answer:
        path, _, query = self.path.partition("?")
        if path.startswith(control.PREFIX):
            return control.answer(self.server.aws, self.command, path, query, body)
        given = self.server.answered.find(self.headers)
        if given:
            return given
        found = answer(self.server.aws, self.command, self.path, dict(self.headers), body)
        self.server.answered.keep(self.headers, found)
        return found


def answer(
    aws: LaptopAws, method: str, path: str, headers: dict[str, str], body: bytes
) -> wire.Answer:
    """Answer one HTTP request to any AWS service; raises AwsError only to drop the connection."""
    request = wire.read(path, headers, body)
    invoked = INVOKE.fullmatch(path)
    if invoked and aws.plays("lambda", "Invoke"):
        params = {"FunctionName": unquote(invoked[1]), "Payload": body}
        aws.call("lambda", "Invoke", params, request.region)
        return wire.Answer(202, {}, b"")
    for operation, (verb, pattern) in LAMBDA_CALLS.items():
        named = pattern.fullmatch(path) if method == verb else None
        if named and aws.plays("lambda", operation):
            params = {**named.groupdict(), **(json.loads(body) if verb == "PUT" else {})}
            return _lambda_call(aws, request, operation, params)
    if not request.service:
        return _from_moto(aws, request, method, path, headers)
    request_id = f"00000000-0000-0000-0000-{len(aws.calls):012d}"
    try:
        reply = aws.call(
            request.service, request.operation, wire.params_of(request), request.region
        )
        return wire.write(request, reply, request_id)
    except AwsError as error:
        if error.dropped:
            raise
        return wire.write_error(request, error, request_id)
    except Exception as error:
        # A fault of the simulation's own: the client learns what it was instead of a lost
        # connection.
        own = AwsError("InternalFailure", f"simulated AWS: {type(error).__name__}: {error}", 500)
        return wire.write_error(request, own, request_id)


def _lambda_call(
    aws: LaptopAws, request: wire.Request, operation: str, params: dict[str, Any]
) -> wire.Answer:
    try:
        reply = aws.call("lambda", operation, params, request.region)
    except AwsError as error:
        if error.dropped:
            raise
        return wire.write_error(request, error, "00000000-0000-0000-0000-000000000000")
    if operation == "DeleteFunctionConcurrency":
        return wire.Answer(204, {}, b"")
    return wire.Answer(200, {"Content-Type": "application/json"}, json.dumps(reply).encode())


def _from_moto(
    aws: LaptopAws, request: wire.Request, method: str, path: str, headers: dict[str, str]
) -> wire.Answer:
    region = request.region or aws.region_name
    call = aws.begin(
        request.scope or "unknown", request.operation or f"{method} {path}", {}, region
    )
    fault = aws.strike(call)
    if fault and (fault.when == "before" or fault.dropped):
        return _spoilt(aws, call, fault.error(), request)
    url = f"https://{_host(request.scope, region)}{path}"
    try:
        status, reply_headers, body = aws.moto.answer(method, url, headers, request.body)
    except ImportError:  # a service of moto for which more would have to be installed
        return _spoilt(aws, call, not_answered(call.service, call.operation), request)
    if fault:
        return _spoilt(aws, call, fault.error(), request)
    if status >= 300:
        aws.fail(call, AwsError(f"HTTP {status}", ""))
    else:
        aws.finish(call, {})
    raw = body.encode() if isinstance(body, str) else bytes(body)
    kept = {
        name: str(value) for name, value in reply_headers.items() if name.lower() not in OWN_HEADERS
    }
    return wire.Answer(status, kept, raw)


def _spoilt(aws: LaptopAws, call: Any, error: AwsError, request: wire.Request) -> wire.Answer:
    aws.fail(call, error)
    if error.dropped:
        raise error
    return wire.write_error(request, error, "00000000-0000-0000-0000-000000000000")


def _host(scope: str, region: str) -> str:
    """The host by which moto knows a service; IAM has one for all regions."""
    if scope == "iam":
        return "iam.amazonaws.com"
    return f"{scope}.{region}.amazonaws.com"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--profile", type=profile_argument, default="typical", help=EXPECTED)
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--account", default="123456789012")
    parser.add_argument(
        "--furnish", help=f"one of {', '.join(PRESETS)}, or a JSON file of things to create"
    )
    given = parser.parse_args(arguments)
    server = LaptopServer(
        given.profile,
        speed=given.speed,
        furnish=_things(given.furnish),
        port=given.port,
        region=given.region,
        account=given.account,
    )
    server.aws.answer_with("cloudformation", "DescribeStacks", _nothing_is_deployed)
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def profile_argument(text: str) -> Timing:
    """The timing profile that an argument names; argparse reports what is wrong with it."""
    try:
        return find_timing(text)
    except TextError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _nothing_is_deployed(params: Mapping[str, Any]) -> dict[str, Any]:
    raise AwsError("ValidationError", f"Stack with id {params.get('StackName')} does not exist")


def _things(wanted: str | None) -> str | dict[str, Any] | None:
    if wanted is None or wanted in PRESETS:
        return wanted
    things: dict[str, Any] = json.loads(Path(wanted).read_text())
    return things


if __name__ == "__main__":
    sys.exit(main())
