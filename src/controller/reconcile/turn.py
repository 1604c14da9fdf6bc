"""One round of a run as a value: what was observed, what is left to do, and what AWS refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.errors import DormouseError
from controller.domain.planning.observed import Observed
from controller.domain.planning.plan import Action, Plan, Target, Verb
from controller.domain.planning.progress import Progress
from controller.reconcile.serving import Serving


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed, and what is left to do by it."""

    observed: Observed
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """
    What verdicts rest on at one moment of a run.

    `seen` is the newest snapshot; None until there is one. `reading` is the same as long as no step
    was taken since: it tells what to read next, and `whole_at` when everything was last read.
    `final` says by address what is not asked for again, and why. `error` is what ended the round
    before its end, `note` the last refusal of it. `quiet_until` is when AWS may be asked again,
    `refused_since` and `blocked_since` are when rounds began to be refused, and something foreign
    to stand in the way. `give_up_at` is when patience with a wake ends.
    """

    target: Target
    began_at: datetime
    now: datetime
    whole_at: datetime
    serving: Serving
    progress: Progress
    seen: Seen | None = None
    reading: Seen | None = None
    final: Mapping[str, str] = field(default_factory=dict)
    has_taken: bool = False
    note: str = ""
    error: DormouseError | None = None
    quiet_until: datetime | None = None
    refused_since: datetime | None = None
    blocked_since: datetime | None = None
    give_up_at: datetime | None = None

    @property
    def is_overdue(self) -> bool:
        """A wake whose time is over: nothing is begun for it that would be taken down at once."""
        is_wake = self.target is Target.AWAKE and not self.serving.is_ready
        return is_wake and self.give_up_at is not None and self.now >= self.give_up_at

    def is_given_up(self, action: Action) -> bool:
        """
        On the way to awake only an update ever is: what is gone meanwhile is made anew.

        But for what only adds to a service: a wake goes on without it, and what builds on it.
        """
        if action.kind.is_companion:
            return not self.final.keys().isdisjoint((action.address, *action.after))
        is_step = action.verb is Verb.UPDATE or action.target is Target.ASLEEP
        return is_step and action.address in self.final

    def is_all_given_up(self, plan: Plan) -> bool:
        """Whatever could be done now was refused for good, and nothing else is on its way."""
        given_up = all(self.is_given_up(action) for action in plan.ready)
        return bool(self.final) and not plan.waiting and given_up

    def is_all_refused(self, plan: Plan) -> bool:
        """Nothing is left but repairs that were refused for good."""
        left = [a for a in plan.actions if not self.is_given_up(a)]
        return bool(self.final) and not (left or plan.waiting or plan.blocked)
