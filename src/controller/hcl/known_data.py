"""Data sources that ask AWS for what the configuration already says (HCL semantics §19)."""

from __future__ import annotations

from collections.abc import Mapping

from controller.hcl.convert import string
from controller.hcl.values import Value
from controller.hcl.world import Block

_PARTITIONS = {"cn-": ("aws-cn", "amazonaws.com.cn"), "us-gov-": ("aws-us-gov", "amazonaws.com")}


def data_attributes(type_: str, block: Block, region: str | None) -> Mapping[str, Value]:
    """The attributes of a data source that follow from the provider's region, if that is known."""
    asked = [name for name in ("name", "endpoint", "region") if name in block.attributes]
    if region is None or asked:
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


def _partition(region: str) -> tuple[str, str]:
    for prefix, found in _PARTITIONS.items():
        if region.startswith(prefix):
            return found
    return "aws", "amazonaws.com"
