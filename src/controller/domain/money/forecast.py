"""
Forecast of the office hours in a time range: when the stack is awake, and what it uses. Pure.

It uses the decision logic (`foresight.py`), so it includes the time before an opening and the rest
of a paid hour. It assumes no further requests, and use during the whole opening: idleness reduces
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from controller.domain.dataclass import dataclass
from controller.domain.decision.desired import decide
from controller.domain.decision.foresight import foresee
from controller.domain.decision.hold import Hold
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.decision.office_hours import OfficeHours, Rules
from controller.domain.money.usage import Amounts, BillingInterval, Interval, UsageProfile, to_hours
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Kind, Spec

_BALANCER = ":loadbalancer/net/foreseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`spent` is what is used in `window`, `always` what it would be if it never slept."""

    window: Interval
    stays: tuple[Interval, ...]
    spent: Amounts
    always: Amounts

    @property
    def awake_hours(self) -> float:
        return float(sum(self.window.hours(stay.start, stay.end) for stay in self.stays))

    @property
    def all_hours(self) -> float:
        return float(to_hours(self.window.length))


def make_forecast(
    spec: Spec, rules: Rules, begin: datetime, end: datetime, hold: Hold | None = None
) -> Forecast:
    """`hold` is the one in force, which comes before the office hours for as long as it lasts."""
    use, window = UsageProfile.of(spec), Interval(begin, end)
    stays = tuple(_stays(rules, begin, end, hold))
    used = (span.used(window, use) for stay in stays for span in _spans(spec, use, stay))
    return Forecast(
        window=window,
        stays=stays,
        spent=sum(used, use.at_rest(window)),
        always=use.always_on(window),
    )


def _stays(rules: Rules, begin: datetime, end: datetime, hold: Hold | None) -> Iterator[Interval]:
    """From the start of a wake to the start of a sleep; the first may begin before."""
    windows = OfficeHours(rules, begin).all_at(begin)
    start = windows[0].starts_at if windows and not hold else begin
    awake_since = (
        start if decide(rules, (), hold, Lifecycle(), start).state is Target.AWAKE else None
    )
    for change in foresee(rules, (), hold, Lifecycle(), start, end):
        if change.state is Target.AWAKE:
            awake_since = change.at
        elif awake_since is not None:
            yield Interval(awake_since, change.at)
            awake_since = None
    if awake_since is not None:
        yield Interval(awake_since, end)


def _spans(spec: Spec, use: UsageProfile, stay: Interval) -> Iterator[BillingInterval]:
    for balancer in spec.of_kind(Kind.LOAD_BALANCER):
        yield BillingInterval(
            address=balancer.address, arn=_BALANCER, since=stay.start, until=stay.end
        )
    for address in use.tasks:
        yield BillingInterval(address=address, arn=address, since=stay.start, until=stay.end)
