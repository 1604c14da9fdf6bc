"""What look-ups of subnets, VPCs and groups answer, as Terraform's data sources have it."""

from __future__ import annotations

from controller.aws.clients import Clients
from controller.aws.look_ups.answers import LookUps
from local.aws import LaptopAws


def test_tags_and_public_addresses_of_a_subnet():
    aws = LaptopAws()
    ec2 = aws.session().client("ec2", region_name="us-east-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = {}
    for cidr, tags in (
        ("10.0.1.0/24", [{"Key": "Name", "Value": "private-a"}]),
        ("10.0.2.0/24", []),
    ):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
        made[cidr] = subnet
        if tags:
            ec2.create_tags(Resources=[subnet], Tags=tags)
    ec2.modify_subnet_attribute(SubnetId=made["10.0.2.0/24"], MapPublicIpOnLaunch={"Value": True})
    look_up = LookUps(Clients(aws.session(), "us-east-1"))

    def answers(cidr):
        requested = {"$look_up": "subnet", "id": made[cidr]}
        return [look_up({**requested, "attribute": a}) for a in ("tags", "map_public_ip_on_launch")]

    assert answers("10.0.1.0/24") == [{"Name": "private-a"}, False]
    assert answers("10.0.2.0/24") == [{}, True]


def test_vpcs_and_a_group_by_its_description():
    aws = LaptopAws()
    ec2 = aws.session().client("ec2", region_name="us-east-1")
    made = [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (1, 2)]
    ec2.create_tags(Resources=made[1:], Tags=[{"Key": "Name", "Value": "main"}])
    groups = {
        text: ec2.create_security_group(GroupName=text, Description=text, VpcId=made[0])["GroupId"]
        for text in ("front", "task")
    }
    look_up = LookUps(Clients(aws.session(), "us-east-1"))

    tagged = {"$look_up": "vpcs", "tags": {"Name": "main"}, "attribute": "ids", "index": 0}
    described = {"vpc_id": made[0], "description": "task", "attribute": "id"}
    assert look_up(tagged) == made[1]
    assert look_up({"$look_up": "security_group", **described}) == groups["task"]
