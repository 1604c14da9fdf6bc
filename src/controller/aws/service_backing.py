"""What else decides whether a service does its work: its targets and its stopped tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from controller.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """
    What else decides whether a service does its work.

    `healthy` is the least number of its own healthy targets over its target groups (None: it has
    none), `registering` whether one of these has targets none of which is checked yet, `reached`
    whether any has a healthy target, whoever's it is, `stopped` its stopped tasks, newest first,
    `outside_zone` a zone its load balancer lacks, `served` the zones that it has (none: unknown).
    `groups` are the ARNs of its target groups as
    the spec has them now, where all are known and its settings count (None: they do not),
    `standing` those of all target groups of the spec that stand. `drain_delay` is how long its
    files let it drain.
    """

    healthy: int | None = None
    registering: bool = False
    reached: bool = False
    stopped: Sequence[Mapping[str, Any]] = ()
    outside_zone: str = ""
    served: frozenset[str] = frozenset()
    groups: tuple[str, ...] | None = None
    standing: frozenset[str] = frozenset()
    drain_delay: timedelta = timedelta(0)
