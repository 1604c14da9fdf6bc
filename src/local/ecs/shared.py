"""Checks, pages and tag lists that ECS's calls share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from local.ecs.state import Cluster, Tags
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def read_tags(tags: Iterable[Mapping[str, str]] | None) -> Tags:
    return {tag["key"]: tag.get("value", "") for tag in tags or ()}


def tag_list(tags: Tags) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def short_name(arn_or_name: str) -> str:
    return arn_or_name.rpartition("/")[2]


def find_cluster(region: Region, name_or_arn: str | None) -> Cluster:
    cluster = region.ecs.clusters.get(short_name(name_or_arn or "default"))
    if not cluster or cluster.status != "ACTIVE":
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    return cluster


def page(items: list[Any], params: Mapping[str, Any], key: str, most: int = 100) -> dict[str, Any]:
    """One page of at most `most`, as ECS's List calls give them."""
    start = int(params.get("nextToken") or 0)
    size = min(params.get("maxResults") or most, most)
    reply: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        reply["nextToken"] = str(start + size)
    return reply
