"""What the comparison found, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from local.fidelity.differences import Difference
from local.fidelity.judging import Judged
from local.fidelity.replay import Replayed

WHERE = {
    "key": "one has it, the other not",
    "value": "another value",
    "length": "another number of items",
    "text": "another sentence",
    "time": "another moment (seconds from the begin)",
    "outcome": "another outcome",
    "late": "the same course at another time",
    "course": "a state that only one of them shows",
}
WIDEST = 200


def to_json(replayed: Replayed, judged: Judged) -> dict[str, Any]:
    skipped = replayed.skipped
    return {
        "compared": dict(replayed.compared),
        "skipped": {
            "not_simulated": dict(skipped.not_simulated),
            "accidents": dict(skipped.accidents),
            "unknown": dict(skipped.unknown),
        },
        "differences": [asdict(each) for each in judged.open],
        "harmless": [
            {**asdict(each), "reason": judgement.reason} for each, judgement in judged.harmless
        ],
        "unused_judgements": [asdict(each) for each in judged.unused],
    }


def lines(replayed: Replayed, judged: Judged) -> Iterator[str]:
    """The report, a line at a time."""
    total = replayed.compared.total()
    yield f"compared: {total} calls of {len(replayed.compared)} operations"
    yield from _skipped(replayed)
    for kind, where in WHERE.items():
        found = [each for each in judged.open if each.kind == kind]
        if found:
            yield f"{kind}: {where}"
            yield from (line for each in found for line in _difference(each))
    if judged.harmless:
        yield f"harmless, with a reason in the file of judgements: {len(judged.harmless)}"
    yield f"differences: {len(judged.open)}"


def _skipped(replayed: Replayed) -> Iterator[str]:
    skipped = replayed.skipped
    reasons = (
        (skipped.not_simulated, "not compared, as moto answers here"),
        (skipped.accidents, "not compared, as AWS was throttling, failing or silent"),
        (skipped.unknown, "not compared, as they name what stood before or was never made"),
    )
    for counts, reason in reasons:
        if counts:
            yield f"{reason}: {_counted(counts)}"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in counts.most_common())


def _difference(each: Difference) -> Iterator[str]:
    times = f", {each.times} times" if each.times > 1 else ""
    yield f"  {each.service}:{each.operation} {each.path or '(the call)'} at {each.at:g} s{times}"
    yield f"    AWS:       {_short(each.recorded)}"
    if each.kind == "late":
        side = "later" if each.ours > 0 else "earlier"
        yield f"    simulated: {abs(each.ours):g} s {side}"
    else:
        yield f"    simulated: {_short(each.ours)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= WIDEST else f"{text[:WIDEST]}…"
