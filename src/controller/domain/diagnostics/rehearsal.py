"""From the findings of an examination to a proof: could this stack wake now?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controller.domain.diagnostics.finding import Finding, Level
from controller.domain.reporting.proof import Proof, ProofFinding, Verdict

MOST = 10
"""How many findings of a proof are kept, the worst first, so that the record stays small."""

LONGEST = 300
"""Characters of a finding's message."""


def prove(findings: Sequence[Finding], spec_hash: str, at: datetime) -> Proof:
    """A problem means that it could not wake; something unknown that nothing is proved."""
    hinders = [each for each in findings if each.level is Level.PROBLEM]
    unknown = [each for each in findings if not each.checked]
    warned = [each for each in findings if each.level is Level.WARNING and each.checked]
    verdict = Verdict.COULD_WAKE
    if hinders:
        verdict = Verdict.COULD_NOT_WAKE
    elif unknown:
        verdict = Verdict.NOT_CHECKED
    kept = [_proof_finding(each) for each in [*hinders, *unknown, *warned]][:MOST]
    return Proof(at=at, verdict=verdict, findings=tuple(kept), spec_hash=spec_hash)


def prove_nothing(cause: str, spec_hash: str, at: datetime) -> Proof:
    """The examination itself failed."""
    finding = ProofFinding(rule="rehearsal", message=cause[:LONGEST])
    return Proof(at=at, verdict=Verdict.NOT_CHECKED, findings=(finding,), spec_hash=spec_hash)


def _proof_finding(finding: Finding) -> ProofFinding:
    said = f"{finding.subject}: {finding.message}" if finding.subject else finding.message
    hinders = finding.level is Level.PROBLEM
    return ProofFinding(rule=finding.check, message=said[:LONGEST], hinders=hinders)
