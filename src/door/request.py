"""
One request at the door, read from a Function URL event (payload 2.0) as raw text.

The raw path alone is trusted: the decoded one has lost what the service is to see. Nothing of the
body is decoded before the key is known to be good.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from api.problems import NOT_FOUND, RefusedError, bad_request, too_large
from controller.domain.dataclass import dataclass
from controller.door_links import LONGEST_DOOR_KEY
from controller.links import STACK_NAME

MOST_BODY = 4_500_000
"""Bytes. An event holds 6 MiB of JSON, and what is not text is in it as base64."""

KEY_HEADER = "dormouse-key"
DOOR, STATUS = "/d/", "/s/"

_STATUS_PATH = re.compile(rf"{STATUS}([^/]+)/status")
_STATUS_QUERY = re.compile(r"k=([^&]*)")
_VISIBLE = re.compile(r"[!-~]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorRequest:
    """
    `path` and `query` are what the service gets, as they were sent. `headers` go by lower-case
    name. `has_header_key`: the key is not in the address. `asks_status`: the request is for the
    door itself, the state of the stack.
    """

    method: str
    stack: str
    key: str
    has_header_key: bool
    path: str
    query: str
    headers: Mapping[str, str]
    source: str
    host: str
    asks_status: bool
    raw_body: str
    is_base64: bool

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def has_body(self) -> bool:
        return bool(self.raw_body)

    def body(self) -> bytes:
        """The bytes of the body. Raises RefusedError for more than `MOST_BODY`."""
        limit = MOST_BODY * 4 // 3 + 4 if self.is_base64 else MOST_BODY
        if len(self.raw_body) > limit:
            raise RefusedError(_TOO_LARGE)
        try:
            encoded = self.raw_body.encode()
            body = base64.b64decode(encoded, validate=True) if self.is_base64 else encoded
        except (binascii.Error, UnicodeEncodeError):
            raise RefusedError(bad_request("The body cannot be decoded.")) from None
        if len(body) > MOST_BODY:
            raise RefusedError(_TOO_LARGE)
        return body

    def check_target(self) -> None:
        """Refuse what cannot be in a request line."""
        if not _VISIBLE.fullmatch(self.target):
            raise RefusedError(
                bad_request("The path or the query holds characters that must be percent-encoded.")
            )


_TOO_LARGE = too_large(
    f"The body is larger than {MOST_BODY / 1e6:g} MB, which is the most that the door forwards; "
    "nothing was sent. Wake the stack and send it to its own address."
)


def read_door_request(event: Mapping[str, Any]) -> DoorRequest:
    """Raises RefusedError with the one 404 for what is no address of a door."""
    http = event.get("requestContext", {}).get("http", {})
    headers = _headers(event)
    stack, key, path, asks_status = _parts(event, headers.get(KEY_HEADER, "").strip())
    if not STACK_NAME.fullmatch(stack) or len(key) > LONGEST_DOOR_KEY:
        raise RefusedError(NOT_FOUND)
    return DoorRequest(
        method=str(http.get("method", "GET")),
        stack=stack,
        key=key,
        has_header_key=bool(headers.get(KEY_HEADER, "").strip()),
        path=path,
        query=str(event.get("rawQueryString") or ""),
        headers=headers,
        source=str(http.get("sourceIp", "")),
        host=headers.get("host", ""),
        asks_status=asks_status,
        raw_body=str(event.get("body") or ""),
        is_base64=bool(event.get("isBase64Encoded")),
    )


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Cookies come twice, in a list of their own too; one of them is enough."""
    found = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    cookies = event.get("cookies")
    if cookies:
        found["cookie"] = "; ".join(map(str, cookies))
    return found


def _parts(event: Mapping[str, Any], header_key: str) -> tuple[str, str, str, bool]:
    """Stack, key, the path of the service, and whether the door's own status is meant."""
    raw = str(event.get("rawPath") or "/")
    if raw.startswith(STATUS):
        return _status_parts(event, header_key)
    if not raw.startswith(DOOR):
        raise RefusedError(NOT_FOUND)
    stack, _, rest = raw.removeprefix(DOOR).partition("/")
    first, _, after = rest.partition("/")
    if header_key and first != header_key:
        return stack, header_key, f"/{rest}", False
    return stack, header_key or first, f"/{after}", False  # a key in both places is for us twice


def _status_parts(event: Mapping[str, Any], header_key: str) -> tuple[str, str, str, bool]:
    """`/s/<stack>/status?k=<key>`, or without the key where the header has it."""
    found = _STATUS_PATH.fullmatch(str(event.get("rawPath") or "/"))
    if found is None:
        raise RefusedError(NOT_FOUND)
    query = _STATUS_QUERY.fullmatch(str(event.get("rawQueryString") or ""))
    return found[1], header_key or (query[1] if query else ""), "/", True
