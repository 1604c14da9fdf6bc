"""The compiler writes look-ups and the adapter answers them: one table, held against both."""

import re

import controller.mapping.look_ups as compiled
from controller.aws.look_ups.answers import FINDERS


def kinds_of_the_table() -> set[str]:
    text = compiled.__doc__ or ""
    table = text[text.index("| kind ") :]
    return set(re.findall(r"^\| `([a-z_]+)`", table, flags=re.MULTILINE))


def test_every_kind_that_the_compiler_writes_can_be_answered():
    kinds = kinds_of_the_table()
    assert len(kinds) > 15
    assert kinds == set(FINDERS)
