"""AWS behaviour §2.1-§2.6, §2.12: what ECS takes, refuses, and shows of a service."""

import pytest
from simulated_stack import CLUSTER, FAMILY, SERVICE, SUBNET, missing, refused


def test_a_new_service_shows_its_deployment(stack):
    service = stack.create_service()
    assert service["status"] == "ACTIVE"
    assert (service["desiredCount"], service["runningCount"]) == (1, 0)
    deployment = service["deployments"][0]
    assert deployment["id"].startswith("ecs-svc/")
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert service["availabilityZoneRebalancing"] == "ENABLED"
    assert service["deploymentConfiguration"]["minimumHealthyPercent"] == 100


def test_the_group_must_have_a_load_balancer_that_ecs_sees(stack):
    """F21."""
    group = stack.create_group()
    text = f"The target group with targetGroupArn {group} does not have an associated load balancer"
    with refused("InvalidParameterException", text):
        stack.create_service(group)
    stack.create_listener(stack.create_balancer(), group)
    stack.pass_time(2)
    with refused("InvalidParameterException", text):
        stack.create_service(group)
    stack.pass_time(1)
    assert stack.create_service(group)["status"] == "ACTIVE"


def test_the_balancer_need_not_be_active(stack):
    """§1.8."""
    stack.wake()
    assert stack.balancer_state() == "provisioning"
    assert stack.service()["status"] == "MISSING"
    stack.pass_time(2)
    assert stack.service()["status"] == "ACTIVE"


@pytest.mark.parametrize("version", ["1.3.0", "9.9.9"])
def test_retired_and_unknown_platforms_are_refused(stack, version):
    """F26."""
    with refused("PlatformUnknownException", "The specified platform does not exist."):
        stack.create_service(platformVersion=version)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"cluster": "other"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "other"}, "ClientException", "TaskDefinition not found."),
        (
            {"networkConfiguration": None},
            "InvalidParameterException",
            "Network Configuration must be provided",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0missing"]}}},
            "InvalidParameterException",
            "The subnet ID 'subnet-0missing' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
        ),
        (
            {
                "networkConfiguration": {
                    "awsvpcConfiguration": {"subnets": [SUBNET], "securityGroups": ["sg-0missing"]}
                }
            },
            "InvalidParameterException",
            "InvalidGroup.NotFound",
        ),
        (
            {"healthCheckGracePeriodSeconds": 60},
            "InvalidParameterException",
            "configured to use load balancers",
        ),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
            "Specifying both a launch type and capacity provider strategy",
        ),
        (
            {
                "launchType": None,
                "capacityProviderStrategy": [{"capacityProvider": "other"}],
            },
            "InvalidParameterException",
            "not associated with the cluster",
        ),
        (
            {
                "availabilityZoneRebalancing": "ENABLED",
                "deploymentConfiguration": {"maximumPercent": 100},
            },
            "InvalidParameterException",
            "maximumPercent",
        ),
        ({"launchType": None}, "NotImplemented", "Fargate only, got launchType 'EC2'"),
        ({"role": "ecsServiceRole"}, "InvalidParameterException", "service linked role"),
    ],
)
def test_what_does_not_fit_is_refused(stack, changes, code, text):
    with refused(code, text):
        stack.create_service(**changes)
    assert stack.ecs.list_services(cluster=CLUSTER)["serviceArns"] == []


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"containerName": "other"}, "The container other does not exist in the task definition."),
        ({"containerPort": 80}, f"The container {FAMILY} did not have a container port 80 defined"),
    ],
)
def test_container_and_port_must_be_in_the_task_definition(stack, entry, text):
    _, group = stack.create_front()
    usual = {"targetGroupArn": group, "containerName": FAMILY, "containerPort": 5000}
    with refused("InvalidParameterException", text):
        stack.create_service(loadBalancers=[{**usual, **entry}])


def test_the_group_must_exist_and_take_addresses(stack):
    other = missing(stack.create_group())
    with refused("InvalidParameterException", f"The target group {other} does not exist."):
        stack.create_service(other)
    balancer = stack.create_balancer()
    group = stack.create_group(Name="instances", TargetType="instance")
    stack.create_listener(balancer, group)
    stack.pass_time(3)
    with refused("InvalidParameterException", "incompatible with the awsvpc network mode"):
        stack.create_service(group)


def test_an_inactive_revision_starts_nothing(stack):
    """F27."""
    stack.ecs.deregister_task_definition(taskDefinition=f"{FAMILY}:1")
    with refused("InvalidParameterException", "TaskDefinition is inactive"):
        stack.create_service(taskDefinition=f"{FAMILY}:1")
    with refused("ClientException", "TaskDefinition not found."):
        stack.create_service()


def test_the_same_request_with_the_same_token_is_answered_again(stack):
    """§2.2, F54, F23."""
    first = stack.create_service(clientToken="a")
    assert stack.create_service(clientToken="a")["serviceArn"] == first["serviceArn"]
    text = "Creation of service was not idempotent."
    with refused("InvalidParameterException", text):
        stack.create_service(clientToken="b")
    with refused("InvalidParameterException", text):
        stack.create_service(clientToken="a", desiredCount=2)
    stack.pass_time(100)
    assert len(stack.tasks()) == 1


def test_tags_are_shown_when_requested(stack):
    stack.create_service(tags=[{"key": "dormouse:stack", "value": "nsfw-api"}])
    stack.pass_time(2)
    assert stack.service()["tags"] == [{"key": "dormouse:stack", "value": "nsfw-api"}]
    plain = stack.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    assert "tags" not in plain
    arn = plain["serviceArn"]
    stack.ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])
    stack.ecs.untag_resource(resourceArn=arn, tagKeys=["dormouse:stack"])
    assert stack.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]


def test_unknown_services_and_clusters_are_distinguished(stack):
    """§2.4."""
    reply = stack.ecs.describe_services(cluster=CLUSTER, services=["none"])
    assert reply["services"] == []
    assert reply["failures"][0]["reason"] == "MISSING"
    with refused("ClusterNotFoundException"):
        stack.ecs.describe_services(cluster="other", services=["none"])
    with refused("InvalidParameterException"):
        stack.ecs.describe_services(cluster=CLUSTER, services=[str(n) for n in range(11)])


def test_a_forced_delete_drains_then_retires_then_forgets(stack):
    """§2.4-§2.6."""
    _, group = stack.wake_up()
    reply = stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    assert reply["service"]["status"] == "DRAINING"
    assert stack.ecs.list_services(cluster=CLUSTER)["serviceArns"] == []
    with refused("InvalidParameterException", "Unable to Start a service that is still Draining."):
        stack.create_service(group)
    with refused("ServiceNotActiveException", "Service was not ACTIVE."):
        stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=1)
    again = stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    assert again["service"]["status"] == "DRAINING"

    stack.pass_time(300 + 30 + 9)
    assert stack.service()["status"] == "DRAINING"
    stack.pass_time(1)
    assert stack.service()["status"] == "INACTIVE"
    again = stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    assert again["service"]["status"] == "INACTIVE"
    stack.pass_time(3600)
    assert stack.service()["status"] == "MISSING"
    with refused("ServiceNotFoundException", "Service not found."):
        stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)


def test_a_name_is_free_once_its_service_is_inactive(stack):
    """§2.5."""
    stack.create_service()
    stack.pass_time(100)
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    stack.pass_time(40)
    assert stack.service()["status"] == "INACTIVE"
    assert stack.create_service()["status"] == "ACTIVE"
    stack.pass_time(3600)
    assert stack.service()["status"] == "ACTIVE"


def test_a_service_may_be_purged_straight_after_draining(stack_of):
    """F45."""
    stack = stack_of("fast")
    stack.create_service()
    stack.pass_time(60)
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    stack.pass_time(5)
    assert stack.service()["status"] == "DRAINING"
    stack.pass_time(1)
    assert stack.service()["status"] == "MISSING"


def test_without_force_a_delete_is_picky(stack):
    """§2.6, F44."""
    balancer, group = stack.wake_up()
    text = "The service cannot be stopped while it is scaled above 0."
    with refused("InvalidParameterException", text):
        stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE)
    stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=0)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    stack.pass_time(60)
    stack.elbv2.delete_target_group(TargetGroupArn=group)
    with refused("InvalidParameterException", f"The target group {group} does not exist."):
        stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE)
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)


def test_scaling_is_no_new_deployment(stack):
    stack.create_service(desiredCount=0)
    stack.pass_time(5)
    assert stack.service()["deployments"][0]["rolloutState"] == "COMPLETED"
    deployment = stack.service()["deployments"][0]["id"]
    stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=2)
    stack.pass_time(100)
    service = stack.service()
    assert service["runningCount"] == 2
    assert [each["id"] for each in service["deployments"]] == [deployment]
    stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=0)
    assert stack.service()["runningCount"] == 0


def test_an_update_of_a_missing_service_is_refused(stack):
    with refused("ServiceNotFoundException"):
        stack.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=1)


def test_a_cluster_with_services_cannot_be_deleted(stack):
    stack.create_service()
    with refused("ClusterContainsServicesException"):
        stack.ecs.delete_cluster(cluster=CLUSTER)


def test_task_definitions_have_revisions(stack):
    container = {"name": "app", "image": "app:2", "portMappings": [{"containerPort": 80}]}
    request = {
        "family": FAMILY,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [container],
    }
    made = stack.ecs.register_task_definition(**request)["taskDefinition"]
    assert made["taskDefinitionArn"].endswith(f"task-definition/{FAMILY}:2")
    latest = stack.ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
    assert latest["revision"] == 2
    stack.ecs.deregister_task_definition(taskDefinition=f"{FAMILY}:2")
    latest = stack.ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
    assert latest["revision"] == 1
    with refused("ClientException", "No Fargate configuration exists for given values: 256 CPU"):
        stack.ecs.register_task_definition(**{**request, "memory": "8192"})
    with refused("ClientException", "Unable to describe task definition."):
        stack.ecs.describe_task_definition(taskDefinition="other")
