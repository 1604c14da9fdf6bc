"""
What is hidden from people who only have a link: AWS's own words name the account they speak of, the
publisher's warnings name folders and settings, and the id of a lease is that of somebody's link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from controller.domain.planning.spec import Json
from controller.domain.reporting.report import Report
from controller.links import Link, Scope

HIDDEN = "********"
_ACCOUNT = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")


def without_accounts(report: Report) -> Report:
    """The report with every account number in AWS's texts blacked out; the records keep them."""
    timeline, stuck = report.status.timeline, report.status.stuck
    steps = tuple(replace(step, step=_mask(step.step)) for step in timeline.steps)
    stuck = replace(stuck, cause=_mask(stuck.cause)) if stuck else None
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
        status=replace(
            report.status,
            timeline=replace(timeline, steps=steps),
            degraded=degraded,
            stuck=stuck,
        ),
    )


def for_link(body: Mapping[str, Json], link: Link) -> dict[str, Json]:
    """The status as JSON for the holder of this link: all of it for an admin link."""
    if link.allows(Scope.ADMIN):
        return dict(body)
    hold, evidence = body["hold"], dict(body["evidence"])
    if "lease" in evidence:
        evidence["lease"] = _mask_id(str(evidence["lease"]), link)
    return {
        **body,
        "warnings": [],
        "evidence": evidence,
        "leases": [{**each, "id": _mask_id(each["id"], link)} for each in body["leases"]],
        "hold": hold and {**hold, "over": [_mask_id(each, link) for each in hold["over"]]},
    }


def _mask_id(id_: str, link: Link) -> str:
    """The ids of a link's own leases are its own."""
    return id_ if id_.startswith(f"{link.id}-") else HIDDEN


def without_account(text: str) -> str:
    """A text of AWS with every account number blacked out."""
    return _mask(text)


def _mask(text: str) -> str:
    return _ACCOUNT.sub("*" * 12, text)
