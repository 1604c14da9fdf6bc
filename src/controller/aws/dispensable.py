"""
Reads that a sleep does without where they are denied: what it deletes costs money meanwhile.

They are of what goes along with another resource, and of Elastic IPs, which a sleep only waits for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from controller.aws.errors import DENIED, code_of, translate
from controller.aws.kind import Job
from controller.aws.snapshot import Snapshot
from controller.domain.planning.plan import Target


def dispensable(snapshot: Snapshot, jobs: Sequence[Job], of: Collection[str]) -> list[Job]:
    """The same reads; for a sleep a denied one notes why nothing is known `of` these."""
    if snapshot.target is Target.AWAKE:
        return list(jobs)
    return [partial(_unless_denied, snapshot, job, of) for job in jobs]


def _unless_denied(snapshot: Snapshot, job: Job, of: Collection[str]) -> None:
    try:
        job()
    except Exception as error:
        if code_of(error) not in DENIED:
            raise
        why = str(translate(error, f'read the resources of stack "{snapshot.spec.stack}"'))
        snapshot.unread |= dict.fromkeys(of, why)
