"""`lifecycle.ignore_changes`: made as the files say, and left alone from then on."""

import json

import pytest

from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, Spec
from controller.mapping.ignored import ignored_fields
from controller.mapping.kinds import BY_KIND
from controller.reconcile.outcome import Result
from traps.stack_directory import TG, L, S, compiled, problems_of, spec_of, stack_dir, sut_for

CHANGES = ("Create", "Modify", "Update", "Delete", "Set")
CHECK = '{\n protocol = "TCP"\n interval = 30\n}'


def ignoring(*entries):
    return {"lifecycle": f"{{\n ignore_changes = [{', '.join(entries)}]\n}}"}


ALL = {"lifecycle": "{\n ignore_changes = all\n}"}


def made(directory):
    """The stack awake, then looked at by somebody who remembers nothing."""
    sut = sut_for(spec_of(directory))
    outcome = sut.wake()
    assert outcome.result is Result.CONVERGED, outcome.cause
    return sut


def changes_of_next_pass(sut, progress=None):
    start = len(sut.aws.calls)
    outcome = sut.wake(progress=progress)
    assert outcome.result is Result.CONVERGED, outcome.cause
    return [c for c in sut.calls_since(start) if c.startswith(CHANGES)]


def service_of(sut):
    reply = sut.session.client("ecs").describe_services(cluster="garden", services=["garden"])
    return reply["services"][0]


def group_of(sut):
    (group,) = sut.session.client("elbv2").describe_target_groups()["TargetGroups"]
    return group["TargetGroupArn"]


@pytest.mark.parametrize("lifecycle", [ALL, ignoring("desired_count")])
@pytest.mark.parametrize("count", [0, 3])
def test_a_count_that_somebody_else_sets(tmp_path, lifecycle, count):
    sut = made(stack_dir(tmp_path, service=lifecycle))
    sut.session.client("ecs").update_service(cluster="garden", service="garden", desiredCount=count)
    sut.aws.clock.advance(600)
    assert changes_of_next_pass(sut) == []
    assert service_of(sut)["desiredCount"] == count


@pytest.mark.parametrize(
    "lifecycle", [ALL, ignoring("health_check"), ignoring("health_check[0].interval")]
)
def test_a_health_check_that_somebody_else_sets(tmp_path, lifecycle):
    sut = made(stack_dir(tmp_path, group={"health_check": CHECK, **lifecycle}))
    sut.session.client("elbv2").modify_target_group(
        TargetGroupArn=group_of(sut), HealthCheckIntervalSeconds=20
    )
    assert changes_of_next_pass(sut) == []


def test_a_part_of_a_health_check_leaves_the_others_to_be_corrected(tmp_path):
    changes = {"health_check": CHECK, **ignoring("health_check[0].interval")}
    sut = made(stack_dir(tmp_path, group=changes))
    elbv2 = sut.session.client("elbv2")
    elbv2.modify_target_group(
        TargetGroupArn=group_of(sut), HealthCheckIntervalSeconds=20, UnhealthyThresholdCount=7
    )
    assert changes_of_next_pass(sut) == ["ModifyTargetGroup"]
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    assert (group["HealthCheckIntervalSeconds"], group["UnhealthyThresholdCount"]) == (20, 3)


@pytest.mark.parametrize("lifecycle", [ALL, ignoring("deregistration_delay")])
@pytest.mark.parametrize("memory", ["kept", "lost"])
def test_an_attribute_is_set_once_and_then_left_alone(tmp_path, lifecycle, memory):
    sut = sut_for(spec_of(stack_dir(tmp_path, group=lifecycle)))
    progress = sut.wake().progress
    elbv2, key = sut.session.client("elbv2"), "deregistration_delay.timeout_seconds"
    read = {a["Key"]: a["Value"] for a in _attributes(elbv2, group_of(sut))}
    assert read[key] == "15"
    elbv2.modify_target_group_attributes(
        TargetGroupArn=group_of(sut), Attributes=[{"Key": key, "Value": "120"}]
    )
    assert changes_of_next_pass(sut, progress if memory == "kept" else None) == []
    assert {"Key": key, "Value": "120"} in _attributes(elbv2, group_of(sut))


def _attributes(elbv2, arn):
    return elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]


def test_an_attribute_is_set_also_when_the_pass_died_before_it(tmp_path):
    """The create is remembered, and that nothing more was done to it."""
    sut = sut_for(spec_of(stack_dir(tmp_path, group=ALL)))
    outcome = sut.wake()
    key = "deregistration_delay.timeout_seconds"
    sut.session.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group_of(sut), Attributes=[{"Key": key, "Value": "300"}]
    )
    undelivered = Progress(created=outcome.progress.created)
    assert changes_of_next_pass(sut, undelivered) == ["ModifyTargetGroupAttributes"]


def test_a_grace_period_that_the_new_files_change(tmp_path):
    lifecycle = ignoring("health_check_grace_period_seconds")
    sut = made(stack_dir(tmp_path, service=lifecycle))
    changed = {**lifecycle, "health_check_grace_period_seconds": "60"}
    sut.spec = spec_of(stack_dir(tmp_path, service=changed))
    assert changes_of_next_pass(sut) == []
    assert service_of(sut)["healthCheckGracePeriodSeconds"] == 180


def test_a_part_of_the_network_stays_while_another_is_corrected(tmp_path):
    """Terraform sends what stands for the part that it ignores."""
    lifecycle = ignoring("network_configuration[0].assign_public_ip")
    directory = stack_dir(tmp_path, service=lifecycle)
    sut = made(directory)
    ecs = sut.session.client("ecs")
    network = service_of(sut)["networkConfiguration"]["awsvpcConfiguration"]
    changed = {**network, "assignPublicIp": "DISABLED"}
    ecs.update_service(
        cluster="garden",
        service="garden",
        networkConfiguration={"awsvpcConfiguration": changed},
    )
    sut.aws.clock.advance(600)
    assert changes_of_next_pass(sut) == []

    changed = {**changed, "securityGroups": []}
    ecs.update_service(
        cluster="garden",
        service="garden",
        networkConfiguration={"awsvpcConfiguration": changed},
    )
    sut.aws.clock.advance(600)
    assert changes_of_next_pass(sut) == ["UpdateService"]
    found = service_of(sut)["networkConfiguration"]["awsvpcConfiguration"]
    assert found["assignPublicIp"] == "DISABLED"
    assert found["securityGroups"] == network["securityGroups"]


def test_a_deployment_that_has_moved_listener_and_service(tmp_path):
    """As blue and green do: `ignore_changes = [default_action]` and `[load_balancer]`."""
    blue_green = (
        'resource "aws_lb_target_group" "green" {\n count = var.awake ? 1 : 0\n'
        ' name = "green"\n target_type = "ip"\n port = 8080\n protocol = "TCP"\n'
        ' vpc_id = "vpc-0aaaa1111bbbb2222"\n deregistration_delay = 15\n}\n'
    )
    parts = {"listener": ignoring("default_action"), "service": ignoring("load_balancer")}
    sut = made(stack_dir(tmp_path, **parts, more=blue_green))
    elbv2 = sut.session.client("elbv2")
    (green,) = elbv2.describe_target_groups(Names=["green"])["TargetGroups"]
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    action = {"Type": "forward", "TargetGroupArn": green["TargetGroupArn"]}
    elbv2.modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=[action])
    (entry,) = service_of(sut)["loadBalancers"]
    sut.session.client("ecs").update_service(
        cluster="garden",
        service="garden",
        loadBalancers=[{**entry, "targetGroupArn": green["TargetGroupArn"]}],
    )
    sut.aws.clock.advance(900)
    assert changes_of_next_pass(sut) == []


def test_entries_are_found_in_the_tables():
    table = BY_KIND[Kind.TARGET_GROUP].table
    assert ignored_fields(table, ("health_check[0].interval",)) == ("HealthCheckIntervalSeconds",)
    assert "HealthCheckPath" in ignored_fields(table, ("health_check",))
    assert ignored_fields(table, ("stickiness[0].enabled", "tags")) == ("stickiness.enabled",)
    service = BY_KIND[Kind.SERVICE].table
    network = "networkConfiguration.awsvpcConfiguration"
    assert ignored_fields(service, ("network_configuration[0].subnets",)) == (f"{network}.subnets",)
    options = "service_connect_configuration[0].log_configuration[0].options"
    assert ignored_fields(service, (f'{options}["mode"]',)) == (
        "serviceConnectConfiguration.logConfiguration.options",
    )


def test_the_spec_carries_them(tmp_path):
    spec = spec_of(stack_dir(tmp_path, group=ignoring("deregistration_delay"), service=ALL))
    again = Spec.from_json(json.loads(json.dumps(spec.to_json())))
    assert again[TG].ignores("deregistration_delay.timeout_seconds")
    assert not again[TG].ignores("deregistration_delay.connection_termination.enabled")
    assert again[S].ignores("desiredCount") and again[S].ignores("platformVersion")
    assert not again[L].ignores("Port")


def test_what_differs_between_the_worlds_and_is_ignored_is_no_difference(tmp_path):
    """Terraform makes nothing of it; a service that stays is updated in its count alone."""
    changes = {
        "count": "1",
        "desired_count": "var.awake ? 1 : 0",
        "enable_execute_command": "var.awake",
        "load_balancer": None,
        "health_check_grace_period_seconds": None,
    }
    assert ("differs", "error") in problems_of(stack_dir(tmp_path, service=changes))
    result = compiled(
        stack_dir(tmp_path, service={**changes, **ignoring("enable_execute_command")})
    )
    assert "differs" not in {p.rule for p in result.problems}
    assert result.spec[S].asleep == {"desiredCount": 0}
