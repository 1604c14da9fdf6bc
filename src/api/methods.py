"""The routes of the wake URL: their names, their paths and what they take."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST_WAIT = 25
"""Seconds for which an answer about the status may be held at most."""

METHODS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "healthz": ("/healthz", ("GET", "HEAD")),
    "openapi": ("/openapi.json", ("GET", "HEAD")),
    "page": ("/s/<stack>", ("GET", "HEAD")),
    "status": ("/s/<stack>/status", ("GET", "HEAD")),
    "wake": ("/s/<stack>/wake", ("POST",)),
    "extend": ("/s/<stack>/extend", ("POST",)),
    "release": ("/s/<stack>/release", ("POST",)),
    "sleep": ("/s/<stack>/sleep", ("POST",)),
    "prolong": ("/s/<stack>/prolong", ("POST",)),
}
"""The name of each method of `Routes` to its path and what it takes."""
