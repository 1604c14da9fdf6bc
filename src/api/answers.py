"""Answers, each with the headers that every one of them needs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.spec import Json

HTML = "text/html; charset=utf-8"

ALWAYS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Strict-Transport-Security": "max-age=31536000",
    "Vary": "Accept, Accept-Language, Authorization",
}
NOTHING_ACTIVE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of answers that are not pages."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        return {"Content-Security-Policy": NOTHING_ACTIVE, **ALWAYS, **self.headers}


def json_answer(
    body: Json,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Answer:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Answer(status, content_type, text, headers or {})


def see_other(location: str) -> Answer:
    """Send to a page by GET; `location` is made of what was checked, never of raw input."""
    return Answer(303, "text/plain; charset=utf-8", "", {"Location": location})
