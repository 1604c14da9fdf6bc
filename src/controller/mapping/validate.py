"""
Requests against AWS's own service model, through what is remembered of earlier runs.

The SDK and its model of a service take longer to load than most directories take to compile. So it
is kept on disk that nothing was found in a request, under a digest of it and of the SDK's version,
and `service_model.py` is imported only for a request that is new, or that has something in it.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from controller.hcl import disk_cache
from controller.mapping.fill import Filling

_NOTHING = "nothing found"


def validate(operation: tuple[str, str], filling: Filling) -> None:
    """Report everything in the request that the API would not take; `operation` is its call."""
    request = json.dumps(filling.request, sort_keys=True)
    place = disk_cache.place_of("request", *operation, request, *_versions())
    if place and disk_cache.load(place) == _NOTHING:
        return
    from controller.mapping.service_model import findings

    found = list(findings(operation, filling.request))
    for rule, message, path in found:
        filling.error(rule, message, filling.place_of(path))
    if place and not found:
        disk_cache.save(place, _NOTHING)


@cache
def _versions() -> tuple[str, ...]:
    """What decides the answer besides the request: the SDK, and how its model is read."""
    return tuple(disk_cache.state_of(path) for path in _sources())


def _sources() -> Iterator[Path]:
    spec = importlib.util.find_spec("botocore")
    if spec is not None and spec.origin:
        yield Path(spec.origin)
    yield Path(__file__).with_name("service_model.py")
