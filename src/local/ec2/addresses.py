"""Elastic IPs: who has them, and why they cannot be let go (AWS behaviour §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ec2.filters import page, select, tag_list, tags_for
from local.ec2.state import Address
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

MAX_ADDRESSES = 5


def _missing(allocation_id: str) -> AwsError:
    return AwsError(
        "InvalidAllocationID.NotFound", f"The allocation ID '{allocation_id}' does not exist"
    )


def allocate(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    if len(region.ec2.addresses) >= MAX_ADDRESSES:
        raise AwsError("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    address = add(
        region,
        allocation_id=region.ids.ec2("eipalloc"),
        public_ip=region.public_ip(),
        tags=tags_for(params, "elastic-ip"),
    )
    return {
        "AllocationId": address.allocation_id,
        "PublicIp": address.public_ip,
        "Domain": "vpc",
        "NetworkBorderGroup": region.name,
        "PublicIpv4Pool": "amazon",
    }


def add(region: Region, *, allocation_id: str, public_ip: str, tags: dict[str, str]) -> Address:
    address = Address(allocation_id=allocation_id, public_ip=public_ip, tags=tags)
    region.ec2.addresses[allocation_id] = address
    region.lifetimes.begin(
        "elastic_ip", allocation_id, name=public_ip, region=region.name, at=region.now
    )
    return address


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    everything = region.ec2.addresses
    for each in params.get("AllocationIds") or ():
        if each not in everything:
            raise _missing(each)
    for each in params.get("PublicIps") or ():
        if all(address.public_ip != each for address in everything.values()):
            raise AwsError("InvalidAddress.NotFound", f"Address '{each}' not found.")
    wanted_ids = params.get("AllocationIds")
    wanted_ips = params.get("PublicIps")
    found = [
        address
        for address in everything.values()
        if (not wanted_ids or address.allocation_id in wanted_ids)
        and (not wanted_ips or address.public_ip in wanted_ips)
    ]
    chosen = select(found, params, _fields)
    return {"Addresses": [_view(region, address) for address in chosen]}


def _fields(address: Address) -> dict[str, Any]:
    interface = address.interface
    return {
        "allocation-id": address.allocation_id,
        "association-id": address.association_id,
        "public-ip": address.public_ip,
        "domain": "vpc",
        "network-interface-id": interface.id if interface else None,
        "private-ip-address": interface.private_ip if interface else None,
        "instance-id": address.instance_id,
        "tags": address.tags,
    }


def _view(region: Region, address: Address) -> dict[str, Any]:
    """Keys of the holder are absent on a free address, not empty (§1.14)."""
    view: dict[str, Any] = {
        "AllocationId": address.allocation_id,
        "PublicIp": address.public_ip,
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": region.name,
    }
    if address.tags:
        view["Tags"] = tag_list(address.tags)
    if address.association_id:
        view["AssociationId"] = address.association_id
    if address.instance_id:
        view["InstanceId"] = address.instance_id
    if address.interface:
        view["NetworkInterfaceId"] = address.interface.id
        view["NetworkInterfaceOwnerId"] = region.account
        view["PrivateIpAddress"] = address.interface.private_ip
    return view


def describe_attribute(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    ids = params.get("AllocationIds") or list(region.ec2.addresses)
    found = []
    for each in ids:
        if each not in region.ec2.addresses:
            raise _missing(each)
        found.append({"AllocationId": each, "PublicIp": region.ec2.addresses[each].public_ip})
    return page(found, params, "Addresses")


def release(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    allocation_id = params.get("AllocationId") or ""
    address = region.ec2.addresses.get(allocation_id)
    if not address:
        raise _missing(allocation_id)
    _refuse_if_managed(address)
    if address.association_id:
        raise AwsError(
            "InvalidIPAddress.InUse",
            f"Address {address.public_ip} is in use.",
        )
    del region.ec2.addresses[allocation_id]
    region.lifetimes.end(allocation_id, at=region.now)
    return {}


def associate(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Give an address to an instance or an interface of someone else's making (F03)."""
    address = region.ec2.addresses.get(params.get("AllocationId") or "")
    if not address:
        raise _missing(params.get("AllocationId") or "")
    _refuse_if_managed(address)
    if address.association_id and not params.get("AllowReassociation"):
        raise AwsError(
            "Resource.AlreadyAssociated",
            f"resource {address.allocation_id} is already associated with associate-id "
            f"{address.association_id}",
        )
    address.association_id = region.ids.ec2("eipassoc")
    address.instance_id = params.get("InstanceId")
    interface = region.ec2.interfaces.get(params.get("NetworkInterfaceId") or "")
    if interface:
        address.interface = interface
        interface.allocation_id = address.allocation_id
        interface.public_ip = address.public_ip
    return {"AssociationId": address.association_id}


def disassociate(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    association_id = params.get("AssociationId")
    for address in region.ec2.addresses.values():
        if association_id and address.association_id == association_id:
            _refuse_if_managed(address)
            if address.interface:
                address.interface.allocation_id = address.interface.public_ip = None
            address.association_id = address.interface = address.instance_id = None
            return {}
    raise AwsError(
        "InvalidAssociationID.NotFound",
        f"The association ID '{association_id}' does not exist",
    )


def _refuse_if_managed(address: Address) -> None:
    """A load balancer's address belongs to AWS's interface; the text is EC2's own (§3.4)."""
    if address.interface and address.interface.managed:
        raise AwsError(
            "AuthFailure", "You do not have permission to access the specified resource."
        )


OPERATIONS = {
    "AllocateAddress": allocate,
    "DescribeAddresses": describe,
    "DescribeAddressesAttribute": describe_attribute,
    "ReleaseAddress": release,
    "AssociateAddress": associate,
    "DisassociateAddress": disassociate,
}
