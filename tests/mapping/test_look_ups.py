import re

import pytest
from hand_made import (
    SERVICE,
    SUBNET,
    VPC,
    B,
    Lost,
    Ref,
    Text,
    body,
    compiled,
    instance,
    rules,
    spec_of,
    stack,
)

from controller.domain.planning import look_up_kinds
from controller.domain.planning.spec import references
from controller.mapping.data_sources import DATA
from controller.mapping.sources import MANAGED


def network(**changes):
    return {"network_configuration": B({**SERVICE["network_configuration"], **changes})}


def group_of(*others):
    """What the service's security group becomes when it is aws_security_group.g.id."""
    ref = Ref("aws_security_group.g.id")
    spec = spec_of(stack(*others, service=network(security_groups=[ref])))
    request = spec["aws_ecs_service.svc"].request
    (found,) = request["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    return found


def allocation_of(ref, *others, **options):
    mapping = {"subnet_mapping": B(subnet_id=SUBNET, allocation_id=ref)}
    spec = spec_of(stack(*others, load_balancer=mapping, **options))
    return spec["aws_lb.nlb"].request["SubnetMappings"][0]["AllocationId"]


def test_the_documented_kinds_are_those_of_the_sources():
    text = look_up_kinds.__doc__
    table = text[text.index("| kind ") :]
    documented = set(re.findall(r"^\| `([a-z_]+)`", table, flags=re.MULTILINE))
    assert documented == {source.kind for source in (*MANAGED.values(), *DATA.values())}


@pytest.mark.parametrize("table", [MANAGED, DATA])
def test_keys_and_attributes_are_the_documented_ones(table):
    text = look_up_kinds.__doc__
    rows = text[text.index("| kind ") :].split("\n| `")
    documented = {row.split("`")[0]: row for row in rows[1:]}
    for type_, source in table.items():
        row = documented[source.kind]
        words = set(re.findall(r"\w+", row))
        attributes = look_up_kinds.ATTRIBUTES[source.kind]
        keys = set(source.keys) | set(source.fixed) | {k for e in source.enough for k in e}
        assert keys - words == set(), type_
        assert set(source.attributes.values()) - attributes == set(), type_
        assert attributes <= words, type_


def test_a_security_group_is_found_by_name_and_vpc():
    group = instance("aws_security_group.g", {"name": "api", "vpc_id": VPC, "tags": {"A": "b"}})
    assert group_of(group) == {
        "$look_up": "security_group",
        "name": "api",
        "vpc_id": VPC,
        "attribute": "id",
        "of": "aws_security_group.g",
    }


def test_unnamed_groups_are_told_apart_by_their_descriptions():
    tags = {"App": "api"}
    front = instance("aws_security_group.f", {"vpc_id": VPC, "tags": tags, "description": "front"})
    group = instance("aws_security_group.g", {"vpc_id": VPC, "tags": tags, "description": "task"})

    found = group_of(front, group)

    assert found["description"] == "task"
    assert found["tags"] == tags
    assert "description" not in group_of(group)


def test_unnamed_groups_with_one_description_are_refused():
    same = {"vpc_id": VPC, "tags": {"App": "api"}, "description": "task"}
    others = [instance(f"aws_security_group.{name}", same) for name in "fg"]
    compiled_ = compiled(
        stack(*others, service=network(security_groups=[Ref("aws_security_group.g.id")]))
    )
    assert any("cannot be distinguished from" in p.message for p in compiled_.problems)


def test_a_group_that_has_a_description_alone_is_found_by_it_with_a_warning():
    group = instance("aws_security_group.g", {"vpc_id": VPC, "description": "task"})
    assert group_of(group)["description"] == "task"


def test_vpcs_are_a_list():
    vpcs = instance("data.aws_vpcs.v", {"tags": {"Name": "main"}})
    target = spec_of(stack(vpcs, target_group={"vpc_id": Ref("data.aws_vpcs.v.ids[0]")}))
    found = target["aws_lb_target_group.tg"].request["VpcId"]
    assert (found["$look_up"], found["index"], found["tags"]) == ("vpcs", 0, {"Name": "main"})


def test_a_security_group_without_vpc_is_in_the_default_one():
    found = group_of(instance("aws_security_group.g", {"name": "api"}))
    assert found["vpc_id"]["$look_up"] == "vpc"
    assert found["vpc_id"]["default"] is True


def test_a_name_prefix_is_narrowed_by_tags():
    arguments = {"name_prefix": "api-", "vpc_id": VPC, "tags": {"Name": "api"}}
    found = group_of(instance("aws_security_group.g", arguments))
    assert found["name_prefix"] == "api-"
    assert found["tags"] == {"Name": "api"}


def test_a_security_group_without_a_name_is_an_error_with_a_remedy():
    group = instance("aws_security_group.g", {"vpc_id": VPC})
    ref = Ref("aws_security_group.g.id")
    result = compiled(stack(group, service=network(security_groups=[ref])))
    assert rules(result) == {"look-up"}
    assert "give it a name" in result.problems[0].message


def test_keys_may_be_looked_up_themselves():
    found = group_of(
        instance("aws_security_group.g", {"name": "api", "vpc_id": Ref("data.aws_vpc.v.id")}),
        instance("data.aws_vpc.v", {"tags": {"Name": "main"}}),
    )
    assert found["vpc_id"] == {
        "$look_up": "vpc",
        "tags": {"Name": "main"},
        "attribute": "id",
        "of": "data.aws_vpc.v",
    }


def test_an_elastic_ip_is_found_by_its_tags():
    eip = instance("aws_eip.nlb", {"domain": "vpc", "tags": {"Name": "stays"}})
    assert allocation_of(Ref("aws_eip.nlb.id"), eip) == {
        "$look_up": "elastic_ip",
        "tags": {"Name": "stays"},
        "attribute": "id",
        "take": "allocation_id",
        "of": "aws_eip.nlb",
    }


def test_the_tags_of_the_provider_help_to_find_an_elastic_ip():
    block = body({"default_tags": B(tags={"Env": "prod"})}, 1)
    eip = instance("aws_eip.nlb", {"tags": {"Name": "stays"}})
    found = allocation_of(Ref("aws_eip.nlb.allocation_id"), eip, providers={"aws": block})
    assert found["tags"] == {"Env": "prod", "Name": "stays"}


def test_an_elastic_ip_without_tags_is_an_error_with_a_remedy():
    mapping = B(subnet_id=SUBNET, allocation_id=Ref("aws_eip.nlb.id"))
    eip = instance("aws_eip.nlb", {"domain": "vpc"}, line=7)
    result = compiled(stack(eip, load_balancer={"subnet_mapping": mapping}))
    assert rules(result) == {"look-up"}
    assert "tags = { Name = … }" in result.problems[0].message
    assert "main.tf:7" in result.problems[0].message


def test_elastic_ips_with_the_same_tags_cannot_be_distinguished():
    mapping = B(subnet_id=SUBNET, allocation_id=Ref("aws_eip.nlb[0].id"))
    eips = [instance(f"aws_eip.nlb[{n}]", {"tags": {"Name": "nlb"}}) for n in (0, 1)]
    result = compiled(stack(*eips, load_balancer={"subnet_mapping": mapping}))
    assert rules(result) == {"look-up"}
    assert "aws_eip.nlb[1]" in result.problems[0].message


def test_a_data_source_is_looked_up_by_all_its_arguments():
    subnet = instance(
        "data.aws_subnet.s",
        {
            "vpc_id": VPC,
            "availability_zone": "us-east-1a",
            "default_for_az": True,
            "filter": [
                B(name="tag:Tier", values=["public"]),
                B(name="vpc-id", values=[Ref("data.aws_vpc.v.id")]),
            ],
        },
    )
    vpc = instance("data.aws_vpc.v", {"default": True})
    mapping = B(subnet_id=Ref("data.aws_subnet.s.id"), allocation_id="eipalloc-1")
    changes = {"subnet_mapping": mapping}
    spec = spec_of(stack(subnet, vpc, load_balancer=changes, service=network(subnets=["x"])))
    found = spec["aws_lb.nlb"].request["SubnetMappings"][0]["SubnetId"]
    assert found["$look_up"] == "subnet"
    assert found["availability_zone"] == "us-east-1a"
    assert found["default_for_az"] is True
    first, second = found["filters"]
    assert first == {"name": "tag:Tier", "values": ["public"]}
    assert second["values"][0]["$look_up"] == "vpc"


def test_a_list_is_looked_up_as_a_whole_or_by_index():
    subnets = instance("data.aws_subnets.s", {"tags": {"Tier": "public"}})
    spec = spec_of(stack(subnets, service=network(subnets=Ref("data.aws_subnets.s.ids"))))
    request = spec["aws_ecs_service.svc"].request["networkConfiguration"]
    assert request["awsvpcConfiguration"]["subnets"]["attribute"] == "ids"
    spec = spec_of(stack(subnets, service=network(subnets=[Ref("data.aws_subnets.s.ids[1]")])))
    (one,) = spec["aws_ecs_service.svc"].request["networkConfiguration"]["awsvpcConfiguration"][
        "subnets"
    ]
    assert (one["attribute"], one["index"]) == ("ids", 1)


def test_a_subnet_resource_is_found_by_vpc_and_addresses_or_by_tags():
    by_range = instance("aws_subnet.a", {"vpc_id": VPC, "cidr_block": "10.0.1.0/24"})
    by_tag = instance(
        "aws_subnet.b", {"vpc_id": VPC, "cidr_block": Lost("aws_vpc.v.x"), "tags": {"N": "b"}}
    )
    refs = [Ref("aws_subnet.a.id"), Ref("aws_subnet.b.id")]
    spec = spec_of(stack(by_range, by_tag, service=network(subnets=refs)))
    first, second = spec["aws_ecs_service.svc"].request["networkConfiguration"][
        "awsvpcConfiguration"
    ]["subnets"]
    assert first["cidr_block"] == "10.0.1.0/24" and "tags" not in first
    assert second["tags"] == {"N": "b"} and second["vpc_id"] == VPC


def test_ids_are_what_they_are():
    """HCL semantics §19: the id of a cluster is its ARN, that of a bucket its name."""
    bucket = instance("aws_s3_bucket.logs", {"bucket": "logs"})
    logs = B(bucket=Ref("aws_s3_bucket.logs.id"), enabled=True)
    spec = spec_of(
        stack(
            bucket,
            service={"cluster": Ref("aws_ecs_cluster.main.id")},
            load_balancer={"access_logs": logs},
        )
    )
    cluster = spec["aws_ecs_service.svc"].request["cluster"]
    assert (cluster["attribute"], cluster["take"]) == ("id", "arn")
    assert spec["aws_lb.nlb"].attributes["access_logs.s3.bucket"] == "logs"


def test_a_task_definition_resource_is_its_family_and_a_data_source_its_arn():
    data = instance("data.aws_ecs_task_definition.t", {"task_definition": "api:7"})
    for ref, family, take in (
        ("aws_ecs_task_definition.api.id", "api", "family"),
        ("data.aws_ecs_task_definition.t.id", "api:7", "arn"),
    ):
        spec = spec_of(stack(data, service={"task_definition": Ref(ref)}))
        found = spec["aws_ecs_service.svc"].request["taskDefinition"]
        assert (found["family"], found["take"]) == (family, take)


def test_a_service_discovery_service_names_its_namespace():
    registry = instance(
        "aws_service_discovery_service.s",
        {"name": "api", "dns_config": B(namespace_id=Ref("aws_service_discovery_x.n.id"))},
    )
    bad = compiled(
        stack(
            registry,
            service={"service_registries": B(registry_arn=Ref(f"{registry.address}.arn"))},
        )
    )
    assert rules(bad) == {"look-up"}
    space = "aws_service_discovery_private_dns_namespace.n"
    registry = instance(
        "aws_service_discovery_service.s",
        {"name": "api", "dns_config": B(namespace_id=Ref(f"{space}.id"))},
    )
    spec = spec_of(
        stack(
            registry,
            instance(space, {"name": "local"}),
            service={"service_registries": B(registry_arn=Ref(f"{registry.address}.arn"))},
        )
    )
    (found,) = spec["aws_ecs_service.svc"].request["serviceRegistries"]
    namespace = found["registryArn"]["namespace_id"]
    assert (namespace["type"], namespace["name"]) == ("DNS_PRIVATE", "local")


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("aws_instance.i.id", "does not look up aws_instance"),
        ("aws_ecs_cluster.main.capacity", "of aws_ecs_cluster.main only"),
        ("aws_gone.x.id", "exists only in Terraform's state"),
        ("data.aws_caller_identity.me.arn", "only account_id, id"),
    ],
)
def test_what_cannot_be_found_says_what_to_do(ref, words):
    others = [instance("aws_instance.i", {}), instance("data.aws_caller_identity.me", {})]
    result = compiled(stack(*others, service={"cluster": Ref(ref)}))
    assert rules(result) == {"look-up"}
    assert words in result.problems[0].message
    assert "\n" not in result.problems[0].message


def test_resources_that_find_each_other_are_an_error_not_an_endless_search():
    one = instance("data.aws_vpc.a", {"cidr_block": Ref("data.aws_vpc.b.cidr_block")})
    two = instance("data.aws_vpc.b", {"cidr_block": Ref("data.aws_vpc.a.cidr_block")})
    result = compiled(stack(one, two, target_group={"vpc_id": Ref("data.aws_vpc.a.id")}))
    assert rules(result) == {"look-up"}


def test_addresses_inside_modules_are_kept_in_full():
    group = "module.app.aws_security_group.g"
    spec = spec_of(
        stack(
            instance(group, {"name": "api", "vpc_id": VPC}),
            service=network(security_groups=[Ref(f"{group}.id")]),
        )
    )
    found = [r for r in references(spec["aws_ecs_service.svc"].request) if r.get("of") == group]
    assert len(found) == 1


def test_a_text_in_a_tag_may_name_the_account():
    me = instance("data.aws_caller_identity.me", {})
    tags = {"tags": {"Owner": Text("account ", Ref("data.aws_caller_identity.me.account_id"))}}
    spec = spec_of(stack(me, load_balancer=tags))
    (tag,) = spec["aws_lb.nlb"].request["Tags"]
    assert tag["Value"]["$join"][1]["$look_up"] == "caller_identity"


def test_a_data_source_that_reads_what_sleeps_is_refused():
    """It could only be answered once the stack is awake."""
    balancer = instance("data.aws_lb.n", {"arn": Ref("aws_lb.nlb.arn")})
    tags = {"tags": {"Name": Ref("data.aws_lb.n.dns_name")}}
    result = compiled(stack(balancer, target_group=tags))
    assert rules(result, "error") == {"look-up"}
    assert any("aws_lb.nlb exists only when awake" in p.message for p in result.problems)


@pytest.mark.parametrize("type_", ["aws_vpc", "aws_default_vpc"])
def test_the_default_group_of_a_vpc_is_found_by_its_name_there(type_):
    vpc = instance(f"{type_}.v", {"tags": {"Name": "home"}} if type_ == "aws_vpc" else {})
    ref = Ref(f"{type_}.v.default_security_group_id")
    spec = spec_of(stack(vpc, service=network(security_groups=[ref])))
    request = spec["aws_ecs_service.svc"].request
    (found,) = request["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    by = {"tags": {"Name": "home"}} if type_ == "aws_vpc" else {"default": True}
    assert found == {
        "$look_up": "security_group",
        "name": "default",
        "vpc_id": {"$look_up": "vpc", **by, "attribute": "id", "of": f"{type_}.v"},
        "attribute": "default_security_group_id",
        "take": "id",
        "of": f"{type_}.v",
    }


def test_the_default_group_of_a_vpc_that_is_known_by_its_addresses_alone_is_a_guess():
    vpc = instance("aws_vpc.v", {"cidr_block": "10.0.0.0/16"})
    groups = network(security_groups=[Ref("aws_vpc.v.default_security_group_id")])
    problems = compiled(stack(vpc, service=groups)).problems
    (weak,) = [p for p in problems if p.rule == "weak-look-up"]
    assert ("aws_vpc.v", "default_security_group_id") in weak.unknown
