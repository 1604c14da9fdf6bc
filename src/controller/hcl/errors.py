"""What a Terraform directory can be refused for."""

from __future__ import annotations

from collections.abc import Iterable

from controller.domain.problem import Level, Place, Problem
from controller.hcl.values import Origin


class HclError(Exception):
    """
    One mistake in the user's text.

    `kind` is one of: syntax duplicate undeclared reference attribute index null type operation
    conversion argument argument-count unknown-function file missing-variable null-variable
    variable-type variable-syntax type-constraint default-type not-constant validation
    precondition missing-argument unsupported-argument unsupported-block count for-each cycle
    override module-source reserved name version sensitive ephemeral value.

    `static` errors are found without evaluating (an undeclared name): `try` and `can` do not
    hide them. `place` is filled in by the evaluator where the raiser does not know it. `origins`
    are the unknown values for which it had to be raised.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        place: Place | None = None,
        static: bool = False,
        origins: Iterable[Origin] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.place = place
        self.static = static
        self.origins = tuple(origins)
        # A file that is not there; it may well be that nothing which matters here needs it.
        self.missing_file = False

    def at(self, place: Place | None) -> HclError:
        """Fill in the place unless it is known already; returns itself, to be raised."""
        if self.place is None:
            self.place = place
        return self

    def as_problem(self, address: str = "") -> Problem:
        return Problem(
            level=Level.ERROR,
            rule=self.kind,
            message=self.message,
            place=self.place,
            address=address,
            unknown=tuple(origin.names for origin in self.origins),
        )
