"""The parts whose mutants are judged, each with the tests that judge it."""

from __future__ import annotations

FAST = (
    "tests/domain",
    "tests/asking",
    "tests/reconcile",
)
"""For a part without tests of its own in `TESTS`: every fast test of a decision."""

DRAWN = (
    "--ignore=tests/domain/policy/test_schedule_oracle.py",
    "--ignore=tests/domain/decision/test_desired_until.py",
    "--ignore=tests/domain/planning/test_plan_properties.py",
)
"""Left out: they draw many examples, and take a hundred times as long as all the rest."""

PASSES = ("tests/reconcile", "tests/system/test_wake_and_sleep.py")
"""For what runs whole passes."""

TESTS: dict[str, tuple[str, ...]] = {
    "going": ("tests/domain/planning",),
    "limits": ("tests/reconcile/test_limits.py",),
    "loop": ("tests/reconcile/test_loop.py", "tests/system/test_wake_and_sleep.py"),
    "outbox": ("tests/reconcile/test_outbox.py",),
    "pacing": ("tests/reconcile/test_pacing.py",),
    "real_rehearsing": ("tests/reconcile", "tests/system/test_real_rehearsal.py"),
    "replaced": (*PASSES, "tests/system/test_replaced.py"),
    "rest": ("tests/domain/planning",),
    "side_by_side": ("tests/reconcile/test_side_by_side.py",),
    "sleep_pacing": ("tests/reconcile/test_pacing.py",),
    "stack_pass": PASSES,
    "turn": ("tests/reconcile/test_turn.py", "tests/reconcile"),
    "waits": ("tests/domain/planning",),
}
"""Arguments of pytest by the name of the file. The fewer tests, the sooner the verdicts."""


def tests_of(part: str) -> tuple[str, ...]:
    """What pytest gets for the mutants of `part`, the name of a file without `.py`."""
    return (*TESTS.get(part, FAST), *DRAWN)
