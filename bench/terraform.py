"""
Against terraform and a script.

The same four resources (the shipped stack with its other eight as data sources) are made and
deleted in four accounts of the simulated AWS, over HTTP, at its typical pace and in real time,
because each tool sleeps between two polls: `dormouse apply`,
`terraform apply` and `destroy`, a sequential boto3 script with waiters, and the controller's
function. They run in parallel, because they mostly wait. Passes with nothing to do and plans
are measured alone afterwards, one after the other. Times run from the start of the
process until the target is healthy, which `terraform apply` does not wait for, or until
everything is gone. Each wake and sleep is one run; plans and passes are medians of five.
The longest chain is the shortest time that the pace allows. A wake below 0.6 of terraform's
is possible because the service is created without waiting for the load balancer.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.contenders import Contender, Dormouse, Terraform, Waiters, Way, missing
from bench.controller import Controller
from bench.report import Measure
from bench.shipped import compiled, drain_delay, health_check, write_four
from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import TYPICAL, sleep_chain, wake_chain
from local.furnish_spec import furnish_for
from local.server import LaptopServer

TIMES = 5


def measure() -> Iterator[Measure]:
    lacking = missing()
    with TemporaryDirectory() as scratch, ExitStack() as open_servers:
        directory = write_four(Path(scratch))
        spec = compiled(directory)
        server = open_servers.enter_context(
            LaptopServer("typical", speed=1.0, furnish=furnish_for(spec))
        )
        controller = open_servers.enter_context(Controller(server, spec))
        ours = Dormouse(directory, spec, open_servers)
        script = Waiters(Path(scratch), spec, open_servers)
        theirs = None if lacking else Terraform(directory, spec, open_servers)
        contenders = [each for each in (ours, script, theirs) if each]

        woken = _side_by_side(
            {each: each.wake for each in contenders} | {controller: controller.run_pass}
        )
        passed, planned = _warm(controller, theirs)
        slept = _side_by_side({each: each.sleep for each in contenders})

    yield from _chains(spec, woken[ours], slept[ours])
    yield from _script(woken, slept, ours, script)
    if theirs is None:
        yield Measure(name="dormouse / terraform", skipped=lacking)
        return
    yield from _terraform(woken, slept, ours, theirs)
    yield Measure(
        name="warm pass with nothing to do / terraform plan",
        value=passed / planned,
        bound=0.02,
        detail=f"{1000 * passed:.0f} ms, records and lock included / {planned:.1f} s",
    )
    peak, heaviest = woken[controller]["peak"], woken[theirs].process.peak
    yield Measure(
        name="peak memory, the controller / terraform apply",
        value=peak / heaviest,
        bound=0.2,
        detail=f"{peak:.0f} MiB / {heaviest:.0f} MiB with its provider, resident",
    )


def _side_by_side(ways: Mapping[Any, Callable[[], Any]]) -> dict[Any, Any]:
    with ThreadPoolExecutor(max_workers=len(ways)) as pool:
        under_way = {who: pool.submit(way) for who, way in ways.items()}
        return {who: each.result() for who, each in under_way.items()}


def _warm(controller: Controller, terraform: Terraform | None) -> tuple[float, float]:
    """Seconds of a pass with nothing to do and of a plan, in turn."""
    passes, plans = [], []
    for _ in range(TIMES):
        found = controller.run_pass()
        if found["result"] != "converged":
            raise SystemExit(f"the controller found something to do: {found}")
        passes.append(found["seconds"])
        if terraform:
            plans.append(terraform.plan().seconds)
    return statistics.median(passes), statistics.median(plans or [0.0])


def _chains(spec: Spec, wake: Way, sleep: Way) -> Iterator[Measure]:
    for name, way, chain in (
        ("wake", wake, wake_chain(TYPICAL, **health_check(spec))),
        ("sleep", sleep, sleep_chain(TYPICAL, delay=drain_delay(spec))),
    ):
        yield Measure(
            name=f"{name}: dormouse apply / longest chain",
            value=way.work / chain,
            bound=1.05,
            detail=f"{way.work:.1f} s from its first look on / {chain:.0f} s; "
            f"{way.seconds - way.work:.1f} s more to start and read the files",
        )


def _script(
    woken: Mapping[Contender, Way], slept: Mapping[Contender, Way], ours: Contender, script: Waiters
) -> Iterator[Measure]:
    for name, ways, bound in (("wake", woken, 0.65), ("sleep", slept, None)):
        label = f"{name}: dormouse apply / boto3 with waiters"
        yield _seconds(label, ways[ours], ways[script], bound)


def _terraform(
    woken: Mapping[Contender, Way],
    slept: Mapping[Contender, Way],
    ours: Contender,
    theirs: Terraform,
) -> Iterator[Measure]:
    yield _seconds("wake: dormouse apply / terraform apply", woken[ours], woken[theirs], 0.6)
    yield _seconds("sleep: dormouse apply / terraform destroy", slept[ours], slept[theirs])
    for name, ways in (("wake", woken), ("sleep", slept)):
        a, b = ways[ours], ways[theirs]
        yield Measure(
            name=f"{name}: calls, dormouse / terraform",
            value=a.calls / b.calls,
            bound=1.5 if name == "wake" else None,
            detail=f"{a.calls} / {b.calls} that reached AWS",
        )
        yield Measure(
            name=f"{name}: processor time, dormouse / terraform",
            value=a.process.cpu / b.process.cpu,
            detail=f"{a.process.cpu:.1f} s / {b.process.cpu:.1f} s",
        )
        yield Measure(
            name=f"{name}: peak memory, dormouse / terraform",
            value=a.process.peak / b.process.peak,
            detail=f"{a.process.peak:.0f} MiB / {b.process.peak:.0f} MiB, process tree",
        )


def _seconds(name: str, ours: Way, theirs: Way, bound: float | None = None) -> Measure:
    return Measure(
        name=name,
        value=ours.seconds / theirs.seconds,
        bound=bound,
        detail=f"{ours.seconds:.0f} s / {theirs.seconds:.0f} s",
    )
