"""A booking in one line."""

from __future__ import annotations

from collections.abc import Mapping

from controller.cli.stack_status import StackStatus
from controller.domain.planning.spec import Json
from controller.domain.reporting.standing import say_local
from controller.domain.timestamps import parse_timestamp


def say_booking(status: StackStatus, booking: Mapping[str, Json]) -> str:
    """Write "b17, ann: Mon 7 Dec 13:30 JST until Mon 7 Dec 15:30 JST: demo"."""
    opens, closes = (
        say_local(parse_timestamp(booking[name]), status.zone) for name in ("opens_at", "closes_at")
    )
    why = f": {booking['reason']}" if booking["reason"] else ""
    return f"{booking['id']}, {booking['by']}: {opens} until {closes}{why}"
