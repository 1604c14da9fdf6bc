"""What stands of one stack at one moment, listed once, however often it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from local.world import Region

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801  # named as `property` is
    """`functools.cached_property` without its lock, which takes longer than most of these lists."""

    def __init__(self, find: Callable[[Any], T]) -> None:
        self._find = find

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> T:
        found = instance.__dict__[self._name] = self._find(instance)
        return found


class Sight:
    """Make one for each look; nothing may happen as long as it is used."""

    def __init__(self, stack: str, regions: Sequence[Region]) -> None:
        self._stack = stack
        self._regions = regions

    @once
    def balancers(self) -> list[Any]:
        return [
            each
            for region in self._regions
            for each in region.elbv2.balancers.values()
            if each.tags.get("dormouse:stack") == self._stack and each.deleted_at > region.now
        ]

    @once
    def services(self) -> list[Any]:
        return [
            each
            for cluster in self._clusters()
            for each in cluster.services.values()
            if each.tags.get("dormouse:stack") == self._stack and each.status != "INACTIVE"
        ]

    @once
    def tasks(self) -> list[Any]:
        return [
            task
            for cluster in self._clusters()
            for task in cluster.tasks.values()
            if task.last_status not in ("STOPPED", "DELETED")
            and task.service.tags.get("dormouse:stack") == self._stack
        ]

    @once
    def serving(self) -> int:
        """How many targets of it are healthy, behind an active load balancer."""
        return sum(target.status == "healthy" for target in self._targets())

    @property
    def paid(self) -> list[str]:
        found = [f"load balancer {each.name}" for each in self.balancers]
        found += [f"service {each.name}" for each in self.services]
        return found + [f"task {each.id}" for each in self.tasks]

    def _clusters(self) -> Iterator[Any]:
        for region in self._regions:
            yield from region.ecs.clusters.values()

    def _targets(self) -> Iterator[Any]:
        """What is behind its active load balancers, wherever these are."""
        for region in self._regions if self.balancers else ():
            for balancer in self.balancers:
                if region.elbv2.balancers.get(balancer.arn) is not balancer:
                    continue
                if not balancer.state(region.now).startswith("active"):
                    continue
                for listener in balancer.listeners:
                    arns = listener.group_arns
                    for group in region.elbv2.groups.values():
                        if group.arn in arns:
                            yield from group.targets.values()
