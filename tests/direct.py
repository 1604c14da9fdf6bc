"""Sessions without botocore's machinery: tens of thousands of calls in a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from local.aws import LaptopAws
from local.errors import AwsError


class Crash(BaseException):
    """What a killed process looks like from inside: nothing after it runs."""


Hook = Callable[[str, Callable[[], Any]], Any]
"""Gets the operation and how to make the call; returns its answer, or does something else."""


def _just_call(operation: str, make: Callable[[], Any]) -> Any:
    return make()


class DirectSession:
    """
    Clients that ask the simulated AWS without botocore in between.

    The requests are the same and so are the errors; what is left out is validation, which every
    other test has. `hook` sees each call.
    """

    def __init__(self, aws: LaptopAws, hook: Hook = _just_call) -> None:
        self.aws = aws
        self.hook = hook
        self._clients: dict[tuple[str, str], DirectClient] = {}

    def client(self, name: str, region_name: str | None = None, **_: Any) -> DirectClient:
        region = region_name or self.aws.region_name
        if (name, region) not in self._clients:
            self._clients[name, region] = DirectClient(self, name, region)
        return self._clients[name, region]

    def make(self, service: str, operation: str, params: dict[str, Any], region: str) -> Any:
        return self.hook(operation, lambda: self.ask(service, operation, params, region))

    def ask(self, service: str, operation: str, params: dict[str, Any], region: str) -> Any:
        try:
            return self.aws.call(service, operation, params, region)
        except AwsError as error:
            raise refusal(error, operation) from None


def refusal(error: AwsError, operation: str) -> Exception:
    """The exception that botocore would raise."""
    if error.dropped:
        return ReadTimeoutError(endpoint_url="https://laptop", error=error)
    answer = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {"HTTPStatusCode": error.status},
        **error.members,
    }
    return ClientError(answer, operation)


@lru_cache(maxsize=500)
def _operation(method: str) -> str:
    return "".join(part.title() for part in method.split("_"))


@dataclass(frozen=True, slots=True)
class _Meta:
    region_name: str
    partition: str = "aws"


class _UnheardError(Exception):
    """What no call here raises: the simulated AWS's refusals are plain `ClientError`s."""


class _Exceptions:
    def __getattr__(self, name: str) -> type[Exception]:
        return _UnheardError


class DirectClient:
    exceptions = _Exceptions()

    def __init__(self, session: DirectSession, service: str, region: str) -> None:
        self.meta = _Meta(region)
        self._session = session
        self._service = service

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method for an operation, made once."""
        if name.startswith("_"):
            raise AttributeError(name)
        session, service, region = self._session, self._service, self.meta.region_name
        operation = _operation(name)

        def call(**params: Any) -> Any:
            return session.make(service, operation, params, region)

        setattr(self, name, call)
        return call

    def get_paginator(self, name: str) -> _OnePage:
        return _OnePage(getattr(self, name))


@dataclass
class _OnePage:
    call: Callable[..., Any]

    def paginate(self, **params: Any) -> Iterator[Any]:
        yield self.call(**params)


class Dying:
    """A hook: the process dies before its first call of `operation`, or after its first success."""

    def __init__(self, operation: str, *, after: bool) -> None:
        self._operation = operation
        self._after = after

    def __call__(self, operation: str, make: Callable[[], Any]) -> Any:
        if operation != self._operation:
            return make()
        if self._after:
            make()
        raise Crash(operation)
