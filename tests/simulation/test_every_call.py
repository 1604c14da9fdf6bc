"""
The process dies before and after every call of a way, of AWS's and of the table's alike.

Nobody helps: the next heartbeat finds the stack due, or Lambda tries the event again. The observer
of the simulation watches: one load balancer, nothing foreign touched, no address released, all
told.
"""

import pytest

from direct import Crash
from factories import EIP
from simulation.deaths import Mortal, points, story_of

MINUTE = 60.0
AWAKE, ASLEEP = "awake", "asleep"
HALF = (30 * MINUTE, "sleep", 0)
WAKE = (10 * MINUTE + 7, "wake", 3)

WAYS = {
    "wake": ([WAKE], WAKE[0], AWAKE),
    "sleep": ([WAKE, HALF], HALF[0], ASLEEP),
    "sleep during wake": ([WAKE, (WAKE[0] + 40, "sleep", 0)], WAKE[0] + 40, ASLEEP),
    "wake during sleep": ([WAKE, HALF, (HALF[0] + 4, "wake", 3)], HALF[0] + 4, AWAKE),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_died_at_any_call_is_taken_up_by_the_next(way, capsys):
    presses, since, wanted = WAYS[way]
    story = story_of(*presses)
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
        told = {str(event.kind) for event in installation.told}
        assert wanted in told, where
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
