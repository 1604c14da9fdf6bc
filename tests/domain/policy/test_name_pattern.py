"""Patterns of stack names: what they cover, and how long that takes to tell."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.errors import TextError
from controller.domain.policy.name_pattern import NamePattern

PATTERNS = st.text(alphabet="ab-*", min_size=1, max_size=8)
NAMES = st.text(alphabet="ab-", min_size=1, max_size=10)


@given(pattern=PATTERNS, name=NAMES)
def test_it_covers_what_a_shell_would(pattern, name):
    assert NamePattern(pattern).covers(name) == fnmatchcase(name, pattern)


def test_a_name_that_does_not_match_many_stars_is_refused_at_once():
    """Each star doubled the time: this one took hours."""
    assert not NamePattern("*a" * 20).covers("a" * 39 + "b")


@pytest.mark.parametrize(
    "text", ["", "[a-z]*", "pr-?", "-*", "1*", "é*", "PR-*", "pr-*\n", "*" * 41]
)
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(TextError, match="is no pattern of stack names"):
        NamePattern.parse(text)
