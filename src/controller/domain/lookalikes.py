"""Characters that look like those of ASCII: an example with the right ones looks the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_PLAIN: Mapping[str, str] = {
    **dict.fromkeys(
        "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u301c\uff5e\u30fc\ufe63",
        "-",
    ),
    **dict.fromkeys("\u2236\ua789\ufe55", ":"),
    **dict.fromkeys("\u3001\u060c", ","),
}
"""Dashes, waves, colons and commas that Unicode does not fold to those of ASCII by itself."""


def lookalike(text: str) -> str:
    """
    Name the first one: '; it has an en dash ("–"), write "-"'; an empty text where there is none.

    They come from word processors, and from input methods for Japanese.
    """
    for character in text:
        plain = _PLAIN.get(character) or unicodedata.normalize("NFKC", character)
        if character.isascii() or not plain.isascii():
            continue
        name = unicodedata.name(character, "character without a name").lower()
        article = "an" if name[0] in "aeiou" else "a"
        shown = "" if plain.isspace() else f' ("{character}")'
        wanted = "a plain space" if plain.isspace() else f'"{plain}"'
        return f"; it has {article} {name}{shown}, write {wanted}"
    return ""
