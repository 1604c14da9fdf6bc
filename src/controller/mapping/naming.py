"""Names and tags: the same for all kinds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

from controller.domain.planning.spec import Json
from controller.hcl.construct import make_object, merge_unknown
from controller.hcl.origins import changes_each_run, describe_origins
from controller.hcl.values import Unknown
from controller.hcl.world import Attribute, Block
from controller.mapping.fill import Filling, given, origins_of
from controller.mapping.references import is_reference

_RANDOM = re.compile(r"(?:^|\.)random_(?:bytes|id|integer|pet|string|uuid)\.[^.]+$")
_MOST_CHARACTERS = 32
"""Of a load balancer's or target group's name."""
_FEWEST_RANDOM = 4


def name(body: Block, filling: Filling, stack: str, default_prefix: str) -> None:
    """
    `Name` as given, or made from `name_prefix` and a hash of stack and address.

    The provider makes up a name from the time; ours stays the same from wake to wake, since the
    name is how a resource is found again.
    """
    written, prefix = given(body, "name"), given(body, "name_prefix")
    if written is not None and prefix is not None:
        filling.error("name", "found both name and name_prefix, expected one of them", prefix.place)
    argument = written or prefix
    random = _random_name(argument, default_prefix, f"{stack}/{filling.address}")
    if random is not None and argument is not None:
        filling.request["Name"] = random
        filling.places["Name"] = argument.place
        filling.warn(
            "random-name",
            f'name: its random part is known only to Terraform, so the name is "{random}", the '
            "same at every wake; to have Terraform's own give --state FILE, what "
            "`terraform show -json` prints",
            argument.place,
        )
        return
    value = filling.json("name", argument) if argument else None
    if argument is not None:
        filling.places["Name"] = argument.place
    if isinstance(value, Mapping):
        filling.error(
            "unknown-value",
            f"name: must be known when compiling, found one that comes from "
            f"{describe_origins(origins_of(argument))}, which is looked up when the stack wakes; "
            "write the name out",
            argument.place if argument else None,
            origins_of(argument),
        )
        return
    if written is not None and value:
        filling.request["Name"] = value
    else:
        filling.request["Name"] = f"{value or default_prefix}{_hash(stack, filling.address)}"


def tags(body: Block, filling: Filling, default_tags: Mapping[str, Json]) -> dict[str, Json]:
    """The user's tags over the provider's default_tags, sorted by name."""
    argument = _lasting(given(body, "tags"), filling)
    own = filling.json("tags", argument) if argument is not None else None
    if (argument is not None and not isinstance(own, dict | None)) or is_reference(own):
        filling.error(
            "unknown-value",
            "tags: their names must be known when compiling; write the map out",
            argument.place if argument else None,
            origins_of(argument),
        )
        return dict(default_tags)
    merged = {**default_tags, **(own or {})}
    return {key: merged[key] for key in sorted(merged) if merged[key] is not None}


def _lasting(argument: Attribute | None, filling: Filling) -> Attribute | None:
    """The tags without those whose value is another at every run."""
    if argument is None or not isinstance(argument.value.data, dict):
        return argument
    kept = dict(argument.value.data)
    for key, value in argument.value.data.items():
        source = next((o for o in merge_unknown(value).origins if changes_each_run(o)), None)
        if source is not None:
            del kept[key]
            filling.warn(
                "passing-tag",
                f"tags: {key} comes from {source}, which is another at every run, so dormouse "
                "leaves the tag out; write a value that stays, or take it out",
                argument.place,
            )
    return (
        replace(argument, value=make_object(kept))
        if kept.keys() != argument.value.data.keys()
        else argument
    )


def upper_tags(value: Mapping[str, Json]) -> list[dict[str, Json]]:
    return [{"Key": key, "Value": item} for key, item in value.items()]


def lower_tags(value: Json) -> list[dict[str, Json]]:
    return [{"key": key, "value": item} for key, item in value.items()]


def write_upper_tags(filling: Filling, tags: Mapping[str, Json]) -> None:
    """As ELBv2 takes them."""
    filling.request["Tags"] = upper_tags(tags)


def write_lower_tags(filling: Filling, tags: Mapping[str, Json]) -> None:
    """As ECS takes them."""
    filling.request["tags"] = lower_tags(tags)


def write_tag_map(filling: Filling, tags: Mapping[str, Json]) -> None:
    """As Application Auto Scaling takes them."""
    filling.request["Tags"] = dict(tags)


def _random_name(argument: Attribute | None, default_prefix: str, what: str) -> str | None:
    """
    A name around a random part with a stable one in its stead, as for a name_prefix.

    None where the name is no such text. Nobody else can know a random name, so nobody depends on
    it; what else refers to the random part itself still needs Terraform's.
    """
    unknown = argument.value.data if argument else None
    if not isinstance(unknown, Unknown) or not unknown.parts:
        return None
    if not all(_RANDOM.search(origin.address) for origin in unknown.origins):
        return None
    parts = unknown.parts if len(unknown.parts) > 1 else (default_prefix, *unknown.parts)
    texts = [part for part in parts if isinstance(part, str)]
    room = (_MOST_CHARACTERS - sum(map(len, texts))) // (len(parts) - len(texts))
    if room < _FEWEST_RANDOM:
        return None
    return "".join(
        part if isinstance(part, str) else _digest(f"{what}/{part}")[: min(room, 8)]
        for part in parts
    )


def _hash(stack: str, address: str) -> str:
    return _digest(f"{stack}/{address}")[:16]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
