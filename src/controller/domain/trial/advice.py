"""Which order of a sleep an account is better off with. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json
from controller.domain.policy.choices import SleepOrder

WORTH = 5.0
"""Seconds that a wake must gain by an order that others can interfere with."""


@dataclass(frozen=True, slots=True)
class Advice:
    """`gained` is how many seconds sooner a wake during a sleep ends by "count"; None: unknown."""

    order: SleepOrder | None
    gained: float | None
    why: str

    def to_json(self) -> dict[str, Json]:
        gained = None if self.gained is None else round(self.gained, 1)
        order = self.order and str(self.order)
        return {"sleep_order": order, "seconds_gained": gained, "why": self.why}


def advise(measured: Mapping[str, float | None], *, came_back: bool) -> Advice:
    """
    By "force" a wake waits until the old service's name is free, by "count" it does not; by both
    it waits for the Elastic IP. `came_back`: a wake during a sleep did set the count back.
    """
    if measured.get("turn_round") is not None and not came_back:
        return Advice(SleepOrder.FORCE, None, "no wake could set the service's count back")
    parts = [measured.get(name) for name in ("drain_without_lb", "stop", "inactive")]
    held = measured.get("eip_hold")
    if held is None or any(part is None for part in parts):
        return Advice(None, None, "not everything was seen that this depends on")
    named = sum(part for part in parts if part is not None)
    gained = max(0.0, named - held)
    found = f"the name is free after {named:.0f} s, the Elastic IP after {held:.0f} s"
    if gained >= WORTH:
        return Advice(SleepOrder.COUNT, gained, f"{found}: a wake gains {gained:.0f} s")
    return Advice(SleepOrder.FORCE, gained, f"{found}: nothing is gained by the count")
