"""
The Terraform files change while the stack is awake, and the new spec is published.

Design: awake it is exactly what the files say; asleep nothing is left but the Elastic IP; what
carries our stack's tag is ours (only no tag, or another stack's, is foreign). AWS behaviour §3.8:
names derive from the spec, so a renamed object is found by its tags or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from catalogue.tools import (
    ASLEEP,
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
    by_hand,
    calls_of,
    changes_since,
    is_quiet,
    one_pass,
)
from controller.reconcile.outcome import Result
from factories import article_spec, listener, load_balancer, service, target_group
from local.ecs import service_view, services
from local.elbv2 import load_balancers, target_groups
from local.faults import FOREVER, Fault

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


def awake_then(sut, changed, *, quiet=30):
    """Awake by the old spec, with the new one published; the memory of the pass is kept."""
    woken = one_pass(sut, "awake")
    assert woken.result is Result.CONVERGED
    sut.spec = changed if not isinstance(changed, dict) else spec_with(changed)
    sut.aws.clock.advance(quiet * 60)
    return woken.progress


MEMORY = pytest.mark.parametrize("memory", ["kept", "lost"])


@pytest.fixture(params=["fast"])
def sut(request, sut_of):
    return sut_of(request.param)


# What an update can put right


@MEMORY
def test_a_greater_desired_count_is_scaled_to(sut, memory):
    progress = awake_then(sut, {SERVICE: {"request": {"desiredCount": 3}}})
    start = len(sut.aws.calls)
    outcome = one_pass(sut, "awake", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.CONVERGED
    assert changes_since(sut, start) == ["UpdateService"]
    group = sut.session.client("elbv2").describe_target_groups()["TargetGroups"][0]
    health = sut.session.client("elbv2").describe_target_health(
        TargetGroupArn=group["TargetGroupArn"]
    )["TargetHealthDescriptions"]
    assert [h["TargetHealth"]["State"] for h in health] == ["healthy"] * 3
    assert one_pass(sut, "asleep").result is Result.CONVERGED
    assert is_quiet(sut)


def test_a_smaller_desired_count_is_scaled_to_when_the_files_do_not_ignore_it(sut):
    """Terraform would: only `ignore_changes = [desired_count]` says that it is somebody else's."""
    sut.spec = spec_with({SERVICE: {"request": {"desiredCount": 3}}})
    awake_then(sut, {})
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    reply = sut.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    assert reply["services"][0]["desiredCount"] == 1


def test_an_autoscalers_count_is_left_alone_when_the_files_ignore_it(sut):
    sut.spec = spec_with({SERVICE: {"ignore_changes": ("desired_count",)}})
    one_pass(sut, "awake")
    with by_hand(sut) as session:
        session.client("ecs").update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=2)
    sut.aws.clock.advance(120)
    start = len(sut.aws.calls)

    assert one_pass(sut, "awake").result is Result.CONVERGED
    assert changes_since(sut, start) == []


@MEMORY
def test_another_health_check_is_corrected_in_place(sut, memory):
    check = {"HealthCheckIntervalSeconds": 20, "UnhealthyThresholdCount": 4}
    progress = awake_then(sut, {TG: {"request": check}})
    start = len(sut.aws.calls)
    outcome = one_pass(sut, "awake", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.CONVERGED
    assert changes_since(sut, start) == ["ModifyTargetGroup"]
    (group,) = sut.session.client("elbv2").describe_target_groups()["TargetGroups"]
    assert check.items() <= group.items()
    assert sut.standing() == AWAKE


@pytest.mark.parametrize("memory", ["kept", "lost"])
def test_other_attributes_are_corrected_in_place(sut, memory):
    """The drain delay goes from 10 s to 60 s."""
    key = "deregistration_delay.timeout_seconds"
    progress = awake_then(sut, {TG: {"attributes": {key: "60"}}})
    outcome = one_pass(sut, "awake", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.CONVERGED
    elbv2 = sut.session.client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    found = elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
    assert {"Key": key, "Value": "60"} in found["Attributes"]


# What only a new object can be


@MEMORY
def test_after_a_sleep_everything_is_as_the_new_files_say(sut, memory):
    """The port changes from 5000 to 8080, across all three that name it."""
    with by_hand(sut) as session:
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
    progress = awake_then(sut, on_port(8080))
    known = progress if memory == "kept" else None
    slept = one_pass(sut, "asleep", progress=known)
    assert slept.result is Result.CONVERGED
    assert is_quiet(sut)
    woken = one_pass(sut, "awake", progress=slept.progress if memory == "kept" else None)

    assert woken.result is Result.CONVERGED
    elbv2 = sut.session.client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    assert group["Port"] == 8080
    health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    assert health["TargetHealthDescriptions"][0]["Target"]["Port"] == 8080
    (arn,) = group["LoadBalancerArns"]
    ports = [each["Port"] for each in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]]
    assert ports == [8080]


def service_now(sut):
    reply = sut.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    return reply["services"][0]


def test_another_port_is_reported_while_people_use_the_old_one(sut):
    """Never "awake" with nothing said while the task still listens on the old port."""
    awake_then(sut, on_port(8080))
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    for what in ('target group "ecs-target-group"', f'service "{SERVICE_NAME}"'):
        assert what in outcome.cause
    assert "the next wake creates it again" in outcome.cause
    (entry,) = service_now(sut)["loadBalancers"]
    assert entry["containerPort"] == 5000


def test_a_listener_of_the_old_port_does_not_stay_open(sut):
    """A port that the files closed answers on."""
    awake_then(sut, {LISTENER: {"request": {"Port": 8080}}})
    one_pass(sut, "awake")

    elbv2 = sut.session.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert [each["Port"] for each in found] == [8080]


def test_more_listeners_of_old_ports_than_one_read_of_tags_takes_are_closed(sut):
    """A load balancer has up to 50, DescribeTags takes 20 ARNs (AWS behaviour §1.14)."""
    one_pass(sut, "awake")
    elbv2 = sut.session.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    with by_hand(sut):
        for port in range(6000, 6025):
            elbv2.create_listener(
                LoadBalancerArn=balancer["LoadBalancerArn"],
                Port=port,
                Protocol="TCP",
                DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
                Tags=[
                    {"Key": "dormouse:stack", "Value": "nsfw-api"},
                    {"Key": "dormouse:address", "Value": f"aws_lb_listener.old/{port}"},
                ],
            )
    sut.aws.clock.advance(120)
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert [each["Port"] for each in found] == [5000]


@MEMORY
@pytest.mark.parametrize(
    ("request_", "key", "value"),
    [
        ({"healthCheckGracePeriodSeconds": 300}, "healthCheckGracePeriodSeconds", 300),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": [SUBNET]}}},
            "networkConfiguration",
            {"awsvpcConfiguration": {"subnets": [SUBNET]}},
        ),
    ],
    ids=["grace", "network"],
)
def test_another_argument_of_the_service_is_corrected_in_place(sut, request_, key, value, memory):
    """UpdateService takes these (AWS behaviour §2.12); once, whatever AWS echoes."""
    progress = awake_then(sut, {SERVICE: {"request": request_}})
    start = len(sut.aws.calls)
    outcome = one_pass(sut, "awake", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.CONVERGED
    assert service_now(sut)[key] == value
    assert changes_since(sut, start) == ["UpdateService"]
    again = one_pass(sut, "awake", progress=outcome.progress)
    assert again.result is Result.CONVERGED
    assert changes_since(sut, start) == ["UpdateService"]


@pytest.mark.parametrize("operation", ["ModifyTargetGroup", "UpdateService"])
def test_a_setting_that_may_not_be_changed_is_reported_and_deletes_nothing(sut, operation):
    """People use it: a right that lacks for a repair is no reason to take it from them."""
    changed = {
        TG: {"request": {"HealthCheckIntervalSeconds": 20}},
        SERVICE: {"request": {"healthCheckGracePeriodSeconds": 300}},
    }
    awake_then(sut, changed)
    sut.aws.faults.add(
        Fault(operation=operation, code="AccessDenied", message="no", status=403, times=FOREVER)
    )
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    assert "the role lacks this right" in outcome.cause
    assert sut.standing() == AWAKE


def test_the_latest_platform_is_no_change(sut):
    awake_then(sut, {SERVICE: {"request": {"platformVersion": "LATEST"}}})
    start = len(sut.aws.calls)

    assert one_pass(sut, "awake").result is Result.CONVERGED
    assert changes_since(sut, start) == []


# Other names, other addresses: nothing may be lost sight of


RENAMED = {
    "load_balancer": {LB: {"request": {"Name": "front"}}},
    "service": {SERVICE: {"request": {"serviceName": "api"}}},
    "target_group": {TG: {"request": {"Name": "api-targets"}}},
}


@MEMORY
@pytest.mark.parametrize(
    ("what", "name"), [("load_balancer", "ecs-nlb"), ("service", SERVICE_NAME)]
)
def test_a_sleep_after_a_rename_takes_down_the_rest_and_names_what_still_costs(
    sut, what, name, memory
):
    """It carries our tags, and costs by the hour. Whose it is, a person must say."""
    progress = awake_then(sut, RENAMED[what])
    outcome = one_pass(sut, "asleep", progress=progress if memory == "kept" else None)

    assert outcome.result is Result.BLOCKED
    assert f'"{name}"' in outcome.cause
    assert "sweep --delete" in outcome.cause
    paid = {"load_balancers": 0, "services": 0, f"{what}s": 1}
    assert paid.items() <= sut.standing().items()


def test_a_sleep_after_the_target_group_was_renamed_leaves_nothing_that_costs(sut):
    awake_then(sut, RENAMED["target_group"])

    assert one_pass(sut, "asleep").result is Result.CONVERGED
    assert sut.standing() == ASLEEP | {"target_groups": 1}


def test_a_wake_after_the_service_was_renamed_names_the_old_one(sut):
    awake_then(sut, RENAMED["service"])
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    assert f'service "{SERVICE_NAME}"' in outcome.cause


def test_a_wake_after_the_target_group_was_renamed_moves_the_service_over(sut):
    awake_then(sut, RENAMED["target_group"])
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    elbv2 = sut.session.client("elbv2")
    (group,) = elbv2.describe_target_groups(Names=["api-targets"])["TargetGroups"]
    (entry,) = service_now(sut)["loadBalancers"]
    assert entry["targetGroupArn"] == group["TargetGroupArn"] == outcome.observed[TG].arn
    health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    states = [each["TargetHealth"]["State"] for each in health["TargetHealthDescriptions"]]
    assert states == ["healthy"]


def test_a_renamed_load_balancer_is_not_reported_as_foreign(sut):
    """It holds the Elastic IP, and is ours: the way out is ours too."""
    awake_then(sut, RENAMED["load_balancer"])
    start = len(sut.aws.calls)
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.BLOCKED
    assert 'is held by load balancer "ecs-nlb", which carries this stack\'s tags' in outcome.cause
    assert "detach" not in outcome.cause
    assert changes_since(sut, start) == []


def test_a_sleep_that_cannot_delete_its_target_group_is_no_storm(sut):
    """Its listener stands on the load balancer of the old name: refused for ever."""
    awake_then(sut, RENAMED["load_balancer"])
    outcome = one_pass(sut, "asleep", minutes=30)

    assert outcome.result is Result.BLOCKED
    assert calls_of(sut, "DeleteTargetGroup") == []


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
def test_a_sleep_after_a_resource_moved_to_another_address_leaves_nothing(sut, addresses):
    """`aws_lb.nlb[0]` became `aws_lb.nlb`, the name in AWS is the same: it is still ours."""
    awake_then(sut, moved(sut.spec, *addresses))
    outcome = one_pass(sut, "asleep")

    assert outcome.result is Result.CONVERGED
    assert is_quiet(sut)


def test_a_sleep_after_everything_moved_does_not_wait_for_an_elastic_ip_that_nobody_lets_go(sut):
    """ "Being released" is said of an address whose load balancer stands and is left standing."""
    awake_then(sut, moved(sut.spec))
    outcome = one_pass(sut, "asleep")

    assert "is not free yet" not in outcome.cause


def test_a_wake_after_a_resource_moved_to_another_address_goes_on(sut):
    awake_then(sut, moved(sut.spec))

    assert one_pass(sut, "awake").result is Result.CONVERGED


def second_service():
    address = "aws_ecs_service.worker[0]"
    return service(address=address, request={"serviceName": "worker"})


def test_a_resource_that_left_the_files_is_named(sut):
    """A second service was taken out: it runs, and costs, until somebody says that it may go."""
    whole = sut.spec
    sut.spec = article_spec(resources=(*whole.resources, second_service()))
    progress = awake_then(sut, whole)
    awake = one_pass(sut, "awake", progress=progress)
    assert awake.result is Result.CONVERGED
    assert 'service "worker" (aws_ecs_service.worker/0)' in awake.cause

    asleep = one_pass(sut, "asleep", progress=awake.progress)
    assert asleep.result is Result.BLOCKED
    assert 'service "worker"' in asleep.cause
    assert sut.standing() == ASLEEP | {"services": 1}


def test_what_another_stack_owns_is_no_leftover(sut):
    with by_hand(sut) as session:
        session.client("elbv2").create_load_balancer(
            Name="theirs",
            Type="network",
            Subnets=[SUBNET],
            Tags=[
                {"Key": "dormouse:stack", "Value": "another"},
                {"Key": "dormouse:address", "Value": "aws_lb.nlb/0"},
            ],
        )
    sut.aws.clock.advance(60)
    outcome = one_pass(sut, "awake")

    assert (outcome.result, outcome.cause) == (Result.CONVERGED, "")
    assert one_pass(sut, "asleep").result is Result.CONVERGED


def test_a_load_balancer_is_named_though_services_may_not_be_listed(sut):
    awake_then(sut, RENAMED["load_balancer"])
    sut.aws.faults.add(
        Fault(operation="ListServices", code="AccessDeniedException", message="no", status=400)
    )
    outcome = one_pass(sut, "asleep")

    assert outcome.result is Result.BLOCKED
    assert 'load balancer "ecs-nlb"' in outcome.cause


def test_a_sleep_that_may_not_list_services_sleeps_all_the_same(sut):
    one_pass(sut, "awake")
    sut.aws.faults.add(
        Fault(operation="ListServices", code="AccessDeniedException", message="no", status=400)
    )

    assert one_pass(sut, "asleep").result is Result.CONVERGED
    assert is_quiet(sut)


def test_an_elastic_ip_that_is_no_more_found_by_its_tag_tears_nothing_down(sut_of):
    """A second address got the tag: the next wake cannot choose; this one needs no choice."""
    wanted = {"$look_up": "elastic_ip", "tags": {"Name": "api"}, "attribute": "allocation_id"}
    request = {"SubnetMappings": [{"SubnetId": SUBNET, "AllocationId": wanted}]}
    address = {"allocation_id": EIP, "public_ip": "203.0.113.25", "tags": {"Name": "api"}}
    sut = sut_of("fast", spec_with({LB: {"request": request}}), elastic_ips=[address])
    woken = one_pass(sut, "awake")
    assert woken.result is Result.CONVERGED
    second = {**address, "allocation_id": "eipalloc-0second", "public_ip": "203.0.113.26"}
    sut.aws.furnish(elastic_ips=[second])
    start = len(sut.aws.calls)
    outcome = one_pass(sut, "awake", progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert "found 2" in outcome.cause
    assert changes_since(sut, start) == []
    assert one_pass(sut, "asleep", progress=outcome.progress).result is Result.CONVERGED
    assert one_pass(sut, "awake").result is Result.FAILED
    assert sut.standing() == ASLEEP


def test_the_elastic_ip_of_a_changed_spec_is_never_touched(sut):
    """Whatever is renamed or moved: the address stays allocated."""
    for changed in (*RENAMED.values(), moved(sut.spec)):
        awake_then(sut, changed, quiet=1)
        one_pass(sut, "awake", minutes=2)
        one_pass(sut, "asleep", minutes=2)
        sut.aws.reset()
        sut.aws.furnish_article()
        sut.spec = article_spec()
    assert sut.elastic_ip()["AllocationId"] == EIP


def test_a_spec_that_is_published_while_the_stack_wakes_is_taken_up(sut):
    """The pass is interrupted after three rounds; the next one knows a greater count."""
    begun = one_pass(sut, "awake", still_wanted=iter([True] * 3 + [False]).__next__)
    sut.spec = spec_with({SERVICE: {"request": {"desiredCount": 2}}})
    outcome = one_pass(sut, "awake", progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert service_now(sut)["runningCount"] == 2
    assert sut.standing() == AWAKE


# What AWS answers in other words than it was asked in


def answering(monkeypatch, change):
    """DescribeLoadBalancers, with what `change` makes of each that it lists."""
    plainly = load_balancers.view
    monkeypatch.setattr(load_balancers, "view", lambda region, one: change(plainly(region, one)))


def without_addresses(found):
    if found["State"]["Code"] != "provisioning":
        return found
    zones = [{**zone, "LoadBalancerAddresses": []} for zone in found["AvailabilityZones"]]
    return {**found, "AvailabilityZones": zones}


def test_a_load_balancer_that_does_not_show_its_address_yet_is_not_created_again(sut, monkeypatch):
    """Each one costs a whole hour (AWS behaviour §7.1)."""
    answering(monkeypatch, without_addresses)
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    assert len(calls_of(sut, "CreateLoadBalancer")) == 1


def test_a_load_balancer_that_reads_otherwise_however_it_is_made_is_created_again_once(
    sut, monkeypatch
):
    answering(monkeypatch, lambda found: {**found, "Scheme": "facing-the-internet"})
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    assert len(calls_of(sut, "CreateLoadBalancer")) == 2
    later = one_pass(sut, "awake", progress=outcome.progress)
    assert "differs from the Terraform files in Scheme" in later.cause
    assert len(calls_of(sut, "CreateLoadBalancer")) == 2


def test_a_target_group_that_reads_otherwise_is_created_again_once(sut, monkeypatch):
    plainly = target_groups.view
    monkeypatch.setattr(
        target_groups, "view", lambda region, one: {**plainly(region, one), "Protocol": "tcp"}
    )
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    assert len(calls_of(sut, "CreateTargetGroup")) <= 2


def test_an_update_that_aws_shows_late_begins_no_storm_of_deployments(sut, monkeypatch):
    """UpdateService answers before it has moved to the target group (AWS behaviour §2.12)."""
    progress = awake_then(sut, RENAMED["target_group"])
    shows_at = sut.aws.clock.now() + timedelta(seconds=45)
    plainly = service_view.view
    before = service_now(sut)["loadBalancers"]

    def late(region, service, include=("TAGS",)):
        found = plainly(region, service, include)
        is_late = sut.aws.clock.now() < shows_at
        return {**found, "loadBalancers": before} if is_late else found

    monkeypatch.setattr(services, "view", late)
    outcome = one_pass(sut, "awake", progress=progress)

    assert outcome.result is Result.CONVERGED
    assert service_now(sut)["loadBalancers"] != before
    assert 1 <= len(calls_of(sut, "UpdateService")) <= 2


def test_a_setting_that_always_reads_differently_is_reported_and_deletes_nothing(sut, monkeypatch):
    plainly = target_groups.view
    monkeypatch.setattr(
        target_groups,
        "view",
        lambda region, one: {**plainly(region, one), "HealthCheckTimeoutSeconds": 3},
    )
    outcome = one_pass(sut, "awake")

    assert outcome.result is Result.CONVERGED
    assert len(calls_of(sut, "ModifyTargetGroup")) == 3
    assert "health_check" in outcome.cause
    assert sut.standing() == AWAKE
