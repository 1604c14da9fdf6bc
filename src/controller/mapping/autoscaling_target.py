"""
`aws_appautoscaling_target` of an ECS service -> register_scalable_target.

As the provider 5.100 sends it (internal/service/appautoscaling/target.go). Its `resource_id` is
filled in from the service that it means (`companions.py`).
"""

from __future__ import annotations

from controller.domain.planning.spec import Kind
from controller.hcl.world import Block
from controller.mapping.fill import Filling
from controller.mapping.kind import KindMapping
from controller.mapping.naming import write_tag_map
from controller.mapping.table import Dropped, Handled, Nested, ReadOnly, Sent, Table

TABLE: Table = {
    "arn": ReadOnly(),
    "id": ReadOnly(),
    "max_capacity": Sent("MaxCapacity"),
    "min_capacity": Sent("MinCapacity"),
    "region": Handled("provider.find_home"),
    "resource_id": Handled("companions.find_companions"),
    "role_arn": Sent("RoleARN"),
    "scalable_dimension": Sent("ScalableDimension", known=True),
    "service_namespace": Sent("ServiceNamespace", known=True),
    "suspended_state": Nested(
        {
            "dynamic_scaling_in_suspended": Sent("DynamicScalingInSuspended", default=False),
            "dynamic_scaling_out_suspended": Sent("DynamicScalingOutSuspended", default=False),
            "scheduled_scaling_suspended": Sent("ScheduledScalingSuspended", default=False),
        },
        to="SuspendedState",
    ),
    "tags": Handled("naming.tags"),
    "tags_all": Dropped("it follows from tags and the provider's default_tags"),
}


def check(body: Block, filling: Filling) -> None:
    """AWS wants a range (API reference, RegisterScalableTarget)."""
    least, most = filling.request.get("MinCapacity"), filling.request.get("MaxCapacity")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        filling.error(
            "value",
            f"min_capacity: found {least}, expected at most max_capacity, which is {most}",
            filling.place_of("MinCapacity"),
        )


MAPPING = KindMapping(
    kind=Kind.AUTOSCALING_TARGET,
    types=("aws_appautoscaling_target",),
    table=TABLE,
    check=check,
    operation=("application-autoscaling", "RegisterScalableTarget"),
    attributes=frozenset({"arn", "id"}),
    surviving=frozenset(TABLE) - {"arn"},
    write_tags=write_tag_map,
)
