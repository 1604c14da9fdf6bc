"""
Headers on their way through the door, both ways (RFC 9110, section 7.6).

What is meant for one connection stays there; the rest passes as it is. What Function URLs do to
headers (repeated ones joined, some renamed) is in AWS behaviour §5.7 and below where it decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from api.problems import RefusedError, bad_request
from controller.domain.dataclass import dataclass, field
from door.request import KEY_HEADER, DoorRequest

Headers = list[tuple[str, str]]

TYPE = "content-type"
NO_CONTENT = 204

OF_ONE_CONNECTION = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
MADE_ANEW = frozenset(
    {
        "content-length",
        "expect",
        "host",
        "proxy",  # a CGI program takes it for the variable HTTP_PROXY ("httpoxy")
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        KEY_HEADER,
    }
)
"""What the service gets from us, or not at all."""

OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
"""By these many a framework takes a POST for another method, past a bound on methods."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_UNFIT = re.compile(r"[\r\n\0]")

_NOT_RETURNED = frozenset({"content-length", "date"})
"""Lambda counts the first itself, and would send the second under another name."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Headers as Lambda takes them: one value for each name, cookies apart."""

    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def pseudonym(stack: str) -> str:
    """What `Via` calls the door of a stack, by which a request that comes round is known."""
    return f"dormouse-{stack}"


def comes_round(request: DoorRequest) -> bool:
    """Whether this request has passed this door already."""
    return pseudonym(request.stack) in re.split(r"[\s,]+", request.headers.get("via", ""))


def wants_upgrade(request: DoorRequest) -> bool:
    """
    Whether it asks for another protocol: WebSocket, gRPC.

    AWS may keep back `Upgrade`; a WebSocket is known by its key then.
    """
    headers = request.headers
    kind = headers.get("content-type", "").lower()
    return (
        bool({"upgrade", "sec-websocket-key"} & headers.keys())
        or kind.startswith("application/grpc")
        or request.method == "CONNECT"
    )


def check_sendable(request: DoorRequest) -> None:
    """Refuse a method, a name or a value that the library would send on, and no proxy may."""
    for name, value in request.headers.items():
        if not is_token(name) or _UNFIT.search(value):
            raise RefusedError(bad_request("A header has a name or a value that cannot be sent."))
    if not is_token(request.method):
        raise RefusedError(bad_request("The method cannot be sent."))


def for_service(
    request: DoorRequest, authority: str, length: int, *, bound_to_methods: bool
) -> Headers:
    """The headers that the service gets; `authority` is its own address, `length` the body's."""
    named = _named_by_connection(request.headers)
    left_out = OF_ONE_CONNECTION | MADE_ANEW | named | (OVERRIDES if bound_to_methods else set())
    sent = [("host", authority)]
    for name, value in request.headers.items():
        if _dashed(name) in left_out or name in left_out or name.startswith("x-amzn-tls-"):
            continue
        if name == "referer" and request.key in value:
            continue
        sent.append((name, value))
    if length or "content-length" in request.headers or request.method in ("POST", "PUT", "PATCH"):
        sent.append(("content-length", str(length)))
    return [*sent, *_forwarded(request), ("connection", "close")]


def for_client(found: Iterable[tuple[str, str]]) -> Returned:
    """The service's headers as the client gets them: each name once, joined where it is a list."""
    pairs = [(name.lower(), _as_text(value)) for name, value in found]
    left_out = OF_ONE_CONNECTION | _NOT_RETURNED | _named_by_connection(_first(pairs))
    returned = Returned()
    for name, value in pairs:
        if name == "set-cookie":
            returned.cookies.append(value)
        elif name in left_out:
            continue
        elif name not in returned.headers:
            returned.headers[name] = value
        elif name not in _ONCE:
            returned.headers[name] += f", {value}"
    return returned


def with_type(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """
    An answer's headers with the type that its body has, and none where there is no body.

    Lambda calls a body JSON that has no type; RFC 9110, section 8.3, calls it bytes.
    """
    if status == NO_CONTENT:
        return {name: value for name, value in headers.items() if name != TYPE}
    return {TYPE: "application/octet-stream", **headers} if body else dict(headers)


_ONCE = frozenset(
    {
        "age",
        "content-disposition",
        "content-location",
        "content-range",
        "content-type",
        "etag",
        "expires",
        "last-modified",
        "location",
        "retry-after",
        "server",
    }
)
"""Of these the first counts: they are no lists."""


def _dashed(name: str) -> str:
    """To a CGI or WSGI program `X_Method_Override` and `X-Method-Override` are one variable."""
    return name.replace("_", "-")


def _forwarded(request: DoorRequest) -> Headers:
    came = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part]
    if request.source and came[-1:] != [request.source]:
        came.append(request.source)
    via = request.headers.get("via", "")
    ours = f"1.1 {pseudonym(request.stack)}"
    pairs = [
        ("via", f"{via}, {ours}" if via else ours),
        ("x-forwarded-for", ", ".join(came)),
        ("x-forwarded-host", request.host),
        ("x-forwarded-proto", "https"),  # a Function URL has no other
        ("x-forwarded-port", "443"),
    ]
    return [(name, value) for name, value in pairs if value]


def _named_by_connection(headers: Mapping[str, str]) -> frozenset[str]:
    names = headers.get("connection", "").lower().split(",")
    return frozenset(name.strip() for name in names if name.strip())


def _first(pairs: Headers) -> dict[str, str]:
    """By name; `Connection` may come several times."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _as_text(value: str) -> str:
    """One line; `http.client` reads bytes as Latin-1, which they may not be."""
    line = re.sub(r"\r?\n[ \t]+", " ", value)
    if line.isascii():
        return line
    try:
        return line.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return line.encode("ascii", "replace").decode()
