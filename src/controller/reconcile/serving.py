"""
Whether the stack that a run works on serves people, and since when it does not.

A stack that has been ready is degraded where something of it fails, and no failed wake: it is
mended slowly while a target is healthy, and given up once none has been for as long as a wake
may take.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.planning.observed import Observed, State
from controller.domain.planning.plan import Action, Plan, Verb
from controller.domain.planning.serving import serves
from controller.domain.planning.spec import Spec

MENDS_ITSELF = timedelta(minutes=5)
"""A task that is replaced takes less (AWS behaviour §9.2): only then is it told as degraded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """
    What is known of a stack that may have been ready before this run.

    `since` is when it first was; None: it has been if the first look finds that it serves.
    `patience` is how long no target may be healthy before it is given up. `incomplete_since` and
    `unserved_since` are when something of it, or all of it, was last found not to work.
    """

    patience: timedelta
    since: datetime | None = None
    incomplete_since: datetime | None = None
    unserved_since: datetime | None = None


class Serving:
    """Make one for each run; `served` is None for a wake, or on the way to sleep."""

    def __init__(self, spec: Spec, served: Served | None) -> None:
        self._spec = spec
        self._served = served
        self._has_looked = False
        self.is_ready = bool(served and served.since)
        self._incomplete_since = served.incomplete_since if served else None
        self._unserved_since = served.unserved_since if served else None

    def note(self, observed: Observed, plan: Plan) -> None:
        """Take down what a look has shown."""
        is_served, now = serves(self._spec, observed), observed.at
        if self._served and not self._has_looked and is_served:
            self.is_ready = True
        self._has_looked = True
        self._unserved_since = None if is_served else self._unserved_since or now
        self._incomplete_since = None if plan.converged else self._incomplete_since or now

    @property
    def is_kept(self) -> bool:
        """It serves people, as far as anybody knows: it is not taken down for what fails."""
        return self.is_ready and self._unserved_since is None

    @property
    def is_lost(self) -> bool:
        """It was ready, and nobody is served now."""
        return self.is_ready and self._unserved_since is not None

    def is_lasting(self, now: datetime) -> bool:
        """Tell whether it has not worked in full for longer than a task takes to be replaced."""
        since = self._incomplete_since
        return since is not None and now - since >= MENDS_ITSELF

    def give_up_at(self) -> datetime | None:
        """When patience with a stack that serves nobody any more ends; None while it serves."""
        if self._served is None or not self.is_lost or self._unserved_since is None:
            return None
        return self._unserved_since + self._served.patience

    @property
    def patience(self) -> timedelta:
        return self._served.patience if self._served else timedelta(0)

    def spares(self, action: Action, observed: Observed, *, made_anew: bool) -> bool:
        """
        Tell whether a step is left out because the stack has been ready.

        A load balancer that failed again after it was made anew costs an hour each time; one
        that AWS calls failed while targets behind it are healthy was not made for a repair.
        """
        seen = observed[action.address]
        if not self.is_ready or action.verb is not Verb.DELETE or seen.state is not State.FAILED:
            return False
        since = self._served.since if self._served else None
        is_old = since is None or (seen.created_at is not None and seen.created_at <= since)
        return made_anew or (self.is_kept and is_old)
