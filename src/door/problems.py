"""What the door says of its own; each is one RFC 9457 problem."""

from __future__ import annotations

from http import HTTPStatus

from api.problems import Problem
from controller.domain.text import LONGEST_CAUSE, clean

UPGRADE = Problem(
    HTTPStatus.NOT_IMPLEMENTED,
    "bad_request",
    "The door forwards plain requests only: no WebSocket, no gRPC, no other upgrade. Wake the "
    "stack and connect to its own address.",
)
TRACE = Problem(
    HTTPStatus.METHOD_NOT_ALLOWED, "bad_request", "The door does not forward TRACE.", {"Allow": ""}
)
LOOP = Problem(
    HTTPStatus.LOOP_DETECTED,
    "bad_request",
    "This request has passed this door before: the service has called its own door.",
)
OTHER_SOURCE = Problem(
    HTTPStatus.FORBIDDEN,
    "out_of_scope",
    "This key is not for requests from the address that this one comes from.",
)
NO_ADDRESS = Problem(
    HTTPStatus.NOT_IMPLEMENTED,
    "bad_request",
    "The door forwards HTTP, and the stack has no address that takes it.",
)
TOO_LONG_AN_ANSWER = Problem(
    HTTPStatus.BAD_GATEWAY,
    "unavailable",
    "The service has carried out the request and answered with more than 6 MB, the most that the "
    "door can return. Ask for less, or ask its own address.",
    {"Proxy-Status": "dormouse; error=http_response_body_size"},
)
SILENT = Problem(
    HTTPStatus.GATEWAY_TIMEOUT,
    "unavailable",
    "The service did not answer in time. It may have carried out the request.",
    {"Proxy-Status": "dormouse; error=http_response_timeout"},
)
UNREACHED = Problem(
    HTTPStatus.GATEWAY_TIMEOUT,
    "unavailable",
    "The stack is awake, and nobody answers at its address; nothing was sent. Its security groups "
    "may not admit the door: dormouse doctor says so.",
    {"Proxy-Status": "dormouse; error=connection_timeout"},
)
REFUSED = Problem(
    HTTPStatus.BAD_GATEWAY,
    "unavailable",
    "The stack is awake, and its service takes no connections; nothing was sent.",
    {"Proxy-Status": "dormouse; error=connection_refused"},
)


def method_not_allowed(methods: tuple[str, ...]) -> Problem:
    allowed = ", ".join(methods)
    return Problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "bad_request",
        f"This key allows {allowed}.",
        {"Allow": allowed},
    )


def broken(why: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_GATEWAY,
        "unavailable",
        f"The service has no good answer: {why}. It may have carried out the request.",
        {"Proxy-Status": "dormouse; error=http_protocol_error"},
    )


def not_woken(cause: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_GATEWAY,
        "unavailable",
        f"The stack could not be woken, and nothing was sent: {clean(cause, LONGEST_CAUSE)}",
        {"Proxy-Status": "dormouse; error=destination_unavailable"},
    )


def still_asleep(seconds: int, why: str) -> Problem:
    """503 with the seconds after which to come again; `why` is a sentence."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        f"{why} Nothing was sent and nothing is kept: send it again.",
        {"Retry-After": str(seconds)},
    )


def accepted(seconds: int, location: str, *, has_body: bool) -> Problem:
    """
    What `respond-async` gets: 202, or 503 where a body would have to be kept.

    A client may take 202 for done; it says that it is not.
    """
    status = HTTPStatus.SERVICE_UNAVAILABLE if has_body else HTTPStatus.ACCEPTED
    return Problem(
        status,
        "unavailable",
        "The stack is being woken. Nothing was sent and nothing is kept: send the request again "
        "once the status at Location says that it is awake.",
        {"Retry-After": str(seconds), "Location": location},
    )
