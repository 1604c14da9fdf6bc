"""`dormouse doctor` as a user runs it: on a directory, and on a published stack."""

import json

import pytest
from deployed import SHIPPED, deploy

from controller.cli.main import run
from system.days import STACK


@pytest.fixture
def deployed(monkeypatch, capsys):
    made = deploy(monkeypatch, capsys)
    monkeypatch.setattr("controller.cli.session.open_session", made.world.aws.session)
    role = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    iam = made.world.aws.session().client("iam")
    for name in (
        "ecs-task-execution",
        "AWSServiceRoleForECS",
        "AWSServiceRoleForElasticLoadBalancing",
    ):
        policy = json.dumps({"Statement": [{**role, "Action": "sts:AssumeRole"}]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
    definition = {
        "name": "nsfw-api-container",
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/api:latest",
        "portMappings": [{"containerPort": 5000}],
    }
    made.world.aws.session().client("ecs").register_task_definition(
        family="nsfw-api-container",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn="arn:aws:iam::123456789012:role/ecs-task-execution",
        containerDefinitions=[definition],
    )
    image = {"imageStatus": "ACTIVE"}
    made.world.aws.answer_with("ecr", "DescribeImages", lambda _: {"imageDetails": [image]})
    manifest = {"manifests": [{"platform": {"architecture": "amd64"}}]}
    made.world.aws.answer_with(
        "ecr", "BatchGetImage", lambda _: {"images": [{"imageManifest": json.dumps(manifest)}]}
    )
    made.world.aws.answer_with(
        "sts", "GetCallerIdentity", lambda _: {"Account": "1", "Arn": "arn:aws:iam::1:user/ann"}
    )
    outputs = [{"OutputKey": "WakeUrl", "OutputValue": "https://x.lambda-url.aws/"}]
    stack = {"StackName": "dormouse", "Outputs": outputs}
    made.world.aws.answer_with("cloudformation", "DescribeStacks", lambda _: {"Stacks": [stack]})
    return made


def findings(said):
    return {(f["check"], f["level"]): f["message"] for f in said.json["findings"]}


def test_a_directory_that_fits(deployed):
    said = deployed("doctor", str(SHIPPED))

    assert said.out.splitlines()[-1].startswith("nsfw-api: the account fits (")
    assert "✔ elastic-ip" in said.out and "problem" not in said.out


def test_a_directory_that_does_not_fit_is_reported_and_exits_with_1(deployed):
    deployed.world.aws.session().client("ecs").delete_cluster(cluster="nsfw_api_cluster")
    said = deployed("doctor", str(SHIPPED), code=1)

    assert "✘ look-ups" in said.out and "1 problem" in said.out.splitlines()[-1]


def test_nothing_is_changed(deployed):
    start = len(deployed.world.aws.calls)
    deployed("doctor", str(SHIPPED))
    deployed("doctor", STACK, code=0)

    changes = [c for c in list(deployed.world.aws.calls)[start:] if not c.is_read]
    assert {c.operation for c in changes} <= {"Query", "GetItem", "AssumeRole"}


def test_a_published_stack_is_examined_with_its_controller(deployed):
    deployed.world.live("Tue 07:02")
    deployed("link", STACK, "--url", "https://x.lambda-url.aws")
    found = findings(deployed("doctor", STACK, "--json"))

    assert found["heartbeat", "ok"].startswith("last checked 2026-11-23T22:0")
    assert found["wake-url", "ok"] == "https://x.lambda-url.aws/"
    assert found["keys", "ok"] == "1 key signs the wake links"
    assert found["elastic-ip", "ok"] == "free"


def test_without_a_link_it_says_how_to_make_one(deployed):
    deployed.world.live("Tue 07:02")

    assert (
        "dormouse link nsfw-api" in findings(deployed("doctor", STACK, "--json"))["keys", "warning"]
    )


def test_a_stack_that_was_never_looked_at(deployed):
    assert (
        "not checked yet" in findings(deployed("doctor", STACK, "--json"))["heartbeat", "warning"]
    )


def test_a_heartbeat_that_stopped(deployed):
    deployed.world.live("Tue 07:02")
    deployed.world.wake()
    deployed.world.aws.clock.advance(360)
    found = findings(deployed("doctor", STACK, "--json", code=1))

    assert "due for more than 5 minutes; see the schedule" in found["heartbeat", "problem"]


def test_a_wake_that_failed(deployed):
    world = deployed.world
    world.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    world.wake()
    world.live("Tue 08:00")
    found = findings(deployed("doctor", STACK, "--json"))

    assert "CannotPullContainerError" in found["last-wake", "warning"]


def test_a_sleep_that_is_stuck(deployed):
    world = deployed.world
    world.wake()
    world.live("Tue 07:20")
    elbv2 = world.aws.session().client("elbv2")
    arn = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    protected = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protected)
    world.sleep()
    world.live("Tue 08:00")
    reported = findings(deployed("doctor", STACK, "--json", code=1))["stuck", "problem"]

    assert "aws_lb.nlb[0]" in reported and "cost money: " in reported
    assert "deletion protection" in reported


def test_keys_that_may_not_be_read_are_a_warning(deployed):
    from local.faults import FOREVER, Fault

    deployed.world.live("Tue 07:02")
    deployed.world.aws.faults.add(
        Fault(
            operation="GetParameter",
            service="ssm",
            code="AccessDeniedException",
            message="no",
            status=400,
            times=FOREVER,
        )
    )
    found = findings(deployed("doctor", STACK, "--json"))

    assert "it takes ssm:GetParameter" in found["keys", "warning"]


def room(deployed, most, free=None, reserved=None):
    """How many functions the account runs at one time."""
    limit = {"ConcurrentExecutions": most, "UnreservedConcurrentExecutions": free or most}
    held = {} if reserved is None else {"ReservedConcurrentExecutions": reserved}
    world = deployed.world.aws
    world.answer_with("lambda", "GetAccountSettings", lambda _: {"AccountLimit": limit})
    world.answer_with("lambda", "GetFunctionConcurrency", lambda _: held)


@pytest.mark.parametrize(
    ("most", "free", "reserved", "level", "said"),
    [
        (10, 10, None, "warning", "at most 10 functions at one time"),
        (1000, 1000, None, "warning", "dormouse deploy --parameter ApiConcurrency=20"),
        (1000, 110, None, "warning", "ApiConcurrency=1"),
        (1000, 980, 20, "ok", "1000 functions at one time, at most 20 of them for the wake URL"),
    ],
)
def test_whether_the_wake_url_can_starve_the_controller(
    deployed, most, free, reserved, level, said
):
    room(deployed, most, free, reserved)
    assert said in findings(deployed("doctor", STACK, "--json"))["concurrency", level]


def test_a_name_that_is_neither_directory_nor_stack(deployed, capsys):
    assert 'stack "nope" is not published' in deployed("doctor", "nope", code=2).err
    assert "neither a directory nor" in deployed("doctor", "No/Such", code=2).err


def test_without_credentials_it_is_one_problem(deployed, monkeypatch, capsys):
    def refuse(_):
        from botocore.exceptions import NoCredentialsError

        raise NoCredentialsError

    deployed.world.aws.answer_with("sts", "GetCallerIdentity", refuse)

    assert run(["doctor", str(SHIPPED)]) == 1
    assert "set AWS_PROFILE and AWS_REGION" in capsys.readouterr().out


def test_a_stack_whose_folder_is_gone(deployed, tmp_path, monkeypatch):
    """Told where its repository is at hand, and nowhere else."""
    from dataclasses import replace

    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text('[remote "origin"]\n\turl = https://x.org/me/app\n')
    origin = {"repository": "x.org/me/app", "path": f"infra/{STACK}"}
    world = deployed.world
    world.publish(replace(world.spec, source={"origin": origin}))
    world.live("Tue 07:02")
    monkeypatch.chdir(tmp_path)
    reported = findings(deployed("doctor", STACK, "--json"))["folder", "warning"]
    assert f"infra/{STACK} is gone" in reported and f"dormouse unpublish {STACK}" in reported

    (tmp_path / "infra" / STACK).mkdir(parents=True)
    assert ("folder", "warning") not in findings(deployed("doctor", STACK, "--json"))
    monkeypatch.chdir("/")
    assert ("folder", "warning") not in findings(deployed("doctor", STACK, "--json"))


def test_another_stack_with_the_same_names(deployed):
    from dataclasses import replace

    world = deployed.world
    world.publish(replace(world.spec, stack="twin"))
    reported = findings(deployed("doctor", STACK, "--json"))["names", "warning"]
    assert reported.startswith("the stack twin names the same load balancer ")
    assert "dormouse unpublish twin" in reported

    world.controller.table.let_go("twin")
    deployed("unpublish", "twin")
    assert ("names", "warning") not in findings(deployed("doctor", STACK, "--json"))
