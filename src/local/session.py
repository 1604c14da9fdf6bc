"""
Real boto3 sessions whose calls never leave the process.

botocore validates the parameters and raises its own exceptions; between the two the simulated AWS
answers, so no request is built or sent. Only calls to services that moto answers go the whole way
to `before-send`.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

import boto3.session
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ParamValidationError, ReadTimeoutError
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from local.calls import Call
from local.errors import AwsError
from local.events import LayeredEvents
from local.faults import Fault

ACCESS_KEY = "AKIALAPTOPLAPTOP0000"
QUICK = Config(user_agent="dormouse-laptop")
"""botocore spends a third of a call on its user agent unless it is given one."""

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
    """
    A boto3 session of one account that makes each client once, also when several threads ask.

    All but the event handlers is shared with the sessions of other accounts in this process:
    to make a session takes botocore 6 ms, and a client 10 to 30 ms.
    """

    def __init__(self, aws: Account, region: str) -> None:
        self.__dict__.update(vars(_shared_session(region)))  # what boto3's own __init__ would make
        self._answers = _Answers(aws)
        self._events = LayeredEvents(super().events)
        self._answers.attach(self._events)
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._making = Lock()

    @property
    def events(self) -> LayeredEvents:
        return self._events

    def client(
        self,
        service_name: str,
        region_name: str | None = None,
        *,
        config: Config | None = None,
        **options: Any,
    ) -> Any:
        named = (service_name, region_name or self.region_name, config, *sorted(options.items()))
        with self._making:
            if named not in self._kept:
                self._kept[named] = self._own(_shared_client(*named))
            return self._kept[named]

    def _own(self, shared: Any) -> Any:
        """A client as `shared`, but for whom it asks."""
        events = self._events.over(shared.meta.events)
        client = object.__new__(type(shared))
        meta, endpoint = copy.copy(shared.meta), copy.copy(shared._endpoint)
        meta.events = endpoint._event_emitter = events
        vars(client).update(vars(shared), meta=meta, _endpoint=endpoint, _answers=self._answers)
        return client


def make_session(aws: Account, region: str) -> LaptopSession:
    return LaptopSession(aws, region)


@lru_cache(maxsize=1)
def _shared_loader() -> Any:
    """The service models, parsed once for all sessions of the process."""
    return botocore.session.Session(ALONE).get_component("data_loader")


@lru_cache
def _shared_session(region: str) -> boto3.session.Session:
    """What the sessions of all accounts in a region have in common; nobody answers its clients."""
    core = botocore.session.Session(ALONE)
    core.register_component("data_loader", _shared_loader())
    core.set_credentials(ACCESS_KEY, "laptop")
    core.register("creating-client-class", _shorten)
    return boto3.session.Session(botocore_session=core, region_name=region)


@lru_cache(maxsize=256)
def _shared_client(service: str, region: str, config: Config | None, *options: Any) -> Any:
    merged = QUICK.merge(config) if config else QUICK
    return _shared_session(region).client(service, config=merged, **dict(options))


def _shorten(base_classes: list[type], **_: Any) -> None:
    base_classes.insert(0, _Played)


class _Answers:
    """The places at which botocore can be given an answer."""

    def __init__(self, aws: Account) -> None:
        self._aws = aws

    def attach(self, events: LayeredEvents) -> None:
        """Answer every client that a session with these events makes from now on."""
        events.register("provide-client-params", self.keep_params)
        events.register("before-call", self.answer)
        events.register("before-send", self.send_to_moto)
        events.register("after-call", self.close)

    def plays(self, model: OperationModel) -> bool:
        return self._aws.plays(model.service_model.service_name, model.name)

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


class _Played:
    """
    The way of a call that is answered here: botocore's own without the request.

    Endpoint, serializing and signing take as long as all the rest of a call.
    """

    _answers: _Answers
    _service_model: Any
    _emit_api_params: Any
    exceptions: Any
    meta: Any

    def _make_api_call(self, operation_name: str, api_params: dict[str, Any]) -> Any:
        model = self._service_model.operation_model(operation_name)
        if not self._answers.plays(model):
            return super()._make_api_call(operation_name, api_params)  # type: ignore[misc]
        context = {"client_region": self.meta.region_name, "client_config": self.meta.config}
        params = self._emit_api_params(api_params, model, context)
        _validate(params, model)
        http, parsed = self._answers.answer(model, context)
        service = self._service_model.service_id.hyphenize()
        self.meta.events.emit(
            f"after-call.{service}.{operation_name}",
            http_response=http,
            parsed=parsed,
            model=model,
            context=context,
        )
        if http.status_code >= 300:
            raise self.exceptions.from_code(parsed["Error"]["Code"])(parsed, operation_name)
        return parsed


def _validate(params: dict[str, Any], model: OperationModel) -> None:
    if model.input_shape is None:
        return
    report = ParamValidator().validate(params, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


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
