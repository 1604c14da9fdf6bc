"""A wake that cannot finish says why, in the user's words."""

import math
from datetime import timedelta

import pytest

from controller.reconcile.outcome import Result
from factories import LB, article_spec, listener, load_balancer, service, target_group
from local.faults import Fault
from system.stack_under_test import ASLEEP, AWAKE


@pytest.mark.parametrize(
    ("containers", "said"),
    [
        ("image_pull_error", "CannotPullContainerError"),
        ("resource_init_error", "set assign_public_ip = true"),
        ("exits_at_once", "exited with"),
        ("unhealthy", "check the container's port and the security group"),
        ("vcpu_quota", "raise the Fargate quota"),
    ],
)
def test_tasks_that_never_come_up_fail_the_wake_with_their_reason(sut, containers, said):
    """AWS behaviour F28, F29, F31, F33."""
    sut.aws.conditions.containers("nsfw-api-container", containers)
    outcome = sut.wake(minutes=60)

    assert outcome.result is Result.FAILED
    assert said in outcome.cause
    assert sut.sleep().result is Result.CONVERGED
    assert sut.standing() == ASLEEP


def test_a_wake_whose_time_was_over_before_it_was_looked_at_makes_nothing(sut):
    """Nothing could be done about it for that long; what is made now would go at once."""
    outcome = sut.wake(minutes=0)

    assert outcome.result is Result.FAILED
    assert "not awake in time" in outcome.cause
    assert [call.operation for call in sut.aws.calls if not call.is_read] == []


def test_missing_capacity_is_waited_for_and_said(sut):
    """AWS behaviour F30: it may come back."""
    sut.aws.conditions.containers("nsfw-api-container", "no_capacity")
    notes = set()
    outcome = sut.wake(
        minutes=8,
        report=lambda seen: notes.update(o.cause for o in seen.observed.resources.values()),
    )

    assert outcome.result is Result.FAILED
    assert any("Capacity is unavailable" in note for note in notes)


def test_a_failed_load_balancer_is_created_again_once(sut):
    """AWS behaviour F07."""
    sut.aws.conditions.load_balancer("ecs-nlb", "failed")
    outcome = sut.wake(minutes=60)

    assert outcome.result is Result.FAILED
    assert "created again once" in outcome.cause
    assert len(sut.aws.calls.of("CreateLoadBalancer")) >= 2
    assert sut.sleep().result is Result.CONVERGED

    sut.aws.conditions.load_balancer("ecs-nlb", "active")
    assert sut.wake().result is Result.CONVERGED


def test_an_impaired_load_balancer_counts_as_awake(sut):
    """AWS behaviour F08."""
    sut.aws.conditions.load_balancer("ecs-nlb", "active_impaired")
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    assert outcome.observed[LB].cause


def test_a_wake_that_takes_too_long_says_what_it_waits_for(sut):
    """AWS behaviour F06."""
    sut.aws.conditions.load_balancer("ecs-nlb", "provisioning")
    outcome = sut.wake(minutes=20)

    assert outcome.result is Result.FAILED
    assert outcome.cause.startswith("not awake in time: load balancer starting")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("CreateLoadBalancer", "TooManyLoadBalancers"),
        ("CreateLoadBalancer", "InvalidSubnet"),
        ("CreateService", "PlatformUnknownException"),
        ("CreateTargetGroup", "TooManyTargetGroups"),
    ],
)
def test_a_refusal_for_good_ends_the_wake_at_once(sut, operation, code):
    """AWS behaviour F15, F16, F26: nothing is hammered."""
    sut.aws.faults.add(Fault(operation=operation, code=code, status=400, times=1000))
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert code in outcome.cause
    assert len(sut.aws.calls.of(operation)) == 1


def test_a_spec_that_refers_to_nothing_fails_the_wake_and_not_the_process(sut):
    broken = listener(request={"LoadBalancerArn": {"$ref": f"{LB}.colour"}})
    sut.spec = article_spec(resources=(target_group(), load_balancer(), broken, service()))
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert f'cannot fill in "{LB}.colour"' in outcome.cause
    assert sut.sleep().result is Result.CONVERGED


def test_one_denial_right_after_a_create_is_a_lag(sut):
    """AWS behaviour F70."""
    sut.aws.faults.add(Fault(operation="CreateListener", code="AccessDenied", status=403))

    assert sut.wake().result is Result.CONVERGED


DELAYED = "the tags of what was made are not known to the authorizer yet"


@pytest.mark.parametrize(
    "operation",
    [
        "CreateListener",
        "CreateService",
        "ModifyTargetGroupAttributes",
        "ModifyLoadBalancerAttributes",
        "DescribeTags",
    ],
)
def test_denials_within_the_first_minute_of_what_we_made_are_a_lag(sut, operation):
    """However many: rights that are bound to tags hold once these are known (AWS §6.2, F70)."""
    settings = {"load_balancing.cross_zone.enabled": "true"}
    balancer = load_balancer(attributes=settings)
    sut.spec = article_spec(resources=(target_group(), balancer, listener(), service()))
    until = sut.aws.clock.now() + timedelta(seconds=50)
    lags = Fault(
        operation=operation,
        code="AccessDenied",
        message=DELAYED,
        status=403,
        times=math.inf,
        predicate=lambda _: sut.aws.clock.now() < until,
    )
    sut.aws.faults.add(lags)
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED, outcome.cause
    assert lags.struck > 2
    assert len(sut.aws.calls.of("DeleteLoadBalancer")) == 0


def test_a_denial_that_outlasts_the_first_minute_is_believed(sut):
    sut.aws.faults.add(
        Fault(operation="CreateListener", code="AccessDenied", status=403, times=math.inf)
    )
    began = sut.aws.clock.now()
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "the role lacks this right" in outcome.cause
    assert timedelta(minutes=1) <= sut.aws.clock.now() - began < timedelta(seconds=90)


@pytest.mark.parametrize("operation", ["DeleteLoadBalancer", "DeleteTargetGroup", "DeleteService"])
def test_a_wake_that_is_called_off_at_once_is_taken_down_although_its_tags_are_not_known_yet(
    sut, operation
):
    began = sut.aws.clock.now()
    early = began + timedelta(seconds=15)
    stopped = sut.run("awake", still_wanted=lambda: sut.aws.clock.now() < early)
    until = began + timedelta(seconds=50)
    sut.aws.faults.add(
        Fault(
            operation=operation,
            code="AccessDenied",
            status=403,
            times=math.inf,
            predicate=lambda _: sut.aws.clock.now() < until,
        )
    )
    outcome = sut.run("asleep", progress=stopped.progress)

    assert outcome.result is Result.CONVERGED, outcome.cause
    assert sut.standing() == ASLEEP


def test_a_denial_that_stays_ends_the_wake_and_names_the_action(sut):
    """AWS behaviour F18."""
    message = "not authorized to perform: elasticloadbalancing:AddTags"
    sut.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="AccessDenied",
            message=message,
            status=403,
            times=1000,
        )
    )
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "elasticloadbalancing:AddTags" in outcome.cause


def test_deletion_protection_keeps_the_load_balancer_but_the_service_goes(sut):
    """AWS behaviour F40: every part that goes saves money."""
    sut.wake()
    (balancer,) = sut.session.client("elbv2").describe_load_balancers()["LoadBalancers"]
    sut.session.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
    )
    outcome = sut.sleep(minutes=30)

    assert outcome.result is Result.FAILED
    assert "deletion protection is enabled" in outcome.cause
    assert sut.standing()["services"] == 0


def test_what_somebody_took_away_is_put_back(sut):
    """AWS behaviour F50."""
    sut.wake()
    elbv2, ecs = sut.session.client("elbv2"), sut.session.client("ecs")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
    ecs.update_service(cluster="nsfw_api_cluster", service="nsfw_api_service", desiredCount=0)
    sut.aws.clock.advance(180)

    assert sut.wake().result is Result.CONVERGED
    assert sut.standing() == AWAKE
    assert elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
