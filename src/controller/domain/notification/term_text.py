"""What people read of the end of a stack's term."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from controller.domain.decision.history import Event, EventKind
from controller.domain.formatting import say_moment
from controller.domain.money.bill import asleep_hour
from controller.domain.notification.invitation import Invitation, say_money
from controller.domain.planning.spec import Kind, Spec
from controller.domain.reporting.report import policy_of
from controller.domain.timestamps import read_timestamp

MONTH = Decimal(730)
"""Hours, as AWS counts a month."""


def say_term(spec: Spec, event: Event, link: Invitation | None) -> tuple[str, Iterator[str]]:
    """Subject, without the stack's name, and paragraphs."""
    zone = policy_of(spec).zone
    expires = say_moment(read_timestamp(event.facts.get("expires_at")) or event.at, zone)
    goes = say_moment(read_timestamp(event.facts.get("goes_at")) or event.at, zone)
    whose = event.facts.get("owner")
    owner = f" Its owner is {whose}." if whose else ""
    if event.kind is EventKind.UNPUBLISHED:
        said = f"The term of {spec.stack} ended at {expires}. It is taken out of the controller."
        return "is taken out", iter([said + owner, _kept(spec)])
    if event.kind is EventKind.ENDED:
        said = (
            f"The term of {spec.stack} ended at {expires}. It is held asleep, and is taken out of "
            f"the controller at {goes}."
        )
        return "has come to its end", iter([said + owner, _way_out(spec, link), _kept(spec)])
    said = (
        f"The term of {spec.stack} ends at {expires}. Then it is held asleep, and at {goes} it is "
        "taken out of the controller."
    )
    return f"ends at {expires}", iter([said + owner, _way_out(spec, link)])


def _way_out(spec: Spec, link: Invitation | None) -> str:
    publish = f"dormouse publish {spec.source.get('dir') or spec.stack} --expires 14d"
    by_link = f", or open its page and press there:\n{link.url}" if link else ""
    return f"If it is still wanted, publish it again:\n{publish}{by_link}"


def _kept(spec: Spec) -> str:
    """What Dormouse does not take down: it is Terraform's."""
    names = [
        str(mapping["AllocationId"])
        for balancer in spec.of_kind(Kind.LOAD_BALANCER)
        for mapping in balancer.request.get("SubnetMappings", ())
        if isinstance(mapping.get("AllocationId"), str)
    ]
    names += [each.address for each in spec.resources if each.asleep is not None]
    what = f" ({', '.join(names)})" if names else ""
    month = say_money(asleep_hour(spec) * MONTH)
    return (
        f"What Terraform keeps stays{what} and goes on costing {month} a month, without what only "
        "its files know. terraform destroy ends that."
    )
