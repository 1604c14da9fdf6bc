"""Security groups and their rules, one rule for each address range as AWS keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from local.ec2.filters import by_ids, page, select, tag_list, tags_for
from local.ec2.state import Peer, Rule, SecurityGroup
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

MISSING = "InvalidGroup.NotFound"
NOT_THERE = "The security group '{id}' does not exist"


def create(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    vpc_id = params.get("VpcId") or ""
    if vpc_id not in region.ec2.vpcs:
        raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    name = params["GroupName"]
    if any(each.name == name and each.vpc_id == vpc_id for each in region.ec2.groups.values()):
        raise AwsError(
            "InvalidGroup.Duplicate",
            f"The security group '{name}' already exists for VPC '{vpc_id}'",
        )
    group = add(
        region,
        group_id=region.ids.ec2("sg"),
        name=name,
        vpc_id=vpc_id,
        description=params.get("Description", ""),
        tags=tags_for(params, "security-group"),
    )
    return {
        "GroupId": group.id,
        "Tags": tag_list(group.tags),
        "SecurityGroupArn": _arn(region, group),
    }


def add(
    region: Region,
    *,
    group_id: str,
    name: str,
    vpc_id: str,
    description: str = "",
    tags: dict[str, str] | None = None,
) -> SecurityGroup:
    """A new group lets everything out and nothing in."""
    group = SecurityGroup(
        id=group_id, name=name, vpc_id=vpc_id, description=description, tags=tags or {}
    )
    anywhere = Rule(region.ids.ec2("sgr"), True, "-1", None, None, Peer(cidr="0.0.0.0/0"))
    group.rules.append(anywhere)
    region.ec2.groups[group_id] = group
    return group


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = by_ids(region.ec2.groups, params.get("GroupIds"), MISSING, NOT_THERE)
    names = params.get("GroupNames")
    if names:
        found = [each for each in found if each.name in names]
    chosen = select(found, params, _fields)
    return page([_view(region, each) for each in chosen], params, "SecurityGroups")


def _fields(group: SecurityGroup) -> dict[str, Any]:
    return {
        "group-id": group.id,
        "group-name": group.name,
        "description": group.description,
        "vpc-id": group.vpc_id,
        "tags": group.tags,
    }


def _arn(region: Region, group: SecurityGroup) -> str:
    return f"arn:aws:ec2:{region.name}:{region.account}:security-group/{group.id}"


def _view(region: Region, group: SecurityGroup) -> dict[str, Any]:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "VpcId": group.vpc_id,
        "OwnerId": region.account,
        "SecurityGroupArn": _arn(region, group),
        "Tags": tag_list(group.tags),
        "IpPermissions": _permissions(region, group, egress=False),
        "IpPermissionsEgress": _permissions(region, group, egress=True),
    }


def _permissions(region: Region, group: SecurityGroup, *, egress: bool) -> list[dict[str, Any]]:
    """Rules of one protocol and port range together, as DescribeSecurityGroups shows them."""
    together: dict[tuple[object, ...], dict[str, Any]] = {}
    for rule in group.rules:
        if rule.egress != egress:
            continue
        key = (rule.protocol, rule.from_port, rule.to_port)
        permission = together.setdefault(key, _empty_permission(rule))
        named = {"Description": rule.description} if rule.description else {}
        if rule.peer.cidr:
            permission["IpRanges"].append({"CidrIp": rule.peer.cidr, **named})
        elif rule.peer.cidr6:
            permission["Ipv6Ranges"].append({"CidrIpv6": rule.peer.cidr6, **named})
        elif rule.peer.group_id:
            pair = {"GroupId": rule.peer.group_id, "UserId": region.account, **named}
            permission["UserIdGroupPairs"].append(pair)
        else:
            permission["PrefixListIds"].append({"PrefixListId": rule.peer.prefix_list_id, **named})
    return list(together.values())


def _empty_permission(rule: Rule) -> dict[str, Any]:
    permission: dict[str, Any] = {
        "IpProtocol": rule.protocol,
        "IpRanges": [],
        "Ipv6Ranges": [],
        "UserIdGroupPairs": [],
        "PrefixListIds": [],
    }
    if rule.from_port is not None:
        permission |= {"FromPort": rule.from_port, "ToPort": rule.to_port}
    return permission


def authorize_ingress(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return _authorize(region, params, egress=False)


def authorize_egress(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return _authorize(region, params, egress=True)


def _authorize(region: Region, params: Mapping[str, Any], *, egress: bool) -> dict[str, Any]:
    group = _group(region, params)
    rules = list(_rules(region, params, egress=egress))
    standing = {rule.key for rule in group.rules}
    for rule in rules:
        if rule.key in standing:
            raise AwsError(
                "InvalidPermission.Duplicate",
                f'the specified rule "peer: {_peer_text(rule)}, {rule.protocol.upper()}, from '
                f'port: {rule.from_port}, to port: {rule.to_port}, ALLOW" already exists',
            )
        rule.tags.update(tags_for(params, "security-group-rule"))
    group.rules.extend(rules)
    views = [_rule_view(region, group, rule) for rule in rules]
    return {"Return": True, "SecurityGroupRules": views}


def revoke_ingress(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return _revoke(region, params, egress=False)


def revoke_egress(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return _revoke(region, params, egress=True)


def _revoke(region: Region, params: Mapping[str, Any], *, egress: bool) -> dict[str, Any]:
    group = _group(region, params)
    ids = set(params.get("SecurityGroupRuleIds") or ())
    keys = {rule.key for rule in _rules(region, params, egress=egress)}
    doomed = [rule for rule in group.rules if rule.id in ids or rule.key in keys]
    if not doomed:
        raise AwsError(
            "InvalidPermission.NotFound",
            "The specified rule does not exist in this security group.",
        )
    group.rules = [rule for rule in group.rules if rule not in doomed]
    return {"Return": True}


def _group(region: Region, params: Mapping[str, Any]) -> SecurityGroup:
    group_id = params.get("GroupId") or ""
    if group_id not in region.ec2.groups:
        raise AwsError(MISSING, NOT_THERE.format(id=group_id))
    return region.ec2.groups[group_id]


def _rules(region: Region, params: Mapping[str, Any], *, egress: bool) -> Iterator[Rule]:
    permissions = list(params.get("IpPermissions") or ())
    if params.get("CidrIp"):  # the short form for one range
        permissions.append({**params, "IpRanges": [{"CidrIp": params["CidrIp"]}]})
    for permission in permissions:
        protocol = str(permission.get("IpProtocol", "-1"))
        everything = protocol in ("-1", "all")
        for peer, description in _peers(permission):
            yield Rule(
                id=region.ids.ec2("sgr"),
                egress=egress,
                protocol="-1" if everything else protocol,
                from_port=None if everything else permission.get("FromPort"),
                to_port=None if everything else permission.get("ToPort"),
                peer=peer,
                description=description,
            )


def _peers(permission: Mapping[str, Any]) -> Iterator[tuple[Peer, str | None]]:
    for each in permission.get("IpRanges") or ():
        yield Peer(cidr=each["CidrIp"]), each.get("Description")
    for each in permission.get("Ipv6Ranges") or ():
        yield Peer(cidr6=each["CidrIpv6"]), each.get("Description")
    for each in permission.get("UserIdGroupPairs") or ():
        yield Peer(group_id=each["GroupId"]), each.get("Description")
    for each in permission.get("PrefixListIds") or ():
        yield Peer(prefix_list_id=each["PrefixListId"]), each.get("Description")


def _peer_text(rule: Rule) -> str:
    peer = rule.peer
    return peer.cidr or peer.cidr6 or peer.group_id or peer.prefix_list_id or ""


def describe_rules(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    ids = params.get("SecurityGroupRuleIds")
    pairs = [
        (group, rule)
        for group in region.ec2.groups.values()
        for rule in group.rules
        if not ids or rule.id in ids
    ]
    if ids and len(pairs) < len(ids):
        raise AwsError(
            "InvalidSecurityGroupRuleId.NotFound",
            f"The security group rule ID '{ids[0]}' does not exist",
        )
    chosen = select(
        pairs,
        params,
        lambda pair: {
            "group-id": pair[0].id,
            "security-group-rule-id": pair[1].id,
            "tags": pair[1].tags,
        },
    )
    views = [_rule_view(region, group, rule) for group, rule in chosen]
    return page(views, params, "SecurityGroupRules")


def _rule_view(region: Region, group: SecurityGroup, rule: Rule) -> dict[str, Any]:
    view: dict[str, Any] = {
        "SecurityGroupRuleId": rule.id,
        "SecurityGroupRuleArn": (
            f"arn:aws:ec2:{region.name}:{region.account}:security-group-rule/{rule.id}"
        ),
        "GroupId": group.id,
        "GroupOwnerId": region.account,
        "IsEgress": rule.egress,
        "IpProtocol": rule.protocol,
        "FromPort": -1 if rule.from_port is None else rule.from_port,
        "ToPort": -1 if rule.to_port is None else rule.to_port,
        "Tags": tag_list(rule.tags),
    }
    if rule.description:
        view["Description"] = rule.description
    if rule.peer.cidr:
        view["CidrIpv4"] = rule.peer.cidr
    if rule.peer.cidr6:
        view["CidrIpv6"] = rule.peer.cidr6
    if rule.peer.prefix_list_id:
        view["PrefixListId"] = rule.peer.prefix_list_id
    if rule.peer.group_id:
        view["ReferencedGroupInfo"] = {
            "GroupId": rule.peer.group_id,
            "UserId": region.account,
        }
    return view


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    group = _group(region, params)
    users = [each for each in region.ec2.interfaces.values() if group.id in each.group_ids]
    if users:
        raise AwsError("DependencyViolation", f"resource {group.id} has a dependent object")
    del region.ec2.groups[group.id]
    return {"Return": True, "GroupId": group.id}


OPERATIONS = {
    "CreateSecurityGroup": create,
    "DescribeSecurityGroups": describe,
    "DeleteSecurityGroup": delete,
    "AuthorizeSecurityGroupIngress": authorize_ingress,
    "AuthorizeSecurityGroupEgress": authorize_egress,
    "RevokeSecurityGroupIngress": revoke_ingress,
    "RevokeSecurityGroupEgress": revoke_egress,
    "DescribeSecurityGroupRules": describe_rules,
}
