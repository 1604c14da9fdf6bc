"""The `required_version` of a terraform block."""

from __future__ import annotations

from controller.domain.problem import Level, Place, Problem
from controller.hcl.errors import HclError
from controller.hcl.version_constraint import NotAConstraint, bounds

RULE = "version"
OLDEST = (1, 3, 0)
"""The first Terraform whose language is what is read here: it brought optional()."""
BEYOND = (2, 0, 0)


def check_required_version(text: str, place: Place) -> Problem | None:
    """
    A warning for what admits no Terraform of the language read here.

    More lenient than Terraform, which compares with its own version: whoever checks a stack is not
    the Terraform that applies it, and the older language reads as it did (HCL semantics §22).
    Raises HclError "version" for what is no constraint.
    """
    try:
        low, high = bounds(text)
    except NotAConstraint as error:
        raise HclError(RULE, str(error), place=place) from None
    if max(low, OLDEST) < min(high, BEYOND):
        return None
    return Problem(
        level=Level.WARNING,
        rule=RULE,
        message=f'required_version "{text}" admits no Terraform from 1.3 on; the files are read in '
        "its language all the same, so widen it once they are applied with a newer one",
        place=place,
    )
