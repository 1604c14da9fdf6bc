"""ACM, as far as a look-up asks: the certificates of a region, all of them issued."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.certificate import Certificate
from local.errors import AwsError
from local.world import Region


def add(region: Region, domain: str, tags: Mapping[str, str], expires_at: str = "") -> Certificate:
    name = region.ids.hex("certificate", 12)
    certificate = Certificate(region.arn("acm", f"certificate/{name}"), domain, tags, expires_at)
    region.certificates[certificate.arn] = certificate
    return certificate


def list_all(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    statuses = params.get("CertificateStatuses") or ("ISSUED",)
    found = region.certificates.values() if "ISSUED" in statuses else ()
    return {
        "CertificateSummaryList": [
            {
                "CertificateArn": each.arn,
                "DomainName": each.domain,
                "Status": "ISSUED",
                "Type": "AMAZON_ISSUED",
            }
            for each in found
        ]
    }


def _find(region: Region, params: Mapping[str, Any]) -> Certificate:
    found = region.certificates.get(params["CertificateArn"])
    if found is None:
        message = f"Could not find certificate {params['CertificateArn']}."
        raise AwsError("ResourceNotFoundException", message)
    return found


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = _find(region, params)
    end = {"NotAfter": datetime.fromisoformat(found.expires_at)} if found.expires_at else {}
    return {
        "Certificate": {
            "CertificateArn": found.arn,
            "DomainName": found.domain,
            "Status": "ISSUED",
            "Type": "AMAZON_ISSUED",
            "InUseBy": [],
            **end,
        }
    }


def list_tags(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = _find(region, params)
    return {"Tags": [{"Key": key, "Value": value} for key, value in found.tags.items()]}
