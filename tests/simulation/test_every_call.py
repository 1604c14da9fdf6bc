"""
The process dies before and after every call of a way, of AWS's and of the table's alike.

Nobody helps: the next heartbeat finds the stack due, or Lambda tries the event again. The observer
of the simulation watches: one load balancer, nothing foreign touched, no address released, all
told.
"""

from dataclasses import replace

import pytest

from controller.domain.planning.timing import FAST
from direct import Crash
from factories import EIP
from simulation.deaths import Mortal, points, story_of

MINUTE = 60.0
AWAKE, ASLEEP = "awake", "asleep"
HALF = (30 * MINUTE, "sleep", 0)
WAKE = (10 * MINUTE + 7, "wake", 3)

DRAINING = replace(FAST, drains_alone=True, count_needs_balancer=True, deregistration_floor=40)
"""Targets drain on when their load balancer is gone, and no count is taken without one."""

WAYS = {
    "wake": ([WAKE], WAKE[0], AWAKE),
    "sleep": ([WAKE, HALF], HALF[0], ASLEEP),
    "sleep during wake": ([WAKE, (WAKE[0] + 40, "sleep", 0)], WAKE[0] + 40, ASLEEP),
    "wake during sleep": ([WAKE, HALF, (HALF[0] + 4, "wake", 3)], HALF[0] + 4, AWAKE),
    "sleep by force": ([WAKE, HALF], HALF[0], ASLEEP),
    "sleep whose count others raise": ([WAKE, HALF], HALF[0], ASLEEP),
    "wake during drain": ([WAKE, HALF, (HALF[0] + 20, "wake", 3)], HALF[0] + 20, AWAKE),
}
IN = {
    "sleep by force": {"sleep_order": "force"},
    "sleep whose count others raise": {"hands": 8.0, "profile": DRAINING},
    "wake during drain": {"profile": DRAINING},
}
"""What is otherwise in the account or the policy on some of the ways."""


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_died_at_any_call_is_taken_up_by_the_next(way, capsys):
    presses, since, wanted = WAYS[way]
    story = story_of(*presses, **IN.get(way, {}))
    number, differing = points(story, since, until=since + 8 * MINUTE)
    assert len(differing) >= 20
    for point in differing:
        installation = Mortal(story, point).live(since + 20 * MINUTE)
        observer = installation.observer
        where = f"{way}, died {point}"
        assert installation.seen[point.nth - 1].call == point.call, where
        assert not observer.problems, (where, observer.problems)
        assert observer.is_healthy() is (wanted == AWAKE), where
        if wanted == ASLEEP:
            assert not observer.balancers() and not observer.services(), where
            assert not installation.aws.peek().ec2.addresses[EIP].association_id, where
        reported = {str(event.kind) for event in installation.reported}
        assert wanted in reported, where
    with capsys.disabled():
        print(f" [{way}: {number} points, {len(differing)} that differ]", end="")


def test_nothing_that_runs_in_a_dead_process_reaches_aws():
    """Or a handler of its own, such as the release of the lock, would tidy up after it."""
    presses, since, _ = WAYS["wake"]
    story = story_of(*presses)
    _, differing = points(story, since, until=since + 8 * MINUTE)
    installation = Mortal(story, differing[3]).live(since + MINUTE)
    dead = [text for _, source, text in installation.timeline.lines if "is dead" in text]

    assert len(dead) == 1
    assert installation.calls == differing[3].nth
    assert Crash  # what it died of is no Exception: nothing may catch it
