"""Observe each call that the clients of a session make, with its answer and how long it took."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.aws.errors import is_foreseen
from controller.domain.dataclass import dataclass
from controller.domain.ports import Clock

_HEARD = "dormouse heard"
"""The key of a call's context under which the beginning of the call is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """
    One call, after the SDK's own retries.

    `answer` is what botocore handed out, None where the call failed; then `code` is AWS's code, or
    the name of the SDK's exception. `foreseen`: the code knows what that answer means.
    """

    began_at: datetime
    ended_at: datetime
    service: str
    operation: str
    params: Mapping[str, Any]
    answer: Mapping[str, Any] | None = None
    code: str = ""
    message: str = ""
    foreseen: bool = True

    @property
    def at(self) -> datetime:
        return self.began_at + (self.ended_at - self.began_at) / 2


@dataclass(frozen=True, slots=True)
class _Begun:
    at: datetime
    service: str
    operation: str
    params: Mapping[str, Any]
    thread: int


class Listening:
    """Reports each call to `listener`, in the thread that made it."""

    def __init__(self, clock: Clock, listener: Callable[[Heard], None]) -> None:
        self._clock = clock
        self._listener = listener
        self._under_way: dict[int, _Begun] = {}

    def attach(self, session: Any) -> None:
        """Observe every client that `session`, a boto3 session, creates from now on."""
        session.events.register("provide-client-params", self._begin)
        session.events.register("after-call", self._answered)
        session.events.register("after-call-error", self._failed)

    def is_quiet(self) -> bool:
        """Whether no other thread waits for an answer."""
        here = threading.get_ident()
        return all(begun.thread == here for begun in list(self._under_way.values()))

    def unanswered(self, operations: Collection[str]) -> list[datetime]:
        """When those of these calls began of which no end was heard, as a signal broke them off."""
        return [each.at for each in list(self._under_way.values()) if each.operation in operations]

    def _begin(self, params: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        service, operation = str(model.service_model.service_name), str(model.name)
        begun = _Begun(self._clock.now(), service, operation, params, threading.get_ident())
        context[_HEARD] = begun
        self._under_way[id(context)] = begun

    def _answered(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        error = parsed.get("Error") or {}
        status = int(parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if status < 300:
            self._report(context, answer=parsed)
            return
        code, message = str(error.get("Code", "")), str(error.get("Message", ""))
        self._report(
            context, code=code, message=message, foreseen=is_foreseen(code, message, status)
        )

    def _failed(self, exception: Exception, context: dict[str, Any], **_: Any) -> None:
        self._report(context, code=type(exception).__name__, message=str(exception))

    def _report(self, context: dict[str, Any], **found: Any) -> None:
        begun: _Begun | None = context.pop(_HEARD, None)
        self._under_way.pop(id(context), None)
        if begun is None:
            return
        self._listener(
            Heard(
                began_at=begun.at,
                ended_at=self._clock.now(),
                service=begun.service,
                operation=begun.operation,
                params=begun.params,
                **found,
            )
        )


PATIENCE = timedelta(seconds=60)
"""The SDK's own retries of one call are over by then (`clients.CONFIG`)."""
