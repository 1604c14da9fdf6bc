"""
Memory of the controller's function.

A fresh process with the handler that Lambda calls wakes the stack over HTTP, from its records. It
has to fit a function of 256 MB with half to spare.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.controller import Controller
from bench.report import Measure
from bench.shipped import STACK, compiled
from local.furnish_spec import furnish_for
from local.server import LaptopServer

SPEED = 30
HALF_OF_IT = 128


def measure() -> Iterator[Measure]:
    spec = compiled(STACK)
    with (
        LaptopServer("typical", speed=SPEED, furnish=furnish_for(spec)) as server,
        Controller(server, spec) as controller,
    ):
        woken = controller.run_pass()
        if woken["result"] != "converged":
            raise SystemExit(f"the controller did not wake the stack: {woken['cause']}")
    yield Measure(
        name="peak memory of the controller during a wake",
        value=woken["peak"],
        bound=HALF_OF_IT,
        detail="MiB resident; the function is given 256",
        unit="MiB",
    )
