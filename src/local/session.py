"""
Real boto3 sessions whose calls never leave the process.

botocore validates the parameters, builds the request and raises its own exceptions; between the
two, the `before-call` event is answered by the simulated AWS, so nothing is sent. Calls to services
that moto answers go as far as `before-send`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

import boto3.session
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.model import OperationModel

from local.calls import Call
from local.errors import AwsError
from local.faults import Fault

ACCESS_KEY = "AKIALAPTOPLAPTOP0000"
QUICK = Config(user_agent="dormouse-laptop")
"""botocore spends a third of a call on its user agent unless it is told one."""

ALONE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ignore_configured_endpoint_urls": (None, None, True, None),
}
"""Session variables that the developer's own profile and environment shall not reach."""

PARAMS, OPEN = "laptop_params", "laptop_call"


class Account(Protocol):
    """What answers the calls: `LaptopAws`."""

    @property
    def moto(self) -> Moto: ...
    def plays(self, service: str, operation: str = "") -> bool: ...
    def call(
        self, service: str, operation: str, params: Mapping[str, Any], region: str | None = None
    ) -> dict[str, Any]: ...
    def begin(
        self, service: str, operation: str, params: Mapping[str, Any], region: str | None = None
    ) -> Call: ...
    def strike(self, call: Call) -> Fault | None: ...
    def finish(self, call: Call, reply: Mapping[str, Any]) -> None: ...
    def fail(self, call: Call, error: AwsError) -> AwsError: ...


class Moto(Protocol):
    def answer_prepared(self, request: AWSPreparedRequest) -> AWSResponse: ...


class LaptopSession(boto3.session.Session):  # type: ignore[misc]  # boto3 has no types
    """A boto3 session that makes each client once, also when several threads ask."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kept: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        self._making = Lock()

    def client(
        self,
        service_name: str,
        region_name: str | None = None,
        *,
        config: Config | None = None,
        **options: Any,
    ) -> Any:
        key = (service_name, region_name, id(config), repr(sorted(options.items())))
        with self._making:
            if key not in self._kept:
                merged = QUICK.merge(config) if config else QUICK
                made = super().client(service_name, region_name, config=merged, **options)
                self._kept[key] = (made, config)  # keeping a config keeps its id from being reused
            return self._kept[key][0]


@lru_cache(maxsize=1)
def _shared_loader() -> Any:
    """The service models, parsed once for all sessions of the process."""
    return botocore.session.Session(ALONE).get_component("data_loader")


def make_session(aws: Account, region: str) -> LaptopSession:
    core = botocore.session.Session(ALONE)
    core.register_component("data_loader", _shared_loader())
    core.set_credentials(ACCESS_KEY, "laptop")
    session = LaptopSession(botocore_session=core, region_name=region)
    attach(aws, session)
    return session


def attach(aws: Account, session: boto3.session.Session) -> None:
    """Let the laptop answer every client that `session` makes from now on."""
    answers = _Answers(aws)
    events = session.events
    events.register("provide-client-params", answers.keep_params)
    events.register("before-call", answers.answer)
    events.register("before-send", answers.send_to_moto)
    events.register("after-call", answers.close)


class _Answers:
    """The four places at which botocore can be told what came back."""

    def __init__(self, aws: Account) -> None:
        self._aws = aws

    def keep_params(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context[PARAMS] = params

    def answer(self, model: OperationModel, context: dict[str, Any], **_: Any) -> Any:
        service, params = model.service_model.service_name, context[PARAMS]
        region = context.get("client_region")
        try:
            if self._aws.plays(service, model.name):
                reply = self._aws.call(service, model.name, params, region)
                return _ANSWERED, {**reply, "ResponseMetadata": _metadata(200)}
            call = self._aws.begin(service, model.name, params, region)
            fault = self._aws.strike(call)
            if fault and fault.when == "before":
                raise self._aws.fail(call, fault.error())
            context[OPEN] = (call, fault)
            return None
        except AwsError as error:
            return _refusal(error)

    def send_to_moto(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return self._aws.moto.answer_prepared(request)

    def close(
        self, http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> None:
        """Record a call that moto answered; with a fault after the effect, spoil its answer."""
        opened: tuple[Call, Fault | None] | None = context.pop(OPEN, None)
        if not opened:
            return
        call, fault = opened
        if fault:
            error = self._aws.fail(call, fault.error())
            http_response.status_code, spoilt = error.status, _refusal(error)[1]
            parsed.clear()
            parsed.update(spoilt)
        elif http_response.status_code >= 300:
            code = parsed.get("Error", {}).get("Code", "Unknown")
            self._aws.fail(call, AwsError(code, ""))
        else:
            self._aws.finish(call, parsed)


class _Status:
    """All that botocore asks of a response that was never sent."""

    __slots__ = ("status_code",)

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


_ANSWERED = _Status(200)


def _metadata(status: int) -> dict[str, Any]:
    return {
        "RequestId": "00000000-0000-0000-0000-000000000000",
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }


def _refusal(error: AwsError) -> tuple[_Status, dict[str, Any]]:
    if error.dropped:
        raise ReadTimeoutError(endpoint_url="https://laptop.invalid", error=error)
    fault = "Receiver" if error.status >= 500 else "Sender"
    parsed = {
        "Error": {"Type": fault, "Code": error.code, "Message": error.message},
        "ResponseMetadata": _metadata(error.status),
        **error.members,
    }
    return _Status(error.status), parsed
