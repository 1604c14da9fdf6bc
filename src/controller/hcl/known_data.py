"""Data sources that ask AWS for what the configuration already says (HCL semantics §19)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from controller.hcl.convert import string
from controller.hcl.provider_blocks import ProviderValues
from controller.hcl.types import STRING, ListType
from controller.hcl.values import Origin, Unknown, Value
from controller.hcl.world import Block

FOLLOW_PROVIDER = frozenset({"aws_region", "aws_partition", "aws_default_tags"})
"""Data sources that say what the configuration of their provider says."""

_LEAST_ZONES = 2
_PARTITIONS = {"cn-": ("aws-cn", "amazonaws.com.cn"), "us-gov-": ("aws-us-gov", "amazonaws.com")}


def data_attributes(
    type_: str, block: Block, providers: ProviderValues, provider: str, of: Origin
) -> Mapping[str, Value]:
    """What is known of a data source: by what its provider says, or of how many it finds."""
    if type_ == "aws_default_tags":
        tags = providers.default_tags_of(provider)
        return {} if tags is None else {"tags": tags}
    if type_ == "aws_availability_zones":
        return _zones(block, of)
    region = providers.region_of(provider) if type_ in FOLLOW_PROVIDER else None
    filters = [name for name in ("name", "endpoint", "region") if name in block.attributes]
    if region is None or filters:
        return {}
    if type_ == "aws_region":
        return {name: string(region) for name in ("id", "name", "region")}
    if type_ == "aws_partition":
        partition, suffix = _partition(region)
        return {
            "id": string(partition),
            "partition": string(partition),
            "dns_suffix": string(suffix),
            "reverse_dns_prefix": string(".".join(reversed(suffix.split(".")))),
        }
    return {}


def _zones(block: Block, of: Origin) -> Mapping[str, Value]:
    """
    Every account sees two zones or more of each Region.

    Source: AWS, "Regions and Availability Zones": three as a rule, two for most accounts in
    us-west-1. Zones that want opting in are others; any other choice may leave fewer.
    """
    filters = [inner.attributes.get("name") for inner in block.of_type("filter")]
    chosen = [name for name in block.attributes if name != "state"]
    if chosen or any(f is None or f.value.data != "opt-in-status" for f in filters):
        return {}
    return {
        name: Value(
            ListType(STRING),
            Unknown((origin,), (origin,), bounds=(_LEAST_ZONES, math.inf)),
        )
        for name in ("names", "zone_ids")
        for origin in [replace(of, path=(name,))]
    }


def _partition(region: str) -> tuple[str, str]:
    for prefix, found in _PARTITIONS.items():
        if region.startswith(prefix):
            return found
    return "aws", "amazonaws.com"
