"""What a report says of the running month's money, and of the calendar that runs out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from controller.domain.money.ledger import Statement, usage_now
from controller.domain.money.prices import find_prices
from controller.domain.planning.spec import Spec
from controller.domain.policy.policy import Policy
from controller.domain.policy.policy_warnings import find_ending_holidays
from controller.domain.reporting.status import Status


def ending_holidays(spec: Spec, policy: Policy, now: datetime) -> Iterator[str]:
    for code, end in find_ending_holidays(policy, now.astimezone(policy.zone).date()):
        source = spec.source.get("dir") or f"infra/{spec.stack}"
        yield (
            f"the dates of holidays:{code} are known until {end} only, and later ones count as "
            f'working days; run "dormouse publish {source}" again'
        )


def saved_so_far(spec: Spec, status: Status, now: datetime) -> Statement | None:
    """The running month's account; None before a pass has seen the stack."""
    used = usage_now(status.meter, status.lifecycle, now)
    return Statement(used=used, prices=find_prices(spec.region)) if used else None
