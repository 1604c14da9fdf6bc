"""
Records that are damaged in the table in the middle of a story: by hand, or by a later release.

What a damaged record was to give is gone: nobody is kept awake, or asleep, by what cannot be read.
A leftover's place may still cost money, so whoever is told of one puts it right, as the docs say.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from controller.domain.decision.history import Event
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.planning.packing import pack, unpack
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Spec
from controller.domain.reporting.damage import Damaged
from controller.store import items
from simulation import trouble
from simulation.trouble import MINUTE, Spell

if TYPE_CHECKING:
    from simulation.installation import Installation
    from simulation.simulated_users import SimulatedUsers

LEASE, HOLD, LEFTOVER, STATUS, SPEC = KINDS = "lease", "hold", "leftover", "status", "spec"
NAMES = {each: f"damaged {each}" for each in KINDS}

COUNT = "damaged count"
"""A number that no pass has written. It is counted anew, and nobody has to be told."""

BOTH_SPECS = trouble.NO_SPEC
"""Nothing can be made until whoever is told has published it again."""

NO_SPEC = timedelta(minutes=45)
"""By then it is published again, and what failed meanwhile is over."""

LATER = (NAMES[SPEC], NAMES[SPEC], COUNT, COUNT, BOTH_SPECS)
"""Drawn by dice of their own."""

TELL_WITHIN = 30 * 60.0
"""Seconds in fair weather until somebody is told of it."""

A_FIELD_IS_MISSING: dict[str, Callable[[dict[str, Any]], None]] = {
    LEASE: lambda body: body.pop("expires_at"),
    HOLD: lambda body: body.pop("until"),
    LEFTOVER: lambda body: body.pop("resources"),
    STATUS: lambda body: body.update(lifecycle=5),
    SPEC: lambda body: body.pop("resources"),
}
AN_UNKNOWN_WORD: dict[str, Callable[[dict[str, Any]], None]] = {
    LEASE: lambda body: body.update(granted_at="soon"),
    HOLD: lambda body: body.update(state="dozing"),
    LEFTOVER: lambda body: body["resources"][0].update(kind="zebra"),
    STATUS: lambda body: body.update(target="dozing"),
    SPEC: lambda body: body["resources"][0].update(kind="zebra"),
}
ANOTHER_TYPE: dict[str, Callable[[dict[str, Any]], None]] = {
    LEASE: lambda body: body.update(expires_at=5),
    HOLD: lambda body: body.update(until=[]),
    LEFTOVER: lambda body: body["resources"][0].update(request=None),
    STATUS: lambda body: body["meter"]["use"].update(elastic_ips={}),
    SPEC: lambda body: body.update(policy={"time_zone": 7}),
}
WAYS = (A_FIELD_IS_MISSING, AN_UNKNOWN_WORD, ANOTHER_TYPE, None)
"""None: written by a later release."""

Item = dict[str, Any]


@dataclass
class Damage:
    """
    One record that was damaged; `good` is as it was, None where there was none. `counts` means
    that a pass must come to see it, and `told` are the events that told of it.
    """

    at: float
    record: str
    found: Item
    good: Item | None
    counts: bool
    reported: set[str] = field(default_factory=set)


def draw_damages(
    choose: random.Random,
    start: datetime,
    days: int,
    lively: Sequence[datetime],
    published: Sequence[datetime],
) -> list[Spell]:
    """
    One on every fifth day, most of them around a moment of `lively`, when something is asked for;
    a leftover soon after the files were `published`, while there may be one.
    """
    spells = []
    for day in range(days):
        if choose.random() < 0.8:
            continue
        at = start + (day * 24 * 60 + choose.uniform(0, 22 * 60)) * MINUTE
        kind, strength = choose.choice((LEASE, LEASE, HOLD, LEFTOVER, STATUS)), choose.random()
        moments = published if kind == LEFTOVER else lively
        near = [moment for moment in moments if 0 <= (moment - start).days - day < 1]
        if near and choose.random() < 0.9:
            longest = 4 if kind == LEFTOVER else 40
            at = choose.choice(near) + choose.uniform(0, longest) * MINUTE
        spells.append(Spell(NAMES[kind], at, at, strength=strength))
    return sorted(spells, key=lambda spell: spell.since)


def draw_later_damages(
    choose: random.Random, start: datetime, days: int, lively: Sequence[datetime]
) -> list[Spell]:
    """One of `LATER` on every eighth day, most of them while something is asked for."""
    spells = []
    for day in range(days):
        if choose.random() < 7 / 8:
            continue
        at = start + (day * 24 * 60 + choose.uniform(0, 22 * 60)) * MINUTE
        near = [moment for moment in lively if 0 <= (moment - start).days - day < 1]
        if near and choose.random() < 0.8:
            at = choose.choice(near) + choose.uniform(0, 60) * MINUTE
        kind = choose.choice(LATER)
        until = at + NO_SPEC if kind == BOTH_SPECS else at
        spells.append(Spell(kind, at, until, strength=choose.random()))
    return spells


COUNTS = (
    ("requests", items.MARK, "request_count"),
    ("stack", items.LOCK, "fence"),
    ("stack", items.LOCK, "until"),
    ("stack", items.STATUS, "fence"),
    ("stack", items.STATUS, "failed"),
)
FAR_AHEAD = {"N": "99999999999"}
NO_NUMBERS = ({"S": "x"}, {"NULL": True}, {"N": "1.5"}, FAR_AHEAD)


def count_at(number: int) -> tuple[str, str, str, dict[str, Any]]:
    """The record, the count, and what it holds; only an end may be high, a pass writes the rest."""
    part, sort, name = COUNTS[number % len(COUNTS)]
    found: dict[str, Any] = NO_NUMBERS[number // len(COUNTS) % len(NO_NUMBERS)]
    return part, sort, name, NO_NUMBERS[0] if found is FAR_AHEAD and name != "until" else found


def strike_count(installation: Installation, users: SimulatedUsers, spell: Spell) -> None:
    """Let a count hold something that no pass writes, while no pass has it in hand."""
    part, sort, name, found = count_at(int(spell.strength * 1000))
    item = _item(installation, {"pk": {"S": f"{part}#{users.stack}"}, "sk": {"S": sort}})
    if item is None or installation.running:
        return
    installation.note("fault", f"{name} of the {sort} of {users.stack} is {found} now")
    _put(installation, {**item, name: found})
    installation.start_pass(users.stack)


def strike_both_specs(installation: Installation, users: SimulatedUsers, spell: Spell) -> None:
    """The spec, where a pass has read it, and then the copy of it."""
    single = Spell(NAMES[SPEC], spell.since, spell.until, strength=spell.strength)
    strike(installation, users, single)
    kept = _item(installation, items.key(users.stack, f"{items.KEPT}{items.VERSION}"))
    if kept:
        _put(installation, {**kept, "body": {"S": "{"}})


def strike(installation: Installation, users: SimulatedUsers, spell: Spell) -> None:
    """Damage a record of that kind, or leave a damaged one where there is none."""
    if spell.kind == COUNT:
        return strike_count(installation, users, spell)
    if spell.kind == BOTH_SPECS:
        return strike_both_specs(installation, users, spell)
    kind = spell.kind.rpartition(" ")[2]
    found = _choose(installation, users, kind)
    if found is None:
        return
    good, item, record = found
    way = WAYS[int(spell.strength * 1000) % len(WAYS)]
    torn = _torn(item, way[kind] if way else None)
    installation.note("fault", f"the record {record} of {users.stack} is damaged")
    _put(installation, torn)
    assert record in {each.record for each in installation.table.load(users.stack).damaged}
    observer, now = users.observer, installation.now
    counts = kind != STATUS or not installation.running  # or a pass under way writes over it
    observer.damaged(Damage(now.timestamp(), record, torn, good, counts))
    if kind == LEASE and good:
        observer.wants.lost(record.removeprefix(items.LEASE), now)
    elif kind == HOLD:
        observer.wants.held(None, now)
    elif kind == STATUS:
        observer.memory_lost()
    installation.table.request_pass(users.stack, now)


def _choose(
    installation: Installation, users: SimulatedUsers, kind: str
) -> tuple[Item | None, Item, str] | None:
    """The record as it stands, if it does; as it would be, and its sort key."""
    stack, now = users.stack, installation.now
    records = installation.table.load(stack)
    if kind in (STATUS, SPEC):
        if kind in {each.record for each in records.damaged}:
            return None
        item = _item(installation, items.key(stack, kind))
        if kind == SPEC and not _is_kept(installation, records.spec):
            return None  # no pass has read it yet, so the stack goes on by the files before it
        return (item, item, kind) if item and "body" in item else None
    if kind == LEASE:
        ends = now + timedelta(hours=9)
        made = Lease(
            stack=stack,
            id=f"t{now:%d%H%M%S}",
            holder="ann",
            reason="",
            granted_at=now,
            expires_at=ends,
        )
        lease = next((one for one in reversed(records.leases) if one.covers(now)), made)
        key = items.request_key(stack, f"{items.LEASE}{lease.id}")
        fresh = items.with_body(key, made.to_json())
    elif kind == HOLD:
        ends = now + timedelta(hours=9)
        hold = Hold(stack=stack, state=Target.AWAKE, by="ann", reason="", set_at=now, until=ends)
        key = items.request_key(stack, items.HOLD)
        fresh = items.with_body(key, hold.to_json())
    else:
        planted = replace(records.spec, source={"planted": f"{now}"})
        left = records.leftovers[-1] if records.leftovers else planted
        key = items.key(stack, f"{items.LEFTOVER}{left.hash}")
        fresh = items.with_body(key, left.to_json())
    if key["sk"]["S"] in {each.record for each in records.damaged}:
        return None
    stands = _item(installation, key)
    return stands, stands or fresh, key["sk"]["S"]


def _torn(item: Item, change: Callable[[dict[str, Any]], None] | None) -> Item:
    if change is None:
        return {**item, "version": {"N": str(items.VERSION + 1)}}
    body = json.loads(unpack(item["body"]["S"]))
    change(body)
    return {**item, "body": {"S": pack(json.dumps(body))}}


def _is_kept(installation: Installation, spec: Spec) -> bool:
    """Whether a pass has kept this very spec."""
    kept = _item(installation, items.key(spec.stack, f"{items.KEPT}{items.VERSION}"))
    if kept is None:
        return False
    found = items.readable(kept, json.loads)
    return not isinstance(found, Damaged) and found["hash"] == spec.hash


def reported(installation: Installation, users: SimulatedUsers, event: Event) -> None:
    """Somebody has read of it: a spec or a leftover that cannot be read is put right."""
    for damage in users.observer.damages:
        if f'"{damage.record}"' in event.reason and damage.record.startswith(items.SPEC):
            minutes = installation.triggers.uniform(1, 10)
            installation.work.after(
                minutes * 60, lambda d=damage: _put_right(installation, users, d)
            )


def _put_right(installation: Installation, users: SimulatedUsers, damage: Damage) -> None:
    """As it was, and published once more: what the files name by now is no leftover."""
    if not stands(installation, damage):
        return
    installation.note("people", f"the record {damage.record} of {users.stack} is put right")
    key = {name: damage.found[name] for name in ("pk", "sk")}
    if damage.record == items.SPEC:
        pass
    elif damage.good is None:
        installation.plain.client("dynamodb").delete_item(
            TableName=installation.table_name, Key=key
        )
    else:
        _put(installation, damage.good)
    users.publish_again()


def stands(installation: Installation, damage: Damage) -> bool:
    """Whether the record is as it was damaged."""
    found = _item(installation, damage.found)
    return found is not None and _content(found) == _content(damage.found)


def _content(item: Item) -> tuple[Any, Any]:
    return item.get("body"), item.get("version")


def _item(installation: Installation, key: Item) -> Item | None:
    table = installation.tables.table({"TableName": installation.table_name})
    found: Item | None = table.items.get((key["pk"]["S"], key["sk"]["S"]))
    return found


def _put(installation: Installation, item: Item) -> None:
    installation.plain.client("dynamodb").put_item(TableName=installation.table_name, Item=item)
