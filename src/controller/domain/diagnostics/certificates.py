"""Are the certificates of TLS listeners valid, also for as long as the stack sleeps?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from controller.domain.diagnostics.facts import Certificate, Facts
from controller.domain.diagnostics.finding import Finding, not_checked, ok, problem, warning
from controller.domain.planning.spec import Kind

CHECK = "certificate"

RENEWAL = timedelta(days=45)
"""
How long before the end ACM renews a certificate, and only one in use (AWS behaviour, certificates).
"""


def certificates(facts: Facts) -> Iterator[Finding]:
    for listener in facts.spec.of_kind(Kind.LISTENER):
        for arn in certificate_arns(listener.request):
            subject = f"{listener.address} {arn}"
            if ":acm:" not in arn:
                yield not_checked(CHECK, subject, "is not of ACM, and was not checked")
            elif (found := (facts.certificates or {}).get(arn)) and facts.at:
                yield _judged(subject, found, facts.at)


def certificate_arns(request: dict[str, object] | object) -> list[str]:
    """Those that a listener's request names and that are known."""
    named = request.get("Certificates") if isinstance(request, dict) else None
    listed = named if isinstance(named, list) else []
    arns = [each.get("CertificateArn") for each in listed if isinstance(each, dict)]
    return [str(arn) for arn in arns if arn]


def _judged(subject: str, found: Certificate, now: datetime) -> Finding:
    end = found.expires_at
    if not found.status:
        return problem(CHECK, subject, "there is no such certificate; run terraform apply")
    if end and end <= now:
        return problem(CHECK, subject, f"it expired on {end:%Y-%m-%d}; request or import a new one")
    if found.status != "ISSUED":
        return problem(
            CHECK,
            subject,
            f"it is {found.status}, expected ISSUED; validate it, or request another",
        )
    if end and end - now < RENEWAL:
        remedy = (
            "ACM renews it only while it is in use: keep the stack awake for a day, or use it "
            "elsewhere, too"
            if found.renews
            else "ACM does not renew it: import a new one"
        )
        return warning(CHECK, subject, f"it expires on {end:%Y-%m-%d}; {remedy}")
    return ok(CHECK, subject, f"valid until {end:%Y-%m-%d}" if end else "issued")
