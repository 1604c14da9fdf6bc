"""
Every fault of AWS behaviour §8, with the tests that hold us to it: `python -m catalogue.index`.

A test says in its name which faults it is about (`test_f22_f01_…`). A fault whose test has
another name, or that cannot occur in this design, is listed here with the reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "faults.md"
NUMBERS = range(1, 75)

TITLES = (
    "Elastic IP still held after the load balancer is gone",
    "Elastic IP free to read, refused to use",
    "Elastic IP in somebody else's use",
    "Elastic IP released",
    "load balancer not listed right after its create",
    "load balancer that takes very long",
    "load balancer that failed",
    "load balancer active but impaired",
    "name taken by a load balancer with other settings",
    "create that hands out a stranger's load balancer",
    "name taken by a target group with other settings",
    "listener that exists",
    "listener not listed right after its create",
    "target group still on the old load balancer",
    "subnet without free addresses",
    "quota of load balancers",
    "zone without network load balancers",
    "no right to tag (ELB)",
    "no service-linked role (ELB)",
    "account that may not create load balancers",
    "target group not yet seen behind its load balancer",
    "service of that name still draining",
    "service of that name with other input",
    "cluster missing",
    "service-linked role not yet there (ECS)",
    "platform version retired",
    "task definition inactive",
    "image cannot be pulled",
    "task cannot reach what it needs to start",
    "no Fargate capacity",
    "vCPU quota",
    "task in a zone that the load balancer does not serve",
    "application that fails its health checks",
    "deployment failed by its circuit breaker",
    "running, but not yet healthy",
    "slow registration of targets",
    "Spot interruption",
    "task replaced by AWS for maintenance",
    "target group in use for a while after its load balancer",
    "deletion protection",
    "load balancer behind an endpoint service",
    "long draining",
    "draining without end",
    "target group deleted too early",
    "service gone without having been inactive",
    "delete of what is gone",
    "update of a draining service",
    "wake during sleep",
    "sleep during wake",
    "change by hand",
    "throttled by ELB",
    "throttled by ECS",
    "throttled by EC2",
    "error after the effect",
    "credentials expired",
    "process killed between any two calls",
    "ticks doubled, late, or a day old",
    "ticks lost to deduplication",
    "loop of invocations cut",
    "message that poisons its queue",
    "two controllers at once",
    "no metrics yet",
    "partial metrics",
    "scanners",
    "long, quiet connection",
    "local time that does not exist",
    "clocks that differ",
    "function URL without its second permission",
    "GET by a machine",
    "denied once, right after a create",
    "count of a service refused at a sleep",
    "count of a service raised by others during a sleep",
    "service that cannot be taken up again by its count",
    "targets that drain on without their load balancer",
)

ELSEWHERE: dict[int, tuple[str, ...]] = {
    57: ("system/test_controller.py::test_a_doubled_or_day_old_invocation_finds_nothing_to_do",),
    62: (
        "aws/test_traffic.py::test_a_new_load_balancer_and_minutes_that_are_late_have_no_counts",
        "system/test_troubled_days.py::test_what_cloudwatch_does_not_report_is_not_idle",
    ),
    63: (
        "aws/test_traffic.py::test_a_partial_answer_is_no_answer",
        "system/test_troubled_days.py::test_what_cloudwatch_does_not_report_is_not_idle",
    ),
    64: ("system/test_troubled_days.py::test_nobody_is_awake_for_a_scanner",),
    65: (
        "system/test_troubled_days.py::"
        "test_a_long_connection_keeps_it_awake_as_long_as_it_says_something",
    ),
    66: ("domain/policy/test_schedule.py::test_a_window_inside_a_gap_comes_back_the_week_after",),
    68: (
        "deploy/test_template.py::test_both_permissions_that_a_public_function_url_needs_are_there",
    ),
    69: ("api/test_routes.py::test_only_post_changes_anything",),
}

CANNOT_OCCUR: dict[int, str] = {
    58: "no queue: the schedule invokes the function itself, so nothing is deduplicated",
    59: "the controller never invokes itself for more of the same work: each heartbeat starts "
    "from the schedule, which is not in the chains that Lambda cuts",
    60: "no queue: each stack has an invocation of its own, and one that fails delays no other "
    "(system/test_controller.py::test_a_stack_that_cannot_be_started_delays_no_other)",
}

_NAMED = re.compile(r"^def (test_(?:f\d\d_)+\w*)", re.MULTILINE)


def named_tests() -> dict[int, list[str]]:
    """Number of a fault to the tests that carry it in their name, as path::name."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name in _NAMED.findall(path.read_text()):
            for number in re.findall(r"f(\d\d)(?=_)", name):
                found[int(number)].append(f"{path.relative_to(TESTS)}::{name}")
    return found


def page() -> str:
    named = named_tests()
    lines = [
        "# Faults and their tests",
        "",
        "[AWS behaviour](reference/aws-behaviour.md) has the facts. The tests of F22 have `f22` in",
        "their names (`.venv/bin/pytest -k f22`). Each runs on the simulated AWS and checks what",
        "exists afterwards, what people are notified of, and which calls were never made.",
        "Written by `make faults`; a test fails when this page and the tests disagree.",
        "",
        "| fault | what happens | tests in |",
        "|---|---|---|",
    ]
    for number in NUMBERS:
        tests = [*named.get(number, ()), *ELSEWHERE.get(number, ())]
        cell = _cell(tests) if tests else f"cannot occur: {CANNOT_OCCUR[number]}"
        lines.append(f"| F{number:02} | {TITLES[number - 1]} | {cell} |")
    return "\n".join(lines) + "\n"


def _cell(tests: list[str]) -> str:
    return ", ".join(dict.fromkeys(test.partition("::")[0] for test in tests))


if __name__ == "__main__":
    PAGE.write_text(page())
