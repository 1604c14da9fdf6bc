"""
Autoscaling that is taken out of the files while its service stays up: it moves no tasks any more.

On a laptop AWS at a quick pace; all of it goes with its service at the sleep, as before.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import (
    SCALING_POLICY,
    SCALING_TARGET,
    SCHEDULED,
    SERVICE,
    article_spec,
    scaled_spec,
    scaling_policy,
)
from local.faults import FOREVER, Fault
from system.days import STACK, days
from system.stack_under_test import ASLEEP, AWAKE, FORBIDDEN

ECS = {"ServiceNamespace": "ecs"}
ID = "service/nsfw_api_cluster/nsfw_api_service"
COUNTED = {**ECS, "ResourceId": ID, "ScalableDimension": "ecs:service:DesiredCount"}


@pytest.fixture
def day():
    made = days("Mon 06:00", "fast", idle_timeout="0", finish_paid_hour=False, time_zone="UTC")
    made.publish(scaled_spec(policy=made.spec.policy))
    made.plan("Mon 07:00", lambda: made.wake(hours=2))
    made.live("Mon 07:30")
    assert standing(made) == {"targets": 1, "policies": ["cpu"], "actions": ["night"]}
    yield made
    made.live("Mon 09:30")
    assert made.sut.standing() == ASLEEP
    assert made.controller.table.load(STACK).leftovers == ()
    assert not {call.operation for call in made.aws.calls} & FORBIDDEN


def standing(day):
    scaling = day.aws.session().client("application-autoscaling")
    policies = scaling.describe_scaling_policies(**ECS)["ScalingPolicies"]
    actions = scaling.describe_scheduled_actions(**ECS)["ScheduledActions"]
    return {
        "targets": len(scaling.describe_scalable_targets(**ECS)["ScalableTargets"]),
        "policies": [each["PolicyName"] for each in policies],
        "actions": [each["ScheduledActionName"] for each in actions],
    }


def without(day, *addresses):
    kept = tuple(each for each in day.spec.resources if each.address not in addresses)
    return replace(day.spec, resources=kept)


def publish(day, spec):
    day.plan("Mon 07:30", lambda: day.publish(spec))
    day.live("Mon 07:40")
    assert day.sut.standing() == AWAKE
    assert day.status["phase"] == "awake"


def test_all_of_it(day):
    scaling = day.aws.session().client("application-autoscaling")
    scaling.register_scalable_target(**COUNTED, MinCapacity=2, MaxCapacity=4)
    publish(day, article_spec(policy=day.spec.policy))

    assert standing(day) == {"targets": 0, "policies": [], "actions": []}
    ecs = day.aws.session().client("ecs")
    (service,) = ecs.describe_services(cluster="nsfw_api_cluster", services=["nsfw_api_service"])[
        "services"
    ]
    assert service["desiredCount"] == 1
    assert day.controller.table.load(STACK).leftovers == ()


def test_a_policy_or_an_action_alone(day):
    publish(day, without(day, SCALING_POLICY))
    assert standing(day) == {"targets": 1, "policies": [], "actions": ["night"]}
    day.publish(without(day, SCHEDULED))
    day.live("Mon 07:50")
    assert standing(day) == {"targets": 1, "policies": [], "actions": []}


def test_a_policy_of_another_name_takes_the_place_of_the_old_one(day):
    renamed = scaling_policy(request={"PolicyName": "memory"})
    resources = [renamed if r.address == SCALING_POLICY else r for r in day.spec.resources]
    publish(day, replace(day.spec, resources=tuple(resources)))
    assert standing(day)["policies"] == ["memory"]


def test_what_others_have_put_on_our_target_stays(day):
    scaling = day.aws.session().client("application-autoscaling")
    theirs = {**scaling_policy().request, **COUNTED, "PolicyName": "theirs"}
    scaling.put_scaling_policy(**theirs)
    publish(day, without(day, SCALING_POLICY))
    assert standing(day)["policies"] == ["theirs"]


def test_what_is_on_a_target_that_is_not_ours_stays(day):
    scaling = day.aws.session().client("application-autoscaling")
    (found,) = scaling.describe_scalable_targets(**ECS)["ScalableTargets"]
    scaling.untag_resource(ResourceARN=found["ScalableTargetARN"], TagKeys=["dormouse:stack"])
    publish(day, without(day, SCALING_POLICY, SCALING_TARGET, SCHEDULED))
    assert standing(day) == {"targets": 1, "policies": ["cpu"], "actions": ["night"]}


def test_back_in_the_files_it_is_not_taken_out(day):
    """While the deletion is refused, the files name it again."""
    refused = Fault(
        operation="DeleteScalingPolicy", code="InternalFailure", status=500, times=FOREVER
    )
    whole = day.spec
    day.aws.faults.add(refused)
    publish(day, without(day, SCALING_POLICY))
    assert standing(day)["policies"] == ["cpu"]
    assert len(day.controller.table.load(STACK).leftovers) == 1

    day.publish(whole)
    refused.times = 0
    day.live("Mon 07:50")
    assert standing(day)["policies"] == ["cpu"]
    assert day.controller.table.load(STACK).leftovers == ()


def test_with_a_service_of_another_name_all_of_it_moves(day):
    resources = [
        replace(each, request={**each.request, "serviceName": "api"})
        if each.address == SERVICE
        else each
        for each in day.spec.resources
    ]
    publish(day, replace(day.spec, resources=tuple(resources)))
    scaling = day.aws.session().client("application-autoscaling")
    (found,) = scaling.describe_scalable_targets(**ECS)["ScalableTargets"]
    assert found["ResourceId"].endswith("/api")
    assert standing(day) == {"targets": 1, "policies": ["cpu"], "actions": ["night"]}
