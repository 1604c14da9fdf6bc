"""Faults F21-F38 of AWS behaviour §8: what can go wrong with the service while a stack wakes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalogue.tools import (
    AWAKE,
    CLUSTER,
    FAMILY,
    SERVICE,
    SERVICE_NAME,
    SUBNET,
    Watch,
    by_hand,
    calls_of,
    changes_since,
    is_quiet,
    is_ready_to,
    one_pass,
    stop_after,
)
from controller.domain.planning.plan import Order
from controller.domain.planning.timing import TYPICAL
from controller.reconcile.outcome import Result
from factories import article_spec, service
from local.ecs.mishaps import interrupt, set_container_health
from local.faults import FOREVER, Fault

BREAKER = {
    "deploymentConfiguration": {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": False},
    }
}


def with_service(spec=None, **request):
    """The article's stack with other arguments of its service."""
    spec = spec or article_spec()
    rest = [r for r in spec.resources if r.address != SERVICE]
    return article_spec(resources=(*rest, service(request=request)))


def refusal(operation, code, message, times=FOREVER):
    return Fault(operation=operation, code=code, message=message, status=400, times=times)


def the_service(sut):
    reply = sut.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    return reply["services"][0]


def running_tasks(sut):
    return sut.session.client("ecs").list_tasks(cluster=CLUSTER)["taskArns"]


def tasks_ever(sut):
    return [life for life in sut.aws.lifetimes() if life.kind == "task"]


def containers(sut, behaviour):
    sut.aws.conditions.containers(FAMILY, behaviour)


# F21-F27: refusals of CreateService


@pytest.mark.parametrize("sut", ["typical", "slow"], indirect=True)
def test_f21_tg_not_associated_is_retried_every_three_seconds(sut):
    """ECS does not see the listener yet, for up to a minute."""
    watch = Watch()
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    requested = calls_of(sut, "CreateService")
    assert {call.error_code for call in requested} == {"InvalidParameterException", None}
    assert [call.error_code for call in requested].count(None) == 1
    assert len(requested) <= 2 + sut.aws.timing.association_visible / 3
    assert "does not have an associated load balancer" in watch.said
    assert not calls_of(sut, "DeleteListener", "DeleteTargetGroup")


@pytest.mark.parametrize("visible", [25, 61])
def test_f21_tg_not_associated_for_longer_costs_no_more_than_a_poll(sut_of, visible):
    """Nothing waits that need not: the service is made within five seconds of when it can be."""
    sut = sut_of(replace(TYPICAL, association_visible=visible))
    sut.wake()

    listener, made = calls_of(sut, "CreateListener")[-1], calls_of(sut, "CreateService")[-1]
    assert (made.at - listener.at).total_seconds() <= visible + 5


def test_f22_service_draining_is_waited_for_while_the_front_is_made(sut):
    """A wake during a sleep: the old service blocks its name, and only that."""
    containers(sut, "drain_stuck")
    sut.wake()
    sut.sleep(still_wanted=stop_after(1), order=Order.FORCE)
    sut.aws.clock.advance(60)
    start, watch = len(sut.aws.calls), Watch()
    waiting = sut.wake(minutes=6, report=watch)

    assert waiting.result is Result.FAILED
    assert waiting.cause == "not awake in time: draining"
    made = changes_since(sut, start)
    assert "CreateListener" in made and "CreateLoadBalancer" in made
    assert "CreateService" not in made  # never asked for while it is seen to be draining
    assert "draining" in watch.waits

    with by_hand(sut) as session:
        ecs = session.client("ecs")
        for task in ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]:
            ecs.stop_task(cluster=CLUSTER, task=task)
    containers(sut, "healthy")
    assert sut.wake().result is Result.CONVERGED
    assert sut.standing() == AWAKE


def test_f22_service_draining_by_the_answer_of_the_create(sut):
    """The read says INACTIVE, the write says draining: trust the write, ask again."""
    message = "Unable to Start a service that is still Draining."
    sut.aws.faults.add(refusal("CreateService", "InvalidParameterException", message, times=3))
    watch = Watch()

    assert sut.wake(report=watch).result is Result.CONVERGED
    assert "the old service is draining" in watch.notes


def test_f23_service_not_idempotent_is_looked_at_again(sut):
    """Another pass made it a moment ago with another token: it is ours, so it will do."""
    message = "Creation of service was not idempotent."
    sut.aws.faults.add(refusal("CreateService", "InvalidParameterException", message, times=1))

    assert sut.wake().result is Result.CONVERGED


def test_f23_a_foreign_service_that_was_quicker_is_reported_and_left_alone(sut):
    def quicker():
        with by_hand(sut) as session:
            session.client("ecs").create_service(
                cluster=CLUSTER,
                serviceName=SERVICE_NAME,
                taskDefinition=FAMILY,
                desiredCount=0,
                launchType="FARGATE",
                networkConfiguration={"awsvpcConfiguration": {"subnets": [SUBNET]}},
            )

    watch = Watch(quicker, when=is_ready_to("create", SERVICE))
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.BLOCKED
    assert f'service "{SERVICE_NAME}" is not ours' in outcome.cause
    assert all(call.error_code for call in calls_of(sut, "CreateService"))
    assert not calls_of(sut, "UpdateService")
    sut.sleep(minutes=5)
    assert not calls_of(sut, "DeleteService", "UpdateService")
    assert the_service(sut)["status"] == "ACTIVE"


def test_f24_cluster_missing_is_terminal_and_nothing_is_made(sut):
    with by_hand(sut) as session:
        session.client("ecs").delete_cluster(cluster=CLUSTER)
    start = len(sut.aws.calls)
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "run terraform apply, or correct the cluster's name" in outcome.cause
    assert changes_since(sut, start) == []
    assert sut.sleep().result is Result.CONVERGED


SLR = (
    "Unable to assume the service linked role. Please verify that the ECS service linked role "
    "exists."
)


def test_f25_slr_missing_ecs_works_the_second_time(sut):
    sut.aws.faults.add(refusal("CreateService", "InvalidParameterException", SLR, times=1))

    assert sut.wake().result is Result.CONVERGED


def test_f25_slr_missing_ecs_for_good_is_reported_after_about_a_minute(sut):
    """It is a matter of seconds, or of a person: no paid front for twenty minutes."""
    sut.aws.faults.add(refusal("CreateService", "InvalidParameterException", SLR))
    began = sut.aws.clock.now()
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "service linked role" in outcome.cause
    assert (sut.aws.clock.now() - began).total_seconds() <= 180
    assert len(calls_of(sut, "CreateService")) <= 30


def test_f26_platform_1_3_0_is_terminal_with_the_remedy(sut_of):
    sut = sut_of("fast", with_service(platformVersion="1.3.0"))
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert 'set platform_version to "1.4.0" or "LATEST"' in outcome.cause
    assert len(calls_of(sut, "CreateService")) == 1
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


def _deregister_all(sut):
    with by_hand(sut) as session:
        ecs = session.client("ecs")
        for arn in ecs.list_task_definitions(familyPrefix=FAMILY)["taskDefinitionArns"]:
            ecs.deregister_task_definition(taskDefinition=arn)


def test_f27_td_inactive_the_latest_active_revision_is_taken(sut):
    with by_hand(sut) as session:
        ecs = session.client("ecs")
        first = ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
        second = ecs.register_task_definition(
            family=FAMILY,
            containerDefinitions=first["containerDefinitions"],
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
        )["taskDefinition"]
        ecs.deregister_task_definition(taskDefinition=second["taskDefinitionArn"])

    assert sut.wake().result is Result.CONVERGED
    assert the_service(sut)["taskDefinition"] == first["taskDefinitionArn"]


def test_f27_td_inactive_without_any_active_revision_is_terminal(sut):
    _deregister_all(sut)
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "aws_ecs_task_definition.nsfw_task" in outcome.cause
    assert not calls_of(sut, "CreateService", "RegisterTaskDefinition")
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


@pytest.mark.parametrize("missing", ["task definition", "security group"])
def test_f27_what_terraform_should_keep_is_looked_up_before_anything_paid_is_made(sut, missing):
    """A wake that cannot finish need not begin an hour of a load balancer."""
    if missing == "task definition":
        _deregister_all(sut)
    else:
        with by_hand(sut) as session:
            ec2 = session.client("ec2")
            groups = ec2.describe_security_groups()["SecurityGroups"]
            (ours,) = [g for g in groups if g["GroupName"] == "nsfw_api_sg"]
            ec2.delete_security_group(GroupId=ours["GroupId"])

    assert sut.wake().result is Result.FAILED
    assert not calls_of(sut, "CreateLoadBalancer")


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            {
                "loadBalancers": [
                    {
                        "targetGroupArn": {"$ref": "aws_lb_target_group.ecs_tg[0].arn"},
                        "containerName": "app",
                        "containerPort": 5000,
                    }
                ]
            },
            "The container app does not exist in the task definition.",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0bad"]}}},
            "The subnet ID 'subnet-0bad' does not exist",
        ),
    ],
    ids=["container", "subnet"],
)
def test_a_service_that_names_what_is_not_there_is_refused_once(sut_of, request_, said):
    """AWS behaviour §2.2 marks both "no retry": only a target group may be on its way."""
    sut = sut_of("fast", with_service(**request_))
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert said in outcome.cause
    assert len(calls_of(sut, "CreateService")) == 1


# F28-F34: tasks that do not come up


@pytest.mark.parametrize(
    ("behaviour", "reason", "hint"),
    [
        ("image_pull_error", "CannotPullContainerError", "check the image's name"),
        ("resource_init_error", "ResourceInitializationError", "set assign_public_ip = true"),
    ],
    ids=["f28_image_pull", "f29_resource_init"],
)
def test_f28_f29_tasks_that_fail_to_start_are_reported_at_the_first_and_end_it_at_the_third(
    sut, behaviour, reason, hint
):
    containers(sut, behaviour)
    began, watch = sut.aws.clock.now(), Watch()
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.FAILED
    assert reason in outcome.cause
    assert hint in outcome.cause
    start, stop = sut.aws.timing.task_start, sut.aws.timing.stop
    first = (watch.first(reason) - began).total_seconds()
    assert first <= 15 + start  # as soon as one task has failed
    ended = (sut.aws.clock.now() - began).total_seconds()
    assert ended <= 30 + 3 * (start + stop)
    assert len(calls_of(sut, "CreateService")) - 1 <= 2  # refusals of F21 only
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


def test_f29_resource_init_without_a_public_address_is_hinted_at(sut_of):
    """No public IP, no NAT: the task cannot reach the registry."""
    closed = {"awsvpcConfiguration": {"subnets": [SUBNET], "assignPublicIp": "DISABLED"}}
    sut = sut_of("fast", with_service(networkConfiguration=closed))
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "set assign_public_ip = true, or add VPC endpoints" in outcome.cause


@pytest.mark.parametrize(
    ("behaviour", "hint"),
    [
        ("image_pull_error", "check the image's name"),
        ("resource_init_error", "set assign_public_ip = true"),
        ("unhealthy", "check the container's port and the security group"),
    ],
)
def test_f28_f29_f33_the_hint_is_reported_when_the_circuit_breaker_gave_up_too(
    sut_of, behaviour, hint
):
    sut = sut_of("fast", with_service(**BREAKER))
    containers(sut, behaviour)
    outcome = sut.wake(minutes=60)

    assert outcome.result is Result.FAILED
    assert hint in outcome.cause


def test_f30_capacity_that_comes_back_is_waited_for(sut):
    containers(sut, "no_capacity")
    sut.aws.at(_minutes(sut, 6), lambda: containers(sut, "healthy"))
    watch = Watch()
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert any("Capacity is unavailable at this time" in cause for cause in watch.causes)
    assert not calls_of(sut, "DeleteService", "UpdateService")


def _minutes(sut, minutes):
    from datetime import timedelta

    return sut.aws.clock.now() + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("behaviour", "minutes", "said"),
    [("no_capacity", 20, "Capacity is unavailable"), ("unhealthy", 7, "failed ELB health checks")],
    ids=["f30_capacity", "f33_unhealthy"],
)
def test_f30_f33_a_wake_that_timed_out_says_what_held_it_up(sut, behaviour, minutes, said):
    """ "task starting" is where it stood; the sentence that helps was known all the time."""
    containers(sut, behaviour)
    watch = Watch()
    outcome = sut.wake(minutes=minutes, report=watch)

    assert outcome.result is Result.FAILED
    assert said in watch.said
    assert said in outcome.cause


def test_f31_vcpu_quota_is_terminal_with_a_hint(sut):
    containers(sut, "vcpu_quota")
    began = sut.aws.clock.now()
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "raise the Fargate quota" in outcome.cause
    assert (sut.aws.clock.now() - began).total_seconds() <= 60
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


def test_f31_vcpu_quota_of_an_hour_ago_does_not_fail_a_stack_that_is_awake(sut):
    """The event stays in the list; what counts is what stands now."""
    sut.wake()
    containers(sut, "vcpu_quota")
    interrupt(sut.aws, running_tasks(sut)[0], "TerminationNotice")
    sut.aws.clock.advance(300)
    containers(sut, "healthy")
    sut.aws.clock.advance(3600)
    assert the_service(sut)["runningCount"] == 1

    assert sut.wake().result is Result.CONVERGED


def two_zones(sut_of, profile="typical"):
    other = {
        "id": "subnet-0ddddddddddddddd0",
        "vpc": "vpc-0a1b2c3d4e5f60718",
        "az": "us-east-1c",
        "cidr": "10.0.2.0/24",
    }
    network = {"subnets": [SUBNET, other["id"]], "assignPublicIp": "ENABLED"}
    spec = with_service(networkConfiguration={"awsvpcConfiguration": network})
    sut = sut_of(profile, spec, subnets=[other])
    sut.aws.conditions.zone = "us-east-1c"
    return sut


def test_f32_az_trap_is_reported_while_it_lasts(sut_of):
    """The task runs in a zone that the load balancer does not serve."""
    watch = Watch()
    outcome = two_zones(sut_of).wake(minutes=60, report=watch)

    assert outcome.result is Result.FAILED
    assert any(
        "a task runs in us-east-1c, which the load balancer does not serve" in c
        for c in watch.causes
    )


def test_f32_az_trap_is_the_cause_that_the_failed_wake_gives(sut_of):
    """Port and security group are fine: the advice to check them leads astray."""
    outcome = two_zones(sut_of).wake(minutes=60)

    assert "us-east-1c" in outcome.cause
    assert "narrow the service's subnets" in outcome.cause


def test_f32_a_missing_listener_is_not_called_a_zone_problem(sut):
    """`unused` also means that nothing forwards to the group yet (§1.10)."""
    sut.wake()
    with by_hand(sut) as session:
        elbv2 = session.client("elbv2")
        (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    sut.aws.clock.advance(10)
    watch = Watch()

    assert sut.wake(report=watch).result is Result.CONVERGED
    assert "does not serve" not in watch.said


def test_f33_unhealthy_loop_fails_after_three_replacements_with_the_hint(sut):
    """The grace period passes, three tasks are replaced: the application does not answer."""
    containers(sut, "unhealthy")
    outcome = sut.wake(minutes=60)

    assert outcome.result is Result.FAILED
    assert "Task failed ELB health checks in" in outcome.cause
    assert "check the container's port and the security group" in outcome.cause
    assert len(tasks_ever(sut)) <= 4
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


def test_f33_tasks_of_the_last_wake_do_not_count_against_this_one(sut):
    """AWS remembers them for an hour; the user has mended the image meanwhile."""
    containers(sut, "image_pull_error")
    assert sut.wake().result is Result.FAILED
    sut.sleep()
    sut.aws.at(_minutes(sut, 1), lambda: containers(sut, "healthy"))  # one more, then mended

    assert sut.wake().result is Result.CONVERGED


def test_f33_an_awake_stack_that_got_over_it_is_not_called_failed(sut):
    """Three tasks had to be replaced in the last hour; now one runs and is healthy."""
    sut.wake()
    for _ in range(3):
        set_container_health(sut.aws, running_tasks(sut)[0], passes=False)
        sut.aws.clock.advance(600)
    service_now = the_service(sut)
    assert service_now["runningCount"] == 1

    assert sut.wake().result is Result.CONVERGED


def test_f34_breaker_failed_is_terminal_and_the_service_is_not_left_standing(sut_of):
    """ACTIVE with nothing running looks asleep and is not; nothing launches any more."""
    sut = sut_of("typical", with_service(**BREAKER))
    containers(sut, "image_pull_error")
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert outcome.cause.startswith("the deployment failed: CannotPullContainerError")
    assert the_service(sut)["deployments"][0]["rolloutState"] == "FAILED"
    start = len(sut.aws.calls)
    assert sut.wake().result is Result.FAILED  # again without a sleep in between: nothing new
    assert changes_since(sut, start) == []
    assert sut.sleep().result is Result.CONVERGED
    assert the_service(sut)["status"] == "INACTIVE"
    assert is_quiet(sut)

    containers(sut, "healthy")
    assert sut.wake().result is Result.CONVERGED


def test_f34_containers_that_exit_at_once_are_reported_with_their_exit_code(sut):
    containers(sut, "exits_at_once")
    outcome = sut.wake(minutes=60)

    assert outcome.result is Result.FAILED
    assert 'container "nsfw-api-container" exited with 1' in outcome.cause


# F35-F38: waiting that is none of anyone's fault


def test_f35_running_is_not_healthy_and_not_awake(sut):
    """`services_stable` would be content minutes before the first healthy target."""
    watch = Watch()
    outcome = sut.wake(report=watch)

    checking = [s for s in watch.rounds if s.observed[SERVICE].phase == "health check"]
    assert (checking[-1].now - checking[0].now).total_seconds() >= 60
    assert not any(seen.plan.converged for seen in watch.rounds[:-1])
    assert outcome.result is Result.CONVERGED
    (step,) = [s for s in outcome.timeline.steps if s.step == "health check"]
    assert step.finished_at


@pytest.mark.parametrize("sut", ["slow"], indirect=True)
def test_f36_slow_registration_is_waited_for_with_one_task(sut):
    """Five minutes of `initial`: the grace period keeps ECS from killing it, and so do we."""
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    assert len(tasks_ever(sut)) == 1
    assert not calls_of(sut, "UpdateService", "StopTask", "DeleteService")


INTERRUPTIONS = ["SpotInterruption", "TerminationNotice", "InfrastructureHealth"]


@pytest.mark.parametrize("code", INTERRUPTIONS)
def test_f37_f38_a_task_that_aws_ends_during_the_wake_is_replaced(sut, code):
    """Spot, maintenance, broken hardware: back to "waking", no teardown."""
    watch = Watch(
        lambda: interrupt(sut.aws, running_tasks(sut)[0], code),
        when=lambda seen: seen.observed[SERVICE].phase == "health check",
    )
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert len(tasks_ever(sut)) == 2
    phases = [seen.observed[SERVICE].phase for seen in watch.rounds]
    assert "task starting" in phases[phases.index("health check") :]
    assert not calls_of(sut, "DeleteService", "DeleteLoadBalancer", "UpdateService")


@pytest.mark.parametrize("code", INTERRUPTIONS)
def test_f37_f38_an_awake_stack_whose_tasks_aws_ends_again_and_again_is_not_failed(sut, code):
    sut.wake()
    start = len(sut.aws.calls)
    for _ in range(4):
        interrupt(sut.aws, running_tasks(sut)[0], code)
        watch = Watch()
        assert one_pass(sut, "awake", report=watch).result is Result.CONVERGED
        assert {"task starting", "health check"} <= watch.waits
    assert changes_since(sut, start) == []
    assert sut.standing() == AWAKE
