"""The kinds that sleep, and the Terraform types that they are read from: one line for each file."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.planning.spec import Kind
from controller.mapping import (
    autoscaling_policy,
    autoscaling_target,
    listener,
    load_balancer,
    scheduled_action,
    service,
    target_group,
)
from controller.mapping.kind import KindMapping

_MAPPINGS: tuple[KindMapping, ...] = (
    load_balancer.MAPPING,
    target_group.MAPPING,
    listener.MAPPING,
    service.MAPPING,
    autoscaling_target.MAPPING,
    autoscaling_policy.MAPPING,
    scheduled_action.MAPPING,
)

BY_KIND: Mapping[Kind, KindMapping] = {each.kind: each for each in _MAPPINGS}

ALL_TYPES: Mapping[str, Kind] = {type_: each.kind for each in _MAPPINGS for type_ in each.types}

KINDS: Mapping[str, Kind] = {t: kind for t, kind in ALL_TYPES.items() if not kind.is_companion}
"""By Terraform type the kinds that sleep by themselves."""

COMPANIONS: Mapping[str, Kind] = {t: kind for t, kind in ALL_TYPES.items() if kind.is_companion}
"""By Terraform type the kinds that sleep if the service does that they belong to."""
