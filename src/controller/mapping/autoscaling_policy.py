"""
`aws_appautoscaling_policy` of an ECS service -> put_scaling_policy.

As the provider sends it, 5.100 and 6 (internal/service/appautoscaling/policy.go): step scaling and
target tracking, and from 6 on predictive scaling, which has its data of the time awake only.
"""

from __future__ import annotations

from controller.domain.planning.spec import Json, Kind
from controller.hcl.world import Block
from controller.mapping.fill import Filling
from controller.mapping.kind import KindMapping
from controller.mapping.table import Handled, Nested, ReadOnly, Sent, Table


def _bound(value: Json) -> Json:
    """A number in quotes, which the provider keeps that way to distinguish 0 from nothing."""
    try:
        return float(str(value))
    except ValueError:
        raise ValueError("expected a number") from None


_STEP: Table = {
    "adjustment_type": Sent("AdjustmentType"),
    "cooldown": Sent("Cooldown", default=0),
    "metric_aggregation_type": Sent("MetricAggregationType"),
    "min_adjustment_magnitude": Sent("MinAdjustmentMagnitude", unset=("", 0)),
    "step_adjustment": Nested(
        {
            "metric_interval_lower_bound": Sent("MetricIntervalLowerBound", read=_bound),
            "metric_interval_upper_bound": Sent("MetricIntervalUpperBound", read=_bound),
            "scaling_adjustment": Sent("ScalingAdjustment"),
        },
        to="StepAdjustments",
        many=True,
        unordered=True,
    ),
}

_DIMENSION: Table = {"name": Sent("Name"), "value": Sent("Value")}


def _metric_query(dimensions: str, return_data: bool | None) -> Table:
    """
    One of a metric expression; `dimensions` is what its blocks are called.

    `return_data` is what the provider sends where it is left out (None: nothing).
    """
    metric: Table = {
        dimensions: Nested(_DIMENSION, to="Dimensions", many=True, unordered=True),
        "metric_name": Sent("MetricName"),
        "namespace": Sent("Namespace"),
    }
    return {
        "expression": Sent("Expression"),
        "id": Sent("Id"),
        "label": Sent("Label"),
        "metric_stat": Nested(
            {
                "metric": Nested(metric, to="Metric"),
                "stat": Sent("Stat"),
                "unit": Sent("Unit"),
            },
            to="MetricStat",
        ),
        "return_data": Sent("ReturnData", default=return_data),
    }


_PREDEFINED: Table = {
    "predefined_metric_type": Sent("PredefinedMetricType"),
    "resource_label": Sent("ResourceLabel"),
}

_TRACKING: Table = {
    "customized_metric_specification": Nested(
        {
            "dimensions": Nested(_DIMENSION, to="Dimensions", many=True, unordered=True),
            "metric_name": Sent("MetricName"),
            "metrics": Nested(
                _metric_query("dimensions", True), to="Metrics", many=True, unordered=True
            ),
            "namespace": Sent("Namespace"),
            "statistic": Sent("Statistic"),
            "unit": Sent("Unit"),
        },
        to="CustomizedMetricSpecification",
    ),
    "disable_scale_in": Sent("DisableScaleIn", default=False),
    "predefined_metric_specification": Nested(_PREDEFINED, to="PredefinedMetricSpecification"),
    "scale_in_cooldown": Sent("ScaleInCooldown", default=0),
    "scale_out_cooldown": Sent("ScaleOutCooldown", default=0),
    "target_value": Sent("TargetValue"),
}

_QUERIES: Table = {
    "metric_data_query": Nested(_metric_query("dimension", None), to="MetricDataQueries", many=True)
}

_PREDICTIVE: Table = {
    "max_capacity_breach_behavior": Sent("MaxCapacityBreachBehavior"),
    "max_capacity_buffer": Sent("MaxCapacityBuffer"),
    "metric_specification": Nested(
        {
            "customized_capacity_metric_specification": Nested(
                _QUERIES, to="CustomizedCapacityMetricSpecification"
            ),
            "customized_load_metric_specification": Nested(
                _QUERIES, to="CustomizedLoadMetricSpecification"
            ),
            "customized_scaling_metric_specification": Nested(
                _QUERIES, to="CustomizedScalingMetricSpecification"
            ),
            "predefined_load_metric_specification": Nested(
                _PREDEFINED, to="PredefinedLoadMetricSpecification"
            ),
            "predefined_metric_pair_specification": Nested(
                _PREDEFINED, to="PredefinedMetricPairSpecification"
            ),
            "predefined_scaling_metric_specification": Nested(
                _PREDEFINED, to="PredefinedScalingMetricSpecification"
            ),
            "target_value": Sent("TargetValue"),
        },
        to="MetricSpecifications",
        many=True,
    ),
    "mode": Sent("Mode"),
    "scheduling_buffer_time": Sent("SchedulingBufferTime"),
}

TABLE: Table = {
    "alarm_arns": ReadOnly(),
    "arn": ReadOnly(),
    "id": ReadOnly(),
    # It is found by its name, which must be the same in every pass.
    "name": Sent("PolicyName", known=True),
    "policy_type": Sent("PolicyType", default="StepScaling"),
    "predictive_scaling_policy_configuration": Nested(
        _PREDICTIVE, to="PredictiveScalingPolicyConfiguration"
    ),
    "region": Handled("provider.find_home"),
    "resource_id": Handled("companions.find_companions"),
    "scalable_dimension": Sent("ScalableDimension", known=True),
    "service_namespace": Sent("ServiceNamespace", known=True),
    "step_scaling_policy_configuration": Nested(_STEP, to="StepScalingPolicyConfiguration"),
    "target_tracking_scaling_policy_configuration": Nested(
        _TRACKING, to="TargetTrackingScalingPolicyConfiguration"
    ),
}

_CONFIGURATIONS = {
    "StepScaling": "step_scaling_policy_configuration",
    "TargetTrackingScaling": "target_tracking_scaling_policy_configuration",
    "PredictiveScaling": "predictive_scaling_policy_configuration",
}


def check(body: Block, filling: Filling) -> None:
    """AWS wants the block of the policy's type (API reference, PutScalingPolicy)."""
    type_ = filling.request.get("PolicyType")
    wanted = _CONFIGURATIONS.get(str(type_))
    if wanted and not body.of_type(wanted):
        filling.error(
            "missing-argument",
            f"{wanted} is missing; a policy of type {type_} needs it",
            filling.place_of("PolicyType"),
        )


MAPPING = KindMapping(
    kind=Kind.AUTOSCALING_POLICY,
    types=("aws_appautoscaling_policy",),
    table=TABLE,
    check=check,
    operation=("application-autoscaling", "PutScalingPolicy"),
    attributes=frozenset({"arn", "id"}),
    surviving=frozenset(TABLE) - {"arn", "alarm_arns"},
)
