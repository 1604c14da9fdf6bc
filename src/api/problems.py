"""What can be wrong with a request. Each is one RFC 9457 problem, and one page for people."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from controller.domain.dataclass import dataclass, field
from controller.domain.money.budget import Budget
from controller.domain.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class Problem:
    """
    `code` names the words that the page uses; `detail` is one sentence for programs.

    It says nothing about whether a stack exists: only who has a good key gets past "not_found".
    """

    status: HTTPStatus
    code: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, str | int]:
        return {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
        }


class RefusedError(Exception):
    """A request that is answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


NOT_FOUND = Problem(
    HTTPStatus.NOT_FOUND,
    "not_found",
    "There is nothing here for this key: it may be incomplete, expired or withdrawn.",
)
"""The one answer to no key, a bad key, another stack's key, and an unknown stack."""


def bad_request(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "bad_request", detail)


def too_large(detail: str) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "bad_request", detail)


def unsupported(detail: str) -> Problem:
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "bad_request", detail)


def unprocessable(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_request", detail)


def not_allowed(methods: str) -> Problem:
    detail = f"This address takes {methods}."
    return Problem(HTTPStatus.METHOD_NOT_ALLOWED, "bad_request", detail, {"Allow": methods})


def out_of_scope(detail: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, "out_of_scope", detail)


FROM_ELSEWHERE = Problem(
    HTTPStatus.FORBIDDEN,
    "from_elsewhere",
    "The request was made by a page of another site; open the link itself.",
)
NOT_AWAKE = Problem(
    HTTPStatus.CONFLICT, "not_awake", "There is nothing to extend: it is not awake. Wake it."
)
UNAVAILABLE = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "The records cannot be read just now; nothing was changed. Try again.",
    {"Retry-After": "5"},
)
BROKEN = Problem(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "unavailable",
    "Something is wrong here, and the log says what; nothing was changed.",
)
UNSURE = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unsure",
    "It is not known whether your request was recorded. Try again: repeating it does no harm.",
    {"Retry-After": "5"},
)
RECORDED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "recorded",
    "Your request is recorded; the state of the stack cannot be read right now.",
    {"Retry-After": "5"},
)


def used_up(budget: Budget) -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "used_up",
        f"The stack's budget for {budget.month} is used up ({budget.said}); until "
        f"{format_timestamp(budget.month.end)} only an admin link wakes it.",
    )


def over_budget(seconds: int) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "over_budget",
        "This link has started as many wakes as it may in one day.",
        {"Retry-After": str(max(1, seconds))},
    )
