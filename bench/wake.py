"""A wake, a sleep and a pass with nothing to do, on the laptop AWS's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.report import Measure
from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.aws.context import Context
from controller.domain.plan import Target
from controller.domain.spec import Kind, Spec
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.reconcile.loop import Reconciler, Result
from controller.reconcile.side_by_side import one_by_one
from local.aws import LaptopAws
from local.furnish_spec import furnish_for
from local.timing import sleep_chain, wake_chain

STACK = Path("infra/nsfw-api")


def measure() -> Iterator[Measure]:
    spec = _spec()
    aws = _account(spec)
    wake = _reach(aws, spec, Target.AWAKE)
    chain = wake_chain(aws.timing, **_health_check(spec))
    yield Measure(
        name="wake / longest chain of the profile",
        value=wake / chain,
        bound=1.05,
        detail=f"{wake:.0f} s / {chain:.0f} s, typical",
    )
    yield _no_op(aws, spec)
    sleep = _reach(aws, spec, Target.ASLEEP)
    down = sleep_chain(aws.timing, delay=_delay(spec))
    yield Measure(
        name="sleep / longest chain of the profile",
        value=sleep / down,
        bound=1.05,
        detail=f"{sleep:.0f} s / {down:.0f} s, typical",
    )
    waiters = _with_waiters(spec)
    yield Measure(
        name="wake / same calls with boto3's waiters",
        value=wake / waiters,
        bound=0.65,
        detail=f"{wake:.0f} s / {waiters:.0f} s, typical",
    )


def _spec() -> Spec:
    compiled = compile_stack(STACK, Inputs(), datetime.now(UTC))
    if compiled.spec is None:
        raise SystemExit(f"{STACK} does not compile: {compiled.problems[0]}")
    return compiled.spec


def _account(spec: Spec) -> LaptopAws:
    aws = LaptopAws(profile="typical")
    aws.furnish(**furnish_for(spec))
    return aws


def _reach(aws: LaptopAws, spec: Spec, target: Target) -> float:
    """Simulated seconds from the first call to the end of the pass."""
    began = aws.clock.now()
    cloud = AwsCloud(spec, Clients(aws.session(), spec.region), one_by_one)
    outcome = Reconciler(spec, cloud, aws.clock, one_by_one).run(target)
    if outcome.result is not Result.CONVERGED:
        raise SystemExit(f"the bench did not reach {target}: {outcome.cause}")
    return (aws.clock.now() - began).total_seconds()


def _no_op(aws: LaptopAws, spec: Spec) -> Measure:
    before = len(aws.calls)
    _reach(aws, spec, Target.AWAKE)
    calls = list(aws.calls)[before:]
    writes = sum(1 for call in calls if not call.is_read)
    return Measure(
        name="calls of a pass over a converged stack",
        value=len(calls) + 100 * writes,
        bound=8,
        detail=f"{len(calls) - writes} reads, {writes} writes",
        unit="calls",
    )


def _health_check(spec: Spec) -> dict[str, float]:
    group = spec.of_kind(Kind.TARGET_GROUP)[0].request
    return {
        "interval": group.get("HealthCheckIntervalSeconds", 30),
        "healthy_threshold": group.get("HealthyThresholdCount", 5),
    }


def _delay(spec: Spec) -> float:
    group = spec.of_kind(Kind.TARGET_GROUP)[0]
    return float(group.attributes.get("deregistration_delay.timeout_seconds", 300))


def _with_waiters(spec: Spec) -> float:
    """What a script does that makes one resource after the other and waits for each."""
    aws = _account(spec)
    began = aws.clock.now()
    session = aws.session()
    elbv2, ecs = session.client("elbv2"), session.client("ecs")
    context = Context(spec, Clients(session, spec.region))
    known: dict[str, dict[str, str]] = {}

    def request(kind: Kind) -> dict[str, Any]:
        resource = spec.of_kind(kind)[0]
        filled: dict[str, Any] = context.resolve(resource.request, known)
        return filled

    def made(kind: Kind, arn: str) -> str:
        known[spec.of_kind(kind)[0].address] = {"arn": arn, "id": arn}
        return arn

    with patch("botocore.waiter.time.sleep", aws.clock.sleep):
        reply = elbv2.create_load_balancer(**request(Kind.LOAD_BALANCER))
        balancer = made(Kind.LOAD_BALANCER, reply["LoadBalancers"][0]["LoadBalancerArn"])
        waiter = elbv2.get_waiter("load_balancer_available")
        waiter.wait(LoadBalancerArns=[balancer])
        reply = elbv2.create_target_group(**request(Kind.TARGET_GROUP))
        group = made(Kind.TARGET_GROUP, reply["TargetGroups"][0]["TargetGroupArn"])
        elbv2.create_listener(**request(Kind.LISTENER))
        aws.clock.sleep(aws.timing.association_visible)
        service = ecs.create_service(**request(Kind.SERVICE))["service"]
        aws.clock.sleep(aws.timing.describe_lag)  # or the waiter takes it for missing
        ecs.get_waiter("services_stable").wait(
            cluster=service["clusterArn"], services=[service["serviceName"]]
        )
        while not _is_healthy(elbv2, group):
            aws.clock.sleep(15)
    return (aws.clock.now() - began).total_seconds()


def _is_healthy(elbv2: Any, group: str) -> bool:
    health = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return any(one["TargetHealth"]["State"] == "healthy" for one in health)
