"""The fields of a request: each is checked, and refused by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from api.problems import RefusedError, unprocessable
from controller.asking.requested_end import parse_end
from controller.domain.decision.asker import Asker, check_job
from controller.domain.decision.booking import parse_start
from controller.domain.decision.office_hours import Rules
from controller.domain.errors import TextError
from controller.domain.text import LONGEST_REASON, check
from controller.links import Link

T = TypeVar("T")

WAKE = ("for", "at", "id", "reason")
EXTEND = ("for", "id")
RELEASE = ("id", "booking")
SLEEP = ("for",)
PROLONG = ("for",)


def asker_of(link: Link, fields: Mapping[str, str]) -> Asker:
    """The holder of the link, and which of its jobs; an empty id means none."""
    job = fields.get("id", "")
    return Asker.of_link(link.id, read("id", lambda: check_job(job)) if job else "")


def check_given(fields: Mapping[str, str], name: str) -> None:
    """Refuse a field that is there and empty: it would mean all, by a variable that is not set."""
    if fields.get(name) == "":
        raise RefusedError(unprocessable(f"{name}: found an empty text; leave it out to mean all."))


def reason_of(fields: Mapping[str, str]) -> str:
    return read("reason", lambda: check(fields.get("reason", ""), "a reason", LONGEST_REASON))


def start_of(fields: Mapping[str, str], rules: Rules, now: datetime) -> datetime:
    return read("at", lambda: parse_start(fields["at"], rules.policy.zone, now))


def end_of(fields: Mapping[str, str], rules: Rules, start: datetime) -> datetime:
    """Until when, counted from `start`."""
    return read("for", lambda: parse_end(fields.get("for", ""), rules, start))


def read(name: str, parse: Callable[[], T]) -> T:
    """What `parse` makes of a field. Raises RefusedError, which names it."""
    try:
        return parse()
    except TextError as error:
        raise RefusedError(unprocessable(f"{name}: {error}.")) from None
