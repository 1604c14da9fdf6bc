"""
People's requests: leases, bookings, a hold, and the mark that starts a pass for them.

They have their own partition key, `requests#<stack>`, and the wake URL's role can write only there:
even a compromised function cannot change a spec, status or lock. The mark is the item `mark`: it
counts the requests, and is in the index of due stacks until a pass has read them. A record and its
mark are written in one transaction, so no stored request waits without a due pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from controller.domain.dataclass import replace
from controller.domain.decision.booking import Booking
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.term import Term
from controller.domain.timestamps import format_timestamp
from controller.store import items
from controller.store.conditions import is_invalid, is_refused, through_conflicts
from controller.store.loaded_requests import (
    REHEARSE,
    StackRequests,
    parse_booking,
    parse_lease,
    parse_term,
    read_requests,
)
from controller.store.table_calls import TableCalls

KEEP_REQUESTS = timedelta(days=7)
"""How long leases and holds are remembered after their end."""

_IS_FREE = "attribute_not_exists(pk)"
_TOUCH = "SET due = :due, due_at = :at ADD request_count :one"


class RequestRecords(TableCalls):
    """
    The partition `requests#<stack>`; the api's role may write here, and nowhere else.

    Its size: one method for each record that people's requests read or write.
    """

    def load_requests(self, stack: str) -> StackRequests:
        """Read all requests for one stack, consistently."""
        pk = items.request_key(stack, items.MARK)["pk"]["S"]
        read = self._query("pk = :pk", {":pk": pk}, ConsistentRead=True)
        found = {items.sort_key(item): item for item in read}
        return read_requests(stack, found)

    def request_version(self, stack: str) -> int:
        """
        The number of requests up to now: while it is unchanged, so are all request records.

        It reads one item, where `load_requests` reads them all.
        """
        reply = self._dynamodb.get_item(
            **self._named({"Key": items.request_key(stack, items.MARK)}),
            ConsistentRead=True,
            ProjectionExpression="request_count",
        )
        return items.number(reply.get("Item", {}), "request_count")

    def grant(self, lease: Lease) -> Lease:
        """
        Store a lease and make the stack due; the item expires a week after the lease's end (TTL).

        A running lease with that id is extended instead, never shortened: two simultaneous
        requests with the same view of the stack have the same id. Returns the stored lease.
        """
        while True:
            if self._keep(lease, {"ConditionExpression": _IS_FREE}):
                return lease
            extended = self.extend(lease.stack, lease.id, lease.expires_at, lease.granted_at)
            if extended:
                return extended
            found = self._item(items.request_key(lease.stack, f"{items.LEASE}{lease.id}"))
            if found and self._keep(lease, items.as_found(found)):
                return lease

    def grant_if_unasked(self, lease: Lease, request_version: int) -> bool:
        """Store a lease like `grant`; False if there was a request after that version."""
        expires = int((lease.expires_at + KEEP_REQUESTS).timestamp())
        key = items.request_key(lease.stack, f"{items.LEASE}{lease.id}")
        item = items.with_body(key, lease.to_json(), expires=expires)
        mark = _touch(lease.stack, lease.granted_at)["Update"]
        unchanged = "request_count = :seen"
        if not request_version:  # nobody has asked yet
            unchanged = "attribute_not_exists(request_count) OR request_count = :seen"
        values = {**mark["ExpressionAttributeValues"], ":seen": {"N": str(request_version)}}
        condition = {"ConditionExpression": unchanged, "ExpressionAttributeValues": values}
        return self._write_together({"Put": {"Item": item}}, {"Update": {**mark, **condition}})

    def extend(self, stack: str, id_: str, expires_at: datetime, now: datetime) -> Lease | None:
        """
        Have a lease last until `expires_at` at least. None when none of that id still runs.

        Two who extend at once both succeed: what the first wrote is read again by the second.
        """
        while True:
            found, lease = self._live_lease(stack, id_, now)
            if found is None or lease is None:
                return None
            extended = lease.extended(max(expires_at, lease.expires_at), at=now)
            if self._keep(extended, items.as_found(found), at=now):
                return extended

    def release(self, stack: str, id_: str, now: datetime) -> Lease | None:
        """End a lease and make the stack due. None if no lease with that id still runs."""
        while True:
            found, lease = self._live_lease(stack, id_, now)
            if found is None or lease is None:
                return None
            released = lease.released(now)
            if self._keep(released, items.as_found(found), at=now):
                return released

    def book(self, booking: Booking) -> Booking:
        """
        Store a booking under the first free id, and make the stack due.

        The same request twice is one booking, at most extended. Returns the stored booking.
        """
        number = int(booking.id.removeprefix("b"))
        while True:
            tried = replace(booking, id=f"b{number}")
            if self._keep_booking(tried, booking.made_at, {"ConditionExpression": _IS_FREE}):
                return tried
            found, there = self._booking(booking.stack, tried.id)
            if found and there and there.is_like(booking):
                longer = there.until(max(there.closes_at, booking.closes_at))
                if longer == there or self._keep_booking(
                    longer, booking.made_at, items.as_found(found)
                ):
                    return longer
            elif found:
                number += 1

    def cancel(self, stack: str, id_: str, now: datetime) -> Booking | None:
        """End a booking and make the stack due. None if no booking with that id counts."""
        while True:
            found, booking = self._booking(stack, id_)
            if found is None or booking is None or not booking.is_live(now):
                return None
            cancelled = booking.cancelled(now)
            if self._keep_booking(cancelled, now, items.as_found(found)):
                return cancelled

    def hold(self, hold: Hold) -> None:
        """Replace the hold, and make the stack due."""
        expires = int((hold.until + KEEP_REQUESTS).timestamp())
        key = items.request_key(hold.stack, items.HOLD)
        item = items.with_body(key, hold.to_json(), expires=expires)
        self._write_marked(hold.stack, hold.set_at, {"Put": {"Item": item}})

    def change_term(self, stack: str, change: Callable[[Term | None], Term | None]) -> Term | None:
        """
        Store what `change` makes of the stack's term, and make the stack due; nothing if it is
        None.

        Two who change it at once both succeed: what the first wrote is read again by the second.
        """
        key = items.request_key(stack, items.TERM)
        while True:
            found = self._item(key)
            term = items.readable(found, partial(parse_term, stack, items.TERM)) if found else None
            changed = change(term if isinstance(term, Term) else None)
            if changed is None:
                return None
            unchanged = items.as_found(found) if found else {"ConditionExpression": _IS_FREE}
            put = {"Put": {"Item": items.with_body(key, changed.to_json()), **unchanged}}
            if self._write_marked(stack, changed.set_at, put):
                return changed

    def lift_hold(self, stack: str, now: datetime) -> None:
        """End the hold, and make the stack due."""
        key = items.request_key(stack, items.HOLD)
        self._write_marked(stack, now, {"Delete": {"Key": key}})

    def request_pass(self, stack: str, due_at: datetime) -> None:
        """Make the stack due from `due_at` on, and make a running pass read its records again."""
        self._write_marked(stack, due_at)

    def request_rehearsal(self, stack: str, now: datetime) -> None:
        """Have the stack's next pass find out whether it could wake."""
        request = _touch(stack, now)["Update"]
        request["UpdateExpression"] = (
            f"SET due = :due, due_at = :at, {REHEARSE} = :now ADD request_count :one"
        )
        request["ExpressionAttributeValues"][":now"] = {"S": format_timestamp(now)}
        named = self._named(request)
        through_conflicts(lambda: self._dynamodb.update_item(**named))

    def take_up(self, stack: str, count: int) -> None:
        """A pass has read the requests up to `count`; later ones stay due."""
        condition = items.no_request_since(count)
        try:
            key = items.request_key(stack, items.MARK)
            self._update_item(key, UpdateExpression="REMOVE due, due_at", **condition)
        except ClientError as error:
            if not is_refused(error):
                raise

    def _keep(self, lease: Lease, condition: Mapping[str, Any], at: datetime | None = None) -> bool:
        """Write a lease and its mark, both or neither; False when the condition does not hold."""
        expires = int((lease.expires_at + KEEP_REQUESTS).timestamp())
        key = items.request_key(lease.stack, f"{items.LEASE}{lease.id}")
        item = items.with_body(key, lease.to_json(), expires=expires)
        put = {"Put": {"Item": item, **condition}}
        return self._write_marked(lease.stack, at or lease.granted_at, put)

    def _keep_booking(self, booking: Booking, at: datetime, condition: Mapping[str, Any]) -> bool:
        """Write a booking and the mark, both or neither; False when the condition fails."""
        expires = int((booking.closes_at + KEEP_REQUESTS).timestamp())
        key = items.request_key(booking.stack, f"{items.BOOKING}{booking.id}")
        item = items.with_body(key, booking.to_json(), expires=expires)
        return self._write_marked(booking.stack, at, {"Put": {"Item": item, **condition}})

    def _booking(self, stack: str, id_: str) -> tuple[items.Item | None, Booking | None]:
        """A booking as stored; no second value if it cannot be read."""
        sort = f"{items.BOOKING}{id_}"
        found = self._item(items.request_key(stack, sort))
        parse = partial(parse_booking, stack, sort)
        booking = items.readable(found, parse) if found else None
        return found, booking if isinstance(booking, Booking) else None

    def _write_marked(self, stack: str, due_at: datetime, *writes: Mapping[str, Any]) -> bool:
        """
        Make these writes and the mark, or none: False if a condition fails.

        A mark that is not a number would make every request fail: its count restarts.
        """
        try:
            return self._write_with_mark(stack, due_at, *writes)
        except ClientError as error:
            if not is_invalid(error):
                raise
        condition = "attribute_exists(request_count) AND NOT attribute_type(request_count, :number)"
        try:
            self._update_item(
                items.request_key(stack, items.MARK),
                UpdateExpression="REMOVE request_count",
                ConditionExpression=condition,
                ExpressionAttributeValues={":number": {"S": "N"}},
            )
        except ClientError as error:
            if not is_refused(error):
                raise
        return self._write_with_mark(stack, due_at, *writes)

    def _write_with_mark(self, stack: str, due_at: datetime, *writes: Mapping[str, Any]) -> bool:
        """A mark alone needs no transaction, which is billed twice."""
        mark = _touch(stack, due_at)
        if writes:
            return self._write_together(*writes, mark)
        request = self._named(mark["Update"])
        through_conflicts(lambda: self._dynamodb.update_item(**request))
        return True

    def _live_lease(
        self, stack: str, id_: str, now: datetime
    ) -> tuple[items.Item | None, Lease | None]:
        """A lease as stored, if it still runs and can be read."""
        found = self._item(items.request_key(stack, f"{items.LEASE}{id_}"))
        parse = partial(parse_lease, stack, f"{items.LEASE}{id_}")
        lease = items.readable(found, parse) if found else None
        runs = isinstance(lease, Lease) and lease.expires_at > now
        return (found, lease) if runs and isinstance(lease, Lease) else (None, None)

    def _item(self, key: items.Item) -> items.Item | None:
        reply = self._dynamodb.get_item(**self._named({"Key": key}), ConsistentRead=True)
        found: items.Item | None = reply.get("Item")
        return found


def _touch(stack: str, due_at: datetime) -> dict[str, Any]:
    """The part of a transaction that counts the request, and makes the stack due."""
    return {
        "Update": {
            "Key": items.request_key(stack, items.MARK),
            "UpdateExpression": _TOUCH,
            "ExpressionAttributeValues": {
                ":due": {"S": items.DUE},
                ":at": {"S": items.due_text(due_at)},
                ":one": {"N": "1"},
            },
        }
    }
