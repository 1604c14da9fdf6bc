"""Office hours as a decision sees them: each window opened early by the time that a wake takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controller.domain.policy.policy import Policy
from controller.domain.policy.schedule import HORIZON_DAYS, OpenWindow, Schedule


@dataclass(frozen=True, slots=True)
class Rules:
    """
    What a stack's policy asks for, ready to be applied; make one for each spec.

    `lead` is how long before an opening a wake must begin to be ready for it, as past wakes
    teach; zero where the policy does not want that.
    """

    policy: Policy
    schedule: Schedule
    lead: timedelta

    @staticmethod
    def of(
        policy: Policy, lead: timedelta = timedelta(0), schedule: Schedule | None = None
    ) -> Rules:
        """`schedule` is that of this policy, where it is kept."""
        lead = lead if policy.ready_by_opening else timedelta(0)
        return Rules(policy, schedule or Schedule(policy), lead)


@dataclass(frozen=True, slots=True)
class Window:
    """One window: from `starts_at` the stack is woken for `opens_at`. `closes_at` None: never."""

    starts_at: datetime
    opens_at: datetime
    closes_at: datetime | None

    def covers(self, moment: datetime) -> bool:
        return self.starts_at <= moment and (self.closes_at is None or moment < self.closes_at)


class OfficeHours:
    """
    The openings around a moment, in order, read from the schedule only as far as is asked for.

    `back` is how far before `now` one that has closed is still known.
    """

    def __init__(self, rules: Rules, now: datetime, back: timedelta = timedelta(0)) -> None:
        self._lead = rules.lead
        self._known: list[Window] = []
        self._more = _windows(rules, now.astimezone(UTC), back)

    def at(self, moment: datetime) -> Window | None:
        """The opening at `moment`; of two, where one begins early, the later."""
        covering = [each for each in self._up_to(moment) if each.covers(moment)]
        return covering[-1] if covering else None

    def next_after(self, moment: datetime) -> Window | None:
        """The first opening for which the stack is woken after `moment`."""
        self._up_to(moment)
        return next((each for each in self._known if each.starts_at > moment), None)

    def next_edge(self, moment: datetime) -> datetime | None:
        """When, after `moment`, one next begins early, opens or closes."""
        self._up_to(moment)
        edges = [
            edge
            for each in self._known
            for edge in (each.starts_at, each.opens_at, each.closes_at)
            if edge is not None and edge > moment
        ]
        return min(edges, default=None)

    def last_closing(self, moment: datetime) -> datetime | None:
        """When the last of those that are over closed."""
        closings = [each.closes_at for each in self._up_to(moment) if each.closes_at is not None]
        return max((closing for closing in closings if closing <= moment), default=None)

    def _up_to(self, moment: datetime) -> list[Window]:
        """Those that have begun by `moment`; the next one is known too after this."""
        while not self._known or self._known[-1].starts_at <= moment:
            window = next(self._more, None)
            if window is None:
                break
            starts_at = window.opens_at - self._lead
            self._known.append(Window(starts_at, window.opens_at, window.closes_at))
        return [each for each in self._known if each.starts_at <= moment]


def _windows(rules: Rules, now: datetime, back: timedelta) -> Iterator[OpenWindow]:
    if not rules.policy.office_hours:
        return iter(())  # or the schedule would look through years of nothing
    return rules.schedule.windows(now - back, now + timedelta(days=HORIZON_DAYS))
