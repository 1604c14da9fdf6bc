"""What messages are made of: a link that puts something off, and sums of money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from controller.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A signed address of the stack's page, for a message; anyone who has it can wake the stack."""

    url: str
    expires_at: datetime


def say_money(amount: Decimal) -> str:
    """Write "USD 0.0398" for small sums and "USD 12.40" for others."""
    return f"USD {amount:.4f}" if amount < Decimal("0.10") else f"USD {amount:.2f}"
