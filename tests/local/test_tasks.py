"""AWS behaviour §2.7-§2.10 and faults F28-F38: what becomes of the tasks of a service."""

from itertools import pairwise

import pytest
from simulated_stack import CLUSTER, FAMILY, OTHER_SUBNET, SERVICE, SUBNET, refused

from local.ecs.mishaps import interrupt, set_container_health

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}


def said(stack, text):
    return any(text in event for event in stack.events())


def stop_reasons(stack):
    return {(task["stopCode"], task["stoppedReason"]) for task in stack.tasks("STOPPED")}


def test_a_task_goes_its_way_by_the_profiles_seconds(stack):
    stack.wake()
    seen = {}
    for second in range(60):
        seen.setdefault(stack.tasks()[0]["lastStatus"], second)
        stack.pass_time(1)
    assert seen == {"PROVISIONING": 0, "PENDING": 15, "ACTIVATING": 45, "RUNNING": 50}


def test_a_running_task_tells_when_and_where(stack):
    _, group = stack.wake_up()
    task = stack.tasks()[0]
    assert task["pullStartedAt"] < task["pullStoppedAt"] < task["startedAt"]
    assert task["startedBy"] == stack.service()["deployments"][0]["id"]
    details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}
    described = stack.ec2.describe_network_interfaces(
        NetworkInterfaceIds=[details["networkInterfaceId"]]
    )["NetworkInterfaces"][0]
    assert described["PrivateIpAddress"] == details["privateIPv4Address"]
    assert described["Association"]["PublicIp"]
    targets = stack.elbv2.describe_target_health(TargetGroupArn=group)
    assert targets["TargetHealthDescriptions"][0]["Target"]["Id"] == details["privateIPv4Address"]


def test_a_service_is_steady_once_its_targets_are_healthy(stack):
    """§2.8, F35: running is not healthy."""
    _, group = stack.wake()
    stack.pass_time(60)
    service = stack.service()
    assert (service["runningCount"], service["pendingCount"]) == (1, 0)
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert stack.health(group)[0][0] == "initial"
    stack.pass_time(300)
    assert stack.service()["deployments"][0]["rolloutState"] == "COMPLETED"
    events = stack.events()
    assert events[0] == f"(service {SERVICE}) has reached a steady state."
    assert events[-1].startswith(f"(service {SERVICE}) has started 1 tasks: (task ")
    assert said(stack, f"registered 1 targets in (target-group {group})")


def test_tasks_carry_the_tags_of_cost_allocation(stack):
    stack.create_service(
        tags=[{"key": "team", "value": "a"}], propagateTags="SERVICE", enableECSManagedTags=True
    )
    tags = {each["key"]: each["value"] for each in stack.tasks()[0]["tags"]}
    assert tags == {
        "team": "a",
        "aws:ecs:clusterName": CLUSTER,
        "aws:ecs:serviceName": SERVICE,
    }


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("image_pull_error", "CannotPullContainerError: "),
        ("resource_init_error", "ResourceInitializationError: unable to pull secrets"),
    ],
)
def test_tasks_that_cannot_start_break_the_deployment(stack, behaviour, reason):
    """F28, F29, F34."""
    stack.aws.conditions.containers(FAMILY, behaviour)
    stack.wake(deploymentConfiguration=BREAKER)
    stack.pass_time(46)
    failed = stack.tasks("STOPPED")[0]
    assert failed["stopCode"] == "TaskFailedToStart"
    assert failed["stoppedReason"].startswith(reason)
    assert failed["containers"][0]["reason"].startswith(reason)

    stack.pass_time(900)
    service = stack.service()
    assert (service["status"], service["runningCount"]) == ("ACTIVE", 0)
    deployment = service["deployments"][0]
    assert deployment["rolloutState"] == "FAILED"
    assert deployment["rolloutStateReason"].startswith("ECS deployment circuit breaker:")
    assert deployment["failedTasks"] == 3
    assert said(stack, "deployment failed: tasks failed to start")
    stack.pass_time(3000)
    assert len(stack.aws.lifetimes()) == 2 + 3


def test_without_a_public_address_or_nat_nothing_is_pulled(stack):
    """F29, §2.3."""
    network = {"awsvpcConfiguration": {"subnets": [SUBNET], "assignPublicIp": "DISABLED"}}
    stack.create_service(networkConfiguration=network)
    stack.pass_time(46)
    assert stack.tasks("STOPPED")[0]["stoppedReason"].startswith("ResourceInitializationError")


def test_with_nat_a_private_task_starts(stack):
    stack.aws.furnish(subnets=[{"id": "subnet-0nat", "vpc": "vpc-0a1b2c3d4e5f60718", "nat": True}])
    stack.create_service(networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0nat"]}})
    stack.pass_time(60)
    assert stack.service()["runningCount"] == 1


def test_containers_that_exit_never_trip_the_breaker(stack):
    """§2.8: each start resets the count (CRM #1206)."""
    stack.aws.conditions.containers(FAMILY, "exits_at_once")
    stack.wake(deploymentConfiguration=BREAKER)
    stack.pass_time(600)
    assert stack.service()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert stop_reasons(stack) == {
        ("EssentialContainerExited", "Essential container in task exited")
    }
    assert stack.tasks("STOPPED")[0]["containers"][0]["exitCode"] == 1
    assert said(stack, "is unable to consistently start tasks successfully")


def test_starts_are_spaced_out_up_to_a_quarter_of_an_hour(stack):
    """§2.8."""
    stack.aws.conditions.containers(FAMILY, "image_pull_error")
    stack.create_service()
    stack.pass_time(7200)
    starts = sorted(each.started_at for each in stack.aws.lifetimes() if each.kind == "task")
    gaps = [(b - a).total_seconds() for a, b in pairwise(starts)]
    assert gaps[:4] == [45, 45, 60, 75]
    assert gaps[-1] == 945


def test_capacity_is_waited_for(stack):
    """F30."""
    stack.aws.conditions.containers(FAMILY, "no_capacity")
    stack.create_service()
    stack.pass_time(600)
    text = "was unable to place a task. Reason: Capacity is unavailable at this time"
    assert sum(text in event for event in stack.events()) == 1
    assert stack.tasks() == []
    stack.pass_time(6 * 3600)
    assert sum(text in event for event in stack.events()) == 2
    stack.aws.conditions.containers(FAMILY, "healthy")
    stack.pass_time(30 + 50)
    assert stack.service()["runningCount"] == 1


@pytest.mark.parametrize("fraction", [0.0, 0.0004, 0.0006])
def test_capacity_is_waited_for_from_any_fraction_of_a_second(stack, fraction):
    """What AWS does by itself happens to the millisecond, so up to half of one too early."""
    stack.pass_time(fraction)
    stack.aws.conditions.containers(FAMILY, "no_capacity")
    stack.create_service()
    stack.pass_time(600)
    assert stack.tasks() == []
    stack.aws.conditions.containers(FAMILY, "healthy")
    stack.pass_time(30 + 50)
    assert stack.service()["runningCount"] == 1


def test_a_vcpu_quota_is_named(stack):
    """F31."""
    stack.aws.conditions.containers(FAMILY, "vcpu_quota")
    stack.create_service()
    stack.pass_time(2)
    assert said(stack, "You've reached the limit on the number of vCPUs you can run concurrently")


def test_unhealthy_tasks_are_replaced_until_the_breaker_trips(stack):
    """F33, F34."""
    stack.aws.conditions.containers(FAMILY, "unhealthy")
    _, group = stack.wake(deploymentConfiguration=BREAKER)
    stack.pass_time(147 + 20)
    text = (
        f"(port 5000) is unhealthy in (target-group {group}) due to (reason Health checks failed)"
    )
    assert said(stack, text)
    stack.pass_time(3600)
    reasons = {reason for _, reason in stop_reasons(stack)}
    assert reasons == {f"Task failed ELB health checks in (target-group {group})"}
    assert stack.service()["deployments"][0]["rolloutState"] == "FAILED"


def test_a_grace_period_holds_ecs_back(stack):
    """§2.1, F36."""
    stack.aws.conditions.containers(FAMILY, "unhealthy")
    _, group = stack.wake(healthCheckGracePeriodSeconds=300)
    stack.pass_time(50 + 299)
    assert stack.health(group) == [("unhealthy", "Target.FailedHealthChecks")]
    assert stack.tasks("STOPPED") == []
    stack.pass_time(1)
    assert len(stack.tasks("STOPPED")) == 1


def test_a_task_in_a_zone_without_the_balancer_is_replaced_again_and_again(stack):
    """F32, §1.11."""
    stack.aws.conditions.zone = "us-east-1c"
    network = {
        "awsvpcConfiguration": {"subnets": [SUBNET, OTHER_SUBNET], "assignPublicIp": "ENABLED"}
    }
    _, group = stack.wake(networkConfiguration=network)
    stack.pass_time(60)
    assert stack.health(group) == [("unused", "Target.NotInUse")]
    assert stack.tasks()[0]["availabilityZone"] == "us-east-1c"
    stack.pass_time(1500)
    assert len(stack.tasks("STOPPED")) >= 2
    stack.aws.conditions.zone = "us-east-1a"
    stack.pass_time(1500)
    assert stack.health(group)[-1] == ("healthy", "")


def test_tasks_are_placed_in_any_of_the_subnets(stack):
    network = {
        "awsvpcConfiguration": {"subnets": [SUBNET, OTHER_SUBNET], "assignPublicIp": "ENABLED"}
    }
    stack.create_service(networkConfiguration=network, desiredCount=8)
    assert {task["availabilityZone"] for task in stack.tasks()} == {"us-east-1a", "us-east-1c"}


def test_an_application_that_breaks_later_is_replaced(stack):
    _, group = stack.wake_up()
    first = stack.tasks()[0]["taskArn"]
    set_container_health(stack.aws, first, passes=False)
    stack.pass_time(19)
    assert stack.health(group) == [("healthy", "")]
    stack.pass_time(1)
    assert first not in [task["taskArn"] for task in stack.tasks()]
    stack.pass_time(900)
    assert stack.health(group) == [("healthy", "")]


@pytest.mark.parametrize("code", ["SpotInterruption", "TerminationNotice"])
def test_fargate_may_end_a_task_and_another_follows(stack, code):
    """F37, F38."""
    _, group = stack.wake_up()
    first = stack.tasks()[0]["taskArn"]
    interrupt(stack.aws, first, code)
    stopped = stack.tasks("STOPPED")[0]
    assert (stopped["stopCode"], stopped["lastStatus"]) == (code, "STOPPING")
    stack.pass_time(300)
    assert stack.service()["runningCount"] == 1
    assert stack.health(group)[-1] == ("healthy", "")


def test_without_a_load_balancer_running_tasks_are_left_alone(stack):
    """§3.7."""
    balancer, group = stack.wake_up()
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    stack.pass_time(3600)
    assert stack.service()["runningCount"] == 1
    assert stack.health(group) == [("unused", "Target.NotInUse")]


def test_a_stopping_task_leaves_the_balancer_first(stack):
    _, group = stack.wake_up()
    stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=0)
    seen = {}
    for second in range(340):
        seen.setdefault(stack.tasks("STOPPED")[0]["lastStatus"], second)
        stack.pass_time(1)
    assert seen == {"DEACTIVATING": 0, "STOPPING": 300, "DEPROVISIONING": 320, "STOPPED": 330}
    task = stack.tasks("STOPPED")[0]
    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")
    for text in (
        "has begun draining connections on 1 tasks",
        f"deregistered 1 targets in (target-group {group})",
        "has stopped 1 running tasks",
    ):
        assert said(stack, text)


def test_stop_task_does_not_wait_for_draining(stack):
    """§2.7."""
    stack.wake_up()
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    task = stack.tasks("STOPPED")[0]
    assert task["lastStatus"] == "DEACTIVATING"
    stack.ecs.stop_task(cluster=CLUSTER, task=task["taskArn"])
    stack.pass_time(30 + 10)
    assert stack.service()["status"] == "INACTIVE"
    with refused("InvalidParameterException", "The referenced task was not found."):
        stack.ecs.stop_task(cluster=CLUSTER, task="0" * 32)


def test_draining_may_get_stuck_until_the_task_is_stopped_by_hand(stack):
    """F43."""
    stack.aws.conditions.containers(FAMILY, "drain_stuck")
    stack.wake_up()
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    stack.pass_time(7200)
    assert stack.service()["status"] == "DRAINING"
    stack.ecs.stop_task(cluster=CLUSTER, task=stack.tasks("STOPPED")[0]["taskArn"])
    stack.pass_time(40)
    assert stack.service()["status"] == "INACTIVE"


def test_a_service_deleted_before_its_task_ran_is_soon_gone(stack):
    """F49."""
    stack.wake()
    stack.pass_time(20)
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    stack.pass_time(40)
    assert stack.service()["status"] == "INACTIVE"


def test_stopped_tasks_can_be_described_for_an_hour(stack):
    stack.create_service()
    stack.pass_time(100)
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    stack.pass_time(30 + 3599)
    assert len(stack.tasks("STOPPED")) == 1
    stack.pass_time(1)
    assert stack.tasks("STOPPED") == []


def test_a_new_deployment_replaces_tasks_without_a_gap(stack):
    _, group = stack.wake_up()
    first = stack.tasks()[0]["taskArn"]
    stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    deployments = stack.service()["deployments"]
    assert [each["status"] for each in deployments] == ["PRIMARY", "ACTIVE"]
    fewest = 1
    for _ in range(60):
        stack.pass_time(10)
        fewest = min(fewest, sum(state == "healthy" for state, _ in stack.health(group)))
    assert fewest == 1
    assert [each["rolloutState"] for each in stack.service()["deployments"]] == ["COMPLETED"]
    assert stack.tasks()[0]["taskArn"] != first


def test_with_no_room_above_the_old_task_goes_first(stack):
    configuration = {"maximumPercent": 100, "minimumHealthyPercent": 0}
    stack.create_service(deploymentConfiguration=configuration)
    stack.pass_time(100)
    stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    assert [task["lastStatus"] for task in stack.tasks("STOPPED")] == ["STOPPING"]
    stack.pass_time(100)
    assert stack.service()["runningCount"] == 1


def test_a_failed_update_rolls_back(stack):
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    stack.create_service(deploymentConfiguration=breaker)
    stack.pass_time(100)
    before = stack.service()["deployments"][0]["id"]
    stack.aws.conditions.containers(FAMILY, "image_pull_error")
    stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    stack.pass_time(1800)
    service = stack.service()
    assert [each["id"] for each in service["deployments"]] == [before]
    assert service["runningCount"] == 1
    assert said(stack, "rolling back to")


def test_spot_tasks_come_through_a_strategy(stack):
    strategy = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 0},
        {"capacityProvider": "FARGATE_SPOT", "weight": 1},
    ]
    stack.create_service(launchType=None, capacityProviderStrategy=strategy, desiredCount=3)
    providers = sorted(task["capacityProviderName"] for task in stack.tasks())
    assert providers == ["FARGATE", "FARGATE_SPOT", "FARGATE_SPOT"]
