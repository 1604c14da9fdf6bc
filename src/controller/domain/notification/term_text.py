"""What people read of the end of a stack's term."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from controller.domain.decision.history import Event, EventKind
from controller.domain.formatting import say_moment
from controller.domain.money.bill import asleep_hour
from controller.domain.money.hourly_prices import HOURS_IN_A_MONTH
from controller.domain.notification.invitation import Invitation, say_money
from controller.domain.planning.spec import Kind, Spec
from controller.domain.reporting.report import policy_of
from controller.domain.timestamps import read_timestamp


def say_term(spec: Spec, event: Event, link: Invitation | None) -> tuple[str, Iterator[str]]:
    """Subject, without the stack's name, and paragraphs."""
    zone = policy_of(spec).zone
    expires = say_moment(read_timestamp(event.facts.get("expires_at")) or event.at, zone)
    goes = say_moment(read_timestamp(event.facts.get("goes_at")) or event.at, zone)
    whose = event.facts.get("owner")
    owner = f" Its owner is {whose}." if whose else ""
    if event.kind is EventKind.UNPUBLISHED:
        said = f"The term of {spec.stack} ended at {expires}. It is unpublished."
        return "is unpublished", iter([said + owner, _kept(spec)])
    if event.kind is EventKind.ENDED:
        said = (
            f"The term of {spec.stack} ended at {expires}. It is held asleep, and is unpublished "
            f"at {goes}."
        )
        return "has come to its end", iter([said + owner, _remedy(spec, link), _kept(spec)])
    said = (
        f"The term of {spec.stack} ends at {expires}. Then it is held asleep, and at {goes} it is "
        "unpublished."
    )
    return f"ends at {expires}", iter([said + owner, _remedy(spec, link)])


def _remedy(spec: Spec, link: Invitation | None) -> str:
    publish = f"dormouse publish {spec.source.get('dir') or spec.stack} --expires 14d"
    by_link = f", or open its page and press the button:\n{link.url}" if link else ""
    return f"If it is still wanted, publish it again:\n{publish}{by_link}"


def _kept(spec: Spec) -> str:
    """
    What Dormouse does not delete, because it is Terraform's: each resource with its price.

    What the files do not price by the hour (storage, traffic, other directories) is in no spec, and
    the text says so.
    """
    own = asleep_hour(spec) * HOURS_IN_A_MONTH
    lines = [f"  {', '.join(_own(spec)) or 'Elastic IPs and tasks'}: {_month(own)}"] if own else []
    total, unknown = own, []
    for each in spec.source.get("keeps") or ():
        month = each.get("month")
        price = None if month is None else Decimal(str(month))
        lines.append(f"  {each['address']} ({each['what']}): {_month(price)}")
        total += price or 0
        unknown += [each["address"]] if price is None else []
    if not lines:
        return f"Nothing is known of {spec.stack} that Terraform keeps and that costs by the hour."
    more = f", and {len(unknown)} more whose price is not known" if unknown else ""
    said = "\n".join(["What Terraform keeps, and its price a month:", *lines])
    return (
        f"{said}\nThat is {say_money(total)} a month{more}. What is billed by use (storage, "
        "traffic, logs) is not included, nor what other directories keep. terraform destroy ends "
        "it."
    )


def _month(price: Decimal | None) -> str:
    return "price not known" if price is None else say_money(price)


def _own(spec: Spec) -> list[str]:
    """The addresses and services of the spec that stay while it is asleep."""
    names = [
        str(mapping["AllocationId"])
        for balancer in spec.of_kind(Kind.LOAD_BALANCER)
        for mapping in balancer.request.get("SubnetMappings", ())
        if isinstance(mapping.get("AllocationId"), str)
    ]
    return names + [each.address for each in spec.resources if each.asleep is not None]
