"""What people read of a stack's week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from controller.domain.decision.history import Event
from controller.domain.formatting import say_duration, say_moment, to_cents
from controller.domain.planning.spec import Json, Spec
from controller.domain.reporting.report import policy_of
from controller.domain.timestamps import read_timestamp

_COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def say_week(spec: Spec, event: Event) -> tuple[str, Iterator[str]]:
    """Subject, without the stack's name, and paragraphs."""
    return _subject(event), _body(spec, event)


def _subject(event: Event) -> str:
    facts = event.facts
    slept, whole = _hours(facts.get("slept_seconds", 0)), _hours(_length(event).total_seconds())
    said = f"slept {slept} of {whole} h, {_saved(facts)}, woke {_times(facts.get('wakes', 0))}"
    slowest, failed = facts.get("slowest_seconds"), facts.get("failed", 0)
    said += f" (slowest {round(slowest)} s)" if slowest else ""
    return said + (f", {_count(failed)} failed" if failed else "")


def _body(spec: Spec, event: Event) -> Iterator[str]:
    facts, zone = event.facts, policy_of(spec).zone
    since = say_moment(_since(event), zone)
    yield f"{spec.stack} from {since} to {say_moment(event.at, zone)}: it {_subject(event)}."
    awake, slept = (
        timedelta(seconds=facts.get(f"{name}_seconds", 0)) for name in ("awake", "slept")
    )
    between = max(timedelta(0), _length(event) - awake - slept)
    yield (
        f"It could be used for {say_duration(awake)}. For {say_duration(between)} it was waking, "
        "going to sleep, or delayed in one of them."
    )
    spent, always = (_usd(facts.get(name, 0)) for name in ("spent", "always_on"))
    yield f"It cost {spent}, the Elastic IP included; always on it would have cost {always}."
    if facts.get("failed"):
        yield (
            "A message at that time said what failed, and why. To see the result of its last "
            f"wake:\ndormouse status {spec.stack}"
        )


def _length(event: Event) -> timedelta:
    return event.at - _since(event)


def _since(event: Event) -> datetime:
    return read_timestamp(event.facts.get("since")) or event.at


def _hours(seconds: float) -> int:
    return round(seconds / 3600)


def _saved(facts: Json) -> str:
    """Less than nothing where waking and sleeping cost more than leaving it on."""
    saved = _cents(facts.get("always_on", 0)) - _cents(facts.get("spent", 0))
    return f"saved {saved} USD" if saved >= 0 else f"cost {-saved} USD more than always on"


def _usd(amount: Json) -> str:
    return f"{_cents(amount)} USD"


def _cents(amount: Json) -> Decimal:
    return to_cents(Decimal(str(amount)))


def _times(count: int) -> str:
    return "never" if not count else "once" if count == 1 else f"{count} times"


def _count(count: int) -> str:
    return _COUNTS[count] if count < len(_COUNTS) else str(count)
