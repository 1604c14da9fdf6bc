"""What the last rehearsal found: whether the sleeping stack could wake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json
from controller.domain.text import LONGEST_CAUSE, clean
from controller.domain.timestamps import format_timestamp, parse_timestamp


class Verdict(StrEnum):
    """An unknown state never counts as good: one failed check is enough for "not looked at"."""

    COULD_WAKE = "could wake"
    COULD_NOT_WAKE = "could not wake"
    NOT_CHECKED = "not looked at"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFinding:
    """A problem, or a check that could not run. `hinders`: a wake would fail because of it."""

    rule: str
    message: str
    hinders: bool = False

    def to_json(self) -> dict[str, Json]:
        return {"rule": self.rule, "message": self.message, "hinders": self.hinders}

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> ProofFinding:
        return ProofFinding(
            rule=str(data["rule"]),
            message=clean(data["message"], LONGEST_CAUSE),
            hinders=bool(data.get("hinders")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """
    `spec_hash` is of the checked spec; a later spec is checked again. `reported` are the rules of
    the problems that were reported and are not known to be over.
    """

    at: datetime
    verdict: Verdict
    findings: tuple[ProofFinding, ...] = ()
    spec_hash: str = ""
    reported: tuple[str, ...] = ()

    @property
    def hindrances(self) -> tuple[ProofFinding, ...]:
        return tuple(each for each in self.findings if each.hinders)

    def to_json(self) -> dict[str, Json]:
        return {
            "at": format_timestamp(self.at),
            "result": str(self.verdict),
            "findings": [each.to_json() for each in self.findings],
            "spec": self.spec_hash,
            **({"reported": list(self.reported)} if self.reported else {}),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json] | None) -> Proof | None:
        if not data:
            return None
        return Proof(
            at=parse_timestamp(data["at"]),
            verdict=Verdict(data["result"]),
            findings=tuple(ProofFinding.from_json(each) for each in data.get("findings", ())),
            spec_hash=str(data.get("spec", "")),
            reported=tuple(str(each) for each in data.get("reported", ())),
        )


def shown(proof: Proof | None) -> dict[str, Json]:
    """For people and programs: a stack that was never rehearsed counts as "not looked at"."""
    if proof is None:
        return {"at": None, "result": str(Verdict.NOT_CHECKED), "findings": []}
    found = proof.to_json()
    findings = [{"rule": each.rule, "message": each.message} for each in proof.findings]
    return {"at": found["at"], "result": found["result"], "findings": findings}
