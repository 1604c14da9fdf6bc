"""How values of Terraform's state are named: by the address of a thing and an attribute of it."""

from __future__ import annotations

Name = tuple[str, str]
"""A thing's address and its attribute, "" for the whole of it."""


def without_key(address: str) -> str:
    """The address of the block that an instance comes from."""
    return address.rpartition("[")[0] if address.endswith("]") else address
