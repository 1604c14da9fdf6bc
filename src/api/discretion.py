"""What is kept from those who only have a link: AWS's own words name the account they speak of."""

from __future__ import annotations

import re
from dataclasses import replace

from controller.domain.report import Report

_ACCOUNT = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")


def without_accounts(report: Report) -> Report:
    """The report with every account number in AWS's texts blacked out; the records keep them."""
    timeline = report.status.timeline
    steps = tuple(replace(step, step=_mask(step.step)) for step in timeline.steps)
    decision, degraded = report.decision, report.status.degraded
    if degraded:
        degraded = replace(degraded, cause=_mask(degraded.cause))
    evidence = {
        key: _mask(value) if isinstance(value, str) else value
        for key, value in decision.evidence.items()
    }
    return replace(
        report,
        decision=replace(decision, reason=_mask(decision.reason), evidence=evidence),
        cause=_mask(report.cause),
        warnings=tuple(map(_mask, report.warnings)),
        status=replace(report.status, timeline=replace(timeline, steps=steps), degraded=degraded),
    )


def _mask(text: str) -> str:
    return _ACCOUNT.sub("*" * 12, text)
