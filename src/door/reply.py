"""
Answers of the door as Lambda takes them: bytes stay bytes, and a body that is too long becomes an
error.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from api.answers import json_answer
from api.problems import Problem
from controller.domain.dataclass import dataclass, field

MOST_RESULT = 6_291_456
"""Bytes of the JSON that a function may return (AWS behaviour §5.7)."""

HELD = "Dormouse-Held"
PROBLEM_JSON = "application/problem+json"

_MEASURED_FROM = 1_000_000
"""Bytes: a shorter body fits, however much its text grows as JSON."""

_TEXT = re.compile(
    r"text/|application/(?:[\w.+-]*\+)?(?:json|xml)\b|application/(?:javascript|x-www-form-urlencoded)"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers by name, cookies and the bytes of the body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: tuple[str, ...] = ()

    def to_result(self) -> dict[str, Any] | None:
        """What the handler returns; None where Lambda would not take it."""
        result = self._with_body(as_text=self._is_text)
        if len(self.body) < _MEASURED_FROM or _fits(result):
            return result
        other = self._with_body(as_text=False)  # shorter where much of a text is escaped
        return other if _fits(other) else None

    def _with_body(self, *, as_text: bool) -> dict[str, Any]:
        result: dict[str, Any] = {
            "statusCode": self.status,
            "headers": dict(self.headers),
            "body": self.body.decode() if as_text else base64.b64encode(self.body).decode(),
            "isBase64Encoded": not as_text,
        }
        return {**result, "cookies": list(self.cookies)} if self.cookies else result

    @property
    def _is_text(self) -> bool:
        """Whether the bytes may go as text: a compressed body as text arrives broken."""
        named = {name.lower(): value.lower() for name, value in self.headers.items()}
        if named.get("content-encoding", "identity") != "identity":
            return False
        if self.body and not _TEXT.match(named.get("content-type", "")):
            return False
        try:
            self.body.decode()
        except UnicodeDecodeError:
            return False
        return True


def _fits(result: Mapping[str, Any]) -> bool:
    return len(json.dumps(result, ensure_ascii=False).encode()) <= MOST_RESULT


def say(problem: Problem, held: int | None = None, **more: str) -> Reply:
    """A problem of ours; `held` are the seconds that it was held, None where it may not say."""
    answer = json_answer(problem.to_json(), problem.status, problem.headers, PROBLEM_JSON)
    held_header = {} if held is None else {HELD: str(held)}
    headers = {"Content-Type": answer.content_type, **answer.all_headers(), **held_header, **more}
    return Reply(
        int(problem.status),
        {name: value.encode("ascii", "replace").decode() for name, value in headers.items()},
        answer.body.encode("utf-8", "replace"),
    )
