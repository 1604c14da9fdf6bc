"""The places of the parts of a written-out value, by path, such as `office_hours[0]` or `a.b`."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.problem import Place
from controller.hcl.syntax import Expression, Literal, Object, Parentheses, Tuple


def inner_places(expression: Expression, path: str = "") -> dict[str, Place]:
    """
    The place of each part that the text itself names, the whole under `path`.

    What is computed (a call, a condition, a reference) is one part.
    """
    found = {path: expression.place}
    if isinstance(expression, Parentheses):
        return found | inner_places(expression.inner, path)
    if isinstance(expression, Tuple):
        for index, element in enumerate(expression.elements):
            found |= inner_places(element, f"{path}[{index}]")
    if isinstance(expression, Object):
        for key, value in expression.items:
            name = key.value.data if isinstance(key, Literal) else None
            if isinstance(name, str):
                found |= inner_places(value, f"{path}.{name}" if path else name)
    return found


def nearest_place(places: Mapping[str, Place], path: str) -> Place | None:
    """That of the part, else of the nearest part around it."""
    while path and path not in places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return places.get(path)
