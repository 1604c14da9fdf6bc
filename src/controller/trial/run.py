"""The trial itself: wake, sleep, wake during the sleep, sleep; and nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.plan import Order, Target
from controller.domain.trial import measures
from controller.domain.trial.measures import measure_all
from controller.domain.trial.result import Remainder
from controller.domain.trial.sightings import Thing
from controller.trial.ending import Ending
from controller.trial.moving import POLL, Moving, View
from controller.trial.site import Site

STAY, LINGERS = "awake, until CloudWatch shows it", "asleep, until the service is forgotten"

LONGEST_STAY = timedelta(minutes=10)
"""How long it stays awake for CloudWatch's first point; the hour is paid anyway."""

LINGER = timedelta(minutes=1)
"""How long a service that is INACTIVE is watched after all else is over."""


@dataclass
class Trial:
    """Make one for each run. `turn_round` is how long the wake during a sleep took, in seconds."""

    site: Site
    view: View
    turn_round: float | None = None
    _moving: Moving = field(init=False)

    def __post_init__(self) -> None:
        self._moving = Moving(self.site, self.view)

    def run(self) -> None:
        """Raises PermanentError where the stack did not get where it should."""
        self._moving.reach(Target.AWAKE, "wake")
        self._stay()
        self._moving.reach(Target.ASLEEP, "sleep", still_wanted=self._has_not_begun(self._now()))
        began = self._now()
        self._moving.reach(Target.AWAKE, "wake during the sleep")
        self.turn_round = (self._now() - began).total_seconds()
        self._moving.reach(Target.ASLEEP, "sleep, service first", order=Order.SAFE)
        self._linger()

    @property
    def came_back(self) -> bool:
        """Whether a wake set the count of a service back."""
        return any(self.site.log.all(Thing.SERVICE, measures.RETURNED))

    def measured(self) -> dict[str, float | None]:
        return {**measure_all(self.site.log), "turn_round": self.turn_round}

    def clean_up(self, title: str) -> tuple[Remainder, ...]:
        """Put the stack to sleep whatever state it is in; return what still exists."""
        return Ending(self.site, self._moving).clean_up(title)

    def _has_not_begun(self, since: datetime) -> Callable[[], bool]:
        """Until the sleep has deleted each load balancer: somebody asks for the stack then."""

        def not_begun() -> bool:
            balancers = self.site.log.all(Thing.BALANCER, measures.DELETED)
            return not any(one.at >= since for one in balancers)

        return not_begun

    def _stay(self) -> None:
        until = self._now() + LONGEST_STAY
        with self.view(STAY):
            while self.site.watches.is_open("metrics") and self._now() < until:
                self.site.clock.sleep(POLL.total_seconds())

    def _linger(self) -> None:
        until = self._now() + LINGER
        with self.view(LINGERS):
            while self.site.watches.is_open("purge") and self._now() < until:
                self.site.clock.sleep(POLL.total_seconds())

    def _now(self) -> datetime:
        return self.site.clock.now()
