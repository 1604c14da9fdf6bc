"""Stacks of other shapes: several groups or balancers, services of both worlds, the safe order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from catalogue.tools import (
    CLUSTER,
    EIP,
    FAMILY,
    LB,
    LISTENER,
    PROFILES,
    SERVICE,
    SERVICE_NAME,
    SUBNET,
    TG,
    Watch,
    by_hand,
    calls_of,
    changes_since,
    is_quiet,
    one_balancer_at_a_time,
    one_pass,
    stop_after,
)
from controller.domain.planning.owner_tags import owner_tags
from controller.domain.planning.plan import Order
from controller.reconcile.outcome import Result
from factories import article_spec, listener, load_balancer, service, target_group
from local.faults import FOREVER, Fault

EIP_2, SUBNET_2 = "eipalloc-0ddddddddddddddd0", "subnet-0ddddddddddddddd0"
TG_2, LISTENER_2 = "aws_lb_target_group.admin[0]", "aws_lb_listener.admin[0]"
LB_2 = "aws_lb.second[0]"
LOOK = timedelta(seconds=3)
THINGS = {
    "elastic_ips": [{"allocation_id": EIP_2, "public_ip": "203.0.113.26"}],
    "subnets": [
        {
            "id": SUBNET_2,
            "vpc": "vpc-0a1b2c3d4e5f60718",
            "az": "us-east-1b",
            "cidr": "10.0.2.0/24",
        }
    ],
    "task_definitions": [
        {
            "family": FAMILY,
            "container_definitions": [
                {
                    "name": FAMILY,
                    "image": "app:1",
                    "essential": True,
                    "portMappings": [{"containerPort": p, "protocol": "tcp"} for p in (5000, 9000)],
                }
            ],
        }
    ],
}


def behind(group, port):
    return {
        "targetGroupArn": {"$ref": f"{group}.arn"},
        "containerName": FAMILY,
        "containerPort": port,
    }


def second_listener(balancer):
    forward = [{"Type": "forward", "TargetGroupArn": {"$ref": f"{TG_2}.arn"}}]
    request = {
        "LoadBalancerArn": {"$ref": f"{balancer}.arn"},
        "Port": 9000,
        "DefaultActions": forward,
    }
    return listener(address=LISTENER_2, request=request, after=(balancer, TG_2))


def second_group():
    return target_group(address=TG_2, request={"Name": "admin-target-group", "Port": 9000})


def two_groups():
    """One service that is reached on two ports of one load balancer."""
    both = service(
        request={"loadBalancers": [behind(TG, 5000), behind(TG_2, 9000)]},
        after=(LISTENER, LISTENER_2, TG, TG_2),
    )
    front = (target_group(), second_group(), load_balancer(), listener(), second_listener(LB))
    return article_spec(resources=(*front, both))


def two_balancers():
    """One service behind two load balancers, each with an Elastic IP and a zone of its own."""
    second = load_balancer(
        address=LB_2,
        request={
            "Name": "second-nlb",
            "SubnetMappings": [
                {"SubnetId": SUBNET, "AllocationId": EIP_2},
            ],
        },
    )
    both = service(
        request={"loadBalancers": [behind(TG, 5000), behind(TG_2, 9000)]},
        after=(LISTENER, LISTENER_2, TG, TG_2),
    )
    front = (target_group(), second_group(), load_balancer(), second)
    return article_spec(resources=(*front, listener(), second_listener(LB_2), both))


def two_zones():
    """One load balancer in two zones, with an Elastic IP in each."""
    mappings = [
        {"SubnetId": SUBNET, "AllocationId": EIP},
        {"SubnetId": SUBNET_2, "AllocationId": EIP_2},
    ]
    wide = load_balancer(request={"SubnetMappings": mappings})
    network = {"subnets": [SUBNET, SUBNET_2], "assignPublicIp": "ENABLED"}
    everywhere = service(
        request={"desiredCount": 2, "networkConfiguration": {"awsvpcConfiguration": network}}
    )
    return article_spec(resources=(target_group(), wide, listener(), everywhere))


SHAPES = {"two_groups": two_groups, "two_balancers": two_balancers, "two_zones": two_zones}
EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())


def a_sut(sut_of, profile, spec):
    return sut_of(profile, spec, **THINGS)


def addresses(sut):
    found = sut.session.client("ec2").describe_addresses()["Addresses"]
    return {one["AllocationId"]: one.get("AssociationId") for one in found}


@EVERY_SHAPE
@pytest.mark.parametrize(
    ("profile", "order"),
    [("fast", "force"), ("typical", "force"), ("typical", "count"), ("slow", "safe")],
)
def test_it_wakes_and_sleeps_and_wakes_again(sut_of, profile, order, shape):
    sut = a_sut(sut_of, profile, shape())
    for _ in range(2):
        woken = one_pass(sut, "awake")
        assert woken.result is Result.CONVERGED
        assert woken.cause == ""
        assert all(woken.observed[r.address].state == "ready" for r in sut.spec.resources)
        used = {
            m["AllocationId"]
            for r in sut.spec.resources
            for m in r.request.get("SubnetMappings", ())
        }
        assert all(addresses(sut)[each] for each in used)
        slept = one_pass(sut, "asleep", order=Order(order))
        assert slept.result is Result.CONVERGED
        assert slept.cause == ""
        assert is_quiet(sut)
        assert not any(addresses(sut).values())
    assert one_balancer_at_a_time(sut)


@EVERY_SHAPE
@pytest.mark.parametrize(("there", "back"), [("awake", "asleep"), ("asleep", "awake")])
def test_changing_ones_mind_at_every_poll(sut_of, shape, there, back):
    sut = a_sut(sut_of, "fast", shape())
    if there == "asleep":
        one_pass(sut, "awake")
    for rounds in range(1, 100):
        begun = one_pass(sut, there, still_wanted=stop_after(rounds), every=LOOK)
        if begun.result is Result.CONVERGED:
            break
        outcome = one_pass(sut, back, every=LOOK)
        assert outcome.result is Result.CONVERGED, (rounds, outcome.cause)
        assert one_balancer_at_a_time(sut), rounds
        if back == "asleep":
            assert is_quiet(sut), rounds
    assert rounds > 3


def test_two_target_groups_are_both_healthy_before_it_is_awake(sut_of):
    """Awake is every target group, not the first of them."""
    sut = a_sut(sut_of, "typical", two_groups())
    # The second group's listener is made late: its targets become healthy minutes later.
    sut.aws.faults.add(
        Fault(
            operation="CreateListener",
            code="ServiceUnavailable",
            predicate=lambda params: params["Port"] == 9000,
            times=20,
        )
    )
    watch = Watch()
    outcome = one_pass(sut, "awake", report=watch)

    assert outcome.result is Result.CONVERGED
    elbv2 = sut.session.client("elbv2")
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        states = [h["TargetHealth"]["State"] for h in health["TargetHealthDescriptions"]]
        assert states == ["healthy"], group["TargetGroupName"]


def test_of_two_balancers_one_that_is_protected_does_not_keep_the_other(sut_of):
    """F40 for one of them: the other and the service go, and the protected one is named."""
    sut = a_sut(sut_of, "typical", two_balancers())
    one_pass(sut, "awake")
    with by_hand(sut) as session:
        elbv2 = session.client("elbv2")
        (found,) = elbv2.describe_load_balancers(Names=["ecs-nlb"])["LoadBalancers"]
        elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=found["LoadBalancerArn"],
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
        )
    outcome = one_pass(sut, "asleep", minutes=60)

    assert outcome.result is Result.FAILED
    assert '"ecs-nlb"' in outcome.cause
    standing = sut.standing()
    assert (standing["load_balancers"], standing["services"]) == (1, 0)
    assert addresses(sut)[EIP] and not addresses(sut)[EIP_2]


def test_of_two_balancers_one_that_stays_keeps_only_its_own_target_group(sut_of):
    """A blocked step blocks only what depends on it."""
    sut = a_sut(sut_of, "typical", two_balancers())
    one_pass(sut, "awake")
    sut.aws.conditions.endpoint_services.add("ecs-nlb")
    one_pass(sut, "asleep", minutes=60)

    found = sut.session.client("elbv2").describe_target_groups()["TargetGroups"]
    assert [group["TargetGroupName"] for group in found] == ["ecs-target-group"]


def test_of_two_balancers_one_whose_elastic_ip_is_taken_blocks_the_wake_before_it_costs(sut_of):
    sut = a_sut(sut_of, "fast", two_balancers())
    with by_hand(sut) as session:
        session.client("ec2").associate_address(
            AllocationId=EIP_2, InstanceId="i-0c0ffee0c0ffee0c0"
        )
    start = len(sut.aws.calls)
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.BLOCKED
    assert "203.0.113.26" in outcome.cause
    assert changes_since(sut, start) == []


def test_of_two_balancers_one_that_failed_is_created_again_alone(sut_of):
    sut = a_sut(sut_of, "fast", two_balancers())
    sut.aws.conditions.load_balancer("second-nlb", "failed", provisioning=20)
    watch = Watch(
        lambda: sut.aws.conditions.load_balancer("second-nlb", "active"),
        when=lambda seen: seen.observed[LB_2].state == "failed",
    )
    outcome = one_pass(sut, "awake", report=watch)

    assert outcome.result is Result.CONVERGED
    (gone,) = calls_of(sut, "DeleteLoadBalancer")
    assert "second-nlb" in gone.params["LoadBalancerArn"]
    assert sut.standing()["services"] == 1


def swapped_names():
    """The two balancers of `two_balancers`, each under the other's name."""
    whole = two_balancers()
    names = {LB: "second-nlb", LB_2: "ecs-nlb"}
    changed = [
        replace(r, request={**r.request, "Name": names[r.address]}) if r.address in names else r
        for r in whole.resources
    ]
    return article_spec(resources=tuple(changed))


def test_two_balancers_that_swapped_their_names_sleep_all_the_same(sut_of):
    """Each carries the other's address in its tags: both are this stack's, so both go."""
    sut = a_sut(sut_of, "fast", two_balancers())
    one_pass(sut, "awake")
    sut.spec = swapped_names()

    assert one_pass(sut, "asleep").result is Result.CONVERGED
    assert is_quiet(sut)
    assert not any(addresses(sut).values())
    assert one_pass(sut, "awake").result is Result.CONVERGED


# Services of both worlds


def kept_service():
    """Terraform keeps the service and its target group; only the front and the tasks sleep."""
    kept = {
        "$look_up": "target_group",
        "name": "kept-group",
        "attribute": "arn",
        "of": "aws_lb_target_group.kept",
    }
    forward = [{"Type": "forward", "TargetGroupArn": kept}]
    entry = {"targetGroupArn": kept, "containerName": FAMILY, "containerPort": 5000}
    return article_spec(
        resources=(
            load_balancer(),
            listener(request={"DefaultActions": forward}, after=(LB,)),
            service(
                request={"loadBalancers": [entry]},
                after=(LISTENER,),
                asleep={"desiredCount": 0},
            ),
        )
    )


def terraform_made(sut, tags=None):
    """What terraform apply leaves: the group, and the service at rest."""
    with by_hand(sut) as session:
        elbv2, ecs = session.client("elbv2"), session.client("ecs")
        (group,) = elbv2.create_target_group(
            Name="kept-group",
            Protocol="TCP",
            Port=5000,
            VpcId="vpc-0a1b2c3d4e5f60718",
            TargetType="ip",
            HealthCheckIntervalSeconds=10,
            HealthCheckTimeoutSeconds=6,
            HealthyThresholdCount=2,
        )["TargetGroups"]
        # Terraform made it while a listener stood; ECS asks for one only at the create.
        (balancer,) = elbv2.create_load_balancer(
            Name="terraform", Type="network", SubnetMappings=[{"SubnetId": SUBNET}]
        )["LoadBalancers"]
        elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="TCP",
            Port=5000,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
        )
        sut.aws.clock.advance(60)
        network = {"subnets": [SUBNET], "assignPublicIp": "ENABLED"}
        ecs.create_service(
            cluster=CLUSTER,
            serviceName=SERVICE_NAME,
            taskDefinition=FAMILY,
            desiredCount=0,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
            loadBalancers=[
                {
                    "targetGroupArn": group["TargetGroupArn"],
                    "containerName": FAMILY,
                    "containerPort": 5000,
                }
            ],
            healthCheckGracePeriodSeconds=180,
            tags=[{"key": k, "value": v} for k, v in (tags or {}).items()],
        )
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    sut.aws.clock.advance(300)


OURS = owner_tags("nsfw-api", SERVICE)


def the_service(sut):
    reply = sut.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    return reply["services"][0]


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("profile", PROFILES)
def test_a_service_of_both_worlds_is_scaled_and_never_deleted(sut_of, profile, order):
    sut = a_sut(sut_of, profile, kept_service())
    terraform_made(sut, OURS)
    for _ in range(2):
        start = len(sut.aws.calls)
        woken = one_pass(sut, "awake", minutes=30)
        assert woken.result is Result.CONVERGED, woken.cause
        assert the_service(sut)["runningCount"] == 1
        assert "UpdateService" in changes_since(sut, start)
        slept = one_pass(sut, "asleep", order=order, minutes=30)
        assert slept.result is Result.CONVERGED, slept.cause
        found = the_service(sut)
        assert (found["status"], found["desiredCount"], found["runningCount"]) == ("ACTIVE", 0, 0)
        assert sut.standing()["load_balancers"] == 0
        assert not sut.elastic_ip().get("AssociationId")
    done = {call.operation for call in sut.aws.calls if not call.is_read}
    assert not done & {"CreateService", "DeleteService", "CreateTargetGroup", "DeleteTargetGroup"}


def test_a_service_of_both_worlds_changes_its_mind_at_every_poll(sut_of):
    sut = a_sut(sut_of, "fast", kept_service())
    terraform_made(sut, OURS)
    for there, back in (("awake", "asleep"), ("asleep", "awake")):
        for rounds in range(1, 100):
            begun = one_pass(sut, there, still_wanted=stop_after(rounds), every=LOOK)
            if begun.result is Result.CONVERGED:
                break
            outcome = one_pass(sut, back, every=LOOK)
            assert outcome.result is Result.CONVERGED, (there, rounds, outcome.cause)
        assert rounds > 3


def test_a_service_of_both_worlds_at_rest_is_not_woken_up_by_a_sleep(sut_of):
    sut = a_sut(sut_of, "fast", kept_service())
    terraform_made(sut, OURS)
    start = len(sut.aws.calls)

    assert one_pass(sut, "asleep").result is Result.CONVERGED
    assert changes_since(sut, start) == []


def test_a_service_of_both_worlds_without_our_tags_is_reported_and_left_alone(sut_of):
    """Terraform made it, and has not been told to let dormouse have it."""
    sut = a_sut(sut_of, "fast", kept_service())
    terraform_made(sut)
    start = len(sut.aws.calls)
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.BLOCKED
    assert f'service "{SERVICE_NAME}" is not ours' in outcome.cause
    assert '"dormouse:stack" = "nsfw-api"' in outcome.cause
    assert changes_since(sut, start) == []


def test_a_service_of_both_worlds_without_our_tags_is_not_to_be_deleted(sut_of):
    """It is the user's own: the way out is to add the tags, as `dormouse check` says."""
    sut = a_sut(sut_of, "fast", kept_service())
    terraform_made(sut)
    outcome = one_pass(sut, "awake")

    assert "delete it" not in outcome.cause
    assert "add" in outcome.cause


def test_a_service_of_both_worlds_that_is_missing_is_terraforms_to_make(sut_of):
    """What stands in both worlds is not dormouse's to create; Terraform would not know of it."""
    sut = a_sut(sut_of, "fast", kept_service())
    terraform_made(sut, OURS)
    with by_hand(sut) as session:
        session.client("ecs").delete_service(cluster=CLUSTER, service=SERVICE_NAME, force=True)
    sut.aws.clock.advance(60)
    outcome = one_pass(sut, "awake")

    assert "terraform apply" in outcome.cause
    assert SERVICE in outcome.cause or SERVICE_NAME in outcome.cause
    assert not calls_of(sut, "CreateService")


def test_a_foreign_service_of_both_worlds_does_not_keep_the_rest_from_sleeping(sut_of):
    """In the safe order the load balancer goes minutes later: it must go all the same."""
    worker = service(
        address="aws_ecs_service.worker",
        request={"serviceName": "worker"},
        asleep={"desiredCount": 0},
        after=(),
    )
    sut = a_sut(sut_of, "typical", article_spec())
    one_pass(sut, "awake")
    with by_hand(sut) as session:
        session.client("ecs").create_service(
            cluster=CLUSTER,
            serviceName="worker",
            taskDefinition=FAMILY,
            desiredCount=0,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [SUBNET]}},
        )
    sut.spec = article_spec(resources=(*article_spec().resources, worker))
    one_pass(sut, "asleep", order=Order.SAFE, minutes=30)

    standing = sut.standing()
    assert (standing["load_balancers"], standing["target_groups"]) == (0, 0)


# The safe order


@pytest.mark.parametrize("profile", PROFILES)
def test_the_safe_order_deletes_nothing_under_a_service_that_drains(sut_of, profile):
    """Terraform's order: the front stays until the service is inactive (AWS behaviour §3.6)."""
    sut = a_sut(sut_of, profile, article_spec())
    one_pass(sut, "awake")
    start, watch = len(sut.aws.calls), Watch()
    outcome = one_pass(sut, "asleep", order=Order.SAFE, report=watch, minutes=30)

    assert outcome.result is Result.CONVERGED
    assert is_quiet(sut)
    (balancer,) = calls_of(sut, "DeleteLoadBalancer", since=start)
    inactive = [s.now for s in watch.rounds if s.observed[SERVICE].state != "absent"][-1]
    assert balancer.at >= inactive
    assert f"waits until {SERVICE} is gone" in watch.waits
    assert not calls_of(sut, "DeleteListener", since=start)  # it goes with its load balancer


def test_the_safe_order_says_what_keeps_it_when_the_service_may_not_be_deleted(sut_of):
    """Nothing else may go before it: the load balancer costs on, and the cause is told."""
    sut = a_sut(sut_of, "fast", article_spec())
    one_pass(sut, "awake")
    sut.aws.faults.add(
        Fault(
            operation="DeleteService",
            code="AccessDeniedException",
            message="not authorized to perform: ecs:DeleteService",
            status=400,
            times=FOREVER,
        )
    )
    outcome = one_pass(sut, "asleep", order=Order.SAFE, minutes=30)

    assert outcome.result is Result.FAILED
    assert "ecs:DeleteService" in outcome.cause
    assert not calls_of(sut, "DeleteLoadBalancer", "DeleteTargetGroup")


def test_the_order_may_change_between_two_passes(sut_of):
    sut = a_sut(sut_of, "typical", article_spec())
    for first, second in ((Order.SAFE, Order.COUNT), (Order.COUNT, Order.SAFE)):
        one_pass(sut, "awake")
        begun = one_pass(sut, "asleep", order=first, still_wanted=stop_after(4))
        slept = one_pass(sut, "asleep", order=second, progress=begun.progress)
        assert slept.result is Result.CONVERGED
        assert is_quiet(sut)


def test_a_service_without_a_load_balancer_wakes_and_sleeps(sut_of):
    """A worker: nothing but tasks."""
    worker = service(request={"loadBalancers": []}, after=())
    request = {k: v for k, v in worker.request.items() if k != "healthCheckGracePeriodSeconds"}
    sut = a_sut(sut_of, "typical", article_spec(resources=(replace(worker, request=request),)))

    assert one_pass(sut, "awake").result is Result.CONVERGED
    assert the_service(sut)["runningCount"] == 1
    assert one_pass(sut, "asleep").result is Result.CONVERGED
    assert is_quiet(sut)
