"""History in the table: past wakes, and the events that are sent and counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from controller.domain.decision.history import REMEMBERED, Event, Wake
from controller.domain.money.usage import UsageProfile
from controller.domain.reporting.damage import Damaged, parted
from controller.domain.timestamps import format_timestamp, parse_timestamp
from controller.store import items
from controller.store.table_calls import TableCalls

KEEP_WAKES = timedelta(days=90)
KEEP_EVENTS = timedelta(days=400)
"""Longer than a year, for the ledger."""


class History(TableCalls):
    def put_wake(self, stack: str, wake: Wake) -> None:
        expires = int((wake.ready_at + KEEP_WAKES).timestamp())
        sort = f"{items.WAKE}{items.second_text(wake.started_at)}"
        self._put(items.to_item(stack, sort, wake.to_json(), expires=expires))

    def last_wakes(self, stack: str, most: int = REMEMBERED) -> list[Wake]:
        """The latest wakes, the newest first; what cannot be read of them teaches nothing."""
        reply = self._dynamodb.query(
            TableName=self._name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={
                ":pk": {"S": f"stack#{stack}"},
                ":prefix": {"S": items.WAKE},
            },
            ScanIndexForward=False,
            Limit=most,
        )
        found = (items.readable(item, _parse_wake) for item in reply["Items"])
        return list(parted(found)[0])

    def put_event(self, event: Event) -> bool:
        """Record an event; False if it was recorded and delivered before, so each is sent once."""
        expires = int((event.at + KEEP_EVENTS).timestamp())
        item = items.to_item(event.stack, _event_sort(event), event.to_json(), expires=expires)
        return self._put(item, ConditionExpression="attribute_not_exists(delivered_at)")

    def mark_delivered(self, event: Event, now: datetime) -> None:
        """Note that people know of it."""
        self._update(
            event.stack,
            _event_sort(event),
            UpdateExpression="SET delivered_at = :at",
            ExpressionAttributeValues={":at": {"S": items.second_text(now)}},
        )

    def events(
        self, stack: str, start: datetime, end: datetime, lost: list[Damaged] | None = None
    ) -> Iterator[Event]:
        """The events in [start, end), the oldest first; what cannot be read goes into `lost`."""
        first, last = (f"{items.EVENT}{items.due_text(at)}" for at in (start, end))
        for item in self._query(
            "pk = :pk AND sk BETWEEN :first AND :last",
            {":pk": f"stack#{stack}", ":first": first, ":last": last},
        ):
            event = items.readable(item, _parse_event)
            if isinstance(event, Event):
                yield event
            elif lost is not None:
                lost.append(event)

    def put_use(self, stack: str, use: UsageProfile, now: datetime) -> None:
        """Record what the stack's spec uses from now on; that is kept for good."""
        body = {"at": format_timestamp(now), "use": use.to_json()}
        self._put(items.to_item(stack, f"{items.ACCOUNT}{items.second_text(now)}", body))

    def uses(
        self, stack: str, lost: list[Damaged] | None = None
    ) -> list[tuple[datetime, UsageProfile]]:
        """What its specs have used, each from when on, the oldest first; `lost` as in `events`."""
        found = self._query(
            "pk = :pk AND begins_with(sk, :prefix)",
            {":pk": f"stack#{stack}", ":prefix": items.ACCOUNT},
        )
        uses, damaged = parted(items.readable(item, _parse_use) for item in found)
        if lost is not None:
            lost += damaged
        return list(uses)


def _parse_wake(text: str) -> Wake:
    return Wake.from_json(json.loads(text))


def _parse_event(text: str) -> Event:
    return Event.from_json(json.loads(text))


def _parse_use(text: str) -> tuple[datetime, UsageProfile]:
    found = json.loads(text)
    return parse_timestamp(found["at"]), UsageProfile.from_json(found["use"])


def _event_sort(event: Event) -> str:
    return f"{items.EVENT}{event.id}"
