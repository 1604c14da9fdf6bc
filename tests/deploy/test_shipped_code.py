"""
Which files of ours the functions get: all that a handler imports at any time, and no other.

Each byte is uploaded with each deployment and read at each cold start, and code that no handler can
reach is code that an audit of the functions would have to read.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache

from deploy.reached_code import PACKAGES, handlers, reached
from deploy.stack import ROOT

SOURCE = ROOT / "src"
OF_AN_INSTALLATION = {"controller/shipped"}
"""What of the recipe's list is no source file: `pyproject.toml` puts it into the wheel."""


@lru_cache
def left_out() -> frozenset[str]:
    """The recipe's own list, as make reads it: folders and files below src."""
    show = ["--eval", "show: ; @echo $(LEFT_OUT)", "show"]
    told = subprocess.run(
        ["make", "-s", "-C", str(SOURCE), *show], capture_output=True, text=True, check=True
    )
    return frozenset(told.stdout.split())


@lru_cache
def shipped() -> frozenset[str]:
    files = [path for name in PACKAGES for path in (SOURCE / name).rglob("*.py")]
    paths = [path.relative_to(SOURCE) for path in files]
    kept = [path for path in paths if not left_out() & {str(p) for p in (path, *path.parents)}]
    return frozenset(
        ".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in kept
    )


def test_the_handlers_are_found_with_all_that_they_need():
    assert handlers() == {"controller.handlers.entry", "api.handler", "door.handler"}
    assert {"controller.reconcile.stack_pass", "api.board_page", "door.relay"} <= reached()
    assert "controller.aws.autoscaling_target" in reached()  # imported by a function, by few passes


def test_each_module_in_the_artifact_is_reached_from_a_handler():
    unreached = sorted(shipped() - reached())

    assert unreached == [], "add them to LEFT_OUT in src/Makefile, or have a handler import them"


def test_nothing_is_left_out_that_a_handler_reaches():
    missing = sorted(reached() - shipped())

    assert missing == [], "take them out of LEFT_OUT in src/Makefile: a handler imports them"


def test_what_the_recipe_leaves_out_exists():
    missing = [path for path in left_out() - OF_AN_INSTALLATION if not (SOURCE / path).exists()]

    assert missing == [], "take them out of LEFT_OUT in src/Makefile"
