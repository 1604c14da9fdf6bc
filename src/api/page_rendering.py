"""Pages from templates, each one self-contained response with the policy that goes with it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.page_assets import PAGES, policy_of, style_of


def render(page: str, **context: Any) -> tuple[str, str]:
    """A page, and its Content-Security-Policy."""
    style = style_of(page)
    text = _templates().get_template(f"{page}.html.j2").render(style=style, **context)
    return text, policy_of(style)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
