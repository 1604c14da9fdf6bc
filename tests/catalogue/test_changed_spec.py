"""
The Terraform files change while the stack is awake, and the new spec is published.

Design: awake it is exactly what the files say; asleep nothing is left but the Elastic IP; what
carries our stack's tag is ours (only no tag, or another stack's, is foreign). AWS behaviour §3.8:
names derive from the spec, so a renamed object is found by its tags or not at all.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalogue.tools import (
    AWAKE,
    CLUSTER,
    EIP,
    FAMILY,
    LB,
    LISTENER,
    SERVICE,
    SERVICE_NAME,
    SUBNET,
    TG,
    Watch,
    by_hand,
    calls_of,
    changes_since,
    is_quiet,
    one_pass,
)
from controller.reconcile.loop import Result
from factories import article_spec, listener, load_balancer, service, target_group

PARTS = {LB: load_balancer, TG: target_group, LISTENER: listener, SERVICE: service}


def spec_with(changed):
    """The article's stack with other arguments: address to keywords of the factory."""
    order = (TG, LB, LISTENER, SERVICE)
    return article_spec(resources=tuple(PARTS[a](**changed.get(a, {})) for a in order))


def on_port(port):
    container = {
        "targetGroupArn": {"$ref": f"{TG}.arn"},
        "containerName": FAMILY,
        "containerPort": port,
    }
    return {
        TG: {"request": {"Port": port}},
        LISTENER: {"request": {"Port": port}},
        SERVICE: {"request": {"loadBalancers": [container]}},
    }


def awake_then(desk, changed, *, quiet=30):
    """Awake by the old spec, with the new one published; the memory of the pass is kept."""
    woken = one_pass(desk, "awake")
    assert woken.result is Result.CONVERGED
    desk.spec = changed if not isinstance(changed, dict) else spec_with(changed)
    desk.aws.clock.advance(quiet * 60)
    return woken.progress


MEMORY = pytest.mark.parametrize("memory", ["kept", "lost"])
NOT_COMPARED = "settings of what stands are not compared: an old stack is reported as the new one"


@pytest.fixture(params=["fast"])
def desk(request, desk_of):
    return desk_of(request.param)


# What an update can put right


@MEMORY
def test_a_greater_desired_count_is_scaled_to(desk, memory):
    progress = awake_then(desk, {SERVICE: {"request": {"desiredCount": 3}}})
    start = len(desk.aws.calls)
    outcome = one_pass(desk, "awake", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.CONVERGED
    assert changes_since(desk, start) == ["UpdateService"]
    group = desk.session.client("elbv2").describe_target_groups()["TargetGroups"][0]
    health = desk.session.client("elbv2").describe_target_health(
        TargetGroupArn=group["TargetGroupArn"]
    )["TargetHealthDescriptions"]
    assert [h["TargetHealth"]["State"] for h in health] == ["healthy"] * 3
    assert one_pass(desk, "asleep").result is Result.CONVERGED
    assert is_quiet(desk)


def test_a_smaller_desired_count_is_scaled_to_when_the_files_do_not_ignore_it(desk):
    """Terraform would: only `ignore_changes = [desired_count]` says that it is somebody else's."""
    desk.spec = spec_with({SERVICE: {"request": {"desiredCount": 3}}})
    awake_then(desk, {})
    outcome = one_pass(desk, "awake")

    assert outcome.result is Result.CONVERGED
    reply = desk.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    assert reply["services"][0]["desiredCount"] == 1


def test_an_autoscalers_count_is_left_alone_when_the_files_ignore_it(desk):
    desk.spec = spec_with({SERVICE: {"ignore_changes": ("desired_count",)}})
    one_pass(desk, "awake")
    with by_hand(desk) as session:
        session.client("ecs").update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=2)
    desk.aws.clock.advance(120)
    start = len(desk.aws.calls)

    assert one_pass(desk, "awake").result is Result.CONVERGED
    assert changes_since(desk, start) == []


@MEMORY
def test_another_health_check_is_put_right_in_place(desk, memory):
    check = {"HealthCheckIntervalSeconds": 20, "UnhealthyThresholdCount": 4}
    progress = awake_then(desk, {TG: {"request": check}})
    start = len(desk.aws.calls)
    outcome = one_pass(desk, "awake", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.CONVERGED
    assert changes_since(desk, start) == ["ModifyTargetGroup"]
    (group,) = desk.session.client("elbv2").describe_target_groups()["TargetGroups"]
    assert check.items() <= group.items()
    assert desk.standing() == AWAKE


@pytest.mark.parametrize("memory", ["kept", "lost"])
def test_other_attributes_are_put_right_in_place(desk, memory):
    """The drain delay goes from 10 s to 60 s."""
    key = "deregistration_delay.timeout_seconds"
    progress = awake_then(desk, {TG: {"attributes": {key: "60"}}})
    outcome = one_pass(desk, "awake", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.CONVERGED
    elbv2 = desk.session.client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    found = elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
    assert {"Key": key, "Value": "60"} in found["Attributes"]


# What only a new object can be


@MEMORY
def test_after_a_sleep_everything_is_as_the_new_files_say(desk, memory):
    """The port changes from 5000 to 8080, across all three that name it."""
    with by_hand(desk) as session:
        ecs = session.client("ecs")
        first = ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
        (container,) = first["containerDefinitions"]
        ports = [{"containerPort": p, "hostPort": p, "protocol": "tcp"} for p in (5000, 8080)]
        ecs.register_task_definition(
            family=FAMILY,
            containerDefinitions=[{**container, "portMappings": ports}],
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
        )
    progress = awake_then(desk, on_port(8080))
    known = progress if memory == "kept" else None
    slept = one_pass(desk, "asleep", progress=known)
    assert slept.result is Result.CONVERGED
    assert is_quiet(desk)
    woken = one_pass(desk, "awake", progress=slept.progress if memory == "kept" else None)

    assert woken.result is Result.CONVERGED
    elbv2 = desk.session.client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    assert group["Port"] == 8080
    health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    assert health["TargetHealthDescriptions"][0]["Target"]["Port"] == 8080
    (arn,) = group["LoadBalancerArns"]
    ports = [each["Port"] for each in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]]
    assert ports == [8080]


def service_now(desk):
    reply = desk.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    return reply["services"][0]


@pytest.mark.xfail(strict=True, reason=NOT_COMPARED)
def test_another_port_is_made_or_told(desk):
    """Never "awake" with nothing said while the task still listens on the old port."""
    awake_then(desk, on_port(8080))
    watch = Watch()
    outcome = one_pass(desk, "awake", report=watch)

    (entry,) = service_now(desk)["loadBalancers"]
    (group,) = desk.session.client("elbv2").describe_target_groups()["TargetGroups"]
    made = entry["containerPort"] == group["Port"] == 8080
    assert made or "8080" in watch.said + outcome.cause


@pytest.mark.xfail(strict=True, reason="the listener of an old port is neither changed nor deleted")
def test_a_listener_of_the_old_port_does_not_stay_open(desk):
    """A port that the files closed answers on."""
    awake_then(desk, {LISTENER: {"request": {"Port": 8080}}})
    one_pass(desk, "awake")

    elbv2 = desk.session.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert [each["Port"] for each in found] == [8080]


@pytest.mark.xfail(strict=True, reason=NOT_COMPARED)
@pytest.mark.parametrize(
    ("request_", "key", "value"),
    [
        ({"healthCheckGracePeriodSeconds": 300}, "healthCheckGracePeriodSeconds", 300),
        ({"platformVersion": "LATEST"}, "platformVersion", "LATEST"),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": [SUBNET]}}},
            "networkConfiguration",
            {"awsvpcConfiguration": {"subnets": [SUBNET]}},
        ),
    ],
    ids=["grace", "platform", "network"],
)
def test_another_argument_of_the_service_is_made_or_told(desk, request_, key, value):
    """UpdateService takes all of these (AWS behaviour §2.12)."""
    awake_then(desk, {SERVICE: {"request": request_}})
    watch = Watch()
    outcome = one_pass(desk, "awake", report=watch)

    assert service_now(desk)[key] == value or key in watch.said + outcome.cause


# Other names, other addresses: nothing may be lost sight of


RENAMED = {
    "load_balancer": {LB: {"request": {"Name": "front"}}},
    "service": {SERVICE: {"request": {"serviceName": "api"}}},
    "target_group": {TG: {"request": {"Name": "api-targets"}}},
}
BY_NAME = "what stands is looked up by the spec's names: our tags on anything else are not seen"


@MEMORY
@pytest.mark.xfail(strict=True, reason=BY_NAME)
@pytest.mark.parametrize("changed", RENAMED.values(), ids=RENAMED.keys())
def test_a_sleep_after_a_rename_leaves_nothing_of_the_old_name(desk, changed, memory):
    """It carries our tags, it costs by the hour, and nobody else will delete it."""
    progress = awake_then(desk, changed)
    outcome = one_pass(desk, "asleep", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.CONVERGED
    assert is_quiet(desk)


@pytest.mark.xfail(strict=True, reason=BY_NAME)
@pytest.mark.parametrize("changed", RENAMED.values(), ids=RENAMED.keys())
def test_a_wake_after_a_rename_ends_with_one_stack_under_the_new_name(desk, changed):
    awake_then(desk, changed)
    outcome = one_pass(desk, "awake")

    assert outcome.result is Result.CONVERGED
    assert desk.standing() == AWAKE


@pytest.mark.xfail(strict=True, reason="a renamed load balancer of ours is told as a stranger's")
def test_a_renamed_load_balancer_is_not_told_as_somebody_elses(desk):
    """ "In use by ELB net/ecs-nlb/…": that is ours, and the way out is ours too."""
    awake_then(desk, RENAMED["load_balancer"])
    outcome = one_pass(desk, "awake")

    assert f"Elastic IP {desk.elastic_ip()['PublicIp']} is in use by ELB" not in outcome.cause


@pytest.mark.xfail(strict=True, reason="DeleteTargetGroup is repeated without end and never told")
def test_a_sleep_that_cannot_delete_its_target_group_is_no_storm(desk):
    """Its listener stands on the load balancer of the old name: refused for ever."""
    awake_then(desk, RENAMED["load_balancer"])
    outcome = one_pass(desk, "asleep", minutes=30)

    assert outcome.result in (Result.CONVERGED, Result.FAILED, Result.BLOCKED)
    assert "not asleep in time" not in outcome.cause
    assert len(calls_of(desk, "DeleteTargetGroup")) <= 60


def moved(spec, *addresses):
    """The same resources under other Terraform addresses; what refers to them follows."""
    new = {a: a.removesuffix("[0]") for a in addresses or PARTS}
    resources = []
    for one in spec.resources:
        request = _refer(one.request, new)
        after = tuple(new.get(a, a) for a in one.after)
        address = new.get(one.address, one.address)
        resources.append(replace(one, address=address, request=request, after=after))
    return article_spec(resources=tuple(resources))


def _refer(value, new):
    if isinstance(value, dict):
        if "$ref" in value:
            address, _, name = value["$ref"].rpartition(".")
            return {"$ref": f"{new.get(address, address)}.{name}"}
        return {key: _refer(item, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_refer(item, new) for item in value]
    return value


BY_ADDRESS = "our stack's tag with another address counts as foreign"


@pytest.mark.parametrize("addresses", [(), (LB, TG), (SERVICE,)], ids=["all", "front", "service"])
def test_a_sleep_after_a_resource_moved_to_another_address_leaves_nothing(desk, addresses):
    """`aws_lb.nlb[0]` became `aws_lb.nlb`, the name in AWS is the same: it is still ours."""
    awake_then(desk, moved(desk.spec, *addresses))
    outcome = one_pass(desk, "asleep")

    assert outcome.result is Result.CONVERGED
    assert is_quiet(desk)


def test_a_sleep_after_everything_moved_does_not_wait_for_an_elastic_ip_that_nobody_lets_go(desk):
    """ "Being released" is said of an address whose load balancer stands and is left standing."""
    awake_then(desk, moved(desk.spec))
    outcome = one_pass(desk, "asleep")

    assert "is being released" not in outcome.cause


@pytest.mark.xfail(strict=True, reason=BY_NAME)
def test_a_sleep_never_says_asleep_while_a_service_of_ours_runs_on(desk):
    """At the very least it must not be told as done."""
    awake_then(desk, RENAMED["service"])
    outcome = one_pass(desk, "asleep")

    assert outcome.result is not Result.CONVERGED or desk.standing()["services"] == 0


def test_a_wake_after_a_resource_moved_to_another_address_goes_on(desk):
    awake_then(desk, moved(desk.spec))

    assert one_pass(desk, "awake").result is Result.CONVERGED


def second_service():
    address = "aws_ecs_service.worker[0]"
    return service(address=address, request={"serviceName": "worker"})


@pytest.mark.xfail(strict=True, reason="what the spec does not name any more is not looked for")
@pytest.mark.parametrize("target", ["awake", "asleep"])
def test_a_resource_that_left_the_files_is_deleted(desk, target):
    """A second service was taken out: it runs, and costs, until somebody finds it."""
    whole = desk.spec
    desk.spec = article_spec(resources=(*whole.resources, second_service()))
    awake_then(desk, whole)
    one_pass(desk, target)

    arns = desk.session.client("ecs").list_services(cluster=CLUSTER)["serviceArns"]
    assert not [arn for arn in arns if arn.endswith("/worker")]


def test_the_elastic_ip_of_a_changed_spec_is_never_touched(desk):
    """Whatever is renamed or moved: the address stays allocated."""
    for changed in (*RENAMED.values(), moved(desk.spec)):
        awake_then(desk, changed, quiet=1)
        one_pass(desk, "awake", minutes=2)
        one_pass(desk, "asleep", minutes=2)
        desk.aws.reset()
        desk.aws.furnish_article()
        desk.spec = article_spec()
    assert desk.elastic_ip()["AllocationId"] == EIP


def test_a_spec_that_is_published_while_the_stack_wakes_is_taken_up(desk):
    """The pass is interrupted after three rounds; the next one knows a greater count."""
    begun = one_pass(desk, "awake", still_wanted=iter([True] * 3 + [False]).__next__)
    desk.spec = spec_with({SERVICE: {"request": {"desiredCount": 2}}})
    outcome = one_pass(desk, "awake", progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert service_now(desk)["runningCount"] == 2
    assert desk.standing() == AWAKE
