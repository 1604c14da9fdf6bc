"""How many vCPUs Fargate may run at once for an account, and how many run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from controller.account.read import Read
from controller.aws.clients import Client, Clients
from controller.aws.errors import code_of
from controller.domain.diagnostics.facts import Facts, Vcpus
from controller.domain.diagnostics.vcpus import CODES, wanted_of
from controller.domain.errors import SoonError

RECENT = timedelta(minutes=15)
"""How old the newest report of usage may be: one comes every minute or every five."""

RIGHTS = (
    "servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota, "
    "cloudwatch:GetMetricData"
)


def vcpu_reads(facts: Facts, clients: Clients) -> Iterator[Read]:
    """Two reads for each of Fargate's providers that is to start a task. `facts` knows when."""
    for provider in wanted_of(facts):
        if facts.at is not None:
            yield Read(
                field="vcpus",
                key=provider,
                check="quotas",
                subject=f"vCPUs of {provider}",
                right=RIGHTS,
                do=partial(_read, clients, CODES[provider], facts.at),
            )


def _read(clients: Clients, code: str, now: datetime) -> Vcpus:
    quota = _quota(clients.get("service-quotas"), code)
    metric = quota.get("UsageMetric")
    used = _used(clients.cloudwatch, metric, now) if metric else None
    return Vcpus(most=float(quota["Value"]), used=used)


def _quota(service_quotas: Client, code: str) -> Mapping[str, Any]:
    """The account's own; where nobody has ever set one, that of every account."""
    wanted = {"ServiceCode": "fargate", "QuotaCode": code}
    try:
        found: Mapping[str, Any] = service_quotas.get_service_quota(**wanted)["Quota"]
    except Exception as error:
        if code_of(error) != "NoSuchResourceException":
            raise
        found = service_quotas.get_aws_default_service_quota(**wanted)["Quota"]
    return found


def _used(cloudwatch: Client, metric: Mapping[str, Any], now: datetime) -> float | None:
    """The newest value that AWS reports of it, as the quota itself says where."""
    named = metric["MetricDimensions"].items()
    query = {
        "Id": "used",
        "MetricStat": {
            "Metric": {
                "Namespace": metric["MetricNamespace"],
                "MetricName": metric["MetricName"],
                "Dimensions": [{"Name": name, "Value": value} for name, value in named],
            },
            "Period": 60,
            "Stat": metric.get("MetricStatisticRecommendation", "Maximum"),
        },
    }
    reply = cloudwatch.get_metric_data(
        MetricDataQueries=[query],
        StartTime=now - RECENT,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    (found,) = reply["MetricDataResults"]
    if found["Values"]:
        return float(found["Values"][0])
    if found["StatusCode"] != "Complete":
        said = f"CloudWatch's answer is incomplete ({found['StatusCode']})"
        raise SoonError(said, after_seconds=60)
    return None
