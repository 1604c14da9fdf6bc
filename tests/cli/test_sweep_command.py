"""`dormouse sweep` as a user runs it; what it decides and deletes is in tests/sweep."""

from dataclasses import replace

import pytest
from deployed import deploy

from local.faults import Fault
from system.stack_under_test import ASLEEP, AWAKE, StackUnderTest


@pytest.fixture
def deployed(monkeypatch, capsys):
    made = deploy(monkeypatch, capsys)
    monkeypatch.setattr("controller.cli.sweep.open_session", made.world.aws.session)
    made.world.live("Tue 07:02")
    return made


@pytest.fixture
def leftover(deployed):
    """A stack that nobody has published, awake."""
    sut = StackUnderTest(deployed.world.aws, replace(deployed.world.spec, stack="gone"))
    sut.wake()
    return sut


def test_nothing_to_sweep(deployed):
    assert deployed("sweep").out == "Nothing carries our tags.\n"


def test_without_a_region_it_says_so_once(deployed, monkeypatch):
    session = deployed.world.aws.session()
    monkeypatch.setattr(type(session), "region_name", None)
    said = deployed("sweep", code=1)
    assert (said.out, said.err.count("region")) == ("", 1)


def test_by_default_it_lists_and_deletes_nothing(deployed, leftover):
    said = deployed("sweep")

    assert 'leftover  load balancer "ecs-nlb" (us-east-1, 0.0225 $/h' in said.out
    assert said.out.endswith("3 left over, 0.0398 $ an hour; --delete removes them.\n")
    assert leftover.standing() == AWAKE


def test_it_deletes_what_it_showed(deployed, leftover):
    said = deployed("sweep", "--delete", "--yes", "--without-table", "gone")

    assert 'deleted load balancer "ecs-nlb"' in said.out
    assert 'deleting target group "ecs-target-group" …' in said.err
    assert leftover.standing() == ASLEEP
    assert deployed("sweep", "--delete", "--yes").out == "Nothing carries our tags.\n"


def test_unasked_it_leaves_what_may_be_another_deployments(deployed, leftover):
    """The tags say only how the stack is called; a running one must not go by `--yes`."""
    said = deployed("sweep", "--delete", "--yes", code=1)

    assert 'no record here knows its stack "gone"' in said.err
    assert leftover.standing() == AWAKE


def test_as_json(deployed, leftover):
    reported = deployed("sweep", "--json").json
    assert {r["kind"]: (r["leftover"], r["deleted"]) for r in reported["resources"]} == {
        "load_balancer": (True, False),
        "service": (True, False),
        "target_group": (True, False),
    }
    reported = deployed("sweep", "--json", "--delete", "--yes", "--without-table", "gone").json
    assert all(r["deleted"] for r in reported["resources"]) and reported["kept"] == []


def test_without_a_terminal_it_does_not_ask(deployed, leftover):
    assert "add --yes" in deployed("sweep", "--delete", code=2).err
    assert leftover.standing() == AWAKE


@pytest.mark.parametrize(("answer", "left"), [("n", AWAKE), ("y", ASLEEP)])
def test_on_a_terminal_it_asks(deployed, leftover, monkeypatch, answer, left):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer == "y")
    deployed("sweep", "--delete")

    assert leftover.standing() == left


def test_without_the_table_nothing_is_left_over_and_nothing_goes(deployed, leftover, monkeypatch):
    monkeypatch.setenv("DORMOUSE_TABLE", "elsewhere")
    said = deployed("sweep")
    assert 'there is no table "elsewhere"' in said.err
    assert "leftover" not in said.out and said.out.count("it may well be needed") == 3

    refused = deployed("sweep", "--delete", "--yes", code=1)
    assert "--without-table STACK" in refused.err
    assert leftover.standing() == AWAKE

    deployed("sweep", "--delete", "--yes", "--without-table", "gone")
    assert leftover.standing() == ASLEEP


def test_nobodys_word_counts_against_records_that_can_be_read(deployed):
    deployed.world.wake(hours=8)
    deployed.world.live("Tue 07:20")

    refused = deployed("sweep", "--delete", "--yes", "--without-table", "nsfw-api", code=1)
    assert "can be read, and say what is needed" in refused.err
    assert deployed.world.sut.standing() == AWAKE


def test_what_still_exists_is_reported_and_exits_with_1(deployed, leftover):
    elbv2 = deployed.world.aws.session().client("elbv2")
    arn = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    protected = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protected)

    said = deployed("sweep", "--delete", "--yes", "--without-table", "gone", code=1)
    assert '"ecs-nlb" still stands: ' in said.err and "deletion protection" in said.err


def test_the_regions_of_published_stacks_are_looked_at_too(deployed):
    world = deployed.world
    tokyo = replace(world.spec, stack="tokyo", region="ap-northeast-1")
    world.controller.table.put_spec(tokyo, world.now)
    session = world.aws.session("ap-northeast-1")
    world.aws.furnish(
        region="ap-northeast-1",
        vpcs=[{"id": "vpc-1"}],
        subnets=[{"id": "subnet-1", "vpc": "vpc-1", "az": "ap-northeast-1a"}],
    )
    session.client("elbv2").create_load_balancer(
        Name="old",
        Type="network",
        Subnets=["subnet-1"],
        Tags=[
            {"Key": "dormouse:stack", "Value": "tokyo"},
            {"Key": "dormouse:address", "Value": "aws_lb.old"},
        ],
    )
    world.aws.clock.advance(60)
    said = deployed("sweep")

    assert 'leftover  load balancer "old" (ap-northeast-1, 0.0243 $/h' in said.out
    assert 'its address is not in the spec of "tokyo" any more' in said.out


def test_a_region_that_cannot_be_read_is_reported_and_exits_with_1(deployed):
    world = deployed.world
    far = replace(world.spec, stack="far", role_arn="arn:aws:iam::2:role/far")
    world.controller.table.put_spec(far, world.now)
    fault = Fault(operation="AssumeRole", code="AccessDenied", message="no", status=403, times=9)
    world.aws.faults.add(fault)

    said = deployed("sweep", code=1)
    assert "AccessDenied" in said.err and "arn:aws:iam::2:role/far" in said.err
    assert said.out.startswith("Nothing carries our tags, as far as could be seen.")


ROLE = "arn:aws:iam::222222222222:role/dormouse"


def test_regions_and_roles_of_what_was_replaced_are_looked_at(deployed):
    world = deployed.world
    world.publish(replace(world.spec, region="eu-west-1", role_arn=ROLE))
    world.publish(replace(world.spec, region="us-east-1", role_arn=None))
    denied = Fault(operation="AssumeRole", code="AccessDenied", message="no", status=403, times=9)
    world.aws.faults.add(denied)

    said = deployed("sweep", code=1)
    assert f"take on the role {ROLE}: AccessDenied" in said.err


def test_what_cannot_be_reached_any_more_is_forgotten_when_somebody_says_so(deployed):
    world = deployed.world
    world.publish(replace(world.spec, region="eu-west-1", role_arn=ROLE))
    world.publish(replace(world.spec, region="us-east-1", role_arn=None))
    denied = Fault(operation="AssumeRole", code="AccessDenied", message="no", status=403, times=999)
    world.aws.faults.add(denied)
    world.live("Tue 07:30")
    (why,) = deployed.status()["warnings"]
    assert ROLE in why and 'run "dormouse sweep --forget nsfw-api"' in why
    assert "add --yes" in deployed("sweep", "--forget", "nsfw-api", code=2).err

    said = deployed("sweep", "--forget", "nsfw-api", "--yes")
    assert f'load balancer "ecs-nlb" (eu-west-1, {ROLE})' in said.out
    deployed.work()
    world.live("Tue 07:40")
    assert deployed.status()["warnings"] == []
    assert "left nothing behind" in deployed("sweep", "--forget", "nsfw-api").out


def test_a_role_of_the_controllers_own_account_leaves_nothing_behind(deployed, monkeypatch):
    """The table's caller and the role are of one account, which STS tells."""
    world = deployed.world
    own = {"Arn": "arn:aws:sts::222222222222:assumed-role/ops/ann"}
    world.aws.answer_with("sts", "GetCallerIdentity", lambda _: own)
    world.controller.table.put_spec(
        replace(world.spec, role_arn=ROLE), world.now, lambda: "222222222222"
    )
    assert world.controller.table.load("nsfw-api").leftovers == ()
