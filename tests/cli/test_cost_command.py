"""`dormouse cost`, against a deployed controller on the simulated AWS."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from deployed import deploy

from system import second_account
from system.days import STACK

FIELDS = {
    "month",
    "currency",
    "awake_hours",
    "spent",
    "always_on",
    "saved",
    "controller",
    "elastic_ip",
    "wakes",
    "lines",
}


@pytest.fixture
def published(monkeypatch, capsys):
    """Since a minute ago; the simulated AWS knows no prices, so the table's are used."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    made = deploy(monkeypatch, capsys, "Tue 07:00", finish_paid_hour=False)
    made.world.live("Tue 07:01")
    return made


@pytest.fixture
def dormouse(published):
    """A Tuesday with its office hours."""
    published.world.live("Tue 20:00")
    return published


def test_a_month_says_what_was_spent_and_saved(dormouse):
    said = dormouse("cost", STACK, "--json").json

    assert said.keys() >= FIELDS
    assert (said["month"], said["currency"], said["wakes"]) == ("2026-11", "USD", 1)
    assert 8.9 < said["awake_hours"] < 9.1
    start, now = datetime.fromisoformat(said["from"]), dormouse.world.now
    second = second_account.spent(dormouse.world.aws.lifetimes(), start, now)
    assert said["spent"] == round(float(sum(second.values())), 4)
    assert said["always_on"] == round(float(second_account.always_on(start, now)), 4)
    assert said["saved"] == pytest.approx(said["always_on"] - said["spent"], abs=1e-4)
    assert said["elastic_ip"] == round(float(second["elastic_ip"]), 4)
    assert sum(line["cost"] for line in said["lines"]) == pytest.approx(said["spent"], abs=5e-4)
    assert 0 < said["controller"] < 0.01


def test_history_that_cannot_be_read_is_said_to_be_missing(dormouse):
    dynamodb = dormouse.world.aws.session().client("dynamodb")
    found = dynamodb.query(
        TableName="dormouse",
        KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
        ExpressionAttributeValues={":pk": {"S": f"stack#{STACK}"}, ":event": {"S": "event#"}},
    )["Items"]
    asleep = next(item for item in found if item["sk"]["S"].endswith("#asleep"))
    whole = dormouse("cost", STACK, "--json").json
    dynamodb.put_item(TableName="dormouse", Item={**asleep, "body": {"S": "{"}})

    said = dormouse("cost", STACK, "--json").json
    assert whole["unreadable"] == []
    assert said["unreadable"] == [asleep["sk"]["S"]]
    assert said["spent"] < whole["spent"]
    assert dormouse("cost", "--json").json["unreadable"] == 1
    reported = dormouse("cost", STACK)
    assert f"1 record of the history of {STACK} cannot be read" in reported.err


def test_without_a_stack_all_are_added_up(dormouse):
    alone = dormouse("cost", STACK, "--json").json
    said = dormouse("cost", "--json").json

    assert said.keys() >= FIELDS
    assert [each["stack"] for each in said["stacks"]] == [STACK]
    assert {name: said[name] for name in FIELDS} == {name: alone[name] for name in FIELDS}


def test_people_get_a_table(dormouse):
    full = dormouse("cost", STACK).out
    short = dormouse("cost").out

    assert "load balancer, started hours" in full
    assert "saved 0." in full
    assert "prices of 2026-09" in full
    assert "since it was published, 2026-11-23 22:0" in full
    assert f"  {STACK}" in short
    assert "the controller itself: about 0.00 $ by assumed passes" in short


def test_a_month_before_it_was_published_cost_and_saved_nothing(published):
    said = published("cost", STACK, "--month", "2026-10", "--json").json

    assert (said["spent"], said["always_on"], said["saved"], said["wakes"]) == (0, 0, 0, 0)
    assert "not published yet" in published("cost", STACK, "--month", "2026-10").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--month", "2026-13"], '"2026-13" is not a month'),
        (["--month", "2027-01"], "2027-01 has not begun"),
        (["another"], 'stack "another" is not published'),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(published, arguments, said):
    assert said in published("cost", *arguments, code=2).err


def test_prices_are_read_once_a_day(published, monkeypatch, tmp_path):
    """Twice the table's prices are twice the money, and say so; the second time they are kept."""
    aws = published.world.aws
    requested = []

    def answer(params):
        requested.append(params["ServiceCode"])
        return {"PriceList": [json.dumps(each) for each in LISTED[params["ServiceCode"]]]}

    published.world.live("Tue 07:30")
    before = published("cost", STACK, "--json").json
    keep_in(monkeypatch, tmp_path)
    aws.answer_with("pricing", "GetProducts", answer)
    monkeypatch.setattr("controller.cli.session.open_session", aws.session)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    after = published("cost", STACK, "--json").json
    again = published("cost", STACK).out

    assert before["spent"] > 0
    assert after["spent"] == pytest.approx(2 * before["spent"], abs=2e-4)
    assert sorted(requested) == ["AWSELB", "AmazonECS", "AmazonVPC"]
    assert f"prices of {datetime.now(UTC).date()}, asked of AWS" in again


def test_where_aws_does_not_list_prices_the_table_is_used_and_named(
    published, monkeypatch, tmp_path
):
    keep_in(monkeypatch, tmp_path)
    aws = published.world.aws
    aws.answer_with("pricing", "GetProducts", lambda _: {"PriceList": []})
    monkeypatch.setattr("controller.cli.session.open_session", aws.session)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    said = published("cost", STACK)

    assert "prices of 2026-09" in said.out
    assert "AWS lists no price of LoadBalancerUsage in us-east-1" in said.err


def keep_in(monkeypatch, folder):
    folder.chmod(0o700)
    monkeypatch.setattr("controller.hcl.disk_cache.cache_folder", lambda: folder)


def product(usage: str, usd: str) -> dict:
    """As the Price List Query API writes it (AWS behaviour §7.4), without what we do not read."""
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": usd}}
    return {
        "product": {"attributes": {"usagetype": usage, "regionCode": "us-east-1"}},
        "terms": {"OnDemand": {"A.B": {"priceDimensions": {"A.B.C": dimension}}}},
    }


LISTED = {
    "AWSELB": [product("LCUUsage", "0.0060"), product("LoadBalancerUsage", "0.0450000000")],
    "AmazonECS": [
        product("USE1-Fargate-Windows-vCPU-Hours:perCPU", "0.09"),
        product("USE1-Fargate-vCPU-Hours:perCPU", "0.0809600000"),
        product("USE1-Fargate-GB-Hours", "0.0088900000"),
        product("USE1-Fargate-ARM-vCPU-Hours:perCPU", "0.06476"),
        product("USE1-Fargate-ARM-GB-Hours", "0.00712"),
        product("USE1-Fargate-EphemeralStorage-GB-Hours", "0.000111"),
    ],
    "AmazonVPC": [
        product("PublicIPv4:IdleAddress", "0.0100000000"),
        product("PublicIPv4:InUseAddress", "0.0100000000"),
    ],
}


# day by day


def test_days_are_listed_and_add_up_to_the_month(dormouse):
    dormouse.world.live("Wed 12:00")
    said = dormouse("cost", STACK, "--json").json

    days = said["days"]
    assert [day["date"] for day in days] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    assert all(day.keys() >= {"date", "awake_hours", "spent"} for day in days)
    for name in ("spent", "always_on", "awake_hours", "wakes"):
        assert sum(day[name] for day in days) == pytest.approx(said[name], abs=2e-2), name
    # Nine in Tokyo is midnight in UTC, and it is woken some minutes before.
    assert [round(day["awake_hours"]) for day in days] == [0, 9, 3]


def test_days_of_several_stacks_are_added_up(dormouse):
    alone = dormouse("cost", STACK, "--json").json
    said = dormouse("cost", "--json").json

    assert said["days"] == alone["days"] == said["stacks"][0]["days"]


def test_a_spreadsheet_gets_a_line_for_each_day(dormouse):
    lines = dormouse("cost", "--csv").out.splitlines()
    days = dormouse("cost", STACK, "--json").json["days"]

    assert lines[0] == "stack,date,awake_hours,spent,always_on,saved,wakes"
    assert len(lines) == 1 + len(days)
    assert lines[1].split(",")[:2] == [STACK, "2026-11-23"]
    assert float(lines[2].split(",")[3]) == days[1]["spent"]
    assert lines == dormouse("cost", STACK, "--csv").out.splitlines()
    assert "--json and --csv" in dormouse("cost", "--csv", "--json", code=2).err


def test_people_see_the_hours_of_the_month(dormouse):
    out = dormouse("cost", STACK).out

    (tuesday,) = [line for line in out.splitlines() if line.lstrip().startswith("Tue 11-24")]
    drawn = tuesday.split("11-24")[1].strip()
    assert drawn.count("▒") == 20  # from eight, to be awake at nine, until six: nobody counts
    assert "▒ awake, use not known" in out
