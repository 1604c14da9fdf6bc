"""
One request as the routes see it, read from a Function URL event (payload 2.0).

Limits come first: nothing is decoded that is larger than anything we ever ask for.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from api.problems import (
    FROM_ELSEWHERE,
    RefusedError,
    bad_request,
    too_large,
    unprocessable,
    unsupported,
)
from controller.domain.dataclass import dataclass
from controller.domain.text import quoted

KEY = "k"
"""The parameter of an address that holds a link's key."""

MOST_QUERY = 2048
MOST_BODY = 4096
MOST_FIELDS = 8
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

_ADDED = frozenset({"fbclid", "gclid", "msclkid", "mc_cid", "mc_eid", "igshid", "_hsenc", "_hsmi"})
"""Beside utm_…: the marks of senders and of what opens a link."""

_RANGE = re.compile(r"([^\s;,]+)\s*(?:;[^,]*?\bq=([01](?:\.[0-9]{0,3})?))?[^,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`key` is "" without one; a bearer's counts before the one in the address."""

    method: str
    path: str
    key: str
    has_bearer: bool
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    is_base64: bool

    @property
    def wants_json(self) -> bool:
        """
        Programs get JSON: clients that accept or send it, use a bearer key, or read a route that
        is always JSON. Any other client that accepts anything is a person with a link.
        """
        accept = self.headers.get("accept", "*/*")
        as_json = max(_quality(accept, JSON), _quality(accept, "application/problem+json"))
        as_page = _quality(accept, "text/html")
        if as_json != as_page:
            return as_json > as_page
        if self.has_bearer or self._content_type() == JSON:
            return True
        return self.path.endswith("/status")  # only programs ask for it, such as curl

    @property
    def language(self) -> str:
        """The one of ours that the reader prefers: "ja" or "en"."""
        wanted = self.headers.get("accept-language", "")[:200]
        ranked = {language: _language_quality(wanted, language) for language in ("en", "ja")}
        return "ja" if ranked["ja"] > ranked["en"] else "en"

    def check_origin(self) -> None:
        """
        Refuse what a page of another site has sent.

        The key is in no cookie, so another site does not have it; this is the second wall. A
        form of our own page says "Origin: null", as its policy is no-referrer (Fetch, "append a
        request Origin header"), so that header counts only where it names a site.
        """
        site = self.headers.get("sec-fetch-site")
        if site is not None:
            if site not in ("same-origin", "none"):
                raise RefusedError(FROM_ELSEWHERE)
            return
        origin = self.headers.get("origin", "null")
        if origin != "null" and urlsplit_host(origin) != self.headers.get("host", ""):
            raise RefusedError(FROM_ELSEWHERE)

    def check_query(self, *known: str) -> None:
        """
        Refuse a parameter in the address that is not among these, by its name.

        What mailers and messengers add to a link that is opened means nothing, and is left.
        """
        opened = self.method in ("GET", "HEAD")
        for name in self.query:
            if name not in known and not (opened and _is_added_by_mailers(name)):
                remedy = (
                    f"expected {_listed(known)}"
                    if opened
                    else "the request goes into the body, as a form or as JSON"
                )
                raise RefusedError(
                    bad_request(f"There is no parameter {quoted(name)} here; {remedy}.")
                )

    def fields(self, *known: str) -> dict[str, str]:
        """
        The fields of the body, a form or a JSON object of texts.

        Raises RefusedError, also for one that is not `known`, by its name.
        """
        found = self._fields()
        for name in found:
            if name not in known:
                raise RefusedError(
                    bad_request(
                        f"There is no field {quoted(name)} here; expected {_listed(known)}."
                    )
                )
        return found

    def _fields(self) -> dict[str, str]:
        text, kind = self.read_body(MOST_BODY)
        if not text:
            return {}
        if kind not in (FORM, JSON):
            raise RefusedError(unsupported(f"Send {FORM} or {JSON}, or nothing."))
        return _form(text) if kind == FORM else _json(text)

    def read_body(self, most: int) -> tuple[str, str]:
        """The body as text, of `most` bytes, and its type. Raises RefusedError."""
        try:
            return self._decoded_body(most).decode("utf-8"), self._content_type()
        except UnicodeDecodeError:
            raise RefusedError(bad_request("The body is not UTF-8.")) from None

    def _content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def _decoded_body(self, most: int) -> bytes:
        limit = most * 4 // 3 + 4 if self.is_base64 else most
        if len(self.body) > limit:
            raise RefusedError(too_large(f"The body is larger than {most} bytes."))
        try:
            encoded = self.body.encode()
            body = base64.b64decode(encoded, validate=True) if self.is_base64 else encoded
        except (binascii.Error, UnicodeEncodeError):
            raise RefusedError(bad_request("The body cannot be decoded.")) from None
        if len(body) > most:
            raise RefusedError(too_large(f"The body is larger than {most} bytes."))
        return body


def _listed(names: Sequence[str]) -> str:
    """Write '"for", "id" or "reason"'."""
    *most, last = (f'"{name}"' for name in names)
    return f"{', '.join(most)} or {last}" if most else last


def _is_added_by_mailers(name: str) -> bool:
    return name.startswith("utm_") or name in _ADDED


def read_request(event: Mapping[str, Any]) -> Request:
    """Read an event. Raises RefusedError for a query that is too long or cannot be read."""
    http = event.get("requestContext", {}).get("http", {})
    headers = {
        str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()
    }
    query = _query(event.get("rawQueryString") or "")
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    has_bearer = scheme.lower() == "bearer"
    return Request(
        method=str(http.get("method", "GET")),
        path=str(event.get("rawPath") or "/"),
        key=credentials.strip() if has_bearer else query.get(KEY, ""),
        has_bearer=has_bearer,
        query=query,
        headers=headers,
        body=str(event.get("body") or ""),
        is_base64=bool(event.get("isBase64Encoded")),
    )


def urlsplit_host(url: str) -> str:
    """Host and port of an address, as the Host header writes them; "" if there is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _query(text: str) -> dict[str, str]:
    if len(text) > MOST_QUERY:
        raise RefusedError(too_large(f"The query is longer than {MOST_QUERY} characters."))
    return _pairs(text, "query")


def _form(text: str) -> dict[str, str]:
    return _pairs(text, "body")


def _pairs(text: str, where: str) -> dict[str, str]:
    """Names and values, each name once."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise RefusedError(bad_request(f"The {where} cannot be read.")) from None
    if len(dict(pairs)) != len(pairs):
        raise RefusedError(bad_request(f"The {where} gives the same field twice."))
    return dict(pairs)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RefusedError(bad_request("The body gives the same field twice."))
    return found


def _json(text: str) -> dict[str, str]:
    try:
        found = json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise RefusedError(bad_request("The body is not JSON.")) from None
    texts = [*found, *found.values()] if isinstance(found, dict) else [None]
    if not all(isinstance(each, str) for each in texts):
        raise RefusedError(
            unprocessable('The body is not an object of texts, such as {"for": "1h"}.')
        )
    try:
        "".join(map(str, texts)).encode()
    except UnicodeEncodeError:  # JSON can write what no UTF-8 can (RFC 8259, 8.2)
        raise RefusedError(unprocessable("The body holds half of a surrogate pair.")) from None
    return dict(found)


def _quality(accept: str, kind: str) -> float:
    """How much a media type is wanted, by the most particular range that covers it (RFC 9110)."""
    main = kind.partition("/")[0]
    ranks = {kind: 3, f"{main}/*": 2, "*/*": 1}
    found = [
        (ranks[name.lower()], float(q or 1))
        for name, q in _RANGE.findall(accept[:1000])
        if name.lower() in ranks
    ]
    return max(found)[1] if found else 0.0


def _language_quality(accept: str, language: str) -> float:
    found = [
        float(q or 1)
        for name, q in _RANGE.findall(accept)
        if name.lower().partition("-")[0] == language
    ]
    return max(found, default=0.0)
