"""The keys of a look-up: which suffice, whether others fit them, and how a message shows them."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.planning.spec import Json
from controller.hcl.world import ResourceInstance
from controller.mapping.draft import canonical
from controller.mapping.fill import given
from controller.mapping.references import is_reference
from controller.mapping.sources import Source


def narrowed(keys: dict[str, Json], enough: tuple[str, ...], source: Source) -> dict[str, Json]:
    """The keys that suffice; tags besides a name would only go stale."""
    wanted = {*enough, *source.fixed}
    if "name_prefix" in enough or enough == ("tags",):
        wanted |= {"tags", "vpc_id"}
    return {key: value for key, value in keys.items() if key in wanted}


def default_vpc(instance: ResourceInstance) -> dict[str, Json]:
    """A security group that names no VPC is in the account's default one."""
    if instance.type != "aws_security_group" or given(instance.body, "vpc_id") is not None:
        return {}
    of = instance.address
    return {"vpc_id": {"$look_up": "vpc", "default": True, "attribute": "id", "of": of}}


def covers(theirs: Json, wanted: Json) -> bool:
    if isinstance(theirs, dict) and isinstance(wanted, dict) and not is_reference(wanted):
        return wanted.items() <= theirs.items()
    return theirs is not None and canonical(theirs) == canonical(wanted)


def listed(keys: Mapping[str, Json]) -> str:
    return " and ".join(
        f"the tags {value}" if key == "tags" else f'{key} "{value}"' for key, value in keys.items()
    )
