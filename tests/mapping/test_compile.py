from dataclasses import replace

from hand_made import (
    ALLOCATION,
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
    world,
)

from controller.domain.planning.spec import Kind, Spec
from controller.domain.problem import Level, Place, Problem
from controller.hcl import disk_cache
from controller.hcl.types import NUMBER
from controller.hcl.world import Uncounted
from controller.mapping import service_model


def test_a_flawless_stack_compiles_without_a_word():
    result = compiled(stack())
    assert result.problems == ()
    assert [r.address for r in result.spec.resources] == [
        "aws_lb.nlb",
        "aws_lb_target_group.tg",
        "aws_lb_listener.l",
        "aws_ecs_service.svc",
    ]


def test_requests_are_those_of_boto3_with_references_in_them():
    spec = spec_of(stack())
    assert spec["aws_lb.nlb"].request == {
        "Name": "api-nlb",
        "Type": "network",
        "SubnetMappings": [{"SubnetId": SUBNET, "AllocationId": ALLOCATION}],
    }
    assert spec["aws_lb_target_group.tg"].request == {
        "Name": "api-tg",
        "Port": 5000,
        "Protocol": "TCP",
        "TargetType": "ip",
        "VpcId": VPC,
    }
    assert spec["aws_lb_listener.l"].request == {
        "LoadBalancerArn": {"$ref": "aws_lb.nlb.arn"},
        "Port": 5000,
        "Protocol": "TCP",
        "DefaultActions": [
            {
                "Type": "forward",
                "TargetGroupArn": {"$ref": "aws_lb_target_group.tg.arn"},
                "Order": 1,
            }
        ],
    }
    service = spec["aws_ecs_service.svc"].request
    assert service["cluster"] == {
        "$look_up": "cluster",
        "name": "sleepy",
        "attribute": "arn",
        "of": "aws_ecs_cluster.main",
    }
    assert service["loadBalancers"] == [
        {
            "containerName": "api",
            "containerPort": 5000,
            "targetGroupArn": {"$ref": "aws_lb_target_group.tg.arn"},
        }
    ]


def test_what_is_left_out_gets_the_defaults_of_terraform():
    """Not those of the API, which rebalances zones, for one (AWS behaviour §2.1)."""
    spec = spec_of(stack(target_group={"deregistration_delay": None, "health_check": B()}))
    service = spec["aws_ecs_service.svc"].request
    assert service["availabilityZoneRebalancing"] == "DISABLED"
    assert service["deploymentConfiguration"] == {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
    }
    assert service["schedulingStrategy"] == "REPLICA"
    target = spec["aws_lb_target_group.tg"]
    assert target.attributes == {"deregistration_delay.timeout_seconds": "300"}
    assert target.request["HealthCheckIntervalSeconds"] == 30
    assert target.request["HealthyThresholdCount"] == 3
    assert target.request["HealthCheckProtocol"] == "HTTP"
    assert spec["aws_lb.nlb"].attributes == {
        "access_logs.s3.enabled": "false",
        "deletion_protection.enabled": "false",
        "dns_record.client_routing_policy": "any_availability_zone",
        "load_balancing.cross_zone.enabled": "false",
        "zonal_shift.config.enabled": "false",
    }


def test_a_service_comes_after_the_listeners_of_its_target_groups():
    """Else ECS says that the group has no load balancer (AWS behaviour §1.8)."""
    spec = spec_of(stack())
    assert spec["aws_ecs_service.svc"].after == ("aws_lb_listener.l", "aws_lb_target_group.tg")
    assert spec["aws_lb_listener.l"].after == ("aws_lb.nlb", "aws_lb_target_group.tg")


def test_depends_on_counts_among_what_is_made():
    base = stack()
    tied = replace(
        base.resources["aws_lb.nlb"], depends_on=("aws_lb_target_group.tg", "aws_vpc.main")
    )
    spec = spec_of(replace(base, resources={**base.resources, "aws_lb.nlb": tied}))
    assert spec["aws_lb.nlb"].after == ("aws_lb_target_group.tg",)
    assert [r.address for r in spec.resources][:2] == ["aws_lb_target_group.tg", "aws_lb.nlb"]


def test_a_listener_that_waits_for_its_own_service_is_an_error():
    base = stack()
    tied = replace(base.resources["aws_lb_listener.l"], depends_on=("aws_ecs_service.svc",))
    result = compiled(replace(base, resources={**base.resources, "aws_lb_listener.l": tied}))
    assert rules(result) == {"cycle"}
    assert result.spec is None


def test_the_spec_can_be_written_and_read_again():
    spec = spec_of(stack())
    again = Spec.from_json(spec.to_json())
    assert again.hash == spec.hash
    assert again.to_json() == spec.to_json()


def test_compiling_twice_gives_the_same_spec():
    assert spec_of(stack()).to_json() == spec_of(stack()).to_json()


def test_region_and_role_come_from_the_provider_block():
    block = body(
        {"region": "eu-west-1", "assume_role": B(role_arn="arn:aws:iam::1:role/x")}, line=1
    )
    spec = spec_of(stack(providers={"aws": block}))
    assert (spec.region, spec.role_arn) == ("eu-west-1", "arn:aws:iam::1:role/x")


def test_without_a_region_it_is_the_controllers_own():
    assert spec_of(stack(providers={})).region is None


def test_resources_of_two_regions_are_an_error():
    blocks = {"aws": body({"region": "a"}, 1), "aws.b": body({"region": "b"}, 5)}
    base = stack(providers=blocks)
    moved = replace(base.resources["aws_ecs_service.svc"], provider="aws.b")
    result = compiled(replace(base, resources={**base.resources, "aws_ecs_service.svc": moved}))
    assert rules(result) == {"provider"}


def test_the_endpoint_is_the_first_listener_and_its_elastic_ip():
    spec = spec_of(stack(dormouse={"open_path": "/docs"}))
    assert spec.endpoint == {
        "port": 5000,
        "protocol": "TCP",
        "allocation_ids": [ALLOCATION],
        "open_path": "/docs",
    }


def test_the_policy_has_the_documented_defaults():
    policy = spec_of(stack()).policy
    assert policy["time_zone"] == "UTC"
    assert policy["idle_timeout"] == "30m"
    assert policy["office_hours"] == []


def test_a_policy_may_give_only_some_settings():
    spec = spec_of(stack(dormouse={"office_hours": ["Mon-Fri 09:00-18:00"], "wake_for": None}))
    assert spec.policy["office_hours"] == [[["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]]


def test_every_mistake_in_the_policy_is_reported_at_its_place():
    result = compiled(stack(dormouse={"office_hours": ["Mon 9-8x"], "time_zone": "Mars"}))
    assert rules(result) == {"policy"}
    assert len(result.problems) == 2
    assert {str(p.place) for p in result.problems} == {"main.tf:900"}


def test_public_holidays_are_written_into_the_spec():
    spec = spec_of(
        stack(dormouse={"closed_on": ["holidays:JP"], "office_hours": ["daily 09:00-18:00"]})
    )
    dates = spec.policy["holidays"]["JP"]
    assert "2026-01-01" in dates and "2028-01-01" in dates


def test_a_calendar_whose_later_dates_nobody_knows_is_warned_of():
    """The package holidays knows Sri Lanka's up to 2026."""
    hours = ["daily 09:00-18:00"]
    result = compiled(stack(dormouse={"closed_on": ["holidays:LK"], "office_hours": hours}))
    assert result.spec is not None
    (problem,) = result.problems
    assert str(problem.level) == "warning"
    assert "holidays:LK: its dates are known until 2026-12-31 only" in problem.message


def test_a_calendar_that_does_not_exist_is_an_error():
    hours = ["daily 09:00-18:00"]
    result = compiled(stack(dormouse={"closed_on": ["holidays:QQ"], "office_hours": hours}))
    assert rules(result) == {"policy"}


def test_a_folder_whose_name_cannot_be_a_stacks_is_an_error():
    result = compiled(stack(), stack="NSFW_api")
    assert rules(result) == {"stack-name"}
    assert "--stack" in result.problems[0].message


def test_names_left_out_are_made_up_and_stay_the_same():
    changed = {"load_balancer": {"name": None}, "target_group": {"name": None}}
    first, second = spec_of(stack(**changed)), spec_of(stack(**changed))
    name = first["aws_lb.nlb"].request["Name"]
    assert name.startswith("tf-lb-") and len(name) <= 32
    assert first["aws_lb_target_group.tg"].request["Name"].startswith("tf-")
    assert second["aws_lb.nlb"].request["Name"] == name
    assert spec_of(stack(**changed), stack="other")["aws_lb.nlb"].request["Name"] != name


def test_a_name_prefix_begins_the_name():
    spec = spec_of(stack(load_balancer={"name": None, "name_prefix": "pre"}))
    assert spec["aws_lb.nlb"].request["Name"].startswith("pre")


def test_tags_of_the_provider_and_of_the_resource_are_merged():
    block = body({"default_tags": B(tags={"Owner": "me", "Env": "test"})}, 1)
    spec = spec_of(
        stack(
            providers={"aws": block},
            load_balancer={"tags": {"Env": "prod"}},
            service={"tags": {"A": "b"}},
        )
    )
    assert spec["aws_lb.nlb"].request["Tags"] == [
        {"Key": "Env", "Value": "prod"},
        {"Key": "Owner", "Value": "me"},
    ]
    assert {"key": "A", "value": "b"} in spec["aws_ecs_service.svc"].request["tags"]


def test_an_unknown_number_is_refused_with_its_source():
    port = Ref("data.aws_ssm_parameter.port.value", NUMBER)
    result = compiled(stack(listener={"port": port}))
    assert "unknown-value" in rules(result)
    assert "data.aws_ssm_parameter.port.value" in str(result.problems[0])
    assert str(result.problems[0].place) == "main.tf:52"


def test_a_value_that_cannot_be_repeated_is_refused():
    result = compiled(stack(target_group={"vpc_id": Lost("aws_vpc.main.id")}))
    assert rules(result) == {"look-up"}
    assert "comes from aws_vpc.main.id, which only AWS knows" in result.problems[0].message


def test_a_text_around_attributes_becomes_a_join():
    text = Text(
        Ref("aws_ecs_task_definition.api.family"),
        ":",
        Ref("aws_ecs_task_definition.api.revision"),
    )
    spec = spec_of(stack(service={"task_definition": text}))
    first, colon, second = spec["aws_ecs_service.svc"].request["taskDefinition"]["$join"]
    assert (first["attribute"], colon, second["attribute"]) == ("family", ":", "revision")


def test_what_another_sleeper_does_not_have_cannot_be_referred_to():
    result = compiled(stack(service={"name": Ref("aws_lb.nlb.color")}))
    assert rules(result) == {"look-up"}
    assert "arn" in result.problems[0].message


def test_ignored_task_definitions_are_the_latest_of_the_family():
    for written in ("api:7", "arn:aws:ecs:us-east-1:1:task-definition/api:7"):
        base = stack(service={"task_definition": written})
        service = replace(
            base.resources["aws_ecs_service.svc"], ignore_changes=("task_definition",)
        )
        spec = spec_of(replace(base, resources={**base.resources, service.address: service}))
        assert spec[service.address].request["taskDefinition"] == {
            "$look_up": "task_definition",
            "family": "api",
            "attribute": "arn",
            "of": "aws_ecs_service.svc.task_definition",
        }
        assert spec[service.address].ignore_changes == ("task_definition",)


def test_errors_of_the_evaluation_are_passed_on_once():
    broken = compiled(stack()).problems
    assert broken == ()
    problem = Problem(
        level=Level.ERROR, rule="syntax", message="x", place=Place("a.tf", 3), address=""
    )
    base = stack(problems=(problem,))
    result = compiled(base, base)
    assert result.problems == (problem,)
    assert result.spec is None


def test_a_resource_that_could_not_be_evaluated_is_not_left_out_in_silence():
    """Its error is reported where it is made; should that ever fail, there is still no spec."""
    base = stack()
    broken = replace(base.resources["aws_lb.nlb"], error_free=False)
    without = replace(base, resources={**base.resources, "aws_lb.nlb": broken})
    reported = replace(without, problems=(some_error(),))

    for awake, asleep in ((without, None), (base, without)):
        result = compiled(awake, asleep)
        assert result.spec is None
        assert [(p.rule, p.address) for p in result.problems if p.level is Level.ERROR] == [
            ("not-evaluated", "aws_lb.nlb")
        ]
    assert compiled(reported).problems == (some_error(),)


def test_a_block_whose_number_is_not_known_is_not_left_out_in_silence():
    base = stack()
    rest = {a: i for a, i in base.resources.items() if i.type != "aws_ecs_service"}
    lost = {"aws_ecs_service.app": Uncounted(Place("main.tf", 7), frozenset({"aws_ecs_service"}))}
    without = replace(base, resources=rest, lost=lost)

    result = compiled(without)
    assert result.spec is None
    assert "not-evaluated" in rules(result, "error")
    assert compiled(replace(without, problems=(some_error(),))).problems == (some_error(),)


def some_error() -> Problem:
    return Problem(
        level=Level.ERROR, rule="syntax", message="x", place=Place("a.tf", 3), address=""
    )


def test_a_directory_without_sleepers_is_a_warning():
    result = compiled(world())
    assert rules(result) == {"nothing-sleeps"}
    assert result.spec is not None


def test_kinds_under_their_old_names_are_the_same():
    balancer = instance(
        "aws_alb.nlb",
        {
            "name": "old",
            "load_balancer_type": "network",
            "subnet_mapping": B(subnet_id=SUBNET, allocation_id=ALLOCATION),
        },
    )
    spec = spec_of(world(balancer))
    assert spec["aws_alb.nlb"].kind is Kind.LOAD_BALANCER


def test_a_spec_that_the_table_does_not_take_is_foreseen(monkeypatch):
    monkeypatch.setattr("controller.mapping.assemble.LARGEST_ITEM", 3000)
    result = compiled(stack())
    (problem,) = result.problems
    assert result.spec is None
    assert (problem.level, problem.rule) == (Level.ERROR, "spec-too-large")
    assert "has 4 resources and " in problem.message
    assert "takes 3 KB" in problem.message
    assert "a root directory of their own" in problem.message


def test_a_request_that_was_found_sound_needs_no_sdk_the_next_time(tmp_path, monkeypatch):
    """The answer is remembered for this request alone, and only that there was nothing to find."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    disk_cache.cache_folder.cache_clear()
    requested = []
    real = service_model.findings

    def findings(kind, request):
        requested.append(kind)
        return real(kind, request)

    monkeypatch.setattr(service_model, "findings", findings)
    try:
        assert compiled(stack()).spec == compiled(stack()).spec
        assert len(requested) == 4

        wrong = stack(load_balancer={"ip_address_type": "ipv5"})
        first, second = compiled(wrong), compiled(wrong)
        assert first.problems == second.problems
        assert any("IpAddressType" in problem.message for problem in first.problems)
        assert len(requested) == 6
        assert "ipv5" not in "".join(
            path.read_bytes().decode("latin-1") for path in kept_in(tmp_path)
        )
    finally:
        disk_cache.cache_folder.cache_clear()


def kept_in(folder):
    return [path for path in (folder / "dormouse").iterdir() if path.is_file()]
