"""Whether Fargate has vCPUs left for the tasks of a wake: new accounts have a quota of 6."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.diagnostics.account import stands
from controller.domain.diagnostics.facts import Facts, Vcpus, backs
from controller.domain.diagnostics.finding import Finding, ok, problem

CODES = {"FARGATE": "L-3032A538", "FARGATE_SPOT": "L-36FBB829"}
"""Capacity provider to the code of its quota (Service Quotas, service "fargate")."""

_NAMES = {"FARGATE": "Fargate vCPUs on demand", "FARGATE_SPOT": "Fargate Spot vCPUs"}


def wanted_of(facts: Facts) -> dict[str, float]:
    """Provider to the vCPUs that a wake starts there. Existing services already have theirs."""
    wanted: dict[str, float] = {}
    for back in backs(facts.spec):
        definition = (facts.definitions or {}).get(back.definition)
        if definition is None or stands(facts, back.resource.address):
            continue
        for provider, count in back.providers.items():
            if provider in CODES and count:
                wanted[provider] = wanted.get(provider, 0.0) + count * definition.vcpus
    return wanted


def vcpus(facts: Facts) -> Iterator[Finding]:
    for provider, needed in wanted_of(facts).items():
        found = (facts.vcpus or {}).get(provider)
        if found is not None:
            yield _judged(provider, needed, found)


def _judged(provider: str, needed: float, found: Vcpus) -> Finding:
    name, code = _NAMES[provider], CODES[provider]
    used = found.used or 0.0
    said = f"{used:g} of {found.most:g} in use, and a wake starts {needed:g}"
    if found.used is None:
        said = f"a wake starts {needed:g} of {found.most:g}; AWS reports no usage"
    if used + needed <= found.most:
        return ok("quotas", name, said)
    return problem(
        "quotas",
        name,
        f"{said}; stop other tasks, or raise the quota: aws service-quotas "
        f"request-service-quota-increase --service-code fargate --quota-code {code} "
        f"--desired-value {_raised(used + needed):g}",
    )


def _raised(needed: float) -> float:
    """The next multiple of 8: a request for just enough is soon made again."""
    return 8.0 * (needed // 8 + 1)
