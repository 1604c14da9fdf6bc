"""One account as it is now, and what is due to happen to it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from datetime import datetime
from itertools import count

from controller.domain.planning.timing import Timing
from local.autoscaling.state import Autoscaling
from local.certificate import Certificate
from local.clock import Clock
from local.conditions import Conditions
from local.ec2.state import Ec2
from local.ecs.state import Ecs
from local.elbv2.state import Elbv2
from local.ids import Ids
from local.lifetimes import Lifetimes
from local.metrics import CustomMetrics
from local.traffic import Traffic

COMPASS = {
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "central": "c",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
}


class World:
    """
    The regions of one account under one clock.

    Everything that AWS does by itself is put on the agenda with its time, and is made to happen, in
    order, before the next call is answered: what a call sees depends on the clock alone, never on
    how often anyone looked.
    """

    def __init__(self, clock: Clock, timing: Timing, account: str, seed: str) -> None:
        self.clock = clock
        self.timing = timing
        self.account = account
        self.seed = seed
        self.conditions = Conditions()
        self.lifetimes = Lifetimes()
        self.traffic = Traffic()
        self.regions: dict[str, Region] = {}
        self.now = clock.now().timestamp()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._settling = False
        self._settled_at: datetime | None = None

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Let `action` happen at `moment`, to the millisecond; at infinity it never does."""
        if moment < math.inf:
            heapq.heappush(self._agenda, (round(moment, 3), next(self._order), action))

    def settle(self) -> float:
        """
        Let everything happen that is due, each at its own moment; return the time.

        A call made from within something that happens sees that moment, not the clock's.
        """
        if self._settling:
            return self.now
        now = self.clock.now()
        if now is self._settled_at and not (self._agenda and self._agenda[0][0] <= self.now):
            return self.now  # observers read many times while a clock stands still
        self._settling = True
        try:
            settled = self._settle(now.timestamp())
            self._settled_at = now
            return settled
        finally:
            self._settling = False

    def _settle(self, now: float) -> float:
        agenda = self._agenda
        while agenda and agenda[0][0] <= now:
            moment, _, action = heapq.heappop(agenda)
            self.now = max(self.now, moment)
            action()
        self.now = max(self.now, now)
        return self.now

    def region(self, name: str) -> Region:
        if name not in self.regions:
            self.regions[name] = Region(self, name)
        return self.regions[name]


class Region:
    """What the services keep for one region, and what they share."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.account = world.account
        self.ids = Ids(f"{world.seed}/{name}")
        self.ec2 = Ec2()
        self.elbv2 = Elbv2()
        self.ecs = Ecs()
        self.autoscaling = Autoscaling()
        self.metrics = CustomMetrics()
        self.certificates: dict[str, Certificate] = {}

    @property
    def now(self) -> float:
        return self.world.now

    @property
    def timing(self) -> Timing:
        return self.world.timing

    @property
    def conditions(self) -> Conditions:
        return self.world.conditions

    @property
    def lifetimes(self) -> Lifetimes:
        return self.world.lifetimes

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.world.at(self.world.now + seconds, action)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.name}:{self.account}:{resource}"

    def public_ip(self) -> str:
        """A public address from the range kept for tests (RFC 2544)."""
        number = self.ids.number("public ip")
        return f"198.{18 + number // 65536 % 2}.{number // 256 % 256}.{number % 256}"

    def zone_id(self, zone: str) -> str:
        """The id of a zone such as "use1-az1" for "us-east-1a"."""
        place, side, number = self.name.split("-")[-3:]
        letter = zone[len(self.name) :]
        return f"{place}{COMPASS.get(side, side)}{number}-az{ord(letter or 'a') - ord('a') + 1}"
