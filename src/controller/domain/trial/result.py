"""The result of a trial: what was measured beside what is assumed, and as a timing profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from controller.domain.planning.spec import Json
from controller.domain.planning.timing import TYPICAL, Timing
from controller.domain.trial.advice import Advice
from controller.domain.trial.answers import Answers
from controller.domain.trial.measures import MEASURES, Given, assume_all

SAME = 0.05
"""Two times within this share of each other are taken for the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """Something of the trial that still stands, and may cost money."""

    kind: str
    name: str
    address: str
    arn: str = ""

    def to_json(self) -> dict[str, Json]:
        return {"kind": self.kind, "name": self.name, "address": self.address, "arn": self.arn}

    def __str__(self) -> str:
        return f'{self.kind.replace("_", " ")} "{self.name}" ({self.address})'


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    `measured` is in seconds by name, None for what was not seen. `cause` says why the trial did
    not finish, "" where it did.
    """

    measured: Mapping[str, float | None]
    given: Given
    answers: Answers
    advice: Advice
    seconds: float
    left_behind: tuple[Remainder, ...] = ()
    cause: str = ""

    @property
    def assumed(self) -> dict[str, float | None]:
        return assume_all(TYPICAL, self.given)

    def to_json(self) -> dict[str, Json]:
        found: dict[str, Json] = {
            "measured": _rounded(self.measured),
            "assumed": _rounded(self.assumed),
            "surprises": [each.to_json() for each in self.answers.surprises],
            "left_behind": [each.to_json() for each in self.left_behind],
            "refusals": [
                {**each.to_json(), "times": times} for each, times in self.answers.foreseen.items()
            ],
            "order": self.advice.to_json(),
            "seconds": round(self.seconds, 1),
        }
        return {**found, "error": self.cause} if self.cause else found

    def timing(self, name: str) -> Timing:
        """The profile of what was measured; what was not seen is as in `typical`."""
        fields: dict[str, float | str | bool] = {"name": name}
        for each in MEASURES:
            value = self.measured.get(each.name)
            if each.field and value is not None:
                fields[each.field] = round(value, 1)
        timing = replace(TYPICAL, **fields)  # type: ignore[arg-type]
        return _with_drain(timing, self.measured.get("drain"), self.given.delay)


def _with_drain(timing: Timing, drain: float | None, delay: float) -> Timing:
    """
    A drain as long as its delay says nothing of how long it takes at least, but that it is
    honoured; one that is longer is as long as the floor, and a shorter one does not honour it.
    """
    if drain is None:
        return timing
    if abs(drain - delay) <= SAME * delay:
        floor = min(timing.deregistration_floor, round(drain, 1))
        return replace(timing, deregistration_floor=floor, honours_delay=True)
    return replace(timing, deregistration_floor=round(drain, 1), honours_delay=drain > delay)


def _rounded(values: Mapping[str, float | None]) -> dict[str, Json]:
    return {name: None if value is None else round(value, 2) for name, value in values.items()}
