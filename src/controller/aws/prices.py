"""
The prices of a region as AWS lists them today: the Price List Query API (AWS behaviour §7.4).

It has an endpoint in few regions only, and answers for all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from controller.aws.clients import Client
from controller.aws.errors import translate
from controller.domain.errors import PermanentError
from controller.domain.money.prices import Prices

ENDPOINT_REGION = "us-east-1"

_ITEMS = {
    "load_balancer": ("AWSELB", "productFamily", "Load Balancer-Network", "LoadBalancerUsage"),
    "vcpu": ("AmazonECS", "productFamily", "Compute", "Fargate-vCPU-Hours:perCPU"),
    "gigabyte": ("AmazonECS", "productFamily", "Compute", "Fargate-GB-Hours"),
    "vcpu_arm": ("AmazonECS", "productFamily", "Compute", "Fargate-ARM-vCPU-Hours:perCPU"),
    "gigabyte_arm": ("AmazonECS", "productFamily", "Compute", "Fargate-ARM-GB-Hours"),
    "address": ("AmazonVPC", "group", "VPCPublicIPv4Address", "PublicIPv4:InUseAddress"),
}
"""Field of `Prices`: service, the filter beside the region, and how the usage type ends."""


def ask_prices(pricing: Client, region: str, today: date) -> Prices:
    """
    Ask for an hour of each part in `region`.

    Raises the domain's errors: for what AWS refuses, and PermanentError for a part it does not
    list there.
    """
    answers: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    found: dict[str, Decimal] = {}
    for name, (service, field, value, usage) in _ITEMS.items():
        question = (service, field, value)
        if question not in answers:
            answers[question] = list(_products(pricing, region, *question))
        found[name] = _price(answers[question], usage, region)
    return Prices(region=region, as_of=f"{today.isoformat()}, asked of AWS", **found)


def _products(
    pricing: Client, region: str, service: str, field: str, value: str
) -> Iterator[Mapping[str, Any]]:
    wanted = {"regionCode": region, field: value}
    request: dict[str, Any] = {
        "ServiceCode": service,
        "FormatVersion": "aws_v1",
        "Filters": [
            {"Type": "TERM_MATCH", "Field": name, "Value": text} for name, text in wanted.items()
        ],
    }
    while True:
        try:
            reply = pricing.get_products(**request)
        except Exception as error:
            raise translate(error, f"ask AWS for the prices of {service}") from error
        for text in reply["PriceList"]:
            yield json.loads(text)
        if not reply.get("NextToken"):
            return
        request["NextToken"] = reply["NextToken"]


def _price(products: list[Mapping[str, Any]], usage: str, region: str) -> Decimal:
    """
    The price of the one product whose usage type is this, behind the region's prefix if any.

    The prefix is no plain function of the region ("EU-" beside "EUW2-"), so it is not compared:
    the products are those of the region already.
    """
    pattern = re.compile(rf"([A-Z]+[0-9]*-)?{re.escape(usage)}")
    for product in products:
        if pattern.fullmatch(product["product"]["attributes"].get("usagetype", "")):
            prices = [price for price in _on_demand(product) if price > 0]
            if prices:
                return max(prices)
    raise PermanentError(f"AWS lists no price of {usage} in {region}")


def _on_demand(product: Mapping[str, Any]) -> Iterator[Decimal]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            try:
                yield Decimal(dimension["pricePerUnit"]["USD"])
            except (KeyError, InvalidOperation):
                continue  # in another currency
