"""What was seen of a stack, between one look and the next."""

from __future__ import annotations

from controller.domain.planning.observed import ABSENT, State
from factories import LB, NOON, TG, observed, seen


def test_an_own_call_shows_before_the_world_is_read_again():
    before = observed({LB: State.READY})
    made = seen(State.PENDING, TG)
    after = before.with_resource(TG, made)

    assert (after[LB], after[TG]) == (before[LB], made)
    assert (after.at, after.addresses) == (NOON, before.addresses)
    assert before[TG] == ABSENT
