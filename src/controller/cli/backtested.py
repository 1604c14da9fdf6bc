"""One stack's past under its policy, and office hours that would have covered its use."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.decision.office_hours import Rules
from controller.domain.money.ledger import cost, number
from controller.domain.money.prices import Prices, find_prices
from controller.domain.money.replay import Past, Replay, replay
from controller.domain.money.suggestions import Regular, find_regular, suggest
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.spec import Json
from controller.domain.policy.periods import parse_period
from controller.domain.policy.policy import Policy
from controller.domain.timestamps import format_timestamp

if TYPE_CHECKING:
    pass

COVERS = (95, 99, 100)
WAKE = timedelta(minutes=3)
"""The assumed length of a wake if there are no files."""


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """One stack's past, and what its policy would have made of it."""

    stack: str
    use: UsageProfile
    policy: Policy
    lead: timedelta
    past: Past
    balancer: str = ""
    assumed: tuple[str, ...] = field(default=())

    @cached_property
    def result(self) -> Replay:
        return replay(self.use, Rules.of(self.policy, self.lead), self.past)

    @property
    def prices(self) -> Prices:
        return find_prices(self.use.region)

    @property
    def spent(self) -> Decimal:
        return cost(self.result.spent, self.prices)

    @property
    def always_on(self) -> Decimal:
        return cost(self.result.always, self.prices)

    @property
    def regular(self) -> Regular | None:
        return find_regular(self.past.minutes, self.policy.zone)

    def suggestions(self) -> list[Suggestion]:
        """Office hours for each share of the use, with what they would have cost."""
        found = []
        for percent in COVERS:
            hours = suggest(self.result.used, self.policy.zone, percent)
            periods = tuple(parse_period(text) for text in hours)
            other = Backtest(
                stack=self.stack,
                use=self.use,
                policy=replace(self.policy, office_hours=periods),
                lead=self.lead,
                past=self.past,
            )
            found.append(Suggestion(percent, hours, other.spent, len(other.result.missed)))
        return found

    def to_json(self, *, with_suggestions: bool) -> dict[str, Json]:
        result = self.result
        suggestions = self.suggestions() if with_suggestions else []
        return {
            "stack": self.stack,
            **({"load_balancer": self.balancer} if self.balancer else {}),
            "from": format_timestamp(result.window.start),
            "to": format_timestamp(result.window.end),
            "hours_used": round(result.hours_used, 2),
            "hours_awake": round(result.hours_awake, 2),
            "spent": number(self.spent),
            "always_on": number(self.always_on),
            "missed": [
                {"at": format_timestamp(each.at), "flows": round(each.flows)}
                for each in result.missed
            ],
            "unknown_hours": round(result.hours_unknown, 2),
            "suggestions": [each.to_json() for each in suggestions],
        }


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`covers` per cent of the use lie within these office hours."""

    covers: int
    office_hours: tuple[str, ...]
    spent: Decimal
    missed: int

    def to_json(self) -> dict[str, Json]:
        return {
            "covers": self.covers,
            "office_hours": list(self.office_hours),
            "spent": number(self.spent),
        }
