"""
A fleet on Monday morning.

Every stack opens at 9:00, in simulation; docs/scale.md says what is real, and what to configure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bench.buckets import RATES
from bench.morning import Found, Morning, Scenario
from bench.recorded import Passes, record
from bench.report import Measure

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
BEGIN, END = "<!-- figures: python -m bench scale -->\n", "<!-- end of figures -->"

DEFAULTS = Scenario(stacks=50, places=1, concurrency=10, at_once=8)
NEW_ACCOUNT = Scenario(stacks=10_000, places=200, concurrency=10, at_once=8)
NO_WAVES = Scenario(stacks=2000, places=40, concurrency=200, at_once=2000)
WAVES = Scenario(stacks=10_000, places=200, concurrency=1000, at_once=500)
SPREAD = Scenario(stacks=10_000, places=200, concurrency=1000, at_once=500, spread_minutes=10)
CROWDED = Scenario(stacks=10_000, places=20, concurrency=1000, at_once=500)
CROWDED_SPREAD = Scenario(
    stacks=10_000, places=20, concurrency=1000, at_once=500, spread_minutes=15
)
SCENARIOS = (DEFAULTS, NEW_ACCOUNT, WAVES, SPREAD, CROWDED, CROWDED_SPREAD, NO_WAVES)


def measure() -> Iterator[Measure]:
    passes = record()
    mornings: dict[Scenario, Found] = {}
    for scenario in SCENARIOS:
        found = mornings[scenario] = Morning(scenario, passes).run()
        yield Measure(
            name=f"last awake: {_say(scenario)}",
            value=(found.last_awake or 0.0) / 60,
            bound=0 if scenario in (DEFAULTS, SPREAD, CROWDED_SPREAD) else None,
            detail=f"minutes after 9:00; {found.on_time:.1%} were ready at 9:00",
            unit="min",
        )
    heartbeat = max(mornings[s].longest_heartbeat for s in SCENARIOS if s is not NO_WAVES)
    yield Measure(
        name="longest heartbeat in waves",
        value=heartbeat,
        bound=60,
        detail="s; the next one comes after a minute",
        unit="s",
    )
    _write(passes, mornings)


def _say(scenario: Scenario) -> str:
    return (
        f"{scenario.stacks:,} stacks, {scenario.places} places, concurrency "
        f"{scenario.concurrency:,}, at once {scenario.at_once:,}, spread {scenario.spread_minutes}"
    )


def _write(passes: Passes, mornings: dict[Scenario, Found]) -> None:
    """Put the figures between the marks of the page; the words around them stay."""
    figures = "\n".join([*_requested(passes), "", *_table(mornings), ""])
    page = PAGE.read_text()
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    PAGE.write_text(re.sub(pattern, lambda _: f"{BEGIN}{figures}{END}", page, flags=re.DOTALL))


def _requested(passes: Passes) -> Iterator[str]:
    yield "| a pass that | takes | table | " + " | ".join(RATES) + " |"
    yield "|---|---:|---:|" + "---:|" * len(RATES)
    for name, one in (
        ("wakes and waits for it", passes.patient),
        ("in a crowd, makes everything", passes.first),
        ("in a crowd, only reads", passes.look),
        ("in a crowd, sees it awake", passes.last),
    ):
        cells = [f"{one.total(throttle)}" for throttle in RATES]
        yield f"| {name} | {one.seconds:.0f} s | {one.table} | {' | '.join(cells)} |"


def _table(mornings: dict[Scenario, Found]) -> Iterator[str]:
    yield (
        "| stacks | places | concurrency | `PassesAtOnce` | `SpreadMinutes` | last awake "
        "| ready at 9:00 | given up | first limit | refused writes, ELB | invocations "
        "| most side by side | dropped by Lambda | table requests | longest heartbeat |"
    )
    yield "|" + "---:|" * 8 + "---|" + "---:|" * 6
    for scenario, found in mornings.items():
        writes = [place["elbv2:write"] for place in found.places]
        share = sum(one.refused for one in writes) / sum(one.requested for one in writes)
        cells = (
            f"{scenario.stacks:,}",
            f"{scenario.places}",
            f"{scenario.concurrency:,}",
            f"{scenario.at_once:,}",
            f"{scenario.spread_minutes}",
            _clock(found.last_awake),
            f"{found.on_time:.1%}",
            f"{sum(stack.failed for stack in found.stacks):,}",
            found.first_limit,
            f"{share:.0%}",
            f"{found.invocations:,}",
            f"{found.busiest:,}",
            f"{found.dropped:,}",
            f"{found.table:,}",
            f"{found.longest_heartbeat:.0f} s",
        )
        yield f"| {' | '.join(cells)} |"


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "not within 12 hours"
    hours, minutes = divmod(int(9 * 60 + seconds // 60), 60)
    return f"{hours}:{minutes:02}"
