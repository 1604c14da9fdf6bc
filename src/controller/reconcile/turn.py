"""One round of a run as a value: what was observed, what is left to do, and what AWS refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.errors import DormouseError
from controller.domain.planning.observed import Observed
from controller.domain.planning.plan import Action, Plan, Target, Verb
from controller.domain.planning.progress import Progress, Step
from controller.reconcile.serving import Serving


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed, and what is left to do by it."""

    observed: Observed
    plan: Plan


@dataclass(frozen=True, kw_only=True)
class Turn:
    """
    The data for verdicts at one moment of a run.

    `seen` is the newest snapshot; None until there is one. `whole_at` is the last full read, and
    `read_at` when an address was read after that. `taken` are the steps of this round, `steps` what
    each address is busy with. `final` maps an address to the reason why its step is not retried.
    `error` is what aborted the round, `note` its last refusal. `quiet_until` is when AWS may be
    called again. `refused_since` and `blocked_since` are since when rounds are refused, and since
    when a foreign resource blocks.
    `give_up_at` is the time limit of a wake.
    """

    target: Target
    began_at: datetime
    now: datetime
    whole_at: datetime
    serving: Serving
    progress: Progress
    seen: Seen | None = None
    read_at: Mapping[str, datetime] = field(default_factory=dict)
    taken: tuple[Action, ...] = ()
    steps: tuple[Step, ...] = ()
    final: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    error: DormouseError | None = None
    quiet_until: datetime | None = None
    refused_since: datetime | None = None
    blocked_since: datetime | None = None
    give_up_at: datetime | None = None

    def having_read(self, only: Collection[str] | None, at: datetime, serving: Serving) -> Turn:
        """The turn after a read of these, or of everything, with the health of the targets."""
        if only is None:
            return replace(self, whole_at=at, read_at={}, serving=serving)
        read_at = {**self.read_at, **dict.fromkeys(only, at)}
        return replace(self, read_at=read_at, serving=serving)

    def last_read(self, address: str) -> datetime:
        return self.read_at.get(address, self.whole_at)

    def busy_since(self, address: str) -> datetime:
        """When its present transition began."""
        begun = (s.started_at for s in self.steps if s.address == address and not s.finished_at)
        return max(begun, default=self.began_at)

    @property
    def is_overdue(self) -> bool:
        """A wake whose time is over: it starts nothing that would be torn down at once."""
        is_wake = self.target is Target.AWAKE and not self.serving.is_ready
        return is_wake and self.give_up_at is not None and self.now >= self.give_up_at

    def is_given_up(self, action: Action) -> bool:
        """
        During a wake only an update can be final: a resource that is gone is created again.

        Exception: the companions of a service. A wake continues without them and their dependants.
        """
        if action.kind.is_companion:
            return not self.final.keys().isdisjoint((action.address, *action.after))
        is_step = action.verb is Verb.UPDATE or action.target is Target.ASLEEP
        return is_step and action.address in self.final

    def is_all_given_up(self, plan: Plan) -> bool:
        """Every possible step was refused permanently, and nothing else is in progress."""
        given_up = all(self.is_given_up(action) for action in plan.ready)
        return bool(self.final) and not plan.waiting and given_up

    def is_all_refused(self, plan: Plan) -> bool:
        """Nothing is left but repairs that were refused for good."""
        left = [a for a in plan.actions if not self.is_given_up(a)]
        return bool(self.final) and not (left or plan.waiting or plan.blocked)
