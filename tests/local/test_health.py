"""AWS behaviour §1.10, §1.11, §3.5: what becomes of a registered target."""

from simulated_stack import OTHER_SUBNET, refused

IP = "10.0.1.77"


def register(stack, group, zone="us-east-1a"):
    target = {"Id": IP, "Port": 5000, "AvailabilityZone": zone}
    stack.elbv2.register_targets(TargetGroupArn=group, Targets=[target])


def test_a_target_is_registered_then_checked_then_healthy(stack):
    _, group = stack.create_front()
    stack.pass_time(200)
    register(stack, group)
    assert stack.health(group) == [("initial", "Elb.RegistrationInProgress")]
    stack.pass_time(90)
    assert stack.health(group) == [("initial", "Elb.InitialHealthChecking")]
    stack.pass_time(19)
    assert stack.health(group)[0][0] == "initial"
    stack.pass_time(1)
    assert stack.health(group) == [("healthy", "")]


def test_checks_do_not_pass_before_the_balancer_is_active(stack):
    """§1.8."""
    _, group = stack.create_front()
    register(stack, group)
    stack.pass_time(150 - 3 + 19)
    assert stack.health(group) == [("initial", "Elb.InitialHealthChecking")]
    stack.pass_time(1)
    assert stack.health(group) == [("healthy", "")]


def test_under_a_failed_balancer_nothing_becomes_healthy(stack):
    stack.aws.conditions.load_balancer("ecs-nlb", "failed")
    _, group = stack.create_front()
    register(stack, group)
    stack.pass_time(86400)
    assert stack.health(group)[0][0] == "initial"


def test_a_target_waits_for_a_listener(stack):
    group = stack.create_group()
    register(stack, group)
    stack.pass_time(600)
    assert stack.health(group) == [("unused", "Target.NotInUse")]
    stack.create_listener(stack.create_balancer(), group)
    assert stack.health(group) == [("initial", "Elb.RegistrationInProgress")]
    stack.pass_time(170)
    assert stack.health(group) == [("healthy", "")]


def test_in_a_zone_that_is_not_enabled_it_stays_unused(stack):
    _, group = stack.create_front()
    register(stack, group, "us-east-1c")
    stack.pass_time(86400)
    assert stack.health(group) == [("unused", "Target.NotInUse")]


def test_enabling_the_zone_brings_it_in(stack):
    balancer, group = stack.create_front()
    register(stack, group, "us-east-1c")
    stack.pass_time(600)
    zones = stack.elbv2.describe_load_balancers()["LoadBalancers"][0]["AvailabilityZones"]
    kept = {
        "SubnetId": zones[0]["SubnetId"],
        "AllocationId": zones[0]["LoadBalancerAddresses"][0]["AllocationId"],
    }
    stack.elbv2.set_subnets(
        LoadBalancerArn=balancer, SubnetMappings=[kept, {"SubnetId": OTHER_SUBNET}]
    )
    stack.pass_time(110)
    assert stack.health(group) == [("healthy", "")]


def test_a_target_drains_for_two_minutes_whatever_a_shorter_delay_says(stack):
    """§3.5: the floor of a network load balancer."""
    _, group = stack.create_front()
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
    stack.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=delay)
    register(stack, group)
    stack.pass_time(300)
    stack.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": IP, "Port": 5000}])
    assert stack.health(group) == [("draining", "Target.DeregistrationInProgress")]
    stack.pass_time(119)
    assert stack.health(group)[0][0] == "draining"
    stack.pass_time(1)
    assert stack.health(group) == []


def test_a_longer_delay_counts(stack):
    _, group = stack.create_front()
    register(stack, group)
    stack.pass_time(300)
    stack.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": IP, "Port": 5000}])
    stack.pass_time(299)
    assert stack.health(group)[0][0] == "draining"
    stack.pass_time(1)
    assert stack.health(group) == []


def test_draining_ends_when_the_balancer_goes(stack):
    """§3.5, the basis of the fast sleep."""
    balancer, group = stack.create_front()
    register(stack, group)
    stack.pass_time(300)
    stack.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": IP, "Port": 5000}])
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    stack.pass_time(1)
    assert stack.health(group) == []


def test_healthy_targets_become_unused_with_the_balancer(stack):
    balancer, group = stack.create_front()
    register(stack, group)
    stack.pass_time(300)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    assert stack.health(group) == [("unused", "Target.NotInUse")]
    stack.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": IP, "Port": 5000}])
    assert stack.health(group) == []


def test_a_changed_check_counts_for_targets_still_on_their_way(stack):
    _, group = stack.create_front()
    stack.pass_time(200)
    register(stack, group)
    stack.elbv2.modify_target_group(TargetGroupArn=group, HealthCheckIntervalSeconds=30)
    stack.pass_time(149)
    assert stack.health(group)[0][0] == "initial"
    stack.pass_time(1)
    assert stack.health(group)[0][0] == "healthy"
    stack.elbv2.modify_target_group(TargetGroupArn=group, HealthCheckIntervalSeconds=300)
    assert stack.health(group)[0][0] == "healthy"


def test_an_unknown_target_is_unused_not_an_error(stack):
    group = stack.create_group()
    stack.pass_time(2)
    reply = stack.elbv2.describe_target_health(
        TargetGroupArn=group, Targets=[{"Id": "10.0.1.9", "Port": 5000}]
    )
    found = reply["TargetHealthDescriptions"][0]["TargetHealth"]
    assert (found["State"], found["Reason"]) == ("unused", "Target.NotRegistered")
    with refused("InvalidTarget"):
        stack.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.9"}])
