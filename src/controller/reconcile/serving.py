"""
Whether the stack that a run works on serves people, and since when it does not.

If something fails in a stack that has been ready, the stack is degraded; this is not a failed wake.
It is repaired slowly while a target is healthy, and given up once no target has been healthy for as
long as a wake may take.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass, replace
from controller.domain.planning.observed import Observed, State
from controller.domain.planning.plan import Action, Plan, Verb
from controller.domain.planning.serving import serves
from controller.domain.planning.spec import Spec

MENDS_ITSELF = timedelta(minutes=5)
"""Replacing a task takes less (AWS behaviour §9.2): only after this is `degraded` reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """
    What is known about a stack that may have been ready before this run.

    `since` is when it was first ready; None: it has been, if the first snapshot shows that it
    serves. `patience` is how long no target may be healthy before the pass gives up.
    `incomplete_since` and `unserved_since` are since when a part of it, or all of it, has failed.
    """

    patience: timedelta
    since: datetime | None = None
    incomplete_since: datetime | None = None
    unserved_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Serving:
    """
    What a run knows about whether the stack serves; `served` is None for a wake, or a sleep.

    `is_ready`: it has been ready once. `has_looked`: a snapshot of the present state exists.
    """

    served: Served | None = None
    is_ready: bool = False
    has_looked: bool = False
    incomplete_since: datetime | None = None
    unserved_since: datetime | None = None

    @staticmethod
    def of(served: Served | None) -> Serving:
        """What is known before the first snapshot."""
        if served is None:
            return Serving()
        return Serving(
            served=served,
            is_ready=served.since is not None,
            incomplete_since=served.incomplete_since,
            unserved_since=served.unserved_since,
        )

    def noted(self, spec: Spec, observed: Observed, plan: Plan) -> Serving:
        """What is known, updated by a snapshot."""
        is_served, now = serves(spec, observed), observed.at
        is_found = self.served is not None and not self.has_looked and is_served
        return replace(
            self,
            is_ready=self.is_ready or is_found,
            has_looked=True,
            unserved_since=None if is_served else self.unserved_since or now,
            incomplete_since=None if plan.converged else self.incomplete_since or now,
        )

    @property
    def is_kept(self) -> bool:
        """It serves people, as far as anybody knows: it is not taken down for what fails."""
        return self.is_ready and self.unserved_since is None

    @property
    def is_lost(self) -> bool:
        """It was ready, and has no healthy target now."""
        return self.is_ready and self.unserved_since is not None

    @property
    def is_new(self) -> bool:
        """It has served nobody yet, and does not now."""
        return not self.is_ready and self.unserved_since is not None

    def is_lasting(self, now: datetime) -> bool:
        """Whether it has been incomplete for longer than replacing a task takes."""
        since = self.incomplete_since
        return since is not None and now - since >= MENDS_ITSELF

    def give_up_at(self) -> datetime | None:
        """When the pass gives up a stack without a healthy target; None while it serves."""
        if self.served is None or not self.is_lost or self.unserved_since is None:
            return None
        return self.unserved_since + self.served.patience

    @property
    def patience(self) -> timedelta:
        return self.served.patience if self.served else timedelta(0)

    def spares(self, action: Action, observed: Observed, *, made_anew: bool) -> bool:
        """
        Whether a step is left out because the stack has been ready.

        Each new load balancer costs a paid hour, so one that fails again is not replaced at once.
        One that AWS calls failed while its targets are healthy is not replaced either.
        """
        seen = observed[action.address]
        if not self.is_ready or action.verb is not Verb.DELETE or seen.state is not State.FAILED:
            return False
        since = self.served.since if self.served else None
        is_old = since is None or (seen.created_at is not None and seen.created_at <= since)
        return made_anew or (self.is_kept and is_old)
