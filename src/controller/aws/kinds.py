"""The kinds of resources that a stack may have: one line for each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from controller.aws.autoscaling_policy import AutoscalingPolicy
from controller.aws.autoscaling_target import AutoscalingTarget
from controller.aws.context import Context
from controller.aws.kind import ResourceKind
from controller.aws.listener import ListenerAdapter
from controller.aws.load_balancer import LoadBalancerAdapter
from controller.aws.scheduled_action import ScheduledAction
from controller.aws.service import EcsService
from controller.aws.target_group import TargetGroupAdapter
from controller.domain.planning.spec import Kind

_KINDS: Mapping[Kind, Callable[[Context], ResourceKind]] = {
    Kind.LOAD_BALANCER: LoadBalancerAdapter,
    Kind.TARGET_GROUP: TargetGroupAdapter,
    Kind.LISTENER: ListenerAdapter,
    Kind.SERVICE: EcsService,
    Kind.AUTOSCALING_TARGET: AutoscalingTarget,
    Kind.AUTOSCALING_POLICY: AutoscalingPolicy,
    Kind.SCHEDULED_ACTION: ScheduledAction,
}


def make_kinds(context: Context) -> dict[Kind, ResourceKind]:
    """Those of which the stack has a resource, in the order in which a wake can make them."""
    return {kind: _KINDS[kind](context) for kind in Kind if context.spec.of_kind(kind)}
