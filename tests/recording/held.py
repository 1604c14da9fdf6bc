"""The simulated AWS compared with what other emulators have answered."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from controller.recording.entry import read
from deploy.cloud import INSTANT
from local.fidelity.differences import differences
from local.fidelity.judging import Judged, judge, load
from local.fidelity.replay import Replayed, replay
from recording.peers import path_of

HERE = Path(__file__).parent


@lru_cache(maxsize=2)
def held(peer: str) -> tuple[Replayed, Judged]:
    """What was compared, and what the differences come to, by tests/recording/judged_PEER.toml."""
    replayed = replay(read(path_of(peer)), INSTANT)
    judgements = load(HERE / f"judged_{peer}.toml")
    return replayed, judge(differences(replayed.observations), judgements)
