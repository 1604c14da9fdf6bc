"""The EC2 part: Elastic IPs (AWS behaviour §3.4), networks, security groups, filters, tags."""

import pytest
from simulated_stack import EIP, SUBNET, VPC, refused

NO_PERMISSION = "You do not have permission to access the specified resource."


def test_a_free_address_has_no_holder_keys(stack):
    """§1.14: absent, not empty."""
    assert not {"AssociationId", "NetworkInterfaceId", "InstanceId"} & stack.address().keys()


def test_a_balancers_address_cannot_be_let_go(stack):
    """§3.4."""
    arn = stack.create_balancer()
    with refused("AuthFailure", NO_PERMISSION):
        stack.ec2.release_address(AllocationId=EIP)
    with refused("AuthFailure", NO_PERMISSION):
        stack.ec2.disassociate_address(AssociationId=stack.address()["AssociationId"])
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    with refused("AuthFailure", NO_PERMISSION):
        stack.ec2.release_address(AllocationId=EIP)
    stack.pass_time(60)
    stack.ec2.release_address(AllocationId=EIP)
    with refused("InvalidAllocationID.NotFound", f"The allocation ID '{EIP}' does not exist"):
        stack.address()


def test_a_foreign_address_is_not_available(stack):
    """F03."""
    stack.ec2.associate_address(AllocationId=EIP, InstanceId="i-0123456789abcdef0")
    assert stack.address()["InstanceId"] == "i-0123456789abcdef0"
    with refused("ResourceInUse", "The allocation IDs are not available for use"):
        stack.create_balancer()
    with refused("Resource.AlreadyAssociated"):
        stack.ec2.associate_address(AllocationId=EIP, InstanceId="i-0")
    stack.ec2.disassociate_address(AssociationId=stack.address()["AssociationId"])
    assert stack.create_balancer()


def test_addresses_are_allocated_up_to_five_and_found_by_tag(stack):
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "front"}]}]
    made = stack.ec2.allocate_address(Domain="vpc", TagSpecifications=tags)
    found = stack.ec2.describe_addresses(Filters=[{"Name": "tag:Name", "Values": ["fr*"]}])
    assert [each["AllocationId"] for each in found["Addresses"]] == [made["AllocationId"]]
    assert found["Addresses"][0]["Tags"] == [{"Key": "Name", "Value": "front"}]
    for _ in range(3):
        stack.ec2.allocate_address()
    with refused("AddressLimitExceeded"):
        stack.ec2.allocate_address()


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("public-ip", ["203.0.113.25"], 1),
        ("public-ip", ["203.0.113.*"], 1),
        ("allocation-id", [EIP, "other"], 1),
        ("domain", ["standard"], 0),
        ("tag-key", ["Name"], 0),
    ],
)
def test_filters_take_any_of_their_values_with_wildcards(stack, name, values, found):
    reply = stack.ec2.describe_addresses(Filters=[{"Name": name, "Values": values}])
    assert len(reply["Addresses"]) == found


def test_an_unknown_filter_is_an_error(stack):
    with refused("InvalidParameterValue", "The filter 'colour' is invalid"):
        stack.ec2.describe_addresses(Filters=[{"Name": "colour", "Values": ["red"]}])


def test_a_dry_run_changes_nothing(stack):
    with refused("DryRunOperation"):
        stack.ec2.allocate_address(DryRun=True)
    assert len(stack.ec2.describe_addresses()["Addresses"]) == 1


def test_subnets_count_their_free_addresses(stack):
    def free():
        found = stack.ec2.describe_subnets(SubnetIds=[SUBNET])["Subnets"][0]
        return found["AvailableIpAddressCount"]

    before = free()
    assert before == 251
    arn = stack.create_balancer()
    assert free() == before - 1
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    stack.pass_time(60)
    assert free() == before


def test_subnets_know_their_zone_and_vpc(stack):
    found = stack.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [VPC]}])["Subnets"]
    zones = {each["AvailabilityZone"]: each["AvailabilityZoneId"] for each in found}
    assert zones == {"us-east-1a": "use1-az1", "us-east-1c": "use1-az3"}
    gateways = stack.ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [VPC]}]
    )
    assert len(gateways["InternetGateways"]) == 1
    with refused("InvalidSubnetID.NotFound", "The subnet ID 'subnet-0missing' does not exist"):
        stack.ec2.describe_subnets(SubnetIds=["subnet-0missing"])


def test_a_network_can_be_built_and_taken_down(stack):
    ec2 = stack.ec2
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/28")["Subnet"]
    assert subnet["AvailableIpAddressCount"] == 11
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet["SubnetId"])
    routes = ec2.describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet["SubnetId"]]}]
    )["RouteTables"][0]["Routes"]
    assert [route["GatewayId"] for route in routes] == ["local"]
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc)
    with refused("InvalidVpcID.NotFound"):
        ec2.describe_vpcs(VpcIds=[vpc])


def test_security_groups_are_unique_in_a_vpc_and_found_by_name(stack):
    found = stack.ec2.describe_security_groups(
        Filters=[
            {"Name": "group-name", "Values": ["nsfw_api_sg"]},
            {"Name": "vpc-id", "Values": [VPC]},
        ]
    )["SecurityGroups"]
    assert len(found) == 1
    assert found[0]["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert found[0]["IpPermissionsEgress"][0]["IpProtocol"] == "-1"
    with refused("InvalidGroup.Duplicate"):
        stack.ec2.create_security_group(GroupName="nsfw_api_sg", Description="x", VpcId=VPC)


def test_rules_come_and_go_one_by_one(stack):
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "192.168.0.0/16"}],
    }
    group = stack.group_id
    made = stack.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    assert len(made["SecurityGroupRules"]) == 2
    with refused("InvalidPermission.Duplicate"):
        stack.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    one = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    stack.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[one])
    found = stack.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    ranges = [range_ for each in found["IpPermissions"] for range_ in each["IpRanges"]]
    assert {range_["CidrIp"] for range_ in ranges} == {"0.0.0.0/0", "192.168.0.0/16"}
    gone = {**permission, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    with refused("InvalidPermission.NotFound"):
        stack.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[gone])


def test_a_group_in_use_cannot_be_deleted(stack):
    stack.create_service()
    stack.pass_time(20)
    with refused("DependencyViolation"):
        stack.ec2.delete_security_group(GroupId=stack.group_id)


def test_tags_come_and_go_by_id(stack):
    stack.ec2.create_tags(Resources=[EIP], Tags=[{"Key": "Name", "Value": "front"}])
    assert stack.address()["Tags"] == [{"Key": "Name", "Value": "front"}]
    stack.ec2.delete_tags(Resources=[EIP], Tags=[{"Key": "Name"}])
    assert "Tags" not in stack.address()
    with refused("InvalidID"):
        stack.ec2.create_tags(Resources=["vol-0"], Tags=[{"Key": "a", "Value": "b"}])


def test_zones_are_reported(stack):
    zones = stack.ec2.describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in zones] == ["us-east-1a", "us-east-1b", "us-east-1c"]


def test_what_is_not_played_is_refused_plainly(stack):
    with refused("NotImplemented", "does not answer ec2:DescribeInstances"):
        stack.ec2.describe_instances()
    with refused("NotImplemented", "does not answer elbv2:CreateRule"):
        stack.elbv2.create_rule(
            ListenerArn="arn:x", Conditions=[], Priority=1, Actions=[{"Type": "forward"}]
        )
