"""
Free text of people and of AWS: it is shown in pages, mails, logs and terminals, and recorded.

`check` refuses input; `clean` repairs text that exists already. Neither lets through
control characters and line ends (a terminal obeys them, a log is split by them), halves of
surrogate pairs (UTF-8 has no form for them, so an answer that holds one cannot be sent), or marks
that show as nothing or turn the direction of what follows. `str.isprintable` is not the measure:
it knows no spaces but one, and none of the joined emoji. Source: Unicode, general categories (UAX
44, table 12).
"""

from __future__ import annotations

import unicodedata
from typing import Any

from controller.domain.errors import TextError

LONGEST_REASON = 200
LONGEST_NAME = 80
LONGEST_QUOTE = 60
LONGEST_CAUSE = 1000
LONGEST_LINES = 8000
"""Of what is printed or sent at once: a pager takes it, and so does every log."""

_REPLACED = "\N{REPLACEMENT CHARACTER}"
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


def clean(text: object, longest: int) -> str:
    """One printable line of limited length; an ellipsis shows that it was cut."""
    found = text if isinstance(text, str) else str(text)
    if len(found) <= longest and found.isascii() and found.isprintable():
        return found
    shown = "".join(_shown(character) for character in found[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def clean_lines(text: str, longest: int = LONGEST_LINES) -> str:
    """A text of several printable lines, of limited length in all."""
    shown = "".join(c if c == "\n" else _shown(c) for c in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def quoted(text: str) -> str:
    """User input as an error message quotes it."""
    return f'"{clean(text, LONGEST_QUOTE)}"'


def cleaned(value: Any) -> Any:
    """JSON whose texts can all be encoded as UTF-8; encoding would fail at one that cannot."""
    if isinstance(value, str):
        return clean_lines(value)
    if isinstance(value, dict):
        return {clean(name, LONGEST_CAUSE): cleaned(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value


def check(text: str, what: str, longest: int) -> str:
    """The text without space around it. Raises TextError, which names `what` it was to be."""
    found = text.strip()
    if len(found) > longest:
        raise TextError(f"{what}: found {len(found)} characters, expected at most {longest}")
    for place, character in enumerate(found, 1):
        if not _is_shown(character):
            raise TextError(
                f"{what}: character {place} (U+{ord(character):04X}) cannot be printed; "
                "expected one line of plain text"
            )
    return found


def _shown(character: str) -> str:
    if _is_shown(character):
        return character
    return " " if character.isspace() else _REPLACED


def _is_shown(character: str) -> bool:
    if " " <= character <= "~":
        return True
    return character in _JOINERS or unicodedata.category(character) not in _UNSHOWN
