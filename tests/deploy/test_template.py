"""The template as CloudFormation will see it, and the promises that it makes to the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from datetime import timedelta

import cfnlint
import pytest
from cfnlint.config import ManualArgs
from samtranslator.model.exceptions import InvalidDocumentException

from controller.domain.guards.overdue import Overdue
from controller.domain.notification.messages import NotifyAbout
from controller.reconcile.next_visit import CHECK, SLOW
from deploy import others
from deploy.stack import ACCOUNT, ROOT, deploy, outputs, read, translate
from door.exchange import SPARE
from door.prefer import LONGEST_WAIT
from door.relay import ANSWER_SECONDS
from local import functions
from local.system import DOOR_SECONDS

RUNTIMES_VERSION = "3.13"
FUNCTIONS = ("Controller", "Api", "Door")


@pytest.fixture(scope="module")
def deployed():
    return deploy()


def lint(text: str) -> list[str]:
    """What cfn-lint finds in a template, each with its rule's id."""
    config = ManualArgs(include_checks=["I"], regions=["us-east-1", "ap-northeast-1"])
    return [str(match) for match in cfnlint.lint(text, config=config)]


# lint


def test_the_template_has_no_findings_as_written():
    assert lint((ROOT / "template.yaml").read_text()) == []


def test_the_template_has_no_findings_as_translated():
    """Most mistakes of a SAM template show only in what the transform makes of it."""
    assert lint(json.dumps(translate(read()), indent=1)) == []


def test_a_mistake_that_only_the_translated_template_shows_is_found():
    """Quotes forgotten around OFF, a value that no schedule has: the checks above are awake."""
    template = read()
    heartbeat = template["Resources"]["Controller"]["Properties"]["Events"]["Heartbeat"]
    heartbeat["Properties"]["FlexibleTimeWindow"] = {"Mode": False}
    (finding,) = lint(json.dumps(translate(template), indent=1))
    assert "E3030" in finding


def test_a_misspelt_property_of_an_event_fails_the_translation():
    template = read()
    heartbeat = template["Resources"]["Controller"]["Properties"]["Events"]["Heartbeat"]
    heartbeat["Properties"]["ScheduleTimezone"] = "Asia/Tokyo"
    with pytest.raises(InvalidDocumentException):
        translate(template)


@pytest.mark.slow
def test_sam_itself_finds_the_template_valid():
    """`sam validate --lint`: samconfig.toml asks for the latter."""
    command = [others.sam(), "validate"]
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    found = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


# the heartbeat


def test_the_heartbeat_is_a_rate_that_scheduler_takes(deployed):
    """No linter reads it. A value of 1 needs the singular, any other the plural."""
    expression = deployed["ControllerHeartbeat"]["Properties"]["ScheduleExpression"]

    assert re.fullmatch(
        r"rate\((1 (minute|hour|day)|([2-9]|\d\d+) (minutes|hours|days))\)", expression
    )
    assert expression == "rate(1 minute)"


def test_a_late_heartbeat_is_not_repeated_for_a_day(deployed):
    """By default it would be, 185 times (AWS behaviour §5.5)."""
    policy = deployed["ControllerHeartbeat"]["Properties"]["Target"]["RetryPolicy"]
    assert policy == {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 300}


def test_two_deployments_in_one_account_have_no_schedule_in_common(deployed):
    """SAM's own name for it would be the same in each."""
    assert "Name" not in deployed["ControllerHeartbeat"]["Properties"]


def test_only_schedules_of_this_account_take_the_heartbeats_role(deployed):
    (trust,) = deployed["HeartbeatRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_a_failed_pass_is_repeated_once_and_people_are_then_notified(deployed):
    config = deployed["ControllerEventInvokeConfig"]["Properties"]

    assert config["MaximumRetryAttempts"] == 1
    assert config["DestinationConfig"]["OnFailure"]["Destination"].endswith(
        "dormouse-Notifications"
    )


# the wake URL


def test_both_permissions_that_a_public_function_url_needs_are_there(deployed):
    """With one of them AWS answers 403 to everybody (AWS behaviour §5.7, F68)."""
    permissions = [
        r["Properties"] for r in deployed.values() if r["Type"] == "AWS::Lambda::Permission"
    ]
    by_action = {p["Action"]: p for p in permissions}

    assert deployed["DoorUrl"]["Properties"]["AuthType"] == "NONE"
    assert "Cors" not in deployed["DoorUrl"]["Properties"]  # OPTIONS is the service's to answer
    assert deployed["ApiUrl"]["Properties"]["AuthType"] == "NONE"
    assert set(by_action) == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert by_action["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "NONE"
    assert by_action["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    assert {p["Principal"] for p in permissions} == {"*"}
    assert len(permissions) == 4
    assert {p["FunctionName"] for p in permissions} == {"dormouse-api", "dormouse-door"}


@pytest.mark.parametrize("name", ["Api", "Door"])
def test_the_limit_of_a_function_is_set_only_when_requested(deployed, name):
    """An account with the quota of a new one refuses any."""
    limited = deploy({f"{name}Concurrency": "5"})[name]["Properties"]

    assert "ReservedConcurrentExecutions" not in deployed[name]["Properties"]
    assert limited["ReservedConcurrentExecutions"] == "5"


def test_the_door_has_time_for_its_longest_hold_and_an_answer(deployed):
    seconds = LONGEST_WAIT + ANSWER_SECONDS + SPARE.total_seconds()
    assert deployed["Door"]["Properties"]["Timeout"] == seconds


# the functions


@pytest.mark.parametrize(("name", "timeout"), [("Controller", 300), ("Api", 30), ("Door", 345)])
def test_a_function_runs_on_one_current_runtime_within_its_time(deployed, name, timeout):
    properties = deployed[name]["Properties"]

    assert properties["Runtime"] == f"python{RUNTIMES_VERSION}"
    assert properties["Architectures"] == ["arm64"]
    assert (properties["Timeout"], properties["MemorySize"]) == (timeout, 256)


def test_the_demo_gives_its_functions_the_template_times(deployed):
    """The layers keep the demo from reading the template, so it says them again."""
    controller = deployed["Controller"]["Properties"]
    assert functions.TIMEOUT.total_seconds() == controller["Timeout"]
    (retries,) = {
        each["Properties"]["MaximumRetryAttempts"]
        for each in deployed.values()
        if each["Type"] == "AWS::Lambda::EventInvokeConfig"
    }
    assert 1 + retries == functions.TRIES
    (rate,) = re.findall(r"rate\((\d+) minute\)", json.dumps(deployed))
    assert timedelta(minutes=int(rate)) == functions.EVERY
    assert deployed["Door"]["Properties"]["Timeout"] == DOOR_SECONDS


@pytest.mark.parametrize("name", ["Controller", "Api", "Door"])
def test_a_functions_handler_is_in_the_code(deployed, name):
    module, _, function = deployed[name]["Properties"]["Handler"].rpartition(".")
    path = ROOT / "src" / (module.replace(".", "/") + ".py")

    assert re.search(rf"^def {function}\(event", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", ["Controller", "Api", "Door"])
def test_a_function_gets_what_it_reads_from_its_environment(deployed, name):
    variables = deployed[name]["Properties"]["Environment"]["Variables"]

    assert variables["DORMOUSE_TABLE"] == "dormouse-Table"
    assert variables["DORMOUSE_TOPIC_ARN"].endswith(":dormouse-Notifications")
    assert variables["DORMOUSE_CONTROLLER"] == deployed["Controller"]["Properties"]["FunctionName"]
    assert variables["DORMOUSE_KEYS_PARAMETER"] == "/dormouse/dormouse/keys"
    assert variables["POWERTOOLS_SERVICE_NAME"] == "dormouse"
    assert variables["LOG_LEVEL"] == "INFO"


@pytest.mark.parametrize(
    ("name", "code"),
    [("Api", "api/**/*.py"), ("Door", "door/**/*.py"), ("Controller", "controller/*.py")],
)
def test_every_variable_that_the_code_reads_is_given(name, code):
    files = (ROOT / "src").glob(code)
    read_there = {n for f in files for n in re.findall(r'"(DORMOUSE_[A-Z_]+)"', f.read_text())}

    given = set(deploy()[name]["Properties"]["Environment"]["Variables"])
    assert "DORMOUSE_TABLE" in read_there
    assert sorted(read_there - given) == []


@pytest.mark.parametrize("name", ["Controller", "Api", "Door"])
def test_logs_are_json_and_end(deployed, name):
    config = deployed[name]["Properties"]["LoggingConfig"]
    group = deployed[f"{name}Logs"]["Properties"]

    assert config["LogFormat"] == "JSON"
    assert config["LogGroup"] == group["LogGroupName"]
    assert group["RetentionInDays"] == "30"


# the table


def test_the_table_outlives_the_stack_but_not_a_failed_first_deployment(deployed):
    table = deployed["Table"]
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert table["UpdateReplacePolicy"] == "Retain"


def test_the_tables_recovery_can_be_turned_off():
    on, off = (
        deploy(p)["Table"]["Properties"]["PointInTimeRecoverySpecification"]
        for p in ({}, {"PointInTimeRecovery": "false"})
    )
    assert on == {"PointInTimeRecoveryEnabled": "true"}
    assert off == {"PointInTimeRecoveryEnabled": "false"}


# being told


def test_mail_is_subscribed_only_when_an_address_is_given(deployed):
    mail = deploy({"NotifyEmail": "team@example.com"})["NotificationMail"]["Properties"]

    assert "NotificationMail" not in deployed
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "team@example.com")


def of_type(resources, kind):
    return {n: r["Properties"] for n, r in resources.items() if r["Type"] == kind}


GUARD_RAILS = ("SleepStuck", "AwakeTooLong", "BusyTooLong")


def test_each_alarm_watches_the_controller_and_tells_the_topic(deployed):
    alarms = of_type(deployed, "AWS::CloudWatch::Alarm")
    assert set(alarms) == {"ControllerFails", "HeartbeatStopped", *GUARD_RAILS}
    for alarm in alarms.values():
        assert alarm["AlarmActions"][0].endswith(":dormouse-Notifications")
        assert alarm["OKActions"] == alarm["AlarmActions"]
    for name in ("ControllerFails", "HeartbeatStopped"):
        watched = {"Name": "FunctionName", "Value": "dormouse-controller"}
        assert alarms[name]["Dimensions"] == [watched]


@pytest.mark.parametrize(
    ("name", "overdue", "metric", "value"),
    [
        ("SleepStuck", Overdue.SLEEP_STUCK, "Stuck", 1),
        ("BusyTooLong", Overdue.BUSY_TOO_LONG, "Stuck", -1),
        ("AwakeTooLong", Overdue.AWAKE_TOO_LONG, "AwakeTooLong", 1),
    ],
)
def test_an_alarm_of_a_guard_rail_counts_the_lines_that_say_so(
    deployed, name, overdue, metric, value
):
    """Two have one metric: one is raised by what is above nothing, the other by what is below."""
    lines = of_type(deployed, "AWS::Logs::MetricFilter")[f"{name}Lines"]
    alarm = of_type(deployed, "AWS::CloudWatch::Alarm")[name]
    (made,) = lines["MetricTransformations"]

    assert lines["FilterPattern"] == f'{{ $.overdue = "{overdue}" }}'
    assert lines["LogGroupName"] == "/aws/lambda/dormouse-controller"
    assert (made["MetricNamespace"], made["MetricName"]) == (alarm["Namespace"], metric)
    assert alarm["MetricName"] == metric
    is_above = alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (alarm["Threshold"], is_above) == (value, value > 0)
    assert alarm["Statistic"] in (("Sum", "Maximum") if value > 0 else ("Minimum",))
    assert alarm["Namespace"] == "Dormouse/dormouse"
    assert made["MetricValue"] == str(value)


def test_an_alarm_of_a_guard_rail_outlasts_the_time_between_two_passes(deployed):
    """Without a line for a period it would say OK, and ALARM again with the next pass."""
    for name in GUARD_RAILS:
        alarm = of_type(deployed, "AWS::CloudWatch::Alarm")[name]
        window = timedelta(seconds=alarm["Period"] * alarm["EvaluationPeriods"])
        assert window > SLOW + timedelta(seconds=300 + 60)  # a whole pass, and a tick
        assert window > CHECK + timedelta(seconds=300 + 60)
        assert alarm["DatapointsToAlarm"] == 1


def test_messages_go_over_tls_only_and_alarms_still_reach_the_topic(deployed):
    (policy,) = of_type(deployed, "AWS::SNS::TopicPolicy").values()
    allowed, alarms, refused = policy["PolicyDocument"]["Statement"]

    (topic,) = policy["Topics"]
    assert {each["Resource"] for each in (allowed, alarms, refused)} == {topic}
    assert refused["Effect"] == "Deny"
    assert (refused["Principal"], refused["Action"]) == ("*", "sns:Publish")
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Action"] == "sns:Publish"
    assert list(alarms["Condition"]) == ["StringEquals"]
    assert allowed["Principal"]["AWS"].endswith(":root")


def test_the_webhook_is_a_secret_that_only_the_controller_gets():
    url = "https://hooks.example.com/services/T0/B0/x"
    resources = deploy({"NotifyWebhook": url})
    variables = [resources[n]["Properties"]["Environment"]["Variables"] for n in FUNCTIONS]

    assert read()["Parameters"]["NotifyWebhook"]["NoEcho"] is True
    assert [v.get("DORMOUSE_WEBHOOK") for v in variables] == [url, None, None]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("", True),
        ("https://hooks.slack.com/services/T0/B0/x", True),
        ("https://example.com:8443/a?b=c", True),
        ("http://example.com/", False),
        ("https:///no-host", False),
        ("https://example.com/a b", False),
    ],
)
def test_a_webhook_has_to_be_https(url, fits):
    pattern = read()["Parameters"]["NotifyWebhook"]["AllowedPattern"]
    assert bool(re.search(pattern, url)) is fits


def test_parameters_choose_what_is_sent_and_measured():
    def variables(**parameters):
        return deploy(parameters)["Controller"]["Properties"]["Environment"]["Variables"]

    plain, other = variables(), variables(NotifyAbout="trouble", Metrics="true")
    assert read()["Parameters"]["NotifyAbout"]["AllowedValues"] == list(NotifyAbout.choices())
    assert (plain["DORMOUSE_TELL"], plain["DORMOUSE_METRICS"]) == ("news", "")
    assert (other["DORMOUSE_TELL"], other["DORMOUSE_METRICS"]) == ("trouble", "Dormouse/dormouse")


def test_the_controller_knows_the_wake_urls_function_by_name(deployed):
    variables = deployed["Controller"]["Properties"]["Environment"]["Variables"]
    assert variables["DORMOUSE_API"] == deployed["Api"]["Properties"]["FunctionName"]


def test_the_outputs_are_what_a_user_needs_next():
    assert set(outputs()) >= {"WakeUrl", "Table", "NotificationTopic", "ControllerFunction"}
    assert outputs()["WakeUrl"]["Value"].startswith("https://")
    assert outputs()["ControllerFunction"]["Value"] == "dormouse-controller"


@pytest.mark.parametrize("name", sorted(read()["Parameters"]))
def test_every_parameter_has_a_description_and_a_default(name):
    parameter = read()["Parameters"][name]
    assert len(parameter["Description"]) > 20
    assert "Default" in parameter


# samconfig.toml


@pytest.fixture(scope="module")
def environments():
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    return {name: table for name, table in config.items() if name != "version"}


def test_no_environment_caches_builds(environments):
    """SAM's cache looks at src/ alone, so a new uv.lock would not be built."""
    assert all(e["build"]["parameters"]["cached"] is False for e in environments.values())


def test_environments_have_names_of_their_own_or_are_one_stack(environments):
    names = {n: e["global"]["parameters"]["stack_name"] for n, e in environments.items()}
    assert names == {"default": "dormouse", "ci": "dormouse", "trial": "dormouse-trial"}


def test_what_an_environment_overrides_are_parameters_of_the_template(environments):
    declared = read()["Parameters"]
    for environment in environments.values():
        for override in environment["deploy"]["parameters"].get("parameter_overrides", ()):
            name, _, value = override.partition("=")
            allowed = [str(v) for v in declared[name].get("AllowedValues", [value])]
            assert value in allowed
