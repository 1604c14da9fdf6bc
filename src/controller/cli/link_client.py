"""Ask the wake URL by a link: no rights in AWS are needed, and none are requested."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

import click

from controller.cli.link_address import LinkAddress
from controller.cli.stack_status import StackStatus
from controller.domain.dataclass import dataclass
from controller.domain.errors import PermanentError, RetryError, TextError
from controller.domain.text import LONGEST_CAUSE, clean

LONGEST_WAIT = 25
"""The most seconds that the wake URL holds an answer."""

PATIENCE_SECONDS = 20.0
"""How long an answer may take that is not held."""

MOST_BYTES = 2_000_000

NOT_THAT = "check the address, and whether a proxy answers in its place"


class RefusedError(PermanentError):
    """The wake URL says no; `status` is HTTP's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirects(HTTPRedirectHandler):
    """The key is sent only to the address in the link."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """The state of the stack, and after how many seconds the wake URL wants to be asked again."""

    status: StackStatus
    again_seconds: float | None = None


class LinkClient:
    """One link. Raises TextError, UsageError, RefusedError, and RetryError if nobody answers."""

    def __init__(self, link: LinkAddress) -> None:
        self.link = link
        self._opener: OpenerDirector = build_opener(_NoRedirects)

    def status(self, wait: int = 0, timeout: float = PATIENCE_SECONDS) -> Answer:
        """Its status; with `wait` held until it is awake, or this many seconds are over."""
        query = f"?wait={wait}" if wait else ""
        return self._send("GET", f"/status{query}", None, timeout + wait)

    def post(
        self, verb: str, fields: Mapping[str, str], timeout: float = PATIENCE_SECONDS
    ) -> Answer:
        """Ask for something; empty fields are left out."""
        sent = {name: value for name, value in fields.items() if value}
        return self._send("POST", f"/{verb}", json.dumps(sent).encode(), timeout)

    def _send(self, method: str, path: str, body: bytes | None, timeout: float) -> Answer:
        headers = {
            "Authorization": f"Bearer {self.link.key}",
            "Accept": "application/json",
            "User-Agent": "dormouse",
            **({"Content-Type": "application/json"} if body is not None else {}),
        }
        request = Request(self.link.page + path, data=body, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=timeout) as reply:
                return self._read(reply, reply.headers.get("Retry-After"))
        except HTTPError as error:
            with error:
                raise self._refused(error) from None
        except (URLError, TimeoutError, OSError, http.client.HTTPException) as error:
            raise RetryError(
                f"{self.link.host} does not answer ({_why(error)}); {NOT_THAT}",
                after_seconds=5,
            ) from None

    def _read(self, reply: IO[bytes], again: str | None) -> Answer:
        try:
            data = json.loads(reply.read(MOST_BYTES))
            status = StackStatus(data)
            if status.stack != self.link.stack or status.now is None:
                raise ValueError("another stack")
        except (ValueError, LookupError, TypeError, AttributeError):
            raise PermanentError(
                f"{self.link.host} does not answer as a wake URL does; {NOT_THAT}"
            ) from None
        return Answer(status, float(again) if again and again.isdigit() else None)

    def _refused(self, error: HTTPError) -> Exception:
        detail = _detail(error)
        stack = self.link.stack
        if not detail and error.code < 500 and error.code != 429:
            said = f"does not answer as a wake URL does (HTTP {error.code})"
            return PermanentError(f"{self.link.host} {said}; {NOT_THAT}")
        match error.code:
            case 404:
                return TextError(
                    f"the link to {stack} does not work: it may be incomplete, run out or "
                    "withdrawn; ask whoever gave it to you for a new one"
                )
            case 400 | 413 | 415 | 422:
                return click.UsageError(f"{detail.rstrip('.')} ({stack})")
            case code if code < 500 and detail:
                return RefusedError(f"{stack}: {detail.rstrip('.')}", code)
        said = detail or f"HTTP {error.code}"
        return RetryError(f"{stack}: {said}", after_seconds=_seconds(error))


def _detail(error: HTTPError) -> str:
    """The text of our own problem document; "" for any other answer."""
    try:
        found = json.loads(error.read(MOST_BYTES))
        return clean(found["detail"], LONGEST_CAUSE)
    except (ValueError, LookupError, TypeError, OSError, http.client.HTTPException):
        return ""


def _seconds(error: HTTPError) -> float:
    text = error.headers.get("Retry-After") or ""
    return float(text) if text.isdigit() else 5.0


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return clean(" ".join(str(text).split()), 200)
