"""How often a function looks for garbage in cycles."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 100


def collect_rarely() -> None:
    """
    Let 50,000 objects come up before Python looks for cycles among them, instead of 2,000.

    A cold start makes a hundred thousand objects that stay: modules, and what the SDK reads of each
    service. To look at them again and again took a tenth of it. Cycles are rare in what a function
    does afterwards, and so many objects are a few megabytes.
    """
    gc.set_threshold(YOUNG, MIDDLE, OLD)
