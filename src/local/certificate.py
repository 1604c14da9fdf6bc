"""A certificate of ACM."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class Certificate:
    arn: str
    domain: str
    tags: Mapping[str, str] = field(default_factory=dict)
    expires_at: str = ""
    """RFC 3339; "" where nothing asks for it."""
