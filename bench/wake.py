"""
A wake, a sleep and a pass with nothing to do, on the simulated AWS's own clock.

The longest chain is the shortest time that the pace allows: to the first healthy target, and to
the free Elastic IP. On a simulated clock only waiting counts. The first wake knows no
durations; the second one knows those of the first, and the same holds for the sleeps. Only calls
that reached AWS count. Their bound is one and a half times the calls of `terraform apply` and
`terraform destroy` for the same four resources at the typical pace (below). A pass over a converged
stack changes nothing; a sleep deletes the most expensive resources first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.report import Measure
from bench.shipped import STACK, compiled, drain_delay, health_check
from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.decision.history import Learned, Wake, finished_steps
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import (
    FAST,
    SLOW,
    TYPICAL,
    Timing,
    sleep_chain,
    wake_chain,
)
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Limits, Result
from controller.reconcile.side_by_side import one_by_one
from local.aws import LaptopAws
from local.calls import Call
from local.furnish_spec import furnish_for

TERRAFORM = {"wake": 73, "sleep": 43}
"""Calls of its `apply` and `destroy`, as the part `terraform` measures; it waits for no health."""

OTHERS = (FAST, SLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One transition: its simulated seconds, its calls, and what the next one knows by it."""

    seconds: float
    calls: list[Call]
    progress: Progress
    learned: Learned


ASLEEP = Reached(seconds=0, calls=[], progress=Progress(), learned=Learned())


def measure(timing: Timing = TYPICAL) -> Iterator[Measure]:
    spec = compiled(STACK)
    aws = _furnished(spec, timing)
    first = _reach(aws, spec, Target.AWAKE, ASLEEP)
    chain = wake_chain(timing, **health_check(spec))
    yield _against_chain("wake", first, chain, timing)
    yield _calls("first wake", first, timing)
    yield _no_op(aws, spec, first)
    slept = _reach(aws, spec, Target.ASLEEP, first)
    later = _reach(aws, spec, Target.AWAKE, replace(slept, progress=Progress()))
    yield _against_chain("wake after another one", later, chain, timing)
    yield _calls("wake after another one", later, timing)
    for other in OTHERS if timing is TYPICAL else ():
        woken = _reach(_furnished(spec, other), spec, Target.AWAKE, ASLEEP)
        chain = wake_chain(other, **health_check(spec))
        yield _against_chain(f"wake, {other.name}", woken, chain, other)
        yield _calls(f"wake, {other.name}", woken, other)
    chain = sleep_chain(timing, delay=drain_delay(spec))
    yield _against_chain("sleep", slept, chain, timing)
    yield _calls("first sleep", slept, timing)
    again = _reach(aws, spec, Target.ASLEEP, later)
    yield _against_chain("sleep after another one", again, chain, timing)
    yield _calls("sleep after another one", again, timing)
    writes = [call.operation for call in slept.calls if not call.is_read]
    yield Measure(
        name="changes of a sleep before DeleteLoadBalancer",
        value=writes.index("DeleteLoadBalancer"),
        bound=2,
        detail=f"{', '.join(writes)}; it goes in the same round, once the count is answered",
        unit="",
    )


def _furnished(spec: Spec, timing: Timing) -> LaptopAws:
    aws = LaptopAws(profile=timing)
    aws.furnish(**furnish_for(spec))
    return aws


def _against_chain(name: str, reached: Reached, chain: float, timing: Timing) -> Measure:
    return Measure(
        name=f"{name} / longest chain of the profile",
        value=reached.seconds / chain,
        bound=1.03 if timing is TYPICAL and name.startswith("wake") else 1.05,
        detail=f"{reached.seconds:.0f} s / {chain:.0f} s, {timing.name}",
    )


def _calls(name: str, reached: Reached, timing: Timing) -> Measure:
    reads = sum(1 for call in reached.calls if call.is_read)
    theirs = TERRAFORM["sleep" if "sleep" in name else "wake"]
    return Measure(
        name=f"calls of a {name}",
        value=len(reached.calls),
        bound=1.5 * theirs if timing is TYPICAL else None,
        detail=f"{reads} reads, {len(reached.calls) - reads} writes",
        unit="calls",
    )


def _reach(aws: LaptopAws, spec: Spec, target: Target, before: Reached) -> Reached:
    """A pass with the memory of what came before."""
    began, start = aws.clock.now(), len(aws.calls)
    cloud = AwsCloud(spec, Clients(aws.session(), spec.region), one_by_one)
    run = Reconciler(spec, cloud, aws.clock, one_by_one, progress=before.progress)
    outcome = run.run(target, Limits(learned=before.learned))
    if outcome.result is not Result.CONVERGED:
        raise SystemExit(f"the bench did not reach {target}: {outcome.cause}")
    steps = finished_steps(outcome.timeline, began)
    done = Wake(started_at=began, ready_at=aws.clock.now(), reason="", from_rest=True, steps=steps)
    learned, is_wake = before.learned, target is Target.AWAKE
    return Reached(
        seconds=done.seconds,
        calls=list(aws.calls)[start:],
        progress=outcome.progress,
        learned=learned.after(done) if is_wake else learned.after_steps(steps),
    )


def _no_op(aws: LaptopAws, spec: Spec, awake: Reached) -> Measure:
    calls = _reach(aws, spec, Target.AWAKE, awake).calls
    writes = sum(1 for call in calls if not call.is_read)
    return Measure(
        name="calls of a pass over a converged stack",
        value=len(calls) + 100 * writes,
        bound=8,
        detail=f"{len(calls) - writes} reads, {writes} writes",
        unit="calls",
    )
