"""
Records what others' AWSs answer to the same questions: `make recordings`.

The recordings stand in tests/data/recordings, so that the simulated AWS is compared with them
without starting the others each time.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3

from controller.recording.masks import Masks
from controller.recording.recorder import Recorder
from deploy import emulator, others
from local.clock import ManualClock
from recording.questions import Asker, ask_all

FOLDER = Path(__file__).parents[1] / "data" / "recordings"
REGION = "us-east-1"


class _Session(boto3.Session):
    """A session whose clients all ask `url`."""

    def __init__(self, url: str | None = None) -> None:
        super().__init__("AKIAIOSFODNN7EXAMPLE", "secret", region_name=REGION)
        self._url = url

    def client(self, service_name: str, **options: Any) -> Any:
        return super().client(service_name, endpoint_url=self._url, **options)


@contextmanager
def moto() -> Iterator[_Session]:
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    from moto import mock_aws

    with mock_aws():
        yield _Session()


@contextmanager
def ministack() -> Iterator[_Session]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    with tempfile.TemporaryDirectory() as place, emulator.ministack(Path(place), inherited) as url:
        yield _Session(url)


PEERS = {"moto": moto, "ministack": ministack}


def release(peer: str) -> str:
    """The release that is asked: of moto the installed one, of ministack the pinned one."""
    if peer == "moto":
        return version("moto")
    return others.MINISTACK.splitlines()[0].partition("==")[2]


def path_of(peer: str) -> Path:
    return FOLDER / f"{peer}-{release(peer)}.jsonl"


def record(peer: str) -> Path:
    """Ask everything, at a pace that nobody waits for, and write the answers down."""
    clock = ManualClock(datetime.now(UTC))
    with PEERS[peer]() as session, Recorder(path_of(peer), clock, Masks(b"peers")) as recorder:
        recorder.attach(session)
        ask_all(Asker(session, clock.advance, clock.now))
    return path_of(peer)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in PEERS:
        for old in FOLDER.glob(f"{name}-*.jsonl"):
            old.unlink()
        print(record(name))
