"""While everything sleeps, the Elastic IP is paid for and nothing else beyond cents."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import pytest

from controller.domain.money.controller_cost import controller_parts
from controller.notify.measures import UNITS
from deploy import idle_bill, prices
from deploy.idle_bill import BESIDE_THE_TEMPLATE, beyond_free, bill, total
from deploy.prices import ALARM, ELASTIC_IP, METRIC, UnknownCostError
from deploy.stack import deploy

EVERYTHING = {"NotifyEmail": "team@example.com", "ApiConcurrency": "5"}


@pytest.fixture
def resources():
    return deepcopy(deploy(EVERYTHING))


def test_an_idle_month_beyond_the_free_allowances_is_the_elastic_ip(resources):
    month = beyond_free([*bill(resources), *BESIDE_THE_TEMPLATE])

    assert month.pop(ELASTIC_IP) == pytest.approx(3.65)
    assert sum(month.values()) < 0.01


def test_an_idle_month_where_nothing_is_free_is_some_cents_more(resources):
    assert 0 < total(bill(resources)) < 0.70


def test_alarms_and_metrics_stay_within_what_an_account_has_free(resources):
    used = dict.fromkeys((ALARM, METRIC), 0.0)
    for line in bill(resources):
        if line.price in used:
            used[line.price] += line.quantity
    assert 0 < used[ALARM] <= 10
    assert used[METRIC] == 0  # those of our own have no value in an idle month


def test_an_alarm_on_a_metric_that_is_always_written_pays_for_the_metric(resources):
    (made,) = resources["SleepStuckLines"]["Properties"]["MetricTransformations"]
    made["DefaultValue"] = 0
    metrics = [line for line in bill(resources) if line.price is METRIC]
    assert {line.resource for line in metrics} == {"SleepStuck", "BusyTooLong", "SleepStuckLines"}


def test_all_metrics_of_our_own_together_are_no_more_than_are_free(resources):
    filters = [r for r in resources.values() if r["Type"] == "AWS::Logs::MetricFilter"]
    made = [each["Properties"]["MetricTransformations"][0]["MetricName"] for each in filters]
    assert len(set(made)) + len(UNITS) <= METRIC.free


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::EC2::EIP",
        "AWS::EC2::NatGateway",
        "AWS::EC2::VPCEndpoint",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::KMS::Key",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventSourceMapping",
        "AWS::SecretsManager::Secret",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
    ],
)
def test_a_resource_of_a_type_without_a_known_price_fails(resources, kind):
    resources["Added"] = {"Type": kind, "Properties": {}}
    with pytest.raises(UnknownCostError, match=f"the idle price of {kind} is not known"):
        bill(resources)


@pytest.mark.parametrize(
    ("name", "changes", "why"),
    [
        ("Api", {"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
        ("Api", {"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "VpcConfig"),
        ("Api", {"EphemeralStorage": {"Size": 10240}}, "EphemeralStorage"),
        ("Table", {"SSESpecification": {"KMSMasterKeyId": "k"}}, "SSESpecification"),
        ("Table", {"BillingMode": "PROVISIONED"}, "paid for while idle"),
        ("ControllerFails", {"Period": 10}, "costs more"),
        ("ControllerHeartbeat", {"ScheduleExpression": "cron(* * * * ? *)"}, "how often"),
    ],
)
def test_a_setting_without_a_known_price_fails(resources, name, changes, why):
    resources[name]["Properties"].update(changes)
    with pytest.raises(UnknownCostError, match=why):
        bill(resources)


@pytest.mark.parametrize(
    ("name", "setting", "why"),
    [
        ("ApiLogs", "RetentionInDays", "kept, and paid for, for ever"),
        ("Controller", "LoggingConfig", "kept for ever"),
    ],
)
def test_logs_that_are_kept_for_ever_fail(resources, name, setting, why):
    del resources[name]["Properties"][setting]
    with pytest.raises(UnknownCostError, match=why):
        bill(resources)


def test_a_schedule_that_calls_more_often_shows_in_the_bill(resources):
    once_a_minute = total(bill(resources))
    schedule = resources["ControllerHeartbeat"]["Properties"]
    schedule["ScheduleExpression"] = "rate(1 hour)"

    assert total(bill(resources)) < once_a_minute - 0.09


def test_the_free_allowance_for_one_resource_is_counted_once(resources):
    """Twelve alarms are two more than are free, whichever resources they are."""
    for n in range(7):
        resources[f"Alarm{n}"] = resources["ControllerFails"]
    assert beyond_free(bill(resources))[ALARM] == pytest.approx(0.20)


def test_the_page_shows_the_bill_of_this_template():
    assert idle_bill.main(["--check"]) == 0, "docs/costs.md is stale; run make costs"


def test_the_ledger_takes_the_same_prices_for_the_controller():
    """`dormouse cost` and docs/costs.md may not differ."""
    listed = {
        "schedule": prices.INVOCATIONS,
        "function calls": prices.REQUESTS,
        "function GB-s": prices.RUN_TIME["arm64"],
        "table reads": prices.READS,
    }
    parts = {p.what: p for p in controller_parts(timedelta(hours=730), awake=timedelta(0), wakes=0)}
    for what, price in listed.items():
        assert float(parts[what].price) == price.usd
        assert parts[what].free == price.free
    idle = {line.price: line.quantity for line in bill(deploy())}
    for what, price in listed.items():
        assert float(parts[what].amount) == pytest.approx(idle[price])
