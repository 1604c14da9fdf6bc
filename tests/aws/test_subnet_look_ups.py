"""What a look-up of a subnet answers, as Terraform's data source has it."""

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
