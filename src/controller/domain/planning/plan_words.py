"""What a plan says to people about a resource or an Elastic IP. Pure."""

from __future__ import annotations

from controller.domain.planning.observed import Address, Holder, Observation
from controller.domain.planning.spec import ResourceSpec


def say_unread(seen: Observation) -> str:
    """What is not known to be ours is neither changed nor deleted (AWS behaviour §1.6)."""
    return "" if seen.owned else "waits until its owner tags can be read"


def tell_outdated(resource: ResourceSpec, seen: Observation) -> str:
    what = resource.kind.replace("_", " ")
    return (
        f'{what} "{resource.name}" ({resource.address}) differs from the Terraform files in '
        f"{', '.join(seen.outdated)}; the next wake creates it again"
    )


def describe_address(address: Address) -> str:
    """Say in the user's words why an Elastic IP cannot be used, and the remedy."""
    name = f"Elastic IP {address.public_ip or address.allocation_id}"
    match address.holder:
        case Holder.LEAVING:
            return f"{name} is not free yet"
        case Holder.FOREIGN:
            return (
                f"{name} is in use by {address.held_by or 'something else'}; detach it there, "
                f"or name another address in the Terraform files"
            )
        case Holder.LEFTOVER:
            return (
                f"{name} is held by {address.held_by}, which carries this stack's tags though the "
                f'Terraform files do not name it; delete it by "dormouse sweep --delete", or name '
                f"it again"
            )
        case Holder.GONE:
            return (
                f"{name} does not exist any more; allocate one and name it in the Terraform files"
            )
        case _:
            return ""
