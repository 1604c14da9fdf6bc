"""All checks of one account: facts in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from controller.domain.diagnostics import (
    account,
    certificates,
    containers,
    door,
    front_quotas,
    images,
    network,
    remembered,
    secrets,
    vcpus,
)
from controller.domain.diagnostics.facts import Facts
from controller.domain.diagnostics.finding import Finding

CHECKS: Sequence[Callable[[Facts], Iterator[Finding]]] = (
    account.credentials,
    account.look_ups,
    remembered.remembered,
    network.elastic_ips,
    network.subnets,
    network.routes_out,
    network.security_groups,
    door.door,
    containers.clusters,
    containers.task_definitions,
    containers.execution_roles,
    images.images,
    secrets.secrets,
    secrets.log_groups,
    certificates.certificates,
    account.linked_roles,
    account.names,
    account.leftovers,
    account.quotas,
    front_quotas.front_quotas,
    vcpus.vcpus,
    account.refusals,
)
"""In the order for reading: first what everything else depends on."""


def examine(facts: Facts) -> list[Finding]:
    """Every finding once, in the order of the checks."""
    return list(dict.fromkeys(finding for check in CHECKS for finding in check(facts)))
