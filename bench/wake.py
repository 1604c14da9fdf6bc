"""
A wake, a sleep and a pass with nothing to do, on the simulated AWS's own clock.

The longest chain is the shortest time that the pace allows: to the first healthy target, and to
the free Elastic IP. On a simulated clock only waiting counts. A pass over a converged stack
reads and writes nothing; a sleep deletes the most expensive resources first.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.report import Measure
from bench.shipped import STACK, compiled, drain_delay, health_check
from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import TYPICAL, Timing, sleep_chain, wake_chain
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Result
from controller.reconcile.side_by_side import one_by_one
from local.aws import LaptopAws
from local.calls import Call
from local.furnish_spec import furnish_for


def measure(timing: Timing = TYPICAL) -> Iterator[Measure]:
    spec = compiled(STACK)
    aws = LaptopAws(profile=timing)
    aws.furnish(**furnish_for(spec))
    wake, _, progress = _reach(aws, spec, Target.AWAKE, Progress())
    yield _against_chain("wake", wake, wake_chain(timing, **health_check(spec)), timing)
    yield _no_op(aws, spec, progress)
    sleep, calls, _ = _reach(aws, spec, Target.ASLEEP, progress)
    chain = sleep_chain(timing, delay=drain_delay(spec))
    yield _against_chain("sleep", sleep, chain, timing)
    writes = [call.operation for call in calls if not call.is_read]
    yield Measure(
        name="changes of a sleep before DeleteLoadBalancer",
        value=writes.index("DeleteLoadBalancer"),
        bound=2,
        detail=f"{', '.join(writes)}; it goes in the same round, once the count is answered",
        unit="",
    )


def _against_chain(name: str, seconds: float, chain: float, timing: Timing) -> Measure:
    return Measure(
        name=f"{name} / longest chain of the profile",
        value=seconds / chain,
        bound=1.05,
        detail=f"{seconds:.0f} s / {chain:.0f} s, {timing.name}",
    )


def _reach(
    aws: LaptopAws, spec: Spec, target: Target, progress: Progress
) -> tuple[float, list[Call], Progress]:
    """Simulated seconds of a pass with the memory of the one before, its calls, its memory."""
    began, before = aws.clock.now(), len(aws.calls)
    cloud = AwsCloud(spec, Clients(aws.session(), spec.region), one_by_one)
    outcome = Reconciler(spec, cloud, aws.clock, one_by_one, progress=progress).run(target)
    if outcome.result is not Result.CONVERGED:
        raise SystemExit(f"the bench did not reach {target}: {outcome.cause}")
    seconds = (aws.clock.now() - began).total_seconds()
    return seconds, list(aws.calls)[before:], outcome.progress


def _no_op(aws: LaptopAws, spec: Spec, progress: Progress) -> Measure:
    _, calls, _ = _reach(aws, spec, Target.AWAKE, progress)
    writes = sum(1 for call in calls if not call.is_read)
    return Measure(
        name="calls of a pass over a converged stack",
        value=len(calls) + 100 * writes,
        bound=8,
        detail=f"{len(calls) - writes} reads, {writes} writes",
        unit="calls",
    )
