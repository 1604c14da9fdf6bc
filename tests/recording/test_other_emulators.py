"""Each difference between the simulated AWS and other emulators is known, and has a reason."""

from __future__ import annotations

import pytest

from controller.recording.entry import read
from local.aws import OPERATIONS
from recording.held import held
from recording.peers import PEERS, path_of

peers = pytest.mark.parametrize("peer", PEERS)


@peers
def test_there_is_a_recording_of_the_pinned_release(peer):
    assert path_of(peer).exists(), "run make recordings, and judge what is new"


@peers
def test_each_difference_has_a_reason(peer):
    _, judged = held(peer)
    assert judged.open == [], f"mend the simulated AWS, or judge them in judged_{peer}.toml"


@peers
def test_each_reason_has_a_difference(peer):
    _, judged = held(peer)
    assert judged.unused == [], f"take them out of judged_{peer}.toml"


@peers
def test_nearly_every_call_could_be_compared(peer):
    """A difference early on does not hide what follows."""
    replayed, _ = held(peer)
    skipped = replayed.skipped
    assert not skipped.not_simulated
    assert skipped.accidents.total() + skipped.unknown.total() <= 6
    assert replayed.compared.total() >= 170


@peers
def test_they_agree_in_nearly_everything(peer):
    """What differs is one place in five, with moments and AWS's words among it."""
    replayed, judged = held(peer)
    differing = sum(each.times for each, _ in judged.harmless)
    assert differing * 5 < len(replayed.observations)


@peers
def test_every_operation_of_the_simulated_aws_is_recorded(peer):
    requested = {(entry.service, entry.operation) for entry in read(path_of(peer))}
    ours = {(service, name) for service, names in OPERATIONS.items() for name in names}
    assert ours - requested == set()
