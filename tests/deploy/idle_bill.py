"""
The bill of a month in which every stack sleeps, from the template, and its parts of docs/costs.md.

    PYTHONPATH=tests python -m deploy.idle_bill          writes the table into the page
    PYTHONPATH=tests python -m deploy.idle_bill --check  exits 1 when the page is not current
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from controller.domain.money.prices import DEFAULT_REGION, find_prices
from controller.domain.money.usage import Tasks
from deploy.prices import ARTIFACTS, ELASTIC_IP, HOURS, Line, Price, Resources, lines_of
from deploy.stack import ROOT, deploy

PAGE = ROOT / "docs" / "costs.md"
BEGIN, END = "<!-- table: make costs -->", "<!-- end of table -->"
FOR_REAL, END_FOR_REAL = "<!-- for real: make costs -->", "<!-- end of for real -->"

ARTIFACTS_GB = 0.05
"""Some ten versions of the code, which `sam deploy` leaves in its bucket."""

BESIDE_THE_TEMPLATE = [
    Line(resource="one for each stack, yours", price=ELASTIC_IP, quantity=HOURS),
    Line(resource="bucket of sam deploy", price=ARTIFACTS, quantity=ARTIFACTS_GB),
]
"""
What an idle month also costs. The keys of the links are a standard SSM parameter, which is free,
under the account's own KMS key for SSM, which is free as well.
"""


def bill(resources: Resources) -> list[Line]:
    """The lines that the template's resources cause; raises UnknownCostError."""
    return [line for name in sorted(resources) for line in lines_of(name, resources)]


def beyond_free(lines: Iterable[Line]) -> dict[Price, float]:
    """What each price comes to once the account's allowance for it is used up, in USD."""
    used: dict[Price, float] = defaultdict(float)
    for line in lines:
        used[line.price] += line.quantity
    return {price: price.of(max(0.0, n - price.free)) for price, n in used.items()}


def total(lines: Iterable[Line]) -> float:
    return sum(line.usd for line in lines)


def render(resources: Resources) -> str:
    """The table as Markdown; resources that cost nothing while idle stand in its last row."""
    lines = bill(resources)
    paying = {line.resource for line in lines}
    everything = [*lines, *BESIDE_THE_TEMPLATE]
    free = ", ".join(sorted(set(resources) - paying))
    return "\n".join(
        [
            "| what | of | in an idle month | price, USD | USD | free each month | USD beyond it |",
            "|---|---|---:|---|---:|---:|---:|",
            *map(_row, everything),
            f"| nothing while idle | {free} | | | 0.0000 | | 0.0000 |",
            _sum("**together**", everything),
            _sum("**without the Elastic IP**", [e for e in everything if e.price != ELASTIC_IP]),
        ]
    )


def _row(line: Line) -> str:
    price = line.price
    each = f"{price.usd:g} per {price.unit if price.per == 1 else 'million'}"
    cells = [
        price.item,
        line.resource,
        f"{_number(line.quantity)} {_plural(price.unit, line.quantity)}",
        each,
        f"{line.usd:.4f}",
        _number(price.free) if price.free else "-",
        f"{beyond_free([line])[price]:.4f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _sum(name: str, lines: list[Line]) -> str:
    beyond = sum(beyond_free(lines).values())
    return f"| {name} | | | | **{total(lines):.2f}** | | **{beyond:.2f}** |"


def _plural(unit: str, quantity: float) -> str:
    return unit if quantity == 1 or unit.startswith("GB") else f"{unit}s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2g}" if value < 1 else f"{value:g}"


def sources(resources: Resources) -> str:
    named = {line.price.source for line in [*bill(resources), *BESIDE_THE_TEMPLATE]}
    return "\n".join(f"* {source}" for source in sorted(named))


def for_real() -> str:
    """The price of a monthly rehearsal: a paid hour, and the smallest task all through it."""
    prices, hour = find_prices(DEFAULT_REGION), Decimal(1)
    used = Tasks(public_ip=True).used(hour, hour)
    balancer, address = prices.load_balancer, used.task_address * prices.address
    task = used.vcpu * prices.vcpu + used.gigabyte * prices.gigabyte
    return (
        'Policy `rehearse = "monthly"` also wakes a stack for real once in 30 days: at most\n'
        f"USD {balancer + task + address:.3f} for one load balancer hour ({balancer:.4f}), an hour "
        f"of the smallest task ({task:.4f})\nand of its public address ({address:.4f}). "
        "The ledger counts it like any time awake. The default wakes nothing."
    )


def page_with(text: str, resources: Resources) -> str:
    """The page with its generated parts created again."""
    table = f"{render(resources)}\n\nPrices from:\n\n{sources(resources)}"
    return _with_part(_with_part(text, BEGIN, table, END), FOR_REAL, for_real(), END_FOR_REAL)


def _with_part(text: str, begin: str, made: str, end: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{made}\n{end}{after}"


def main(arguments: list[str]) -> int:
    text = PAGE.read_text()
    made = page_with(text, deploy())
    if "--check" in arguments:
        if made != text:
            print(f"{PAGE} is not what the template says; run make costs", file=sys.stderr)
        return int(made != text)
    PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
