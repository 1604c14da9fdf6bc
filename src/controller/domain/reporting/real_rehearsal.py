"""What the last rehearsal for real found: a wake, one request to the service, and a sleep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json
from controller.domain.text import LONGEST_CAUSE, clean
from controller.domain.timestamps import read_timestamp, write_timestamp


class RealVerdict(StrEnum):
    ANSWERED = "answered"
    NOT_ANSWERED = "did not answer"  # not at all, or with an error
    NOT_ASKED = "woke, not asked"  # it speaks no HTTP
    COULD_NOT_WAKE = "could not wake"
    NOT_FINISHED = "not finished"  # somebody or something ended it first

    @property
    def is_proof(self) -> bool:
        """Whether it has shown that the stack can wake."""
        return self not in (RealVerdict.COULD_NOT_WAKE, RealVerdict.NOT_FINISHED)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What came of the one request; `said` is one line for people.

    `try_again`: what came between may be over tomorrow.
    """

    verdict: RealVerdict
    said: str
    try_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RealRehearsal:
    """
    The next one is not before `not_before`. `started_at` is when the lease of the last one was
    granted, and `ended_at` when its result was known; both are None before the first. `tries` are
    those in a row that something came between and that are tried again soon.
    """

    not_before: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    verdict: RealVerdict | None = None
    said: str = ""
    tries: int = 0

    def has_ended(self, granted_at: datetime) -> bool:
        """Whether the result of the one whose lease was granted then is known."""
        return self.ended_at is not None and self.ended_at >= granted_at

    def to_json(self) -> dict[str, Json]:
        return {
            "not_before": write_timestamp(self.not_before),
            "started_at": write_timestamp(self.started_at),
            "ended_at": write_timestamp(self.ended_at),
            "verdict": self.verdict and str(self.verdict),
            "said": self.said,
            "tries": self.tries,
        }

    @staticmethod
    def from_json(data: Mapping[str, Json] | None) -> RealRehearsal | None:
        not_before = read_timestamp(data.get("not_before")) if data else None
        if not data or not_before is None:
            return None
        verdict = data.get("verdict")
        return RealRehearsal(
            not_before=not_before,
            started_at=read_timestamp(data.get("started_at")),
            ended_at=read_timestamp(data.get("ended_at")),
            verdict=RealVerdict(verdict) if verdict else None,
            said=clean(data.get("said", ""), LONGEST_CAUSE),
            tries=int(data.get("tries", 0)),
        )
