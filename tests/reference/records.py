"""docs/reference/records.md: every record in the table, from the store and what it writes."""

from __future__ import annotations

import inspect
import json
import re
from datetime import timedelta
from typing import Any

from controller.domain.decision.booking import Booking
from controller.domain.decision.history import Event, EventKind, Wake
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Spec
from controller.domain.reporting.status import Status
from controller.store import items
from factories import NOON, article_spec

HEAD = """\
# Records

One DynamoDB table holds everything. `body` is JSON; the attributes beside it are what DynamoDB
itself evaluates. A record with a `version` above {version} is refused: a later release wrote it.

"""
_LATER = NOON + timedelta(hours=1)


def page() -> str:
    text = HEAD.format(version=items.VERSION) + _layout() + "\n"
    for sort, (about, body) in _samples().items():
        text += f"\n## `{sort}`\n\n{_reported(about)}\n"
        text += f"\n```json\n{json.dumps(body, indent=2, ensure_ascii=False)}\n```\n"
    return text


def _layout() -> str:
    return inspect.cleandoc(items.__doc__ or "").partition("\n\n")[2]


def _reported(about: Any) -> str:
    text = inspect.cleandoc(about.__doc__ or "")
    return re.sub(r"(?m)^    ", "", text)


def _samples() -> dict[str, tuple[Any, Any]]:
    """Sort key to what describes the record and what its body looks like."""
    spec = article_spec()
    body = spec.to_json()
    body["resources"] = body["resources"][1:2]
    lease = Lease(
        stack="nsfw-api",
        id="9f2c",
        holder="ann",
        reason="demo",
        granted_at=NOON,
        expires_at=_LATER,
    )
    booking = Booking(
        stack="nsfw-api",
        id="b17",
        owner="cli#ann#",
        by="ann",
        reason="demo",
        made_at=NOON,
        opens_at=_LATER,
        closes_at=_LATER + timedelta(hours=2),
    )
    hold = Hold(
        stack="nsfw-api",
        state=Target.ASLEEP,
        by="ann",
        reason="holidays",
        set_at=NOON,
        until=_LATER,
    )
    wake = Wake(started_at=NOON, ready_at=_LATER, reason="office hours", from_rest=True)
    event = Event(stack="nsfw-api", at=NOON, kind=EventKind.AWAKE, reason="office hours")
    use = {"at": "2026-11-23T12:00:00Z", "use": UsageProfile.of(spec).to_json()}
    return {
        items.SPEC: (Spec, body),
        items.STATUS: (Status, Status().to_json()),
        f"{items.LEASE}<id>": (Lease, lease.to_json()),
        f"{items.BOOKING}<id>": (Booking, booking.to_json()),
        items.HOLD: (Hold, hold.to_json()),
        f"{items.EVENT}<time>#<kind>": (Event, event.to_json()),
        f"{items.WAKE}<time>": (Wake, wake.to_json()),
        f"{items.ACCOUNT}<time>": (UsageProfile, use),
    }
