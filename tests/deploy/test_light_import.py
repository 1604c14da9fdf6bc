"""What a cold start of the controller imports, and what only the passes do that need it."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache

import pytest

RARE = (
    "boto3",
    "difflib",
    "itsdangerous",
    "controller.links",
    "controller.account",
    "controller.aws.autoscaling_policy",
    "controller.aws.autoscaling_target",
    "controller.aws.scheduled_action",
    "controller.domain.notification.notification_text",
    "controller.domain.planning.timing",
)
"""Links in messages, texts, mistakes, scaling, rehearsals, and the pace of a first wake."""


MOST_MODULES = {"controller.handlers.entry": 210, "api.handler": 110, "door.handler": 110}
"""Of our own, with room for a file that is split; each costs a third of a millisecond."""


@lru_cache
def imported_by(handler: str) -> frozenset[str]:
    command = f"import sys, {handler}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("module", RARE)
def test_a_cold_start_imports_nothing_that_few_passes_need(module):
    imported = imported_by("controller.handlers.entry")

    assert "controller.reconcile.stack_pass" in imported
    assert module not in imported


@pytest.mark.parametrize(("handler", "most"), MOST_MODULES.items())
def test_a_cold_start_imports_no_more_modules_of_ours_than_it_did(handler, most):
    ours = [m for m in imported_by(handler) if m.partition(".")[0] in {"controller", "api", "door"}]

    assert handler in ours
    assert len(ours) <= most, f"{len(ours)} modules: import later what few first events need"


@pytest.mark.parametrize("handler", MOST_MODULES)
def test_a_function_collects_garbage_rarely_from_its_first_event_on(handler):
    command = (
        "import gc, os; from local.system import ENVIRONMENT; os.environ.update(ENVIRONMENT);"
        f"before = gc.get_threshold(); import {handler}; assert gc.get_threshold() == before;"
        f"{handler}._handle(); print(*gc.get_threshold())"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)

    assert done.stdout.split() == ["50000", "20", "100"], done.stderr
