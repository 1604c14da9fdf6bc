"""`dormouse trial`: in process on the simulated AWS's clock, over HTTP where it is ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from deployed import SHIPPED, deploy

from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.cli.main import run
from controller.domain.errors import PermanentError
from controller.domain.planning.plan import Target
from controller.reconcile.loop import Reconciler
from controller.reconcile.side_by_side import one_by_one
from controller.recording.entry import read
from controller.timing_file import find_timing
from controller.trial.run import Trial
from direct import Crash
from factories import EIP, article_spec
from local.aws import LaptopAws
from local.errors import AwsError
from local.faults import FOREVER, Fault
from local.fidelity.differences import differences
from local.fidelity.replay import replay
from local.server import LaptopServer
from local.session import make_session

TOUCHING = {"ReleaseAddress", "AllocateAddress", "AssociateAddress", "DisassociateAddress"}


def nothing_is_deployed(params):
    raise AwsError("ValidationError", f"Stack with id {params['StackName']} does not exist")


class TrialCommand:
    """`trial(...)` runs the command on the shipped directory, in this account, at its time."""

    def __init__(self, monkeypatch, capsys, aws: LaptopAws) -> None:
        self.aws, self._capsys = aws, capsys
        for name in [each for each in os.environ if each.startswith(("AWS_", "DORMOUSE_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_REGION", aws.region_name)
        aws.answer_with("cloudformation", "DescribeStacks", nothing_is_deployed)
        for module in ("controller.cli.trial", "controller.cli.deployment"):
            monkeypatch.setattr(f"{module}.open_session", self.session)
            monkeypatch.setattr(f"{module}.open_clock", lambda: aws.clock)
        monkeypatch.setattr("controller.cli.pricing.on_laptop", lambda: True)

    def session(self):
        return make_session(self.aws, self.aws.region_name)

    def trial(self, *arguments: str, code: int = 0, directory: Path = SHIPPED):
        found = run(["trial", str(directory), *arguments])
        said = self._capsys.readouterr()
        assert found == code, said
        assert "Traceback" not in said.err
        return said

    def standing(self) -> list[str]:
        region = self.aws.peek()
        names = [one.name for one in region.elbv2.balancers.values()]
        names += [one.name for one in region.elbv2.groups.values()]
        services = [s for c in region.ecs.clusters.values() for s in c.services.values()]
        return [*names, *(one.name for one in services if one.status != "INACTIVE")]

    def changes(self) -> list[str]:
        return [call.operation for call in self.aws.calls.writes()]


@pytest.fixture
def sut(monkeypatch, capsys):
    aws = LaptopAws(profile="fast")
    aws.furnish_article()
    return TrialCommand(monkeypatch, capsys, aws)


def test_it_says_the_price_measures_saves_records_and_leaves_nothing(sut, tmp_path):
    saved, recorded = tmp_path / "here.json", tmp_path / "calls.jsonl"
    said = sut.trial("--yes", "--json", "--save", str(saved), "--record", str(recorded))
    found = json.loads(said.out)

    assert "It costs 0.05 to 0.08 $" in said.err and "a day costs 1.0" in said.err
    assert (found["stack"], found["surprises"], found["left_behind"]) == ("nsfw-api", [], [])
    assert found["measured"]["eip_hold"] == pytest.approx(10, rel=0.05)
    assert found["measured"]["lb_provision"] == pytest.approx(45, rel=0.05)
    assert found["assumed"]["lb_provision"] == 150
    assert found["order"]["sleep_order"] == "force"
    assert "error" not in found
    assert find_timing(str(saved)).eip_release == pytest.approx(10, rel=0.05)
    calls = read(recorded)
    assert {"CreateLoadBalancer", "DeleteService"} <= {each.operation for each in calls}
    assert "nsfw" not in recorded.read_text()
    simulated = [each for each in calls if each.service != "sts"]
    wake = replay(simulated[:600], find_timing(str(saved)))  # at the pace that was measured
    assert wake.compared.total() == 600 and differences(wake.observations) == []
    assert sut.standing() == []
    assert not TOUCHING & set(sut.changes())
    assert sut.changes().count("CreateLoadBalancer") == 2


def test_people_read_a_table(sut):
    said = sut.trial("--yes")
    assert "load balancer made until active " in said.out
    assert "Each answer of AWS was foreseen." in said.out
    assert 'set sleep_order = "force"' in said.out
    assert "Nothing is left behind." in said.out
    for part in ("wake …", "sleep …", "wake during the sleep …", "sleep, service first …"):
        assert part in said.err


def test_an_answer_that_the_code_does_not_foresee_is_reported_with_its_text(sut):
    strange = {"code": "LoadBalancerOnHoliday", "message": "Come back on Monday.", "status": 400}
    sut.aws.faults.add(Fault(operation="CreateListener", **strange))
    found = json.loads(sut.trial("--yes", "--json", code=1).out)

    surprise = {k: strange[k] for k in ("code", "message")}
    assert found["surprises"] == [{"operation": "CreateListener", **surprise}]
    assert "Come back on Monday." in found["error"]
    assert found["left_behind"] == [] and sut.standing() == []


def test_what_the_code_knows_is_no_surprise(sut):
    sut.aws.faults.add(
        Fault(operation="DescribeLoadBalancers", code="Throttling", message="Rate", status=400)
    )
    found = json.loads(sut.trial("--yes", "--json").out)
    assert found["surprises"] == []
    assert "Throttling" in {each["code"] for each in found["refusals"]}


@pytest.mark.parametrize(
    "operation", ["DescribeTags", "DescribeListeners", "DescribeTargetHealth", "DescribeServices"]
)
def test_a_read_that_is_denied_ends_it_before_anything_is_made(sut, operation):
    """It would not find its own load balancer again."""
    sut.aws.faults.add(
        Fault(operation=operation, code="AccessDenied", message="no", status=403, times=FOREVER)
    )
    said = sut.trial("--yes", code=1)
    assert operation in said.err or "AccessDenied" in said.err
    assert sut.changes() == []


def test_credentials_that_run_out_are_waited_for(sut):
    """Somebody logs in again, in another terminal, after five minutes."""

    def is_over(_) -> bool:
        began = [call.at for call in sut.aws.calls.of("CreateService")]
        return bool(began) and sut.aws.clock.now() < began[0] + timedelta(minutes=5)

    sut.aws.faults.add(expired(is_over))
    said = sut.trial("--yes", "--json")
    assert json.loads(said.out)["left_behind"] == [] and sut.standing() == []
    assert "as soon as it can: " in said.err
    assert "ExpiredToken: It is over.; log in again (aws sso login, aws login) …" in said.err


def test_where_nobody_logs_in_again_it_names_all_that_may_stand(sut):
    sut.aws.faults.add(expired(lambda _: bool(sut.aws.calls.of("CreateService"))))
    said = sut.trial("--yes", "--json", code=1)
    assert len(json.loads(said.out)["left_behind"]) == 4
    assert "error: take it down by the same command once more" in said.err
    sut.aws.faults.clear()
    said = sut.trial("--yes", "--json")
    assert "taking down what an earlier trial left …" in said.err and sut.standing() == []


def expired(predicate: Callable[[object], bool]) -> Fault:
    return Fault(
        operation="*",
        code="ExpiredToken",
        message="It is over.",
        status=403,
        predicate=predicate,
        times=FOREVER,
    )


def test_an_interface_that_goes_between_two_reads_is_no_surprise(sut):
    """The address names it, and a moment later its load balancer has let go of it."""
    gone = Fault(
        operation="DescribeNetworkInterfaces",
        code="InvalidNetworkInterfaceID.NotFound",
        message="The networkInterface ID 'eni-1' does not exist",
        status=400,
    )
    sut.aws.faults.add(gone)
    found = json.loads(sut.trial("--yes", "--json").out)
    assert (gone.struck, found["surprises"]) == (1, [])
    assert gone.code in {each["code"] for each in found["refusals"]}


def test_a_wake_that_fails_leaves_nothing_and_writes_no_profile(sut, tmp_path):
    sut.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    saved = tmp_path / "here.json"
    said = sut.trial("--yes", "--json", "--save", str(saved), code=1)

    assert "CannotPullContainerError" in json.loads(said.out)["error"]
    assert "error: the trial did not finish" in said.err
    assert sut.standing() == [] and not saved.exists()


def test_what_cannot_be_taken_down_is_named(sut):
    sut.aws.conditions.endpoint_services.add("ecs-nlb")
    said = sut.trial("--yes", "--json", code=1)
    left = json.loads(said.out)["left_behind"]
    assert {each["name"] for each in left} >= {"ecs-nlb"}
    assert 'error: load balancer "ecs-nlb" (aws_lb.nlb[0]) still exists' in said.err


def wake(sut: TrialCommand, stack: str = "nsfw-api") -> None:
    spec = article_spec(stack=stack)
    cloud = AwsCloud(spec, Clients(sut.session(), spec.region), one_by_one)
    Reconciler(spec, cloud, sut.aws.clock, one_by_one).run(Target.AWAKE)


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("nsfw-api", "exists; a trial needs the stack asleep: dormouse apply DIR --to asleep"),
        ("other", 'is not ours: tag "dormouse:stack" is "other"'),
    ],
)
def test_a_stack_that_is_awake_or_somebody_elses_is_left_alone(sut, stack, said):
    wake(sut, stack)
    before, standing = len(sut.changes()), sut.standing()
    refused = sut.trial("--yes", code=1).err

    assert "cannot try nsfw-api: " in refused and said in refused
    assert (len(sut.changes()), sut.standing()) == (before, standing)


def test_an_address_that_somebody_uses_is_left_alone(sut):
    ec2 = sut.session().client("ec2")
    ec2.associate_address(AllocationId=EIP, InstanceId="i-0123456789abcdef0")
    before = len(sut.changes())
    refused = sut.trial("--yes", code=1).err

    assert "is in use by" in refused and "detach it there" in refused
    assert len(sut.changes()) == before
    assert sut.aws.peek().ec2.addresses[EIP].association_id


def test_what_an_earlier_trial_left_is_taken_down_first(sut, monkeypatch):
    """It was killed while it woke the stack for the first time."""

    def dies(*_):
        raise Crash

    with monkeypatch.context() as during, pytest.raises(Crash):
        during.setattr(Trial, "_stay", dies)
        during.setattr(Trial, "clean_up", dies)
        sut.trial("--yes")
    assert "ecs-nlb" in sut.standing()

    said = sut.trial("--yes", "--json")
    assert "An earlier trial, begun at 2026-11-23T09:00:00Z, left " in said.err
    assert "taking down what an earlier trial left …" in said.err
    assert json.loads(said.out)["left_behind"] == [] and sut.standing() == []


def test_a_published_stack_is_its_controllers(monkeypatch, capsys):
    deployed = deploy(monkeypatch, capsys)
    monkeypatch.setattr("controller.cli.trial.open_session", deployed.world.aws.session)
    before = len(deployed.world.aws.calls)
    refused = deployed("trial", str(SHIPPED), "--yes", code=1).err

    assert "cannot try nsfw-api: it is published, so its controller works on it" in refused
    calls = list(deployed.world.aws.calls)[before:]
    assert [call for call in calls if not call.is_read and call.service != "dynamodb"] == []


def test_without_a_terminal_it_needs_a_yes(sut):
    assert "it asks first, and there is no terminal to answer; add --yes" in sut.trial(code=2).err
    assert not sut.aws.calls


@pytest.mark.parametrize("option", ["--save", "--record"])
def test_a_place_that_does_not_exist_is_refused_before_any_question(sut, tmp_path, option):
    place = tmp_path / "gone" / "here.json"
    refused = sut.trial("--yes", option, str(place), code=2).err
    assert f"{place}: there is no directory {place.parent} to write it into" in refused
    assert not sut.aws.calls


@pytest.mark.parametrize("option", ["--save", "--record"])
def test_a_place_that_cannot_be_written_is_refused_before_any_question(
    sut, tmp_path, option, monkeypatch
):
    """Whoever runs the tests may write everywhere, so what may not be written is said."""
    place = tmp_path / "here.json"
    place.touch()
    monkeypatch.setattr("os.access", lambda path, *_, **__: path != place)
    refused = sut.trial("--yes", option, str(place), code=2).err
    assert f"{place}: it cannot be written; give a place that can" in refused
    assert not sut.aws.calls


def test_one_file_for_profile_and_recording_is_refused(sut, tmp_path):
    place = tmp_path / "here"
    other = tmp_path / "." / "gone" / ".." / "here"
    (tmp_path / "gone").mkdir()
    refused = sut.trial("--yes", "--save", str(place), "--record", str(other), code=2).err
    assert "found it for --save and --record, expected a file for each" in refused
    assert not sut.aws.calls


def test_a_recording_of_before_stays_where_nobody_says_yes(sut, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    kept = tmp_path / "calls.jsonl"
    kept.write_text("of last week\n")
    sut.trial("--record", str(kept), code=1)
    assert kept.read_text() == "of last week\n"


def test_where_nobody_reads_the_result_the_profile_is_written_all_the_same(
    sut, tmp_path, monkeypatch
):
    def gone(*_):
        raise PermanentError("the pipe is closed")

    monkeypatch.setattr("controller.cli.trial.print_result", gone)
    sut.trial("--yes", "--save", str(tmp_path / "here.json"), code=1)
    assert find_timing(str(tmp_path / "here.json")).eip_release == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("answer", [True, False])
def test_on_a_terminal_it_asks_after_the_price(sut, monkeypatch, answer):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer)
    said = sut.trial(code=0 if answer else 1)
    assert bool(sut.changes()) is answer
    assert ("nothing was changed" in said.err) is not answer


@contextmanager
def a_process(*options: str) -> Iterator[tuple[subprocess.Popen[str], LaptopServer]]:
    """The command over HTTP, from the moment at which it has made a load balancer."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    with LaptopServer("fast", speed=100, furnish="article") as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "controller.cli", "trial", str(SHIPPED), "--yes", *options],
            env={**clean, "AWS_ENDPOINT_URL": server.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            for _ in range(600):
                if server.aws.calls.of("CreateLoadBalancer"):
                    break
                time.sleep(0.1)
            yield process, server
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("number", "pause"),
    [(signal.SIGTERM, 0.05), (signal.SIGINT, 0.0)],
    ids=["SIGTERM twice", "SIGINT doubled"],
)
def test_whoever_ends_it_leaves_nothing(number, pause):
    with a_process("--json") as (process, server):
        process.send_signal(number)
        time.sleep(pause)
        process.send_signal(number)  # whoever is impatient does not hinder it
        out, said = process.communicate(timeout=60)
        region = server.aws.peek()
        assert not region.elbv2.balancers and not region.elbv2.groups
    assert process.returncode == 1
    found = json.loads(out)
    assert (found["left_behind"], found["error"]) == ([], f"ended by {number.name}")
    assert "Traceback" not in said


def test_a_terminal_that_is_gone_leaves_nothing_either():
    """It gets SIGHUP, and nothing can be written any more while it takes everything down."""
    with a_process() as (process, server):
        process.stdout.close()
        process.stderr.close()
        process.send_signal(signal.SIGHUP)
        process.wait(timeout=60)
        region = server.aws.peek()
        assert not region.elbv2.balancers and not region.elbv2.groups
    assert process.returncode == 1


def test_counts_that_nobody_may_read_are_reported_and_not_waited_for(sut):
    sut.aws.faults.add(
        Fault(operation="ListMetrics", code="AccessDenied", message="no", status=403, times=99)
    )
    began = sut.aws.clock.now()
    found = json.loads(sut.trial("--yes", "--json").out)

    assert found["measured"]["first_metric"] is None
    assert [each["code"] for each in found["surprises"]] == ["AccessDenied"]
    assert (sut.aws.clock.now() - began).total_seconds() < 600
