"""Whose account is it, what does it already hold, and how much room is left?"""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.diagnostics.facts import Facts, Refusal
from controller.domain.diagnostics.finding import Finding, not_checked, ok, problem, warning
from controller.domain.planning.observed import State
from controller.domain.planning.spec import Kind

LINKED_ROLES = {
    "AWSServiceRoleForECS": "ecs.amazonaws.com",
    "AWSServiceRoleForElasticLoadBalancing": "elasticloadbalancing.amazonaws.com",
}
"""What AWS itself acts by; made at the first use in an account (AWS behaviour §1.13, §2.13)."""

HANDING_OVER = (
    "if Terraform made it, hand it over without a pause: dormouse adopt DIR, with your Terraform "
    "directory; if not, delete it, or rename ours in the Terraform files"
)


def credentials(facts: Facts) -> Iterator[Finding]:
    if facts.caller:
        yield ok("credentials", facts.region, f"account {facts.caller.account}, {facts.caller.arn}")


def look_ups(facts: Facts) -> Iterator[Finding]:
    for address, cause in facts.unanswered:
        yield problem("look-ups", address, cause)


def linked_roles(facts: Facts) -> Iterator[Finding]:
    for name, service in LINKED_ROLES.items():
        role = (facts.roles or {}).get(name)
        if role and role.found:
            yield ok("service-roles", name, "there")
        elif role:
            yield warning(
                "service-roles",
                name,
                "not there yet; AWS makes it at the first wake if the caller may "
                "iam:CreateServiceLinkedRole; to make it now: aws iam create-service-linked-role "
                f"--aws-service-name {service}",
            )


def names(facts: Facts) -> Iterator[Finding]:
    """Foreign resources with our names: they are never changed, so they block a wake."""
    for address, seen in (facts.standing or {}).items():
        resource = facts.spec[address]
        if seen.state is State.FOREIGN:
            cause = seen.cause.partition("; ")[0]
            yield problem("names", address, f"{cause}; {HANDING_OVER}")
        elif not resource.kind.traits.goes_with:
            what = "ours stands" if seen.state.exists else "free"
            what = "ours is leaving" if seen.state is State.LEAVING else what
            yield ok("names", address, f'"{resource.name}": {what}')


def leftovers(facts: Facts) -> Iterator[Finding]:
    for each in facts.leftovers:
        yield warning("leftovers", each.address, each.cause)


def quotas(facts: Facts) -> Iterator[Finding]:
    wanted = {Kind.LOAD_BALANCER: "network load balancers", Kind.TARGET_GROUP: "target groups"}
    for kind, what in wanted.items():
        missing = sum(1 for r in facts.spec.of_kind(kind) if not stands(facts, r.address))
        quota = next((q for q in facts.quotas or () if q.what == what), None)
        if quota is None:
            continue
        if quota.used + missing > quota.most:
            yield problem(
                "quotas",
                what,
                f"{quota.used} of {quota.most} are in use, and a wake makes {missing} more; "
                "delete unused ones, or raise the quota",
            )
        else:
            yield ok("quotas", what, f"{quota.used} of {quota.most} in use")


def stands(facts: Facts, address: str) -> bool:
    seen = (facts.standing or {}).get(address)
    return bool(seen and seen.state.exists)


def refusals(facts: Facts) -> Iterator[Finding]:
    for refusal in facts.refusals:
        yield _refused(refusal)


def _refused(refusal: Refusal) -> Finding:
    if refusal.denied:
        said = f"could not check: missing right {refusal.right}"
    else:
        said = f"could not check: {refusal.cause}"
    return not_checked(refusal.check, refusal.subject, said)
