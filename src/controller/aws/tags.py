"""Owner tags as ELBv2 and ECS write them: a resource with both is ours; no other is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from controller.domain.dataclass import dataclass
from controller.domain.planning.owner_tags import ADDRESS, STACK, owner_tags


@dataclass(frozen=True, slots=True)
class Owner:
    """The two tags of one resource of one stack."""

    stack: str
    address: str

    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(owner_tags(self.stack, self.address).items())

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Ours is what carries this stack's tag; a resource may have moved to another address."""
        return tags.get(STACK) == self.stack and ADDRESS in tags

    def made(self, tags: Mapping[str, str]) -> bool:
        """Ours, and of this very address."""
        return dict(self.pairs()).items() <= tags.items()

    def describe_stranger(
        self,
        what: str,
        tags: Mapping[str, str],
        remedy: str = "delete it or rename ours in the Terraform files",
    ) -> str:
        """One line for a resource that is in the way: found, expected, remedy."""
        found = tags.get(STACK)
        if found is None:
            having = f'tag "{STACK}" is missing'
        elif found != self.stack:
            having = f'tag "{STACK}" is "{found}"'
        else:
            having = f'tag "{ADDRESS}" is missing'
        wanted = " and ".join(f'"{key}" = "{value}"' for key, value in self.pairs())
        return f"{what} is not ours: {having}, expected {wanted}; {remedy}"


def from_elb(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def from_ecs(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in tags}


def to_elb(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def to_ecs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def with_elb_owner(request: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
    """The request with our tags; it replaces the user's own tags of the same name."""
    tags = from_elb(request.get("Tags", ())) | dict(owner.pairs())
    return {**request, "Tags": to_elb(tags)}


def with_ecs_owner(request: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
    tags = from_ecs(request.get("tags", ())) | dict(owner.pairs())
    return {**request, "tags": to_ecs(tags)}
