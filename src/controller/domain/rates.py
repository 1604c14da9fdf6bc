"""What an hour of a stack costs, awake and asleep."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from controller.domain.prices import Prices, find_prices, task_cost
from controller.domain.spec import Kind, ResourceSpec, Spec

SMALLEST = {"cpu": 256, "memory": 512, "arm": False}
"""The smallest Fargate task, assumed where the configuration does not tell the size."""

HOUR = timedelta(hours=1)


def awake_hour(spec: Spec) -> Decimal:
    """USD for an hour of everything that exists only while awake; the Elastic IP is not in it."""
    prices = find_prices(spec.region)
    balancers = prices.load_balancer * len(spec.of_kind(Kind.LOAD_BALANCER))
    return balancers + sum(
        (service_hour(service, prices) for service in spec.of_kind(Kind.SERVICE)), Decimal(0)
    )


def service_hour(service: ResourceSpec, prices: Prices) -> Decimal:
    """USD for an hour of all tasks of a service, with their own public addresses."""
    size = {**SMALLEST, **service.size}
    count = int(service.request.get("desiredCount", 1))
    network = service.request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return count * task_cost(
        prices,
        HOUR,
        vcpu=Decimal(size["cpu"]) / 1024,
        gigabytes=Decimal(size["memory"]) / 1024,
        arm=bool(size["arm"]),
        public_ip=network.get("assignPublicIp") == "ENABLED",
    )


def asleep_hour(spec: Spec) -> Decimal:
    """USD for an hour of what stays: the Elastic IPs."""
    count = sum(
        1
        for balancer in spec.of_kind(Kind.LOAD_BALANCER)
        for mapping in balancer.request.get("SubnetMappings", ())
        if mapping.get("AllocationId")
    )
    return find_prices(spec.region).address * count
