"""
`aws_appautoscaling_scheduled_action` of an ECS service -> put_scheduled_action.

As the provider 5.100 sends it (internal/service/appautoscaling/scheduled_action.go). It moves the
range of its target at its times, while the stack is awake.
"""

from __future__ import annotations

import re

from controller.domain.planning.spec import Json, Kind
from controller.mapping.kind import KindMapping
from controller.mapping.table import Handled, Nested, ReadOnly, Sent, Table


def _count(value: Json) -> Json:
    """A number in quotes, which the provider keeps that way to distinguish 0 from nothing."""
    if not re.fullmatch(r"\+?[0-9]+", str(value)):
        raise ValueError("expected a whole number, 0 or more")
    return int(str(value))


TABLE: Table = {
    "arn": ReadOnly(),
    "end_time": Sent("EndTime"),
    "id": ReadOnly(),
    # It is found by its name, which must be the same in every pass.
    "name": Sent("ScheduledActionName", known=True),
    "region": Handled("provider.find_home"),
    "resource_id": Handled("companions.find_companions"),
    "scalable_dimension": Sent("ScalableDimension", known=True),
    "scalable_target_action": Nested(
        {
            "max_capacity": Sent("MaxCapacity", read=_count),
            "min_capacity": Sent("MinCapacity", read=_count),
        },
        to="ScalableTargetAction",
    ),
    "schedule": Sent("Schedule"),
    "service_namespace": Sent("ServiceNamespace", known=True),
    "start_time": Sent("StartTime"),
    "timezone": Sent("Timezone", default="UTC"),
}

MAPPING = KindMapping(
    kind=Kind.SCHEDULED_ACTION,
    types=("aws_appautoscaling_scheduled_action",),
    table=TABLE,
    operation=("application-autoscaling", "PutScheduledAction"),
    attributes=frozenset({"arn", "id"}),
    surviving=frozenset(TABLE) - {"arn"},
)
