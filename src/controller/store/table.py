"""
The table: two Queries return all that a decision needs to know about a stack.

`fence` on the status item is the number of the last pass that claimed the stack. A status is
written only with the same or a higher number, so that a delayed pass overwrites nothing.
People's requests (leases, holds, and that a spec was published) are in `store.request_records`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from controller.domain.dataclass import replace
from controller.domain.errors import LockLostError, NotPublishedError, RetryError
from controller.domain.planning.packing import pack, to_text
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json, Spec
from controller.domain.planning.spec_identity import Home, left_behind
from controller.domain.reporting.damage import parted
from controller.domain.timestamps import format_timestamp
from controller.store import items
from controller.store.board import Board
from controller.store.conditions import MOST_CONFLICTS, is_refused, refused_item
from controller.store.due_index import DueIndex
from controller.store.history import History
from controller.store.loaded_requests import StackRequests
from controller.store.records import Records
from controller.store.removal import Removal
from controller.store.request_records import RequestRecords
from controller.store.spec_records import SpecRecords, parse_specs, parse_status, under

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
"""The first and the longest wait until a broken pass is retried."""

LONGEST_UNRESTED = timedelta(minutes=15)
"""
The longest wait for a stack that is not known to be asleep: people wait for it, or it costs money.
"""

_NOT_LATER = "NOT attribute_type(fence, :number) OR fence <= :fence"
"""A fence that is not a number was written by no pass, and blocks none."""


class Table(RequestRecords, SpecRecords, DueIndex, History, Removal):
    """All records of all stacks; make one for each client."""

    # what a pass reads and writes

    def load(self, stack: str) -> Records:
        """
        Read everything of one stack, consistently (a lease just granted must count).

        Requests are read first: a spec that is published in between then counts as a later
        request, and the pass reads again before it ends.
        """
        requests = self.load_requests(stack)
        found = {items.sort_key(item): item for item in self._load_items(stack)}
        if items.SPEC not in found:
            raise NotPublishedError(
                f'stack "{stack}" is not published; "dormouse status" lists those that are, '
                '"dormouse publish DIR" adds one'
            )
        leftovers, lost = parse_specs(stack, (found[s] for s in under(items.LEFTOVER, found)))
        statuses, lost_status = parted(
            items.readable(found[sort], parse_status) for sort in found if sort == items.STATUS
        )
        status = statuses[0] if statuses else None
        spec, lost_spec = self.spec_or_memory(stack, found[items.SPEC], status)
        return Records(
            spec=spec,
            status=status,
            requests=requests,
            leftovers=leftovers,
            damaged=(*requests.damaged, *lost_spec, *lost, *lost_status),
        )

    def claim(self, stack: str, fence: int, due_at: datetime) -> None:
        """
        Block the passes before this one, and be due again in case this one is lost.

        Raises LockLostError for a pass that is blocked itself, SpecError for an unknown stack:
        nothing may become due that is not published.
        """
        request = {
            "UpdateExpression": "SET fence = :fence, due = :due, due_at = :at",
            "ExpressionAttributeValues": {**_fenced(fence), **_due(due_at)},
        }
        not_later = f"({_NOT_LATER})"
        try:
            condition = f"attribute_exists(pk) AND {not_later}"
            self._update(stack, items.STATUS, ConditionExpression=condition, **request)
        except ClientError as error:
            if not is_refused(error):
                raise
            found = refused_item(error)
            if found:
                raise _lost(stack, items.number(found, "fence")) from None
            self.load(stack)
            self._update(stack, items.STATUS, ConditionExpression=not_later, **request)

    def put_status(
        self,
        stack: str,
        status: Mapping[str, Json] | str,
        due_at: datetime | None,
        fence: int | None = None,
        known: StackRequests | None = None,
    ) -> bool:
        """
        Store the state of a pass, as JSON or its text.

        `due_at` None: no pass is due without a request.

        With `known` (at the end of a pass): False, and nothing is written, if the requests differ
        now. The records are compared and not only their count, because one part of a transaction
        may be visible before the other. Raises LockLostError when a pass with a higher `fence` has
        claimed the stack.
        """
        if known is not None and self.load_requests(stack) != known:
            return False
        text = status if isinstance(status, str) else to_text(dict(status))
        sets = ["body = :body", "version = :version"]
        values: dict[str, Any] = {
            ":body": {"S": pack(text)},
            ":version": _number(items.VERSION),
        }
        request: dict[str, Any] = {}
        if due_at:
            sets += ["due = :due", "due_at = :at"]
            values |= _due(due_at)
        if fence is not None:
            sets.append("fence = :fence")
            values |= _fenced(fence)
            request["ConditionExpression"] = _NOT_LATER
        removed = ["failed"] if known is not None else []
        if due_at is None:
            removed += ["due", "due_at"]
        change = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removed)}" if removed else "")
        try:
            self._update(
                stack,
                items.STATUS,
                UpdateExpression=change,
                ExpressionAttributeValues=values,
                **request,
            )
        except ClientError as error:
            if not is_refused(error):
                raise
            raise _lost(stack, items.number(refused_item(error), "fence")) from None
        return True

    def back_off(self, stack: str, now: datetime, fence: int, known: int | None) -> None:
        """
        Back off after a failed pass: a minute at first, an hour at most.

        A stack that is not known to be asleep waits for at most a quarter of an hour. Each failed
        try is reported. A new request is still tried at once, also one from during the pass:
        `known` is the number of requests that the pass has read, None if it read none.
        """
        latest = self.request_version(stack)
        if known is not None and latest != known:
            return
        item = self.status_item(stack)
        failed = 1 + items.number(item, "failed")
        longest = LONGEST_WAIT if _is_at_rest(item) else LONGEST_UNRESTED
        wait = min(FIRST_WAIT * 2 ** min(failed - 1, 16), longest)
        self._update(
            stack,
            items.STATUS,
            UpdateExpression="SET due = :due, due_at = :at, failed = :failed",
            ConditionExpression="fence = :fence",
            ExpressionAttributeValues={
                **_due(now + wait),
                ":failed": _number(failed),
                ":fence": _number(fence),
            },
        )
        self.take_up(stack, latest)

    def let_go(self, stack: str) -> bool:
        """
        Make a stack that is not published no longer due; True if it has no status either.

        A later publish or request makes it due again.
        """
        known = self.request_version(stack)
        if self.spec(stack):
            return False
        self.take_up(stack, known)
        try:
            self._update(
                stack,
                items.STATUS,
                UpdateExpression="REMOVE due, due_at",
                ConditionExpression="attribute_exists(pk)",
            )
        except ClientError as error:
            if is_refused(error):
                return True
            raise
        return False

    def forget_leftover(self, stack: str, spec: Spec) -> None:
        """No resource of a replaced spec exists any more."""
        self._delete(stack, f"{items.LEFTOVER}{spec.hash}")

    # what people ask for

    def put_spec(
        self, spec: Spec, due_at: datetime, account: Callable[[], str] | None = None
    ) -> None:
        """
        Store a spec and make the stack due from `due_at` on, or neither.

        The leftovers of the replaced spec are kept until a pass has seen that they are gone:
        otherwise a renamed load balancer would cost money for ever. A simultaneous publish is read
        again, so that neither loses the leftovers of the other. `account` returns the controller's
        own account; it is called if a role could be in the same one.
        """
        for _ in range(MOST_CONFLICTS):
            found = {items.sort_key(item): item for item in self.spec_items(spec.stack)}
            written = self._of_publish(spec, found, account, due_at)
            if self._write_marked(spec.stack, due_at, *written):
                Board(self._dynamodb, self._name).add_row(spec.stack, due_at)
                return
        raise RetryError(
            f'"{spec.stack}" is being published by others at the same time; publish it again',
            after_seconds=1,
        )

    @property
    def region(self) -> str | None:
        """The region of the table and of the controller."""
        found: str | None = self._dynamodb.meta.region_name
        return found

    def _of_publish(
        self,
        spec: Spec,
        found: Mapping[str, items.Item],
        account: Callable[[], str] | None,
        now: datetime,
    ) -> Iterator[dict[str, Any]]:
        """The new spec, if the old one is still what was read, and what is left behind with it."""
        old = found.get(items.SPEC)
        unchanged: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if old:
            unchanged = items.as_found(old)
        yield {"Put": {"Item": items.spec_item(spec), **unchanged}}
        specs, lost = parse_specs(spec.stack, found.values() if old else ())
        kept = {each.record for each in lost}
        if items.SPEC in kept:
            specs += self.copies_of_spec(spec.stack)
        has_role = any(each.role_arn for each in (spec, *specs))
        home = Home(region=self.region, account=account() if account and has_role else None)
        left: dict[str, Spec] = {}
        for each in specs:
            rest = left_behind(each, spec, home)
            if rest:
                since = {"replaced_at": format_timestamp(now), **rest.source}
                left[f"{items.LEFTOVER}{rest.hash}"] = replace(rest, source=since)
        for sort, rest in left.items():
            if sort not in found:
                yield {"Put": {"Item": items.to_item(spec.stack, sort, rest.to_json())}}
        for sort in under(items.LEFTOVER, found):
            if sort not in left and sort not in kept:
                yield {"Delete": {"Key": items.key(spec.stack, sort)}}

    def _load_items(self, stack: str) -> list[items.Item]:
        return list(
            self._query(
                "pk = :pk AND sk BETWEEN :first AND :last",
                {":pk": f"stack#{stack}", ":first": items.LOCK, ":last": items.STATUS},
                ConsistentRead=True,
            )
        )


def _is_at_rest(item: items.Item) -> bool:
    """Whether the last pass to end left it asleep; what cannot be read says nothing."""
    found = items.readable(item, json.loads) if item else {}
    if not isinstance(found, Mapping):
        return False
    return found.get("settled") is True and found.get("target") == str(Target.ASLEEP)


def _due(due_at: datetime) -> dict[str, Any]:
    return {":due": {"S": items.DUE}, ":at": {"S": items.due_text(due_at)}}


def _fenced(fence: int) -> dict[str, Any]:
    """The values of `_NOT_LATER`."""
    return {":fence": _number(fence), ":number": {"S": "N"}}


def _number(number: int) -> dict[str, str]:
    return {"N": str(number)}


def _lost(stack: str, fence: int) -> LockLostError:
    return LockLostError(f'another pass has taken over stack "{stack}"; this one ends', fence)
