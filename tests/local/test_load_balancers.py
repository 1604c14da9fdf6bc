"""AWS behaviour §1.3, §1.4, §1.6, §1.7, §3.2, §3.4."""

import pytest
from simulated_stack import EIP, OTHER_SUBNET, SUBNET, VPC, refused

NAME = "ecs-nlb"


def test_a_new_load_balancer_is_provisioning_and_holds_its_elastic_ip(stack):
    reply = stack.elbv2.create_load_balancer(
        Name=NAME,
        Type="network",
        SubnetMappings=[{"SubnetId": SUBNET, "AllocationId": EIP}],
    )
    balancer = reply["LoadBalancers"][0]
    assert ":loadbalancer/net/ecs-nlb/" in balancer["LoadBalancerArn"]
    assert balancer["State"] == {"Code": "provisioning"}
    assert balancer["AvailabilityZones"] == [
        {
            "ZoneName": "us-east-1a",
            "SubnetId": SUBNET,
            "LoadBalancerAddresses": [{"IpAddress": "203.0.113.25", "AllocationId": EIP}],
        }
    ]
    assert stack.address()["AssociationId"].startswith("eipassoc-")


def test_it_is_active_after_the_profiles_minutes_and_not_before(stack):
    stack.create_balancer()
    stack.pass_time(149)
    assert stack.balancer_state() == "provisioning"
    stack.pass_time(1)
    assert stack.balancer_state() == "active"


@pytest.mark.parametrize("outcome", ["failed", "active_impaired"])
def test_it_may_turn_out_otherwise(stack, outcome):
    """F07, F08."""
    stack.aws.conditions.load_balancer(NAME, outcome, provisioning=10)
    stack.create_balancer()
    stack.pass_time(9)
    assert stack.balancer_state() == "provisioning"
    stack.pass_time(3600)
    assert stack.balancer_state() == outcome


def test_it_may_stay_provisioning(stack):
    """F06."""
    stack.aws.conditions.load_balancer(NAME, "provisioning")
    stack.create_balancer()
    stack.pass_time(86400)
    assert stack.balancer_state() == "provisioning"


def test_reads_lag_behind_the_create_but_writes_do_not(stack):
    arn = stack.create_balancer()
    with refused("LoadBalancerNotFound"):
        stack.balancer_state()
    with refused("LoadBalancerNotFound"):
        stack.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
    with refused("LoadBalancerNotFound"):
        stack.elbv2.describe_tags(ResourceArns=[arn])
    assert stack.elbv2.describe_load_balancers()["LoadBalancers"] == []
    stack.elbv2.add_tags(ResourceArns=[arn], Tags=[{"Key": "a", "Value": "b"}])
    stack.pass_time(2)
    assert stack.balancer_state() == "provisioning"


def test_the_same_settings_return_the_same_load_balancer_whatever_the_tags(stack):
    """§1.6, F10: even another's."""
    first = stack.create_balancer(Tags=[{"Key": "owner", "Value": "someone"}])
    stack.pass_time(600)
    assert stack.create_balancer(Tags=[{"Key": "owner", "Value": "us"}]) == first
    tags = stack.elbv2.describe_tags(ResourceArns=[first])["TagDescriptions"][0]["Tags"]
    assert tags == [{"Key": "owner", "Value": "someone"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"SubnetMappings": [{"SubnetId": SUBNET}]},
        {"SubnetMappings": None, "Subnets": [OTHER_SUBNET]},
        {"Scheme": "internal"},
    ],
)
def test_other_settings_under_the_same_name_are_refused(stack, changes):
    """F09."""
    stack.create_balancer()
    text = f"A load balancer with the same name '{NAME}' exists, but with different settings"
    with refused("DuplicateLoadBalancerName", text):
        stack.create_balancer(**changes)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a" * 33, "cannot be longer than '32' characters"),
        ("nsfw_api", "alphanumeric"),
        ("-nlb", "hyphen"),
        ("nlb-", "hyphen"),
        ("internal-nlb", "internal-"),
    ],
)
def test_names_have_rules(stack, name, text):
    with refused("ValidationError", text):
        stack.create_balancer(Name=name)


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"SubnetId": "subnet-0missing"}, "SubnetNotFound"),
        ({"SubnetId": SUBNET, "AllocationId": "eipalloc-0missing"}, "AllocationIdNotFound"),
    ],
)
def test_what_it_names_must_exist(stack, mapping, code):
    with refused(code):
        stack.create_balancer(SubnetMappings=[mapping])
    with refused("InvalidSecurityGroup"):
        stack.create_balancer(SecurityGroups=["sg-0missing"])


def test_it_wants_subnets_in_one_form_and_one_for_each_zone(stack):
    with refused("ValidationError", "At least one subnet must be specified"):
        stack.create_balancer(SubnetMappings=None)
    with refused("ValidationError", "both"):
        stack.create_balancer(Subnets=[SUBNET])
    stack.aws.furnish(subnets=[{"id": "subnet-0twin", "vpc": VPC, "az": "us-east-1a"}])
    with refused("InvalidConfigurationRequest", "same Availability Zone"):
        stack.create_balancer(SubnetMappings=None, Subnets=[SUBNET, "subnet-0twin"])


def test_a_full_subnet_is_refused(stack):
    """F15."""
    stack.aws.furnish(subnets=[{"id": "subnet-0full", "vpc": VPC, "free_addresses": 7}])
    text = "Not enough IP space available in subnet-0full. ELB requires at least 8 free IP"
    with refused("InvalidSubnet", text):
        stack.create_balancer(SubnetMappings=[{"SubnetId": "subnet-0full"}])


def test_an_internet_facing_one_needs_an_internet_gateway(stack):
    stack.aws.furnish(
        vpcs=[{"id": "vpc-0closed", "internet_gateway": False}],
        subnets=[{"id": "subnet-0closed", "vpc": "vpc-0closed"}],
    )
    mapping = [{"SubnetId": "subnet-0closed"}]
    with refused("InvalidSubnet", "VPC vpc-0closed has no internet gateway"):
        stack.create_balancer(SubnetMappings=mapping)
    assert stack.create_balancer(SubnetMappings=mapping, Scheme="internal")


def test_quota_and_zones_without_network_load_balancers(stack):
    """F16, F17."""
    stack.aws.conditions.unsupported_zones = {"us-east-1a"}
    with refused("AvailabilityZoneNotSupported", "type 'network' are not supported"):
        stack.create_balancer()
    stack.aws.conditions.unsupported_zones = set()
    stack.aws.conditions.load_balancer_quota = 0
    with refused("TooManyLoadBalancers"):
        stack.create_balancer()


def test_an_elastic_ip_serves_one_load_balancer(stack):
    stack.create_balancer()
    with refused("ResourceInUse", "The allocation IDs are not available for use"):
        stack.create_balancer(Name="other")
    assert len(stack.aws.calls.of("CreateLoadBalancer").refused()) == 1


def test_types_other_than_network_are_refused_plainly(stack):
    with refused("NotImplemented", "type 'network' only, got 'application'"):
        stack.create_balancer(Type=None)


def test_its_interface_is_amazons(stack):
    arn = stack.create_balancer()
    name = arn.partition("loadbalancer/")[2]
    found = stack.ec2.describe_network_interfaces(
        Filters=[{"Name": "description", "Values": [f"ELB {name}"]}]
    )["NetworkInterfaces"]
    assert len(found) == 1
    assert found[0]["InterfaceType"] == "network_load_balancer"
    assert found[0]["RequesterManaged"] is True
    assert found[0]["Attachment"]["AttachmentId"].startswith("ela-attach-")
    assert found[0]["Attachment"]["InstanceOwnerId"] == "amazon-aws"
    assert found[0]["Association"]["AllocationId"] == EIP
    assert stack.address()["NetworkInterfaceId"] == found[0]["NetworkInterfaceId"]


def test_a_deleted_one_is_gone_at_once_or_nearly_while_its_address_is_held(stack):
    """§3.2, §3.4, F01."""
    arn = stack.create_balancer()
    stack.pass_time(600)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert stack.balancer_state() == "active"
    stack.pass_time(1)
    with refused("LoadBalancerNotFound"):
        stack.balancer_state()
    assert stack.address()["AssociationId"]
    with refused("ResourceInUse", "The allocation IDs are not available for use"):
        stack.create_balancer()
    stack.pass_time(58)
    assert "AssociationId" in stack.address()
    stack.pass_time(1)
    assert "AssociationId" not in stack.address()
    assert "NetworkInterfaceId" not in stack.address()
    assert stack.create_balancer() != arn


def test_the_same_create_while_it_is_still_listed_returns_the_dying_one(stack):
    """§10.1: compare the ARN with the doomed one."""
    arn = stack.create_balancer()
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert stack.create_balancer() == arn
    with refused("LoadBalancerNotFound"):
        stack.create_listener(arn, stack.create_group())


def test_deleting_is_quiet_about_what_is_not_there(stack):
    """F46."""
    arn = stack.create_balancer()
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    stack.pass_time(600)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    with refused("ValidationError", "not a valid load balancer ARN"):
        stack.elbv2.delete_load_balancer(LoadBalancerArn="ecs-nlb")


def test_it_can_be_deleted_while_provisioning(stack):
    """F49."""
    arn = stack.create_balancer()
    stack.pass_time(30)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    stack.pass_time(60)
    assert "AssociationId" not in stack.address()


def test_deletion_protection_holds_until_it_is_switched_off(stack):
    """F40."""
    arn = stack.create_balancer()
    on = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    stack.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=on)
    text = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
    with refused("OperationNotPermitted", text):
        stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    stack.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)


def test_an_endpoint_service_holds_it(stack):
    """F41."""
    arn = stack.create_balancer()
    stack.aws.conditions.endpoint_services.add(NAME)
    with refused("ResourceInUse", "currently associated with another service"):
        stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)


def test_attributes_have_the_defaults_of_a_network_load_balancer(stack):
    arn = stack.create_balancer()
    stack.pass_time(2)
    reply = stack.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
    found = {each["Key"]: each["Value"] for each in reply["Attributes"]}
    assert found["load_balancing.cross_zone.enabled"] == "false"
    assert "idle_timeout.timeout_seconds" not in found


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("idle_timeout.timeout_seconds", "60", "InvalidConfigurationRequest"),
        ("no.such.key", "1", "ValidationError"),
        ("load_balancing.cross_zone.enabled", "yes", "ValidationError"),
    ],
)
def test_foreign_attributes_are_refused_and_nothing_changes(stack, key, value, code):
    arn = stack.create_balancer()
    wanted = [
        {"Key": "load_balancing.cross_zone.enabled", "Value": "true"},
        {"Key": key, "Value": value},
    ]
    with refused(code):
        stack.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=wanted)
    stack.pass_time(2)
    reply = stack.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
    assert {"Key": "load_balancing.cross_zone.enabled", "Value": "false"} in reply["Attributes"]


def test_one_missing_name_spoils_a_describe_and_names_do_not_mix_with_arns(stack):
    arn = stack.create_balancer()
    stack.pass_time(2)
    with refused("LoadBalancerNotFound"):
        stack.elbv2.describe_load_balancers(Names=[NAME, "other"])
    with refused("ValidationError"):
        stack.elbv2.describe_load_balancers(Names=[NAME], LoadBalancerArns=[arn])


def test_describe_comes_in_pages(stack):
    for number in range(3):
        stack.create_balancer(
            Name=f"nlb-{number}", SubnetMappings=[{"SubnetId": SUBNET}], Scheme="internal"
        )
    stack.pass_time(2)
    first = stack.elbv2.describe_load_balancers(PageSize=2)
    assert len(first["LoadBalancers"]) == 2
    pages = stack.elbv2.get_paginator("describe_load_balancers").paginate(
        PaginationConfig={"PageSize": 1}
    )
    names = [each["LoadBalancerName"] for page in pages for each in page["LoadBalancers"]]
    assert names == ["nlb-0", "nlb-1", "nlb-2"]
    with refused("ValidationError"):
        stack.elbv2.describe_load_balancers(PageSize=400, Marker="x")


def test_zones_can_be_added_and_taken_away(stack):
    arn = stack.create_balancer()
    wanted = [{"SubnetId": SUBNET, "AllocationId": EIP}, {"SubnetId": OTHER_SUBNET}]
    reply = stack.elbv2.set_subnets(LoadBalancerArn=arn, SubnetMappings=wanted)
    assert [zone["ZoneName"] for zone in reply["AvailabilityZones"]] == ["us-east-1a", "us-east-1c"]
    reply = stack.elbv2.set_subnets(LoadBalancerArn=arn, SubnetMappings=wanted[:1])
    assert len(reply["AvailabilityZones"]) == 1
    assert stack.create_balancer() == arn
    with refused("AllocationIdNotFound"):
        stack.elbv2.set_subnets(
            LoadBalancerArn=arn,
            SubnetMappings=[{"SubnetId": OTHER_SUBNET, "AllocationId": "eipalloc-0missing"}],
        )


def test_security_groups_come_at_creation_or_never(stack):
    arn = stack.create_balancer()
    with refused("InvalidConfigurationRequest"):
        stack.elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[stack.group_id])
    other = stack.create_balancer(
        Name="guarded", SubnetMappings=[{"SubnetId": SUBNET}], SecurityGroups=[stack.group_id]
    )
    reply = stack.elbv2.set_security_groups(LoadBalancerArn=other, SecurityGroups=[stack.group_id])
    assert reply["SecurityGroupIds"] == [stack.group_id]
