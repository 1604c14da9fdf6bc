"""
How the instances of one kind become requests: what a kind's file has to say.

Each kind is one file that ends with its `MAPPING`; `kinds.py` lists them. All differences between
kinds are defined there, so that no other code asks for the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json, Kind
from controller.hcl.provider_version import AwsProvider
from controller.hcl.world import Block, ResourceInstance
from controller.mapping.fill import Filling
from controller.mapping.table import Table

Tags = Mapping[str, Json]


def _nothing(instance: ResourceInstance, filling: Filling, provider: AwsProvider) -> None:
    pass


def _unchecked(body: Block, filling: Filling) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class KindMapping:
    """
    One kind: which Terraform types it has, and how they are read.

    `table` gives each argument its fate, `adjust` does what one row cannot say of the request, and
    `check` reports what the provider or AWS would refuse. `operation` is the service and the call
    that the request is for. Others may refer to `attributes`; those `surviving` are the same after
    each wake (None: all are). A left out name begins with `name_prefix`. `write_tags` puts tags
    into the request; None: it has none.
    """

    kind: Kind
    types: tuple[str, ...]
    table: Table
    operation: tuple[str, str]
    attributes: frozenset[str]
    surviving: frozenset[str] | None = None
    check: Callable[[Block, Filling], None] = _unchecked
    adjust: Callable[[ResourceInstance, Filling, AwsProvider], None] = _nothing
    name_prefix: str = ""
    write_tags: Callable[[Filling, Tags], None] | None = None

    def outlives(self, attribute: str) -> bool:
        """Whether this attribute is the same after each wake."""
        return self.surviving is None or attribute in self.surviving
