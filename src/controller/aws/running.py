"""What runs already and is handed over: its tags, and whether it is as a spec wants it."""

from __future__ import annotations

from collections.abc import Mapping

from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.aws.errors import gone_is_fine, translate
from controller.aws.tagging import tagging_of
from controller.domain.planning.plan import Plan, Target, make_plan
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock, SideBySide

_PAUSES = (1.0, 2.0, 4.0)
"""Seconds between looks: reads lag behind tags that have just been set (AWS behaviour §1.6)."""


class RunningStack:
    """The resources of one stack, by ARN."""

    def __init__(self, clients: Clients, clock: Clock, side_by_side: SideBySide) -> None:
        self._clients = clients
        self._clock = clock
        self._side_by_side = side_by_side

    def tags(self, kind: str, arn: str) -> Mapping[str, str] | None:
        """All tags; None where AWS does not know the ARN, or knows it only as deleted."""
        try:
            return tagging_of(kind, self._clients).read(arn)
        except Exception as error:
            raise translate(error, f"read the tags of {arn}") from None

    def tag(self, kind: str, arn: str, tags: Mapping[str, str]) -> None:
        """Raises DormouseError; with the remedy for a service whose ARN is of the old form."""
        try:
            tagging_of(kind, self._clients).add(arn, tags)
        except Exception as error:
            raise translate(error, f"tag {arn}") from None

    def untag(self, kind: str, arn: str, names: tuple[str, ...]) -> None:
        try:
            with gone_is_fine():
                tagging_of(kind, self._clients).remove(arn, names)
        except Exception as error:
            raise translate(error, f"untag {arn}") from None

    def left_to_do(self, spec: Spec) -> tuple[str, ...]:
        """What a wake would still do, a few looks long; nothing where the stack is awake."""
        plan = self._plan(spec)
        for pause in _PAUSES:
            if plan.converged:
                break
            self._clock.sleep(pause)
            plan = self._plan(spec)
        return (
            *(
                f"{action.verb} {action.address}{_fields(action.changes)}"
                for action in plan.actions
            ),
            *(f"{address}: {text or 'under way'}" for address, text in plan.waiting),
            *(f"{address}: {cause}" for address, cause in (*plan.blocked, *plan.failed)),
        )

    def standing(self, spec: Spec) -> Mapping[str, str]:
        """ARNs of what exists and is ours, by address."""
        observed = self._cloud(spec).observe(Target.AWAKE, Progress(), self._clock.now())
        return {
            address: one.arn
            for address, one in observed.resources.items()
            if one.state.exists and one.arn
        }

    def _plan(self, spec: Spec) -> Plan:
        observed = self._cloud(spec).observe(Target.AWAKE, Progress(), self._clock.now())
        return make_plan(spec, Target.AWAKE, observed)

    def _cloud(self, spec: Spec) -> AwsCloud:
        return AwsCloud(spec, self._clients, self._side_by_side)


def _fields(names: tuple[str, ...]) -> str:
    return f" ({', '.join(names)})" if names else ""
