"""
How many calls a second the simulated AWS answers, in process and over HTTP.

    python tests/local/speed.py [wakes]

Each wake here is polled every five simulated seconds and put to sleep again: some 160 calls.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import boto3
from simulated_stack import CLUSTER, SERVICE, START, Stack, furnished

from local.clock import ManualClock
from local.server import LaptopServer


def wake_and_sleep(stack: Stack) -> None:
    balancer, group = stack.wake()
    stack.seconds_until(
        lambda: (
            stack.service().get("runningCount") == 1
            and stack.address()["AssociationId"]
            and stack.health(group) == [("healthy", "")]
        ),
        step=5,
    )
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    stack.seconds_until(
        lambda: stack.service()["status"] == "INACTIVE" and "AssociationId" not in stack.address(),
        step=5,
    )
    stack.elbv2.delete_target_group(TargetGroupArn=group)


def measure(what: str, stack: Stack, wakes: int) -> None:
    wake_and_sleep(stack)
    calls, begun = len(stack.aws.calls), time.perf_counter()
    for _ in range(wakes):
        wake_and_sleep(stack)
    seconds, calls = time.perf_counter() - begun, len(stack.aws.calls) - calls
    sys.stdout.write(
        f"{what:10} {calls / seconds:8.0f} calls/s  {60 * wakes / seconds:6.0f} wakes/min  "
        f"({calls} calls in {seconds:.2f} s)\n"
    )


def over_http(measured: Callable[[Stack], None]) -> None:
    with LaptopServer(clock=ManualClock(START), furnish="article") as server:
        session = boto3.Session("AKIA", "secret", region_name="us-east-1")
        client = session.client
        session.client = lambda name: client(name, endpoint_url=server.url)
        measured(Stack(server.aws, session))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    measure("in process", Stack(furnished()), count)
    over_http(lambda stack: measure("over HTTP", stack, max(1, count // 10)))
