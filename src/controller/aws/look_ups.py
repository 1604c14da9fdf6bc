"""
Answer a spec's look-ups: find what Terraform keeps by what the configuration says of it.

The kinds, their keys and attributes are the table in `controller.mapping.look_ups`; a test holds
the two against each other. Each finder returns every thing that matches, as attribute to value;
exactly one may match. Answers are kept for the length of one pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from controller.aws.clients import Clients
from controller.aws.errors import code_of, translate
from controller.aws.listing import list_all, read_elb_tags
from controller.domain.errors import DormouseError, PermanentError
from controller.domain.planning.spec import Json

Keys = Mapping[str, Any]
Found = Sequence[Mapping[str, Any]]
Finder = Callable[[Clients, Keys], Found]

_TIME = re.compile(r"[0-9a-f]{20,26}")
_OF_THE_ANSWER = ("$look_up", "attribute", "take", "index", "of")


class LookUps:
    """Resolves look-ups with one region's clients."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._answers: dict[str, Mapping[str, Any]] = {}

    def __call__(self, look_up: Mapping[str, Json]) -> Json:
        """
        Return the attribute asked for; keys must be resolved already.

        Raises PermanentError when nothing or more than one thing matches, or AWS's refusal
        translated.
        """
        kind = str(look_up["$look_up"])
        thing = self._find(kind, look_up)
        name = str(look_up.get("take") or look_up["attribute"])
        if name not in thing:
            raise PermanentError(f'{_named(look_up)}: there is no attribute "{name}" to look up')
        return _element(thing[name], look_up)

    def _find(self, kind: str, look_up: Mapping[str, Json]) -> Mapping[str, Any]:
        keys = {k: v for k, v in look_up.items() if k not in _OF_THE_ANSWER}
        question = json.dumps([kind, keys], sort_keys=True)
        if question not in self._answers:
            self._answers[question] = self._ask(kind, keys, look_up)
        return self._answers[question]

    def _ask(self, kind: str, keys: Keys, look_up: Mapping[str, Json]) -> Mapping[str, Any]:
        finder = FINDERS.get(kind)
        if finder is None:
            raise PermanentError(f'{_named(look_up)}: cannot look up a "{kind}"')
        try:
            found = finder(self._clients, keys)
        except DormouseError:
            raise
        except Exception as error:
            raise translate(error, f"look up {_named(look_up)}") from error
        if len(found) != 1:
            having = ", ".join(f"{k} = {json.dumps(v)}" for k, v in keys.items()) or "anything"
            raise PermanentError(
                f"{_named(look_up)}: found {len(found)} of kind {kind} with {having}, expected "
                f"one; run terraform apply, or make the name or the tags unique"
            )
        return found[0]


def _named(look_up: Mapping[str, Json]) -> str:
    return str(look_up.get("of") or look_up["$look_up"])


def _element(value: Any, look_up: Mapping[str, Json]) -> Json:
    if "index" not in look_up:
        return value
    index = look_up["index"]
    try:
        return value[index]
    except (IndexError, KeyError, TypeError):
        raise PermanentError(
            f"{_named(look_up)}: there is no element {index!r} among {len(value)}"
        ) from None


# EC2: filters do the matching

_EC2_FILTERS = {
    "vpc_id": "vpc-id",
    "cidr_block": "cidr-block",
    "availability_zone": "availability-zone",
    "availability_zone_id": "availability-zone-id",
    "default_for_az": "default-for-az",
    "state": "state",
    "name": "group-name",
    "dhcp_options_id": "dhcp-options-id",
    "default": "is-default",
    "public_ip": "public-ip",
    "allocation_id": "allocation-id",
}


def _filters(keys: Keys, **renamed: str) -> list[dict[str, Any]]:
    """EC2's filters for our keys; `renamed` says where a kind's key has a filter of its own."""
    result = [{"Name": f["name"], "Values": list(f["values"])} for f in keys.get("filters", ())]
    result += [{"Name": f"tag:{k}", "Values": [v]} for k, v in keys.get("tags", {}).items()]
    for key, name in {**_EC2_FILTERS, **renamed}.items():
        if key in keys:
            value = keys[key]
            text = str(value).lower() if isinstance(value, bool) else str(value)
            result.append({"Name": name, "Values": [text]})
    return result


def _arn(clients: Clients, service: str, owner: str, resource: str) -> str:
    partition = clients.ec2.meta.partition
    return f"arn:{partition}:{service}:{clients.ec2.meta.region_name}:{owner}:{resource}"


def _security_groups_found(clients: Clients, keys: Keys) -> list[dict[str, Any]]:
    filters = _filters(keys, id="group-id")
    groups = list_all(clients.ec2, "describe_security_groups", "SecurityGroups", Filters=filters)
    prefix = keys.get("name_prefix", "")
    return [
        {
            "id": g["GroupId"],
            "arn": _arn(clients, "ec2", g["OwnerId"], f"security-group/{g['GroupId']}"),
            "name": g["GroupName"],
            "vpc_id": g.get("VpcId", ""),
            "owner_id": g["OwnerId"],
        }
        for g in groups
        if g["GroupName"].startswith(prefix)
    ]


def _security_groups(clients: Clients, keys: Keys) -> Found:
    found = _security_groups_found(clients, keys)
    return [
        {
            "ids": [g["id"] for g in found],
            "arns": [g["arn"] for g in found],
            "vpc_ids": [g["vpc_id"] for g in found],
        }
    ]


def _addresses_found(clients: Clients, keys: Keys) -> list[dict[str, Any]]:
    reply = clients.ec2.describe_addresses(Filters=_filters(keys))
    return [
        {
            "allocation_id": a["AllocationId"],
            "public_ip": a["PublicIp"],
            "public_dns": _public_dns(clients, a["PublicIp"]),
        }
        for a in reply["Addresses"]
    ]


def _public_dns(clients: Clients, ip: str) -> str:
    region = clients.ec2.meta.region_name
    zone = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{ip.replace('.', '-')}.{zone}.amazonaws.com"


def _elastic_ips(clients: Clients, keys: Keys) -> Found:
    found = _addresses_found(clients, keys)
    return [
        {
            "allocation_ids": [a["allocation_id"] for a in found],
            "public_ips": [a["public_ip"] for a in found],
        }
    ]


def _subnets_found(clients: Clients, keys: Keys) -> list[dict[str, Any]]:
    filters = _filters(keys, id="subnet-id")
    subnets = list_all(clients.ec2, "describe_subnets", "Subnets", Filters=filters)
    return [
        {
            "id": s["SubnetId"],
            "arn": s.get("SubnetArn", ""),
            "vpc_id": s["VpcId"],
            "cidr_block": s.get("CidrBlock", ""),
            "availability_zone": s["AvailabilityZone"],
            "availability_zone_id": s.get("AvailabilityZoneId", ""),
            "owner_id": s.get("OwnerId", ""),
        }
        for s in subnets
    ]


def _subnets(clients: Clients, keys: Keys) -> Found:
    return [{"ids": [s["id"] for s in _subnets_found(clients, keys)]}]


def _vpcs(clients: Clients, keys: Keys) -> Found:
    filters = _filters(keys, id="vpc-id", cidr_block="cidr")
    filters = [f for f in filters if f["Name"] != "cidr-block"]
    found = list_all(clients.ec2, "describe_vpcs", "Vpcs", Filters=filters)
    return [
        {
            "id": v["VpcId"],
            "arn": _arn(clients, "ec2", v.get("OwnerId", ""), f"vpc/{v['VpcId']}"),
            "cidr_block": v.get("CidrBlock", ""),
            "owner_id": v.get("OwnerId", ""),
            "main_route_table_id": _main_route_table(clients, v["VpcId"]),
        }
        for v in found
    ]


def _main_route_table(clients: Clients, vpc_id: str) -> str:
    filters = [
        {"Name": "vpc-id", "Values": [vpc_id]},
        {"Name": "association.main", "Values": ["true"]},
    ]
    try:
        found = clients.ec2.describe_route_tables(Filters=filters)["RouteTables"]
    except Exception as error:
        # Nobody asks for it as a rule, and the role need not have this right.
        if code_of(error):
            return ""
        raise
    return str(found[0]["RouteTableId"]) if found else ""


def _availability_zones(clients: Clients, keys: Keys) -> Found:
    reply = clients.ec2.describe_availability_zones(
        Filters=_filters(keys), AllAvailabilityZones=bool(keys.get("all_availability_zones"))
    )
    zones = [
        z
        for z in reply["AvailabilityZones"]
        if z["ZoneName"] not in keys.get("exclude_names", ())
        and z["ZoneId"] not in keys.get("exclude_zone_ids", ())
    ]
    zones.sort(key=lambda z: str(z["ZoneName"]))
    return [{"names": [z["ZoneName"] for z in zones], "zone_ids": [z["ZoneId"] for z in zones]}]


# ECS


def _clusters(clients: Clients, keys: Keys) -> Found:
    reply = clients.ecs.describe_clusters(clusters=[keys["name"]])
    return [
        {"arn": c["clusterArn"], "name": c["clusterName"]}
        for c in reply["clusters"]
        if c["status"] == "ACTIVE"
    ]


def _task_definitions(clients: Clients, keys: Keys) -> Found:
    reply = clients.ecs.describe_task_definition(taskDefinition=keys["family"])
    found = reply["taskDefinition"]
    arn, revision = found["taskDefinitionArn"], str(found["revision"])
    return [
        {
            "arn": arn,
            "arn_without_revision": arn.rpartition(":")[0],
            "family": found["family"],
            "revision": revision,
        }
    ]


# ELBv2: no filters, so tags are compared here


def _load_balancers(clients: Clients, keys: Keys) -> Found:
    request = _by_name_or_arn(keys, "Names", "LoadBalancerArns")
    found = list_all(clients.elbv2, "describe_load_balancers", "LoadBalancers", **request)
    things = [
        {
            "arn": b["LoadBalancerArn"],
            "arn_suffix": b["LoadBalancerArn"].partition(":loadbalancer/")[2],
            "name": b["LoadBalancerName"],
            "dns_name": b.get("DNSName", ""),
            "zone_id": b.get("CanonicalHostedZoneId", ""),
            "vpc_id": b.get("VpcId", ""),
        }
        for b in found
        if _is_generated(b["LoadBalancerName"], keys)
    ]
    return _tagged(clients, things, keys.get("tags", {}))


def _target_groups(clients: Clients, keys: Keys) -> Found:
    request = _by_name_or_arn(keys, "Names", "TargetGroupArns")
    found = list_all(clients.elbv2, "describe_target_groups", "TargetGroups", **request)
    things = [
        {
            "arn": g["TargetGroupArn"],
            "arn_suffix": g["TargetGroupArn"].rpartition(":")[2],
            "name": g["TargetGroupName"],
            "vpc_id": g.get("VpcId", ""),
        }
        for g in found
        if _is_generated(g["TargetGroupName"], keys)
    ]
    return _tagged(clients, things, keys.get("tags", {}))


def _is_generated(name: str, keys: Keys) -> bool:
    """Whether Terraform may have made the name: behind the prefix it writes the time, in hex."""
    prefix = keys.get("name_prefix", "")
    rest = name.removeprefix(prefix)
    return not prefix or (name != rest and bool(_TIME.fullmatch(rest)))


def _by_name_or_arn(keys: Keys, by_name: str, by_arn: str) -> dict[str, list[str]]:
    """Names and ARNs cannot be mixed in one describe (AWS behaviour §1.14)."""
    if "arn" in keys:
        return {by_arn: [keys["arn"]]}
    return {by_name: [keys["name"]]} if "name" in keys else {}


def _tagged(clients: Clients, things: list[dict[str, str]], tags: Mapping[str, str]) -> Found:
    if not tags:
        return things
    having = read_elb_tags(clients.elbv2, [thing["arn"] for thing in things])
    return [t for t in things if tags.items() <= (having[t["arn"]] or {}).items()]


# Others


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
    "cluster": _clusters,
    "task_definition": _task_definitions,
    "security_group": _security_groups_found,
    "security_groups": _security_groups,
    "elastic_ip": _addresses_found,
    "elastic_ips": _elastic_ips,
    "subnet": _subnets_found,
    "subnets": _subnets,
    "vpc": _vpcs,
    "availability_zones": _availability_zones,
    "iam_role": _iam_roles,
    "load_balancer": _load_balancers,
    "target_group": _target_groups,
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
