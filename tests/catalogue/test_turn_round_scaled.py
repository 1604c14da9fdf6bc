"""
A wake at any second of a sleep, of a service that scales: it waits for no drain, and range,
policies and scheduled actions are as the files say (F48, F74).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalogue.tools import SERVICE_NAME, calls_of
from catalogue.turn_round import Sleeper
from controller.domain.planning.plan import Order
from controller.domain.planning.timing import TYPICAL
from factories import scaled_spec

LEAST, MOST, COUNT = 2, 4, 3
ANSWERS = {"unused at once": {}, "drains on": {"drains_alone": True}}
SECONDS = (1, 2, 3, 20, 34, 36, 60, 130, 152, 155)
"""At once, while tasks stop, between the service and its target group, and about the end."""


def ranged():
    """It begins with three tasks, of two to four."""
    spec = scaled_spec()
    changed = []
    for each in spec.resources:
        request = dict(each.request)
        if "MinCapacity" in request:
            request |= {"MinCapacity": LEAST, "MaxCapacity": MOST}
        if "desiredCount" in request:
            request |= {"desiredCount": COUNT}
        scaling = {"least": LEAST, "most": MOST} if each.scaling else each.scaling
        changed.append(replace(each, request=request, scaling=scaling))
    return replace(spec, resources=tuple(changed))


@pytest.fixture
def sut(sut_of, request):
    return sut_of(replace(TYPICAL, **ANSWERS[request.param]), ranged())


both_answers = pytest.mark.parametrize("sut", ANSWERS, indirect=True)


def found_scaling(sut):
    """Range, names of the policies and of the scheduled actions: by AWS's own account."""
    client = sut.session.client("application-autoscaling")
    named = {"ServiceNamespace": "ecs"}
    (target,) = client.describe_scalable_targets(**named)["ScalableTargets"]
    policies = client.describe_scaling_policies(**named)["ScalingPolicies"]
    actions = client.describe_scheduled_actions(**named)["ScheduledActions"]
    return (
        (target["MinCapacity"], target["MaxCapacity"]),
        sorted(each["PolicyName"] for each in policies),
        sorted(each["ScheduledActionName"] for each in actions),
    )


def service_of(sut):
    services = sut.session.client("ecs").describe_services(
        cluster="nsfw_api_cluster", services=[SERVICE_NAME]
    )
    return services["services"][0]


def counts_requested(sut):
    requested = [call.params.get("desiredCount") for call in calls_of(sut, "UpdateService")]
    return {count for count in requested if count is not None}


@both_answers
def test_f48_f74_a_scaled_service_is_turned_round_with_its_range_and_policies(sut):
    sleeper = Sleeper(sut).awake()
    as_made = found_scaling(sut)
    assert as_made[0] == (LEAST, MOST)
    for second in SECONDS:
        turn = sleeper.turn_round(second)
        assert turn.ratio <= 1.05, turn
        assert found_scaling(sut) == as_made, turn
        found = service_of(sut)
        assert LEAST <= found["desiredCount"] <= MOST, turn
        assert found["runningCount"] >= LEAST, turn
    assert counts_requested(sut) <= {0, *range(LEAST, MOST + 1)}
    writes = len(sut.aws.calls.writes())
    sut.aws.clock.advance(900)
    sleeper.awake()
    assert len(sut.aws.calls.writes()) == writes, "nothing is left to put right"


@both_answers
def test_f72_a_count_that_the_scaler_has_moved_comes_back_within_the_range(sut):
    """It scaled out before the sleep; what it had made of the count is not kept."""
    sleeper = Sleeper(sut).awake()
    ecs = sut.session.client("ecs")
    for second in (2, 40):
        ecs.update_service(cluster="nsfw_api_cluster", service=SERVICE_NAME, desiredCount=MOST)
        sut.aws.clock.advance(300)
        sleeper.awake()
        assert sleeper.turn_round(second).ratio <= 1.05
        assert LEAST <= service_of(sut)["desiredCount"] <= MOST


@both_answers
def test_f48_asleep_nothing_of_it_stays(sut):
    sleeper = Sleeper(sut).awake()
    sleeper.turn_round(20)
    sleeper.asleep()
    client = sut.session.client("application-autoscaling")
    assert client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []


def test_f74_by_force_a_scaled_service_waits_for_the_drain(sut_of):
    """Or the test above could not fail."""
    sut = sut_of(replace(TYPICAL, drains_alone=True), ranged())
    assert Sleeper(sut, Order.FORCE).awake().turn_round(3).ratio > 1.3
