"""
Hourly prices of the resources that people keep beside a stack: a dated table.

USD on demand, for us-east-1 and ap-northeast-1. Prices from AWS's price list, directly or through
somebody who read it, name their source; the others are from general knowledge of AWS's price pages,
and may be some per cent off. If a size is not in the table, its price is unknown, and every place
that shows money says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from controller.domain.money.prices import DEFAULT_REGION

AS_OF = "2026-09"
HOURS_IN_A_MONTH = 730

_HOME, _TOKYO = DEFAULT_REGION, "ap-northeast-1"


def _usd(home: str, tokyo: str = "") -> Mapping[str, Decimal]:
    texts = {_HOME: home, _TOKYO: tokyo}
    return {region: Decimal(text) for region, text in texts.items() if text}


HOURLY: Mapping[str, Mapping[str, Decimal]] = {
    # Price list, AmazonEC2, NatGateway-Hours, 2026-09-13.
    "nat gateway": _usd("0.045", "0.062"),
    # aws.amazon.com/elasticloadbalancing/pricing; capacity units come on top.
    "application load balancer": _usd("0.0225", "0.0243"),
    "network load balancer": _usd("0.0225", "0.0243"),
    "gateway load balancer": _usd("0.0125", "0.0135"),
    "classic load balancer": _usd("0.025", "0.027"),
    # Price list, AmazonVPC, VpcEndpoint-Hours, 2026-09-25; for each zone.
    "interface endpoint": _usd("0.010", "0.014"),
    # Price list, AmazonVPC, PublicIPv4, in use or idle.
    "public address": _usd("0.005", "0.005"),
    # Price list, AmazonVPC, VPN-Usage-Hours and TransitGateway-Hours.
    "vpn connection": _usd("0.05", "0.048"),
    "transit gateway attachment": _usd("0.05", "0.07"),
    # aws.amazon.com/eks/pricing, standard support.
    "eks cluster": _usd("0.10", "0.10"),
    # aws.amazon.com/global-accelerator/pricing, network-firewall/pricing, vpn/pricing,
    # route53/pricing (resolver endpoints, for each network interface).
    "accelerator": _usd("0.025", "0.025"),
    "network firewall endpoint": _usd("0.395"),
    "client vpn association": _usd("0.10"),
    "resolver endpoint interface": _usd("0.125"),
    # aws.amazon.com/rds/…/pricing: MySQL and PostgreSQL in one zone, storage not counted.
    "database db.t4g.micro": _usd("0.016", "0.025"),
    "database db.t4g.small": _usd("0.032", "0.051"),
    "database db.t4g.medium": _usd("0.065", "0.102"),
    "database mysql db.t3.micro": _usd("0.017"),
    "database mysql db.t3.small": _usd("0.034"),
    "database mysql db.t3.medium": _usd("0.068"),
    "database postgres db.t3.micro": _usd("0.018"),
    "database postgres db.t3.small": _usd("0.036"),
    "database postgres db.t3.medium": _usd("0.072"),
    "aurora db.t4g.medium": _usd("0.073", "0.113"),
    # Price list, AmazonElastiCache, NodeUsage, Redis.
    "cache cache.t4g.micro": _usd("0.016", "0.025"),
    "cache cache.t3.micro": _usd("0.017", "0.026"),
    "cache cache.t4g.small": _usd("0.032"),
    "cache cache.t3.small": _usd("0.034"),
    "cache cache.t3.medium": _usd("0.068"),
    # aws.amazon.com/opensearch-service/pricing, msk/pricing.
    "search t3.small.search": _usd("0.036", "0.056"),
    "broker kafka.t3.small": _usd("0.0456"),
    # aws.amazon.com/ec2/pricing/on-demand, Linux, shared.
    "machine t3.micro": _usd("0.0104", "0.0136"),
    "machine t3.small": _usd("0.0208", "0.0272"),
    "machine t3.medium": _usd("0.0416", "0.0544"),
    "machine t4g.small": _usd("0.0168", "0.0216"),
    "machine t2.micro": _usd("0.0116"),
    "machine t2.small": _usd("0.023"),
    "machine t2.medium": _usd("0.0464"),
    "machine t3.nano": _usd("0.0052"),
    "machine t3.large": _usd("0.0832"),
    "machine t4g.micro": _usd("0.0084"),
    "machine m5.large": _usd("0.096"),
}


def hourly(item: str, region: str | None) -> Decimal | None:
    """USD an hour; None where the item is not in the table. Regions it lacks count as us-east-1."""
    prices = HOURLY.get(item)
    if prices is None:
        return None
    return prices.get(region or _HOME, prices[_HOME])


def is_of(item: str, region: str | None) -> bool:
    """Whether the price is that of the region itself."""
    return (region or _HOME) in HOURLY.get(item, {})
