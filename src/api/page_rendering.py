"""
Templates and what they need: one self-contained response, and the policy that goes with it.

Nothing is fetched from elsewhere; only the script and the style that are in the page run, known by
their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

PAGES = Path(__file__).parent / "pages"

_STYLES = {
    "board.html.j2": ("style.css", "board.css"),
    "stack.html.j2": ("style.css", "stack.css"),
    "problem.html.j2": ("style.css",),
}
"""What each page looks like; a rule that one page alone needs is in no other."""


def render(template: str, **context: Any) -> tuple[str, str]:
    """A page, and its Content-Security-Policy."""
    style = _style(template)
    page = _templates().get_template(template).render(style=style, **context)
    return page, _policy(style)


@lru_cache
def _style(template: str) -> Markup:
    return Markup("\n").join(asset(name) for name in _STYLES[template])


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )


@lru_cache
def _policy(style: Markup) -> str:
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
