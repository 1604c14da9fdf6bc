"""
What an hour of each part costs: a dated table, and the bill of lifetimes.

Source: AWS behaviour §7.1, list prices in USD as of 2026-09 or before (each entry's own date is
there). A load balancer is billed by the started hour, Fargate by the second with a minute at
least, an address by the second here: AWS bills it so within its hour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

HOUR = Decimal(3600)
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

    Whoever shows money says whose they are (`origin`): elsewhere they differ by some per cent.
    """
    return TABLE.get(region or DEFAULT_REGION, TABLE[DEFAULT_REGION])


def origin(prices: Prices, region: str | None) -> str:
    """Say of when they are, and of which region where that is not the stack's own."""
    said = f"prices of {prices.as_of}"
    if prices.region == (region or DEFAULT_REGION):
        return said
    return f"{said} in {prices.region}: those of {region} are not known here, and differ"


def load_balancer_cost(prices: Prices, stood: timedelta) -> Decimal:
    """Every started hour counts in full (AWS behaviour §0.7)."""
    return prices.load_balancer * math.ceil(stood.total_seconds() / 3600)


def task_cost(
    prices: Prices,
    ran: timedelta,
    *,
    vcpu: Decimal,
    gigabytes: Decimal,
    public_ip: bool,
    arm: bool = False,
) -> Decimal:
    """One task from the start of its image pull to its end, with its own address if it has one."""
    billed = Decimal(max(60.0, ran.total_seconds())) / HOUR
    per_vcpu = prices.vcpu_arm if arm else prices.vcpu
    per_gigabyte = prices.gigabyte_arm if arm else prices.gigabyte
    compute = (per_vcpu * vcpu + per_gigabyte * gigabytes) * billed
    return compute + (address_cost(prices, ran) if public_ip else Decimal(0))


def address_cost(prices: Prices, held: timedelta) -> Decimal:
    """An Elastic IP costs the same whether it is used or idle."""
    return prices.address * Decimal(held.total_seconds()) / HOUR
