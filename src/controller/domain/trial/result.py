"""The result of a trial: what was measured beside what is assumed, and as a timing profile."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.planning.spec import Json
from controller.domain.planning.timing import TYPICAL, Timing
from controller.domain.trial.advice import Advice
from controller.domain.trial.answers import Answers
from controller.domain.trial.measures import MEASURES, Given, assume_all

SAME = 0.05
"""Two times within this share of each other are taken for the same."""


MOMENT = 2.0
"""Seconds that a scheduler may take before it begins with what was asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """Something of the trial that still exists, and may cost money."""

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
    `measured` is in seconds by name, None for what was not; `not_measured` says why. `cause` says
    why the trial did not finish, "" where it did. `count_taken`: whether ECS took a count of a
    service without a load balancer.
    """

    measured: Mapping[str, float | None]
    given: Given
    answers: Answers
    advice: Advice
    seconds: float
    not_measured: Mapping[str, str] = field(default_factory=dict)
    count_taken: bool | None = None
    left_behind: tuple[Remainder, ...] = ()
    cause: str = ""

    @property
    def assumed(self) -> dict[str, float | None]:
        return assume_all(TYPICAL, self.given)

    def to_json(self) -> dict[str, Json]:
        found: dict[str, Json] = {
            "measured": _rounded(self.measured),
            "not_measured": dict(self.not_measured),
            "assumed": _rounded(self.assumed),
            "surprises": [each.to_json() for each in self.answers.surprises],
            "left_behind": [each.to_json() for each in self.left_behind],
            "refusals": [
                {**each.to_json(), "times": times} for each, times in self.answers.foreseen.items()
            ],
            "behaviours": self.behaviours,
            "order": self.advice.to_json(),
            "seconds": round(self.seconds, 1),
        }
        return {**found, "error": self.cause} if self.cause else found

    @property
    def behaviours(self) -> dict[str, bool | None]:
        """The fields of a profile that are no times; None for what was not seen."""
        drain = self.measured.get("drain")
        shortest = self.given.delay * (1 - SAME)
        return {
            "honours_delay": None if drain is None else drain >= shortest,
            "drains_alone": self._drains_alone(drain),
            "count_needs_balancer": None if self.count_taken is None else not self.count_taken,
        }

    def _drains_alone(self, drain: float | None) -> bool | None:
        """Without its load balancer a target takes about as long as with it."""
        alone, gone = self.measured.get("drain_without_lb"), self.measured.get("lb_gone")
        if drain is None or alone is None or gone is None:
            return None
        return alone > gone + MOMENT and alone > drain / 2

    def timing(self, name: str) -> Timing:
        """The profile of what was measured; what was not seen is as in `typical`."""
        fields: dict[str, float | str | bool] = {"name": name}
        for each in MEASURES:
            value = self.measured.get(each.name)
            if each.field and value is not None:
                fields[each.field] = round(value, 2)
        seen = {key: value for key, value in self.behaviours.items() if value is not None}
        timing = replace(TYPICAL, **fields, **seen)  # type: ignore[arg-type]
        return _with_drain(timing, self.measured.get("drain"), self.given.delay)


def _with_drain(timing: Timing, drain: float | None, delay: float) -> Timing:
    """A drain as long as its delay does not say how long one takes at least."""
    if drain is None:
        return timing
    if abs(drain - delay) <= SAME * delay:
        return replace(timing, deregistration_floor=min(timing.deregistration_floor, drain))
    return replace(timing, deregistration_floor=round(drain, 2))


def _rounded(values: Mapping[str, float | None]) -> dict[str, Json]:
    return {name: None if value is None else round(value, 2) for name, value in values.items()}
