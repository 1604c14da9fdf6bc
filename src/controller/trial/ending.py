"""The end of a trial: everything is deleted, and what still exists is named."""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.aws.listening import PATIENCE as SDK_PATIENCE
from controller.domain.errors import DormouseError
from controller.domain.planning.observed import Observed
from controller.domain.planning.plan import Order, Target, make_plan
from controller.domain.planning.progress import READ_LAG
from controller.domain.planning.spec import Spec
from controller.domain.trial.result import Remainder
from controller.trial.moving import Moving
from controller.trial.preflight import remainder, standing
from controller.trial.site import Site

FINISHED, AGAIN = "looking whether anything is left", "looking again, as reads may lag"


class Ending:
    def __init__(self, site: Site, moving: Moving) -> None:
        self._site = site
        self._moving = moving

    def clean_up(self, title: str) -> tuple[Remainder, ...]:
        """
        Put the stack to sleep whatever state it is in, and say what still exists.

        Raises nothing but what interrupts it: it may be called again.
        """
        self._wait_for_answers()
        problem = self._fall_asleep(title)
        lag = self._lag_of_last_create()
        if lag:  # what was made last may not have been readable
            self._site.clock.sleep(lag.total_seconds())
            problem = self._fall_asleep(AGAIN)
        return self._left(problem)

    def _wait_for_answers(self) -> None:
        """A create whose answer another thread waits for may still have its effect."""
        until = self._now() + SDK_PATIENCE
        while not self._site.listening.is_quiet() and self._now() < until:
            self._site.clock.sleep(0.2)

    def _fall_asleep(self, title: str) -> str:
        try:
            self._moving.reach(Target.ASLEEP, title, order=Order.FORCE)
        except DormouseError as error:
            return str(error)
        return ""

    def _lag_of_last_create(self) -> timedelta | None:
        changed_at = self._site.changed_at
        left = READ_LAG - (self._now() - changed_at) if changed_at else timedelta(0)
        return left if left > timedelta(0) else None

    def _left(self, problem: str) -> tuple[Remainder, ...]:
        """What still exists, read once more; if unreadable, everything that may exist."""
        self._site.watches.close()
        spec = self._site.spec
        try:
            observed = self._site.observe(Target.ASLEEP)
        except DormouseError:
            sleepers = [one for one in spec.resources if one.asleep is None] if problem else []
            return tuple(remainder(one) for one in sleepers)
        return standing(spec, observed) or _not_at_rest(spec, observed)

    def _now(self) -> datetime:
        return self._site.clock.now()


def _not_at_rest(spec: Spec, observed: Observed) -> tuple[Remainder, ...]:
    """A service that Terraform keeps has its count still; an Elastic IP is not free yet."""
    plan = make_plan(spec, Target.ASLEEP, observed)
    changed = [remainder(spec[action.address]) for action in plan.actions]
    held = [
        Remainder(kind="elastic_ip", name=one.public_ip, address=id_)
        for id_, one in observed.addresses.items()
        if not one.usable
    ]
    return (*changed, *held)
