"""AWS behaviour §1.2, §1.6, §3.3."""

import pytest
from simulated_stack import SUBNET, VPC, refused


def test_the_api_has_its_own_defaults(stack):
    """Not Terraform's: §1.2."""
    reply = stack.elbv2.create_target_group(
        Name="plain", Protocol="TCP", Port=80, VpcId=VPC, TargetType="ip"
    )
    group = reply["TargetGroups"][0]
    assert group["TargetGroupArn"].partition(":targetgroup/")[2].startswith("plain/")
    assert group["HealthCheckIntervalSeconds"] == 30
    assert group["HealthyThresholdCount"] == 5
    assert group["UnhealthyThresholdCount"] == 2
    assert group["HealthCheckPort"] == "traffic-port"
    assert group["LoadBalancerArns"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"HealthCheckIntervalSeconds": 4},
        {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 5},
        {"HealthyThresholdCount": 1},
        {"HealthyThresholdCount": 11},
        {"Name": "a" * 33},
        {"Name": "ecs_tg"},
        {"Port": None},
        {"Protocol": "GENEVE"},
        {"VpcId": "vpc-0missing"},
    ],
)
def test_what_is_out_of_bounds_is_refused(stack, changes):
    with pytest.raises(Exception, match=r"ValidationError|Parameter validation"):
        stack.create_group(**changes)


def test_the_same_settings_return_the_same_group(stack):
    first = stack.create_group()
    assert stack.create_group() == first
    text = "A target group with the same name 'ecs-target-group' exists, but with different"
    with refused("DuplicateTargetGroupName", text):
        stack.create_group(HealthyThresholdCount=3)


def test_a_changed_health_check_counts_as_a_setting(stack):
    arn = stack.create_group()
    stack.elbv2.modify_target_group(TargetGroupArn=arn, HealthyThresholdCount=3)
    assert stack.create_group(HealthyThresholdCount=3) == arn
    with refused("DuplicateTargetGroupName"):
        stack.create_group()


def test_attributes_are_those_of_ip_targets_over_tcp(stack):
    arn = stack.create_group()
    changed = stack.elbv2.modify_target_group_attributes(
        TargetGroupArn=arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}],
    )
    found = {each["Key"]: each["Value"] for each in changed["Attributes"]}
    assert found["deregistration_delay.timeout_seconds"] == "10"
    assert found["preserve_client_ip.enabled"] == "false"
    for key, value, code in [
        ("deregistration_delay.timeout_seconds", "3601", "ValidationError"),
        ("slow_start.duration_seconds", "30", "InvalidConfigurationRequest"),
    ]:
        with refused(code):
            stack.elbv2.modify_target_group_attributes(
                TargetGroupArn=arn, Attributes=[{"Key": key, "Value": value}]
            )


def test_a_group_serves_one_load_balancer(stack):
    """F14."""
    _, group = stack.create_front()
    other = stack.create_balancer(
        Name="other", SubnetMappings=[{"SubnetId": SUBNET}], Scheme="internal"
    )
    with refused("TargetGroupAssociationLimit"):
        stack.create_listener(other, group)


def test_a_group_is_free_again_a_while_after_its_load_balancer_went(stack):
    """F14, F39."""
    balancer, group = stack.create_front()
    text = f"Target group '{group}' is currently in use by a listener or a rule"
    with refused("ResourceInUse", text):
        stack.elbv2.delete_target_group(TargetGroupArn=group)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    stack.pass_time(9)
    with refused("ResourceInUse", text):
        stack.elbv2.delete_target_group(TargetGroupArn=group)
    described = stack.elbv2.describe_target_groups(TargetGroupArns=[group])
    assert described["TargetGroups"][0]["LoadBalancerArns"] == [balancer]
    stack.pass_time(1)
    described = stack.elbv2.describe_target_groups(TargetGroupArns=[group])
    assert described["TargetGroups"][0]["LoadBalancerArns"] == []
    stack.elbv2.delete_target_group(TargetGroupArn=group)
    with refused("TargetGroupNotFound"):
        stack.elbv2.describe_target_groups(TargetGroupArns=[group])


def test_a_kept_group_serves_the_next_load_balancer(stack):
    balancer, group = stack.create_front()
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    stack.pass_time(60)
    stack.create_listener(stack.create_balancer(), group)


def test_deleting_a_missing_group_is_no_error(stack):
    """§3.3: no such error is modelled."""
    arn = stack.create_group()
    stack.elbv2.delete_target_group(TargetGroupArn=arn)
    stack.elbv2.delete_target_group(TargetGroupArn=arn)


def test_reads_lag_and_find_by_name_arn_or_load_balancer(stack):
    arn = stack.create_group()
    with refused("TargetGroupNotFound"):
        stack.elbv2.describe_target_groups(Names=["ecs-target-group"])
    stack.pass_time(2)
    assert stack.elbv2.describe_target_groups(Names=["ecs-target-group"])["TargetGroups"]
    balancer = stack.create_balancer()
    stack.create_listener(balancer, arn)
    stack.pass_time(2)
    found = stack.elbv2.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
    assert [each["TargetGroupArn"] for each in found] == [arn]
    assert found[0]["LoadBalancerArns"] == [balancer]
    with refused("ValidationError"):
        stack.elbv2.describe_target_groups(Names=["x"], TargetGroupArns=[arn])


def test_tags_are_read_twenty_at_most_at_a_time(stack):
    arn = stack.create_group(Tags=[{"Key": "dormouse:stack", "Value": "nsfw-api"}])
    stack.pass_time(2)
    tags = stack.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert tags == [{"ResourceArn": arn, "Tags": [{"Key": "dormouse:stack", "Value": "nsfw-api"}]}]
    with refused("ValidationError", "20"):
        stack.elbv2.describe_tags(ResourceArns=[arn] * 21)
    stack.elbv2.remove_tags(ResourceArns=[arn], TagKeys=["dormouse:stack"])
    assert stack.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"] == []


def test_tag_keys_are_unique_and_at_most_fifty(stack):
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    with refused("DuplicateTagKeys"):
        stack.create_group(Tags=twice)
    with refused("TooManyTags"):
        stack.create_group(Tags=[{"Key": str(n), "Value": ""} for n in range(51)])
    assert stack.elbv2.describe_target_groups()["TargetGroups"] == []
