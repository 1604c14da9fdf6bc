"""
What is in every page beside its text: style and script, and the policy that lets only them run.

Nothing is fetched from elsewhere; the browser knows both by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

PAGES = Path(__file__).parent / "pages"

_STYLES = {
    "board": ("style.css", "board.css"),
    "stack": ("style.css", "stack.css"),
    "problem": ("style.css",),
}
"""What each page looks like; a rule that one page alone needs is in no other."""


@lru_cache
def style_of(page: str) -> Markup:
    return Markup("\n").join(asset(name) for name in _STYLES[page])


@lru_cache
def policy_of(style: Markup) -> str:
    """Only what is in the page itself runs, by its hash; forms and the script reach only us."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(asset('script.js'))}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


@lru_cache
def asset(name: str) -> Markup:
    """Ours, without anything that could end its element, and without the lines' indentation."""
    lines = (PAGES / name).read_text(encoding="utf-8").splitlines()
    return Markup("\n".join(line.strip() for line in lines))


def _hash(text: Markup) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
