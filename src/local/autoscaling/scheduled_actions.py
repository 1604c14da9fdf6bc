"""
Scheduled actions: put, describe, delete.

Those of one moment, at(…), happen; those of a rate or a cron expression are kept and do nothing.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from local.autoscaling.shared import find_target, invalid, listed, paged
from local.autoscaling.state import ScalableTarget
from local.autoscaling.targets import move_into_range
from local.errors import AwsError
from local.lifetimes import moment

if TYPE_CHECKING:
    from local.world import Region

_ONCE = re.compile(r"at\((.+)\)")
_SCHEDULES = re.compile(r"(?:at|rate|cron)\(.+\)")


def put(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    target = find_target(region, params)
    name = params["ScheduledActionName"]
    standing = target.actions.get(name, {})
    kept = {key: value for key, value in standing.items() if key not in ("StartTime", "EndTime")}
    made = {**kept, **copy.deepcopy(dict(params))}
    if not _SCHEDULES.fullmatch(made.get("Schedule", "")):
        raise invalid("Schedule must be an at, rate or cron expression")
    path = f"scheduledAction:{target.uid}:resource/ecs/{target.resource_id}"
    made["ScheduledActionARN"] = region.arn("autoscaling", f"{path}:scheduledActionName/{name}")
    made.setdefault("CreationTime", moment(region.now))
    for key in ("StartTime", "EndTime"):
        if isinstance(made.get(key), str):
            made[key] = datetime.fromisoformat(made[key])
    target.actions[name] = made
    _plan(region, target, name, made)
    return {}


def _plan(region: Region, target: ScalableTarget, name: str, made: dict[str, Any]) -> None:
    once = _ONCE.fullmatch(made["Schedule"])
    if once is None:
        return
    at = datetime.fromisoformat(once[1]).replace(tzinfo=ZoneInfo(made.get("Timezone") or "UTC"))

    def happen() -> None:
        if target.actions.get(name) is made:
            _apply(region, target, made["ScalableTargetAction"])

    if at.timestamp() > region.now:
        region.after(at.timestamp() - region.now, happen)


def _apply(region: Region, target: ScalableTarget, action: Mapping[str, int]) -> None:
    if region.autoscaling.targets.get(target.resource_id) is target:
        target.least = action.get("MinCapacity", target.least)
        target.most = action.get("MaxCapacity", target.most)
        move_into_range(region, target)


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    targets = region.autoscaling.targets.values()
    found = listed(targets, params, lambda target: target.actions, "ScheduledActionNames")
    return paged(found, params, "ScheduledActions")


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    target = find_target(region, params)
    if target.actions.pop(params["ScheduledActionName"], None) is None:
        raise AwsError(
            "ObjectNotFoundException",
            f"No scheduled action found for resource ID: {target.resource_id}, scheduled action "
            f"name: {params['ScheduledActionName']}",
        )
    return {}


OPERATIONS = {
    "PutScheduledAction": put,
    "DescribeScheduledActions": describe,
    "DeleteScheduledAction": delete,
}
