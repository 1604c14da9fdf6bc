"""A scheduled action: at which times the range of a service's target is another one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controller.aws import scaling
from controller.aws.errors import gone_is_fine
from controller.aws.listing import list_all
from controller.aws.settings import said
from controller.aws.snapshot import Snapshot
from controller.aws.target_part import TargetPart, identity
from controller.domain.planning.observed import Observation, Observed, State
from controller.domain.planning.plan import Action
from controller.domain.planning.spec import Json, Kind, ResourceSpec

_ONCE = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)")

_COMPARED = {
    key: said(key)
    for key in ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")
}


class ScheduledAction(TargetPart):
    kind = Kind.SCHEDULED_ACTION
    what = "ScheduledAction"
    compared = _COMPARED

    def describe(self, resource_id: str) -> list[Any]:
        request = {"ResourceId": resource_id, **scaling.SCALED}
        return list_all(
            self._autoscaling, "describe_scheduled_actions", "ScheduledActions", **request
        )

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        found = snapshot.found.get(resource.address)
        if found is None and is_over(resource.request, snapshot.now):
            return scaling.left_alone(snapshot)
        return super().interpret(snapshot, resource)

    def create(
        self, resource: ResourceSpec, request: Mapping[str, Any], observed: Observed
    ) -> Observation:
        """AWS gives no ARN back; the next look has it."""
        self._autoscaling.put_scheduled_action(**request)
        return Observation(state=State.READY, attributes=identity("", resource))

    def update(
        self, resource: ResourceSpec, changes: Collection[str], action: Action, observed: Observed
    ) -> None:
        """The whole of it: start and end that are left out are deleted (API reference)."""
        self._autoscaling.put_scheduled_action(**self._context.filled(resource, observed))

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        id_ = scaling.resource_id(self._context, resource)
        with gone_is_fine():
            self._autoscaling.delete_scheduled_action(
                ScheduledActionName=resource.name, ResourceId=id_, **scaling.SCALED
            )


def is_over(request: Mapping[str, Json], now: datetime) -> bool:
    """Whether it does nothing any more: AWS need not keep such an action, nor take it again."""
    end = request.get("EndTime")
    if isinstance(end, str) and datetime.fromisoformat(end) <= now:
        return True
    once = _ONCE.fullmatch(str(request.get("Schedule", "")).strip())
    if once is None:
        return False
    try:
        zone = ZoneInfo(str(request.get("Timezone") or "UTC"))
        return datetime.fromisoformat(once[1]).replace(tzinfo=zone) <= now
    except (ValueError, ZoneInfoNotFoundError):
        return False  # AWS says what is wrong with it
