"""Every fault has a test, or a reason why it cannot occur; the page says which."""

from __future__ import annotations

import pytest

from catalogue.index import CANNOT_OCCUR, ELSEWHERE, NUMBERS, PAGE, TESTS, TITLES, named_tests, page

NAMED = named_tests()


@pytest.mark.parametrize("number", NUMBERS)
def test_the_fault_has_a_test_or_cannot_occur(number):
    has_test = bool(NAMED.get(number) or ELSEWHERE.get(number))
    assert has_test != (number in CANNOT_OCCUR)


@pytest.mark.parametrize("test", sorted({each for tests in ELSEWHERE.values() for each in tests}))
def test_a_test_that_is_pointed_to_is_there(test):
    path, _, name = test.partition("::")
    assert f"\ndef {name}(" in (TESTS / path).read_text()


def test_the_page_is_what_the_tests_are():
    assert len(TITLES) == len(NUMBERS)
    assert PAGE.read_text() == page(), "run make faults"
