"""Long records are compressed and come back as they were."""

from __future__ import annotations

import pytest

from controller.domain.planning.packing import PLAIN, pack, stored_size, unpack
from factories import article_spec


@pytest.mark.parametrize("text", ["{}", "x" * PLAIN, '{"name": "営業部"}'])
def test_a_short_text_stays_readable(text):
    assert pack(text) == text
    assert unpack(text) == text


@pytest.mark.parametrize("text", ["x" * (PLAIN + 1), "営" * PLAIN, '{"a": 1}' * PLAIN])
def test_a_long_text_shrinks_and_comes_back(text):
    packed = pack(text)
    assert len(packed) < len(text.encode()) / 50
    assert packed.isascii()
    assert unpack(packed) == text
    assert pack(text) == packed  # a condition compares it with what was read


@pytest.mark.parametrize("text", ["zlib:", "zlib:!!!", "zlib:aGVsbG8=", "zlib:eJ"])
def test_what_was_not_packed_is_reported(text):
    with pytest.raises(ValueError):
        unpack(text)


def test_the_size_of_a_spec_is_that_of_its_item():
    assert 1024 < stored_size(article_spec()) < 8 * 1024
