"""What a cold start of the controller imports, and what only the passes do that need it."""

from __future__ import annotations

import subprocess
import sys

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


@pytest.fixture(scope="module")
def imported():
    command = "import sys, controller.handlers.entry; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("module", RARE)
def test_a_cold_start_imports_nothing_that_few_passes_need(imported, module):
    assert "controller.reconcile.stack_pass" in imported
    assert module not in imported
