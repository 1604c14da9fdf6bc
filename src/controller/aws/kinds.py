"""The kinds of resources that a stack may have: one line for each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from controller.aws.context import Context
from controller.aws.kind import ResourceKind
from controller.aws.listener import ListenerAdapter
from controller.aws.load_balancer import LoadBalancerAdapter
from controller.aws.service import EcsService
from controller.aws.target_group import TargetGroupAdapter
from controller.domain.planning.spec import Kind


def _autoscaling_target(context: Context) -> ResourceKind:
    from controller.aws.autoscaling_target import AutoscalingTarget

    return AutoscalingTarget(context)


def _autoscaling_policy(context: Context) -> ResourceKind:
    from controller.aws.autoscaling_policy import AutoscalingPolicy

    return AutoscalingPolicy(context)


def _scheduled_action(context: Context) -> ResourceKind:
    from controller.aws.scheduled_action import ScheduledAction

    return ScheduledAction(context)


_KINDS: Mapping[Kind, Callable[[Context], ResourceKind]] = {
    Kind.LOAD_BALANCER: LoadBalancerAdapter,
    Kind.TARGET_GROUP: TargetGroupAdapter,
    Kind.LISTENER: ListenerAdapter,
    Kind.SERVICE: EcsService,
    Kind.AUTOSCALING_TARGET: _autoscaling_target,
    Kind.AUTOSCALING_POLICY: _autoscaling_policy,
    Kind.SCHEDULED_ACTION: _scheduled_action,
}
"""Rare kinds are imported only for stacks that use them, to keep cold starts short."""


def make_kinds(context: Context) -> dict[Kind, ResourceKind]:
    """Those of which the stack has a resource, in the order in which a wake can make them."""
    return {kind: _KINDS[kind](context) for kind in Kind if context.spec.of_kind(kind)}
