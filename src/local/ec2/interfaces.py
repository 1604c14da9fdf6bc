"""Network interfaces: those that ELB and ECS make, and how EC2 shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ec2.filters import by_ids, page, select, tag_list
from local.ec2.state import Address, NetworkInterface, Subnet

if TYPE_CHECKING:
    from local.world import Region


def attach(
    region: Region,
    subnet: Subnet,
    *,
    description: str,
    kind: str = "interface",
    group_ids: tuple[str, ...] = (),
    address: Address | None = None,
    public_ip: str | None = None,
) -> NetworkInterface:
    """Make an interface in use; with `address` it holds that Elastic IP."""
    managed = kind != "interface"
    interface = NetworkInterface(
        id=region.ids.ec2("eni"),
        subnet=subnet,
        private_ip=subnet.take_ip(),
        description=description,
        kind=kind,
        group_ids=group_ids,
        attachment_id=region.ids.ec2("ela-attach" if managed else "eni-attach"),
        public_ip=public_ip,
    )
    if address:
        address.association_id = region.ids.ec2("eipassoc")
        address.interface = interface
        interface.allocation_id = address.allocation_id
        interface.public_ip = address.public_ip
    region.ec2.interfaces[interface.id] = interface
    return interface


def detach(region: Region, interface: NetworkInterface) -> None:
    """Delete an interface; its private address and its Elastic IP are free again."""
    if region.ec2.interfaces.pop(interface.id, None) is None:
        return
    interface.subnet.free += 1
    address = region.ec2.addresses.get(interface.allocation_id or "")
    if address and address.interface is interface:
        address.interface = address.association_id = None


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = by_ids(
        region.ec2.interfaces,
        params.get("NetworkInterfaceIds"),
        "InvalidNetworkInterfaceID.NotFound",
        "The networkInterface ID '{id}' does not exist",
    )
    chosen = select(found, params, lambda each: _fields(region, each))
    return page([_view(region, each) for each in chosen], params, "NetworkInterfaces")


def _fields(region: Region, interface: NetworkInterface) -> dict[str, Any]:
    return {
        "network-interface-id": interface.id,
        "description": interface.description,
        "subnet-id": interface.subnet.id,
        "vpc-id": interface.subnet.vpc_id,
        "availability-zone": interface.subnet.zone,
        "group-id": list(interface.group_ids),
        "interface-type": interface.kind,
        "requester-managed": interface.managed,
        "status": "in-use",
        "private-ip-address": interface.private_ip,
        "addresses.private-ip-address": interface.private_ip,
        "association.public-ip": interface.public_ip,
        "addresses.association.public-ip": interface.public_ip,
        "association.allocation-id": interface.allocation_id,
        "attachment.instance-owner-id": _attached_by(region, interface),
        "owner-id": region.account,
        "tags": interface.tags,
    }


def _attached_by(region: Region, interface: NetworkInterface) -> str:
    return "amazon-aws" if interface.managed else region.account


def _view(region: Region, interface: NetworkInterface) -> dict[str, Any]:
    private: dict[str, Any] = {"Primary": True, "PrivateIpAddress": interface.private_ip}
    view: dict[str, Any] = {
        "NetworkInterfaceId": interface.id,
        "Description": interface.description,
        "InterfaceType": interface.kind,
        "Status": "in-use",
        "OwnerId": region.account,
        "RequesterManaged": interface.managed,
        "RequesterId": "amazon-elb" if interface.managed else region.account,
        "SubnetId": interface.subnet.id,
        "VpcId": interface.subnet.vpc_id,
        "AvailabilityZone": interface.subnet.zone,
        "PrivateIpAddress": interface.private_ip,
        "PrivateIpAddresses": [private],
        "Groups": [_group(region, each) for each in interface.group_ids],
        "Attachment": {
            "AttachmentId": interface.attachment_id,
            "InstanceOwnerId": _attached_by(region, interface),
            "Status": "attached",
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
        },
        "TagSet": tag_list(interface.tags),
    }
    if interface.public_ip:
        view["Association"] = private["Association"] = _association(region, interface)
    return view


def _group(region: Region, group_id: str) -> dict[str, str]:
    group = region.ec2.groups.get(group_id)
    return {"GroupId": group_id, "GroupName": group.name if group else ""}


def _association(region: Region, interface: NetworkInterface) -> dict[str, str]:
    found = {"PublicIp": interface.public_ip or "", "IpOwnerId": "amazon"}
    address = region.ec2.addresses.get(interface.allocation_id or "")
    if address:
        found["AllocationId"] = address.allocation_id
        found["AssociationId"] = address.association_id or ""
        found["IpOwnerId"] = region.account
    return found


OPERATIONS = {"DescribeNetworkInterfaces": describe}
