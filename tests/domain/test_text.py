"""Free text: what is refused where somebody types it, and mended where it stands already."""

from __future__ import annotations

import json

import pytest

from controller.domain.errors import TextError
from controller.domain.text import check, clean, clean_lines, cleaned, quoted

PLAIN = [
    "demo for the board",
    "release 1.2 (ann@example.org)",
    "会議　１０時",  # with the wide space of Japanese
    "non-breaking\N{NO-BREAK SPACE}space",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "",
]
UNSHOWN = [
    "caf\udce9",  # a byte of Latin-1, as Python hands on what is no UTF-8
    "\ud800",
    "a\nb",
    "a\x1b[31mred",
    "bell\x07",
    "nul\0",
    "a\u2028b",
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe",
    "\N{ZERO WIDTH SPACE}",
    "\x9b31m",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_of_any_language_stays_as_it_is(text):
    assert check(text, "--reason", 200) == text
    assert clean(text, 200) == text


@pytest.mark.parametrize("text", UNSHOWN)
def test_what_cannot_be_shown_is_refused_with_its_place_and_cleaned_in_records(text):
    with pytest.raises(TextError, match=r"^--reason: character \d+ \(U\+[0-9A-F]{4}\) cannot be"):
        check(text, "--reason", 200)
    shown = clean(text, 200)
    assert shown.encode()
    assert check(shown, "--reason", 200) == shown.strip()
    assert json.dumps(shown, ensure_ascii=False).encode()


def test_what_is_too_long_is_refused_with_both_lengths_and_shown_cut_off():
    with pytest.raises(TextError, match="--reason: found 1000000 characters, expected at most 200"):
        check("a" * 1_000_000, "--reason", 200)
    assert clean("a" * 1_000_000, 10) == "a" * 9 + "…"
    assert len(clean_lines("a\n" * 1_000_000)) == 8000
    assert len(quoted("x" * 500)) == 62


def test_every_text_in_json_is_cleaned():
    found = cleaned({"a\ud800": ["\udce9", {"b": ("\x1b", 1, None, True)}]})
    assert found == {"a\ufffd": ["\ufffd", {"b": ["\ufffd", 1, None, True]}]}


def test_a_text_of_lines_keeps_them():
    assert clean_lines("one\ntwo\x1b\r\nthree") == "one\ntwo\ufffd \nthree"
