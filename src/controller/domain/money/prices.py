"""
Hourly prices of each part: a dated table.

Source: AWS behaviour §7.1, list prices in USD as of 2026-09 or before (each entry's own date is
there). `controller.domain.money.usage` computes how much of each is billed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from controller.domain.dataclass import dataclass

AS_OF = "2026-09"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """
    USD: an hour of a load balancer, a vCPU, a GB and a public IPv4 address.

    They are those of `region`, of the time `as_of`.
    """

    region: str
    as_of: str = AS_OF
    load_balancer: Decimal
    vcpu: Decimal
    gigabyte: Decimal
    vcpu_arm: Decimal
    gigabyte_arm: Decimal
    address: Decimal = Decimal("0.005")


TABLE: Mapping[str, Prices] = {
    "us-east-1": Prices(
        region="us-east-1",
        load_balancer=Decimal("0.0225"),
        vcpu=Decimal("0.04048"),
        gigabyte=Decimal("0.004445"),
        vcpu_arm=Decimal("0.03238"),
        gigabyte_arm=Decimal("0.00356"),
    ),
    "ap-northeast-1": Prices(
        region="ap-northeast-1",
        load_balancer=Decimal("0.0243"),
        vcpu=Decimal("0.05056"),
        gigabyte=Decimal("0.00553"),
        vcpu_arm=Decimal("0.04045"),
        gigabyte_arm=Decimal("0.00442"),
    ),
}
DEFAULT_REGION = "us-east-1"


def find_prices(region: str | None) -> Prices:
    """
    The region's prices, or those of us-east-1 where the table has none.

    Every place that shows money names their region (`origin`): others differ by some per cent.
    """
    return TABLE.get(region or DEFAULT_REGION, TABLE[DEFAULT_REGION])


def origin(prices: Prices, region: str | None) -> str:
    """Say of when they are, and of which region where that is not the stack's own."""
    said = f"prices of {prices.as_of}"
    if prices.region == (region or DEFAULT_REGION):
        return said
    return f"{said} in {prices.region}: those of {region} are not known here, and differ"
