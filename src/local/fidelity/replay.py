"""
Asks the simulated AWS what a recording has asked the real one, at the same moments.

The two may part: where AWS refused a change that we would have made, the replay begins again and
that change is refused here too; where we refuse one that AWS has made, it is requested again before
each later call until it is made. So one difference does not spoil all that follow.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.timing import Timing
from controller.recording.entry import Entry
from local.aws import LaptopAws
from local.calls import READS
from local.clock import ManualClock
from local.errors import AwsError
from local.fidelity.comparing import Comparison, Seen
from local.fidelity.identities import Identities
from local.fidelity.standing import Standing

START = datetime(2026, 1, 5, tzinfo=UTC)
THROTTLED = (
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
)

Answer = tuple[str, dict[str, Any], str]
"""The error's code or "ok", the answer, and the error's message."""
MADE: Answer = ("ok", {}, "")


class Observation(NamedTuple):
    """One place of one answer: of which call, `at` which second, and what both have there."""

    entry: Entry
    question: str
    seen: Seen


@dataclass
class Skipped:
    """Calls that were not compared, by operation, and why."""

    not_simulated: Counter[str] = field(default_factory=Counter)
    accidents: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)


@dataclass
class Replayed:
    """All places at which answers were compared, in the order of the calls."""

    observations: list[Observation] = field(default_factory=list)
    compared: Counter[str] = field(default_factory=Counter)
    skipped: Skipped = field(default_factory=Skipped)


class _PartedError(Exception):
    """We made a change that AWS has refused."""


def replay(entries: Sequence[Entry], timing: Timing) -> Replayed:
    """Compare the simulated AWS, at this pace, with the recording."""
    refused: set[int] = set()
    while True:
        run = _Run(entries, timing, refused)
        try:
            return run.through()
        except _PartedError:
            refused.add(run.number)


class _Run:
    """One time through the recording; `refused` are calls that are not to take effect."""

    def __init__(self, entries: Sequence[Entry], timing: Timing, refused: set[int]) -> None:
        self._entries = entries
        self._refused = refused
        regions = Counter(entry.region for entry in entries if entry.region)
        region = regions.most_common(1)[0][0] if regions else "us-east-1"
        self._clock = ManualClock(START)
        self._aws = LaptopAws(timing, self._clock, region=region, account=f"{1:012d}")
        standing = Standing(entries).furnish(self._aws)
        self._identities = Identities(START, standing)
        self._comparison = Comparison(self._identities, START)
        self._waiting: list[Entry] = []
        self._done = Replayed()
        self._asked: Entry | None = None
        self._question = ""
        self.number = 0

    def through(self) -> Replayed:
        for number, entry in enumerate(self._entries):
            self.number = number
            self._clock.advance_to(START + timedelta(seconds=entry.at))
            self._catch_up()
            if not self._is_skipped(entry):
                self._compare(entry)
        return self._done

    def _is_skipped(self, entry: Entry) -> bool:
        skipped, name = self._done.skipped, f"{entry.service}:{entry.operation}"
        if "$unmasked" in entry.parameters or not self._aws.plays(entry.service):
            skipped.not_simulated[name] += 1
        elif entry.status == 0 or entry.status >= 500 or entry.outcome in THROTTLED:
            skipped.accidents[name] += 1
        elif "NotFound" not in entry.outcome and any(self._identities.unknown(entry.parameters)):
            skipped.unknown[name] += 1
        else:
            return False
        return True

    def _compare(self, entry: Entry) -> None:
        self._done.compared[f"{entry.service}:{entry.operation}"] += 1
        refused = self.number in self._refused
        outcome, answer, message = MADE if refused else self._ask(entry)
        self._note(entry, Seen("", "outcome", entry.outcome, outcome))
        if entry.outcome != outcome:
            self._part(entry)
        elif entry.error:
            plain = self._identities.plain
            texts = plain(entry.error["message"]), plain(message)
            self._note(entry, Seen("", "text", *texts))
        else:
            for seen in self._comparison.walk(entry.answer, answer):
                self._note(entry, seen)

    def _ask(self, entry: Entry) -> Answer:
        params = self._identities.request(entry.parameters)
        try:
            answer = self._aws.call(entry.service, entry.operation, params, entry.region or None)
        except AwsError as error:
            return error.code, {}, error.message
        return "ok", answer, ""

    def _part(self, entry: Entry) -> None:
        if entry.operation.startswith(READS) or self.number in self._refused:
            return
        if entry.error and self._aws.calls[-1].error_code is None:
            raise _PartedError
        if not entry.error:
            self._waiting.append(entry)

    def _catch_up(self) -> None:
        """Make the changes that AWS has made before we would."""
        for entry in list(self._waiting):
            outcome, answer, _ = self._ask(entry)
            if outcome == "ok":
                self._waiting.remove(entry)
                for _ in self._comparison.walk(entry.answer, answer):
                    pass  # it pairs the ids

    def _note(self, entry: Entry, seen: Seen) -> None:
        if entry is not self._asked:
            asked = [entry.service, entry.operation, entry.parameters]
            self._asked, self._question = entry, json.dumps(asked, sort_keys=True)
        self._done.observations.append(Observation(entry, self._question, seen))
