"""What the other services find, and what needs no call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.aws.clients import Clients
from controller.aws.listing import list_all
from controller.aws.look_ups.finder import Finder, Found, Keys


def _iam_roles(clients: Clients, keys: Keys) -> Found:
    role = clients.iam.get_role(RoleName=keys["name"])["Role"]
    return [{"arn": role["Arn"], "name": role["RoleName"], "unique_id": role["RoleId"]}]


def _certificates(clients: Clients, keys: Keys) -> Found:
    request: dict[str, Any] = {"CertificateStatuses": keys.get("statuses") or ["ISSUED"]}
    if keys.get("key_types"):
        request["Includes"] = {"keyTypes": list(keys["key_types"])}
    found = list_all(clients.acm, "list_certificates", "CertificateSummaryList", **request)
    found = [c for c in found if c["DomainName"] == keys["domain"]]
    if keys.get("types"):
        found = [c for c in found if c.get("Type") in keys["types"]]
    if keys.get("tags"):
        found = [c for c in found if _certificate_has_tags(clients, c, keys["tags"])]
    if keys.get("most_recent"):
        found = sorted(found, key=lambda c: str(c.get("NotBefore", "")))[-1:]
    return [{"arn": c["CertificateArn"], "domain": c["DomainName"]} for c in found]


def _certificate_has_tags(
    clients: Clients, certificate: Mapping[str, Any], tags: Mapping[str, str]
) -> bool:
    reply = clients.acm.list_tags_for_certificate(CertificateArn=certificate["CertificateArn"])
    return tags.items() <= {t["Key"]: t.get("Value", "") for t in reply["Tags"]}.items()


def _discovery_services(clients: Clients, keys: Keys) -> Found:
    filters = []
    if "namespace_id" in keys:
        filters = [{"Name": "NAMESPACE_ID", "Values": [keys["namespace_id"]], "Condition": "EQ"}]
    found = list_all(clients.servicediscovery, "list_services", "Services", Filters=filters)
    return [
        {"arn": s["Arn"], "id": s["Id"], "name": s["Name"]}
        for s in found
        if s["Name"] == keys["name"]
    ]


def _discovery_namespaces(clients: Clients, keys: Keys) -> Found:
    filters = [{"Name": "TYPE", "Values": [keys["type"]]}] if "type" in keys else []
    found = list_all(clients.servicediscovery, "list_namespaces", "Namespaces", Filters=filters)
    return [
        {
            "arn": n["Arn"],
            "id": n["Id"],
            "name": n["Name"],
            "hosted_zone": n.get("Properties", {}).get("DnsProperties", {}).get("HostedZoneId", ""),
        }
        for n in found
        if n["Name"] == keys["name"]
    ]


def _ssm_parameters(clients: Clients, keys: Keys) -> Found:
    decrypt = bool(keys.get("with_decryption", True))
    reply = clients.ssm.get_parameter(Name=keys["name"], WithDecryption=decrypt)
    found = reply["Parameter"]
    return [
        {
            "value": found["Value"],
            "arn": found.get("ARN", ""),
            "name": found["Name"],
            "type": found["Type"],
            "version": str(found["Version"]),
        }
    ]


def _server_certificates(clients: Clients, keys: Keys) -> Found:
    reply = clients.iam.get_server_certificate(ServerCertificateName=keys["name"])
    found = reply["ServerCertificate"]["ServerCertificateMetadata"]
    return [
        {
            "arn": found["Arn"],
            "name": found["ServerCertificateName"],
            "id": found["ServerCertificateId"],
        }
    ]


def _trust_stores(clients: Clients, keys: Keys) -> Found:
    found = clients.elbv2.describe_trust_stores(Names=[keys["name"]])["TrustStores"]
    return [{"arn": one["TrustStoreArn"], "name": one["Name"]} for one in found]


def _kms_keys(clients: Clients, keys: Keys) -> Found:
    found = clients.kms.describe_key(KeyId=keys["key_id"])["KeyMetadata"]
    return [{"arn": found["Arn"], "id": found["KeyId"]}]


def _caller_identity(clients: Clients, _: Keys) -> Found:
    return [{"account_id": clients.sts.get_caller_identity()["Account"]}]


def _regions(clients: Clients, keys: Keys) -> Found:
    endpoint = keys.get("endpoint", "")
    name = keys.get("name") or (endpoint.split(".")[1] if endpoint.count(".") > 1 else "")
    name = name or clients.ec2.meta.region_name
    suffix = _suffix(clients.ec2.meta.partition)
    return [{"name": name, "description": name, "endpoint": f"ec2.{name}.{suffix}"}]


def _partition(clients: Clients, _: Keys) -> Found:
    partition = clients.ec2.meta.partition
    suffix = _suffix(partition)
    return [
        {
            "partition": partition,
            "dns_suffix": suffix,
            "reverse_dns_prefix": ".".join(reversed(suffix.split("."))),
        }
    ]


def _suffix(partition: str) -> str:
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def _names(_: Clients, keys: Keys) -> Found:
    return [{"name": keys["name"]}]


FINDERS: Mapping[str, Finder] = {
    "name": _names,
    "iam_role": _iam_roles,
    "certificate": _certificates,
    "service_discovery_service": _discovery_services,
    "service_discovery_namespace": _discovery_namespaces,
    "ssm_parameter": _ssm_parameters,
    "server_certificate": _server_certificates,
    "trust_store": _trust_stores,
    "kms_key": _kms_keys,
    "caller_identity": _caller_identity,
    "region": _regions,
    "partition": _partition,
}
