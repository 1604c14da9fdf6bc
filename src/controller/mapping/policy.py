"""The policy: the root variable `dormouse`, checked and in the spec's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from controller.domain.dataclass import dataclass, field
from controller.domain.money.hourly_prices import HOURS_IN_A_MONTH
from controller.domain.policy.policy import Policy, find_problems, parse_policy
from controller.domain.policy.policy_warnings import find_ending_holidays, find_warnings
from controller.domain.problem import Level, Place, Problem
from controller.domain.stack_name import STACK_NAME
from controller.hcl.inner_places import nearest_place
from controller.hcl.plain import to_python
from controller.hcl.values import Value

VARIABLE = "dormouse"
_YEARS = 3
"""Years of public holidays that a spec carries, counting the one in which it is compiled."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the policy is written: all of it, and its parts by path ("office_hours[0]")."""

    whole: Place | None = None
    parts: Mapping[str, Place] = field(default_factory=dict)

    def of(self, key: str) -> Place | None:
        return nearest_place(self.parts, key) or self.whole


def read_policy(
    variables: Mapping[str, Value], places: Places, compiled_at: datetime
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """
    The policy as the spec carries it, and what is wrong or doubtful in it.

    A directory without the variable has the documented defaults.
    """
    value = variables.get(VARIABLE)
    data = None if value is None else to_python(value)
    problems = [
        _problem(Level.ERROR, str(error), places.of(error.key or ""))
        for error in find_problems(data)
    ]
    if problems:
        return {}, tuple(problems)
    policy = parse_policy(data)
    calendars = _calendars(data, places)
    policy, problems = _with_holidays(policy, calendars, compiled_at)
    problems += [
        _problem(Level.WARNING, f"{key}: {message}", places.of(key))
        for key, message in find_warnings(policy)
    ]
    today = compiled_at.astimezone(policy.zone).date()
    problems += [
        _problem(
            Level.WARNING,
            f"holidays:{code}: its dates are known until {end} only, and later ones count as "
            "working days; write them into closed_on one by one",
            calendars.get(code),
        )
        for code, end in find_ending_holidays(policy, today)
        if code in policy.holidays
    ]
    return policy.to_json(), tuple(problems)


def small_budget(
    policy: Mapping[str, Any], asleep_hour: Decimal, places: Places
) -> Iterator[Problem]:
    """A budget that the sleeping stack alone uses up: `asleep_hour` is its price in USD."""
    budget, asleep = policy.get("monthly_budget"), asleep_hour * HOURS_IN_A_MONTH
    if budget is not None and Decimal(str(budget)) <= asleep:
        yield _problem(
            Level.WARNING,
            f"monthly_budget: {budget:g} USD is used up even if the stack sleeps all month: what "
            f"stays of it (its Elastic IP) costs {asleep:.2f} USD; give more",
            places.of("monthly_budget"),
        )


def read_name(variables: Mapping[str, Value]) -> str | None:
    """The stack's name, if it is in the files and can be one."""
    value = variables.get(VARIABLE)
    data = None if value is None else to_python(value)
    name = data.get("name") if isinstance(data, Mapping) else None
    return name if isinstance(name, str) and STACK_NAME.fullmatch(name) else None


def _calendars(data: Any, places: Places) -> dict[str, Place | None]:
    """Code of a holiday calendar to where it is first named."""
    found: dict[str, Place | None] = {}
    for key in ("closed_on", "open_on"):
        for index, text in enumerate((data or {}).get(key) or ()):
            code = str(text).strip().partition("holidays:")[2].upper()
            found.setdefault(code, places.of(f"{key}[{index}]"))
    return found


def _with_holidays(
    policy: Policy, calendars: Mapping[str, Place | None], compiled_at: datetime
) -> tuple[Policy, list[Problem]]:
    if not policy.holiday_calendars:
        return policy, []
    # Half a second to import, and few stacks have holidays.
    import holidays

    years = range(compiled_at.year, compiled_at.year + _YEARS)
    known = holidays.list_supported_countries()
    dates, problems = {}, []
    for code in policy.holiday_calendars:
        country, _, region = code.partition("-")
        if country not in known or (region and region not in known[country]):
            near = f"holidays:{code}: there is no such calendar; {_nearest(country, known)}"
            problems.append(_problem(Level.ERROR, near, calendars.get(code)))
            continue
        calendar = holidays.country_holidays(country, subdiv=region or None, years=years)
        dates[code] = sorted(calendar)
    return policy.with_holidays(dates), problems


def _nearest(country: str, known: Mapping[str, list[str]]) -> str:
    """The regions of a country that has calendars, else what a code looks like."""
    if country not in known:
        return (
            'expected a country such as "holidays:JP", or a country and region such as '
            '"holidays:DE-BY"'
        )
    regions = sorted(known[country])
    if not regions:
        return f'{country} has one for the whole country: "holidays:{country}"'
    listed = ", ".join(regions)
    return f'expected "holidays:{country}", or one with a region of: {listed}'


def _problem(level: Level, message: str, place: Place | None) -> Problem:
    return Problem(
        level=level, rule="policy", message=message, place=place, address=f"var.{VARIABLE}"
    )
