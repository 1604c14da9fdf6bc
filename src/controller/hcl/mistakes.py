"""What a check without evaluation has found wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from controller.hcl.errors import HclError
from controller.hcl.syntax import Expression


class Mistakes(frozenset[Expression]):
    """
    Expressions that are known to be mistaken, so that none is evaluated.

    `late` are errors that count only where the expression is come to: Terraform does not look into
    the content of a `dynamic` block of which no block is made.
    """

    late: Mapping[Expression, tuple[HclError, ...]] = {}

    @classmethod
    def of(
        cls, wrong: Iterable[Expression], late: Mapping[Expression, tuple[HclError, ...]]
    ) -> Mistakes:
        made = cls(wrong)
        made.late = late
        return made


def late_errors(wrong: frozenset[Expression], expression: Expression) -> tuple[HclError, ...]:
    return wrong.late.get(expression, ()) if isinstance(wrong, Mistakes) else ()
