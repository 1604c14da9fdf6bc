"""The form of a row, and the value that represents what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json
from controller.domain.problem import Level

INVALID_PARAMETER = "InvalidParameterException"
VALIDATION = "ValidationError"
CONFIGURATION = "InvalidConfigurationRequest"

PREFLIGHT = "AWS's answer to a real deployment, 2026-09 (badmintoncryer/cdk-preflight)"
PROVIDER = "terraform-provider-aws"
API = "AWS's API reference (botocore's service models)"
ECS_GUIDE = "Amazon ECS developer guide"


class _Unknown:
    """Found only when the stack wakes: false, empty, and neither equal nor unequal to anything."""

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return False

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, item: object) -> bool:
        return False

    def get(self, key: str, default: object = None) -> _Unknown:
        return self


UNKNOWN: Any = _Unknown()

Found = Mapping[str, Json] | bool | None
"""
What a condition says: nothing, that it is so, or the words that fill in the row's texts. A key
"at" among them is the field at fault, where the row cannot know it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """
    One thing that AWS refuses.

    `when` reads a view (`views.py`). `at` is the field of the request, or the attribute, at fault.
    `text` is AWS's own ("" where nobody has written it down yet) under error code `code`, `advice`
    ours: found, expected, remedy. Both take the words of `when` in braces.

    A WARNING is for what depends: on the account, on the day, on how AWS reads it. `refused` is
    False where nobody has seen AWS refuse it, so that the simulated AWS does not either. What is
    judged `by_task` is a warning where the wake may take another revision of the task definition. A
    row that a trap of `traps.py` reports at a better line is left to it (`by_trap`).
    """

    rule: str
    when: Callable[[Any], Found]
    at: str
    text: str
    advice: str
    source: str
    code: str = INVALID_PARAMETER
    level: Level = Level.ERROR
    refused: bool = True
    by_task: bool = False
    by_trap: bool = False

    def find(self, view: Any) -> Mapping[str, Json] | None:
        """The words for the texts, or None where this is no refusal."""
        found = self.when(view)
        if not found:
            return None
        return found if isinstance(found, Mapping) else {}

    def message(self, words: Mapping[str, Json]) -> str:
        """One line for the user."""
        said = f". AWS refuses it: {self.text.format(**words)}" if self.text else ""
        return self.advice.format(**words) + said
