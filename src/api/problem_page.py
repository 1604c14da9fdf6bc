"""
The error page, which is put together without a template engine.

It is the most frequent first answer to strangers and expired links, and to import Jinja2 and to
compile three templates took a third of a cold start. Its frame is that of the other pages.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from string import Template
from urllib.parse import quote

from markupsafe import Markup, escape

from api.page_assets import PAGES, policy_of, style_of
from api.problems import Problem
from api.request import Request
from api.translations import translations
from controller.links import STACK_NAME

_BACK = Markup('\n<p><a class="button" href="{}">{}</a></p>')


def problem_page(problem: Problem, request: Request) -> tuple[str, str]:
    """The page, and its Content-Security-Policy. For a bad key it is the same for every request."""
    words = translations(request.language, UTC, datetime(2000, 1, 1, tzinfo=UTC))
    style, back = style_of("problem"), _way_back(problem, request)
    page = _page().substitute(
        language=escape(request.language),
        title=escape(words(problem.code)),
        style=style,
        text=escape(words(f"{problem.code}.text")),
        back=_BACK.format(back, words("back")) if back else "\n",
    )
    return page, policy_of(style)


@lru_cache(maxsize=1)
def _page() -> Template:
    return Template((PAGES / "problem.html").read_text(encoding="utf-8").rstrip())


def _way_back(problem: Problem, request: Request) -> str:
    """From the address of a button to its page, for a client with a good key."""
    parts = request.path.split("/")
    known = problem.code not in ("not_found", "bad_request") and not request.has_bearer
    if not known or len(parts) != 4 or not STACK_NAME.fullmatch(parts[2]):
        return ""
    return f"../{parts[2]}?k={quote(request.key, safe='')}"
