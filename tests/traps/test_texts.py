"""What people write in the policy and for an end: read as it is meant, or told what is odd."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from controller.cli.ends import parse_local
from controller.domain.policy.policy import find_problems, parse_policy
from controller.domain.policy.policy_warnings import find_warnings
from traps.stack_directory import HEAD, compiled, problems_of, stack_dir

BERLIN = ZoneInfo("Europe/Berlin")


def said(**policy):
    return " ".join(str(problem) for problem in find_problems(policy))


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"office_hours": ["Mon-Fri 09:00–18:00"]}, 'an en dash ("–"), write "-"'),
        ({"office_hours": ["Mon—Fri 09:00-18:00"]}, 'an em dash ("—"), write "-"'),
        ({"office_hours": ["Mon-Fri 09：00-18:00"]}, 'a fullwidth colon ("："), write ":"'),
        ({"office_hours": ["Mon-Fri 09:00〜18:00"]}, 'a wave dash ("〜"), write "-"'),
        ({"office_hours": ["Mon、Tue 09:00-18:00"]}, 'write ","'),
        ({"closed_on": ["2026‑12‑29"]}, 'a non-breaking hyphen ("‑"), write "-"'),
        ({"closed_on": ["holidays：JP"]}, "a fullwidth colon"),
        ({"idle_timeout": "３０m"}, 'a fullwidth digit three ("３"), write "3"'),
    ],
)
def test_a_character_that_only_looks_right_is_named(policy, words):
    assert words in said(**policy)


@pytest.mark.parametrize("zone", ["UTC+9", "GMT+9", "UTC-3", "+09:00", "utc +5:30"])
def test_an_offset_is_not_taken_for_utc(zone):
    message = said(time_zone=zone)
    assert "there is no time zone" in message
    assert "did you mean" not in message


@pytest.mark.parametrize(
    ("zone", "words"), [("Etc/GMT+9", "9 hours behind"), ("Etc/GMT-9", "9 hours ahead of")]
)
def test_zones_that_count_the_other_way_round_are_warned_of(zone, words):
    ((key, message),) = find_warnings(parse_policy({"time_zone": zone}))
    assert key == "time_zone" and words in message


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Etc/GMT", "Etc/GMT+0", "Asia/Tokyo"])
def test_others_are_not(zone):
    assert list(find_warnings(parse_policy({"time_zone": zone}))) == []


POLICY = """
variable "dormouse" {
  type    = any
  default = {
    time_zone    = "Asia/Tokyo"
    office_hours = [
      "Mon-Fri 09:00-18:00",
      "%s",
    ]
    idle_below = { bytes = %s }
    closed_on  = ["2026-12-29",
                  "%s"]
  }
}
"""


def of_policy(tmp_path, period="Sat 10:00-13:00", count="5000", closed="holidays:DE-BY"):
    directory = stack_dir(tmp_path, more=POLICY % (period, count, closed))
    problems = [p for p in compiled(directory).problems if p.rule == "policy"]
    return [(p.place.file, p.place.line, p.message) for p in problems]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"period": "Sat 10-13"}, 8),
        ({"count": "0"}, 10),
        ({"count": '"many"'}, 10),
        ({"closed": "2026-13-01"}, 12),
        ({"closed": "holidays:DE-XX"}, 12),
    ],
)
def test_a_problem_of_the_policy_stands_at_its_value(tmp_path, changes, line):
    ((file, found, _),) = of_policy(tmp_path, **changes)
    assert (file, found) == ("more.tf", line)


@pytest.mark.parametrize(
    ("code", "words"), [("ES-B", "CT"), ("DE-BAY", "BY"), ("JP-13", "holidays:JP")]
)
def test_the_regions_of_a_calendar_are_listed(tmp_path, code, words):
    ((_, _, message),) = of_policy(tmp_path, closed=f"holidays:{code}")
    assert "there is no such calendar" in message and words in message


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("24:00", "2027-03-28T00:00+01:00"),
        ("9:00", "2027-03-28T09:00+02:00"),
        ("2027-03-29 9:00", "2027-03-29T09:00+02:00"),
        ("2027-03-28 02:30", "2027-03-28T03:00+02:00"),
        ("2027-03-28 24:00", "2027-03-29T00:00+02:00"),
        ("2027-03-28", "2027-03-28T00:00+01:00"),
        ("2027-10-31 02:30", "2027-10-31T02:30+02:00"),
    ],
)
def test_an_end_is_read_as_office_hours_are(text, end):
    now = datetime(2027, 3, 27, 12, tzinfo=BERLIN)
    assert parse_local(text, BERLIN, now) == datetime.fromisoformat(end).astimezone(UTC)


AWAKE = 'variable "awake" {{\n  {}\n}}\n'


@pytest.mark.parametrize(
    ("declared", "count"),
    [
        ('type    = string\n  default = "false"', 'var.awake == "true" ? 1 : 0'),
        ('default = "false"', 'var.awake == "true" ? 1 : 0'),
        ('type    = string\n  default = "false"', "var.awake ? 1 : 0"),
        ("type    = number\n  default = 0", "var.awake"),
    ],
)
def test_awake_may_be_a_text_or_a_number(tmp_path, declared, count):
    head = HEAD.partition('variable "awake"')[0] + AWAKE.format(declared)
    parts = {name: {"count": count} for name in ("balancer", "group", "listener", "service")}
    assert problems_of(stack_dir(tmp_path, head=head, **parts)) == []


def test_a_certificate_by_name_is_reported_with_a_remedy_that_exists(tmp_path):
    """Its listener is created again, so it cannot exist always."""
    tls = {"protocol": '"TLS"', "certificate_arn": '"arn:aws:acm:eu-central-1:1:certificate/0a"'}
    tls["certificate_arn"] = tls["certificate_arn"].replace(":1:", ":123456789012:")
    more = (
        'resource "aws_lb_listener_certificate" "x" {\n  count = var.awake ? 1 : 0\n'
        "  listener_arn = aws_lb_listener.l[0].arn\n"
        f"  certificate_arn = {tls['certificate_arn'].replace('0a', '0b')}\n}}\n"
    )
    (problem,) = compiled(stack_dir(tmp_path, listener=tls, more=more)).problems
    assert "wrong certificate" in problem.message
    assert "one certificate with all names" in problem.message
    assert "exist always" not in problem.message


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (["Mon-Fri 08:00-23:59", "Tue-Sat 00:00-02:00"], 'write "24:00" as the end'),
        (["daily 00:00-23:59"], "1 minute;"),
        (["Mon 09:00-12:00", "Mon 12:05-18:00"], 'write "12:05" as the end'),
        (["Sun 20:00-23:59", "Mon 00:00-08:00"], "taken down for 1 minute"),
    ],
)
def test_a_gap_that_nobody_means_is_reported(hours, words):
    ((key, message),) = find_warnings(parse_policy({"office_hours": hours}))
    assert key == "office_hours" and words in message


@pytest.mark.parametrize(
    "hours",
    [
        ["Mon-Fri 08:00-24:00", "Tue-Sat 00:00-02:00"],
        ["Mon-Fri 09:00-12:00", "Mon-Fri 13:00-18:00"],
        ["Fri 22:00-02:00"],
        ["daily 00:00-24:00"],
        ["Mon 09:00-18:00", "Mon 10:00-12:00", "Mon 12:01-17:00"],
    ],
)
def test_other_gaps_are_meant(hours):
    assert list(find_warnings(parse_policy({"office_hours": hours}))) == []
