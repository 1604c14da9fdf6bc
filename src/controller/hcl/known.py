"""How evaluating asks somebody else for what neither the files nor we know."""

from __future__ import annotations

from typing import Protocol

from controller.hcl.values import Value
from controller.hcl.world import Block


class Known(Protocol):
    """Terraform's memory of what it keeps, or nothing at all."""

    def complete(self, address: str, mode: str, type_: str, body: Block, value: Value) -> Value:
        """The value of an instance, with what is unknown in it filled in as far as it is known."""
        ...
