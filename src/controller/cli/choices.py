"""What an account offers a new stack: public subnets and Elastic IPs that are free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from controller.aws.clients import Client
from controller.aws.listing import list_all
from controller.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """`id` goes into the files, `text` is shown."""

    id: str
    text: str


def public_subnets(ec2: Client, vpc: str = "") -> list[Choice]:
    """Subnets that give tasks a public address, those of the default VPC first."""
    filters = [{"Name": "map-public-ip-on-launch", "Values": ["true"]}]
    if vpc:
        filters.append({"Name": "vpc-id", "Values": [vpc]})
    found = list_all(ec2, "describe_subnets", "Subnets", Filters=filters)
    found.sort(key=lambda s: (not s.get("DefaultForAz"), s["VpcId"], s["AvailabilityZone"]))
    return [Choice(each["SubnetId"], _subnet_text(each)) for each in found]


def free_addresses(ec2: Client) -> list[Choice]:
    """Elastic IPs that nothing uses."""
    addresses = ec2.describe_addresses()["Addresses"]
    return [
        Choice(each["AllocationId"], " ".join(_address_words(each)))
        for each in addresses
        if "AssociationId" not in each and "AllocationId" in each
    ]


def _subnet_text(subnet: Mapping[str, Any]) -> str:
    default = ", default" if subnet.get("DefaultForAz") else ""
    words = [subnet["SubnetId"], subnet["AvailabilityZone"], subnet["CidrBlock"]]
    name = _name(subnet)
    return " ".join([*words, f"in {subnet['VpcId']}{default}", *([f'"{name}"'] if name else [])])


def _address_words(address: Mapping[str, Any]) -> Iterator[str]:
    yield address["AllocationId"]
    yield address.get("PublicIp", "")
    if name := _name(address):
        yield f'"{name}"'


def _name(thing: Mapping[str, Any]) -> str:
    return next((str(t["Value"]) for t in thing.get("Tags", ()) if t["Key"] == "Name"), "")
