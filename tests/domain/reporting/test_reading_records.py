"""Settings out of plain data: each mistake is found, and said in one line with its key."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from controller.domain.errors import PolicyError, TextError
from controller.domain.policy.validation import (
    Reading,
    closest,
    count,
    describe,
    flag,
    positive_duration,
    several,
    single,
    text,
)


def read(data):
    """The values and the problems of a small table of settings."""
    table = {
        "name": single(text(str.upper, "ann", longest=5)),
        "names": several(text(str.upper, "ann"), '["ann"]'),
        "number": single(count("3")),
        "on": single(flag),
        "length": single(positive_duration("1h")),
    }
    reading = Reading()
    values = reading.fields(data, table, "dormouse.")
    return values, reading.problems


def refused(**data):
    values, problems = read(data)
    assert values == {}
    return [(problem.key, problem.value, str(problem)) for problem in problems]


def test_every_setting_is_read_and_nulls_are_left_out():
    data = {"name": "bo", "names": ["a", "b"], "number": 2, "on": True, "length": "90s"}
    values, problems = read(data)
    assert problems == []
    assert values == {
        "name": "BO",
        "names": ("A", "B"),
        "number": 2,
        "on": True,
        "length": timedelta(seconds=90),
    }
    assert read({"name": None}) == ({}, [])


def test_each_mistake_is_reported_with_its_key_and_what_was_found():
    values, problems = read({"on": "yes", "names": ["a", True, "b", None]})
    assert values == {"names": ("A", "B")}
    assert [(p.key, p.value, str(p)) for p in problems] == [
        (
            "dormouse.on",
            "yes",
            'dormouse.on: found "yes", expected true or false (without quotes)',
        ),
        (
            "dormouse.names[1]",
            True,
            'dormouse.names[1]: found true, expected a text such as "ann"',
        ),
        (
            "dormouse.names[3]",
            None,
            'dormouse.names[3]: found null, expected a text such as "ann"',
        ),
    ]


def test_a_list_is_expected_with_an_example():
    (problem,) = refused(names="ann")
    assert problem == (
        "dormouse.names",
        "ann",
        'dormouse.names: found "ann", expected a list such as ["ann"]',
    )


def test_a_number_counts_as_the_text_it_is_written_as():
    assert read({"name": 30})[0] == {"name": "30"}
    assert read({"name": Decimal("1.5")})[0] == {"name": "1.5"}


def test_a_text_may_be_so_long_and_no_longer():
    assert read({"name": "a" * 5})[0] == {"name": "AAAAA"}
    ((_, _, said),) = refused(name="a" * 6)
    assert said == 'dormouse.name: found "aaaaaa", expected a text such as "ann"'
    hundred = text(str, "x")
    assert hundred("a" * 100) == "a" * 100
    with pytest.raises(TextError):
        hundred("a" * 101)


@pytest.mark.parametrize(("found", "number"), [(0, 0), (2, 2), (2.0, 2), (Decimal("2.5"), 2.5)])
def test_a_count_is_a_whole_number_where_it_can_be(found, number):
    value = read({"number": found})[0]["number"]
    assert (value, type(value)) == (number, type(number))


@pytest.mark.parametrize("found", [-1, -0.5, "2", True, float("nan"), float("inf"), None])
def test_a_count_is_from_zero_up(found):
    with pytest.raises(TextError) as error:
        count("3")(found)
    assert str(error.value) == f"found {describe(found)}, expected a number from 0 up, such as 3"


def test_a_duration_is_longer_than_nothing():
    ((_, _, said),) = refused(length="0")
    assert said == 'dormouse.length: found "0", expected a time longer than 0, such as "1h"'
    ((_, _, said),) = refused(length=True)
    assert said == 'dormouse.length: found true, expected a text such as "1h"'


def test_the_first_problem_is_raised_and_none_without_any():
    reading = Reading()
    reading.raise_first()
    reading.refuse("a", 1, "first")
    reading.refuse("b", 2, "second")
    with pytest.raises(PolicyError, match="a: first"):
        reading.raise_first()


def test_an_unknown_setting_lists_the_nearest_or_all_of_them():
    ((key, value, said),) = refused(nam=1)
    assert (key, value) == ("dormouse.nam", 1)
    assert said == 'dormouse.nam: there is no such setting; did you mean "name"?'
    ((_, _, said),) = refused(xyzzy=1)
    assert said == (
        "dormouse.xyzzy: there is no such setting; the settings are name, names, number, on, length"
    )


def test_the_nearest_word_is_found_whatever_its_case():
    assert closest("TIME_ZONE", ["time_zone"]) == '; did you mean "time_zone"?'
    assert closest("time_zone", ["Time_Zone"]) == '; did you mean "Time_Zone"?'
    assert closest("qqq", ["time_zone"]) == ""
    assert closest("abcde", ["abcxy"]) == '; did you mean "abcxy"?'  # six tenths of it
    assert closest("abcde", ["abxyz"]) == ""


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "null"),
        (Decimal("2.50"), "2.50"),
        ("営業", '"営業"'),
        ({"a": [1]}, '{"a": [1]}'),
        (object(), "a value of type object"),
        (int("9" * 60), "9" * 60),
        (int("9" * 61), "9" * 59 + "…"),
    ],
)
def test_what_was_found_is_shown_in_one_short_line(found, said):
    assert describe(found) == said
