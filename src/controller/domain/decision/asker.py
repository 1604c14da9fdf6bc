"""
Who makes a request: the id of a request says who made it, and for which job.

    0a1b2c3d-17        a wake link's            cli#ann#17        ann's, at the command line
    0a1b2c3d-e2e#18    its job "e2e"            cli#ann#e2e#18    ann's job "e2e"

The number is the request version before it, so that two simultaneous requests with the same view
of the stack write one record.
"""

from __future__ import annotations

import re

from controller.domain.dataclass import dataclass, replace
from controller.domain.errors import TextError
from controller.domain.text import quoted

LONGEST_JOB = 64
_JOB = r"[A-Za-z0-9][A-Za-z0-9._:@/-]*"
_REST = re.compile(rf"(?:(?P<job>{_JOB})#)?[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asker:
    """`prefix` begins the ids of all that it asks for; `job` names one of its jobs, or none."""

    prefix: str
    job: str = ""

    @staticmethod
    def of_link(link_id: str, job: str = "") -> Asker:
        return Asker(f"{link_id}-", job)

    @staticmethod
    def at_command_line(caller: str, job: str = "") -> Asker:
        return Asker(f"cli#{caller.replace('#', '_')}#", job)

    def new_id(self, count: int) -> str:
        return f"{self.prefix}{self.job}#{count}" if self.job else f"{self.prefix}{count}"

    def owns(self, id_: str) -> bool:
        """Whether it made that request, in any of its jobs."""
        return self._rest(id_) is not None

    def is_of_this_job(self, id_: str) -> bool:
        rest = self._rest(id_)
        return rest is not None and (rest["job"] or "") == self.job

    def as_job(self, job: str) -> Asker:
        return replace(self, job=job)

    def _rest(self, id_: str) -> re.Match[str] | None:
        found = id_.startswith(self.prefix)
        return _REST.fullmatch(id_, len(self.prefix)) if found else None


def check_job(text: str) -> str:
    """The name of a job as it may be given. Raises TextError."""
    if len(text) <= LONGEST_JOB and re.fullmatch(_JOB, text, re.ASCII):
        return text
    raise TextError(
        f"{quoted(text)} is no id of a job: expected at most {LONGEST_JOB} letters, digits and "
        '"._:@/-", such as "build-42"'
    )
