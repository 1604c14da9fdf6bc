"""
Whether a trial may read what it is going to make: it could not take it down otherwise.

What is read before anything is made shows most of the rights already. The others are asked for by
the ARN of a thing that is not there: "not found" says that they are granted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from controller.aws.clients import Clients
from controller.aws.errors import DENIED, code_of
from controller.domain.errors import PermanentError

_NOBODY = "dormouse-trial/0000000000000000"


def check_reads(clients: Clients, stack: str, region: str) -> None:
    """Raises PermanentError for the first read that is denied; whatever else is said is fine."""
    for name, ask in _reads(clients, region):
        if _is_denied(ask):
            raise PermanentError(
                f"cannot try {stack}: elasticloadbalancing:{name} is denied, without which nothing "
                "that a trial makes could be taken down; grant this right, and try again"
            )


def _reads(clients: Clients, region: str) -> list[tuple[str, Callable[[], Any]]]:
    try:
        caller = str(clients.sts.get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError):  # AWS denies it to nobody; an endpoint may not have it
        return []
    _, partition, _, _, account, _ = caller.split(":", 5)
    place = f"arn:{partition}:elasticloadbalancing:{region}:{account}"
    balancer, group = f"{place}:loadbalancer/net/{_NOBODY}", f"{place}:targetgroup/{_NOBODY}"
    elbv2 = clients.elbv2
    return [
        ("DescribeTags", lambda: elbv2.describe_tags(ResourceArns=[balancer])),
        ("DescribeListeners", lambda: elbv2.describe_listeners(LoadBalancerArn=balancer)),
        ("DescribeTargetHealth", lambda: elbv2.describe_target_health(TargetGroupArn=group)),
    ]


def _is_denied(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except (ClientError, BotoCoreError) as error:
        return code_of(error) in DENIED
    return False
