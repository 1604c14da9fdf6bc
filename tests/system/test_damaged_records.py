"""One record that cannot be read: it is set aside and told once, and everything else goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

from controller.domain.planning.spec import Kind
from controller.domain.reporting.damage import Damaged
from controller.store import items
from controller.store.spec_records import parse_spec, parse_status
from factories import article_spec, load_balancer
from installation import STACK as HOUSE_STACK
from installation import Installation
from system.days import STACK, days
from system.stack_under_test import ASLEEP, AWAKE

OFFICE = {"office_hours": ["Mon-Fri 09:00-12:30"], "finish_paid_hour": False}

LEASE = items.request_key(STACK, "lease#x")
HOLD = items.request_key(STACK, "hold")
LEFTOVER = items.key(STACK, "spec#sha256:0")
STATUS = items.key(STACK, "status")

FULL = {
    "stack": STACK,
    "id": "x",
    "holder": "ann",
    "reason": "",
    "granted_at": "2026-11-22T00:00:00Z",
    "expires_at": "2026-12-22T00:00:00Z",
    "state": "awake",
    "by": "ann",
    "set_at": "2026-11-22T00:00:00Z",
    "until": "2026-12-22T00:00:00Z",
}


def without(*names):
    return json.dumps({name: value for name, value in FULL.items() if name not in names})


def having(**changes):
    return json.dumps({**FULL, **changes})


DAMAGE = {
    "a lease with a field missing": (LEASE, {"body": {"S": without("expires_at")}}),
    "a lease that is no JSON": (LEASE, {"body": {"S": '{"stack": "nsf'}}),
    "a lease that is a list": (LEASE, {"body": {"S": "[1, 2]"}}),
    "a lease that is nested too deep": (LEASE, {"body": {"S": "[" * 100_000}}),
    "a lease without a body": (LEASE, {}),
    "a lease whose body is a number": (LEASE, {"body": {"N": "7"}}),
    "a lease of another stack": (LEASE, {"body": {"S": having(stack="theirs")}}),
    "a lease until the end of time": (
        LEASE,
        {"body": {"S": having(expires_at="9999-12-31T23:59:59Z")}},
    ),
    "a lease that ends before it begins": (
        LEASE,
        {"body": {"S": having(expires_at="2026-11-21T00:00:00Z")}},
    ),
    "a lease without a time zone": (LEASE, {"body": {"S": having(granted_at="2026-11-22T00:00")}}),
    "a lease of a later release": (LEASE, {"version": {"N": "2"}, "body": {"S": having()}}),
    "a hold with a field missing": (HOLD, {"body": {"S": without("until")}}),
    "a hold with an unknown word": (HOLD, {"body": {"S": having(state="dozing")}}),
    "a hold until the end of time": (HOLD, {"body": {"S": having(until="9999-12-31T23:59:59Z")}}),
    "a hold of a later release": (HOLD, {"version": {"N": "2"}, "body": {"S": having()}}),
    "a leftover without a schema": (LEFTOVER, {"body": {"S": having()}}),
    "a leftover of a later release": (LEFTOVER, {"version": {"N": "2"}, "body": {"S": "{}"}}),
    "a status with an unknown word": (STATUS, {"body": {"S": '{"target": "dozing"}'}}),
    "a status with an unknown event": (STATUS, {"body": {"S": '{"troubles": ["sunburn"]}'}}),
    "a status of the wrong shape": (STATUS, {"body": {"S": '{"lifecycle": 5, "meter": []}'}}),
    "a status of a later release": (STATUS, {"version": {"N": "2"}, "body": {"S": "{}"}}),
}


@pytest.fixture
def make_days():
    made = []

    def make(start, **policy):
        made.append(days(start, "fast", **policy))
        return made[-1]

    yield make


def put(dynamodb, key, attributes):
    dynamodb.put_item(TableName="dormouse", Item={**key, "version": {"N": "1"}, **attributes})


def damaged_events(day):
    return [event for event in day.reported if str(event.kind) == "damaged"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_stack_follows_its_hours_and_people_are_notified_once(make_days, damage):
    key, attributes = DAMAGE[damage]
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 10:00")
    assert day.sut.standing() == AWAKE

    put(day.aws.session().client("dynamodb"), key, attributes)
    day.controller.table.request_pass(STACK, day.now)
    day.live("Mon 11:30")
    assert day.sut.standing() == AWAKE
    day.live("Mon 13:30")
    assert day.sut.standing() == ASLEEP
    assert {result["result"] for result in day.results} <= {"converged", "unfinished"}
    (event,) = damaged_events(day)
    assert key["sk"]["S"][:10] in event.reason


def test_a_record_that_is_damaged_again_is_reported_again(make_days):
    day = make_days("Mon 08:00", **OFFICE)
    dynamodb = day.aws.session().client("dynamodb")
    for body in ("{", "{", "["):
        put(dynamodb, LEASE, {"body": {"S": body}})
        day.run_pass()
        day.run_pass()
        day.aws.clock.advance(60)

    assert len(damaged_events(day)) == 2


NO_NUMBERS = {"a text": {"S": "x"}, "nothing": {"NULL": True}, "a fraction": {"N": "1.5"}}
COUNTS = {
    "of what was asked for": (items.request_key(STACK, items.MARK), "request_count"),
    "of the lock": (items.key(STACK, items.LOCK), "fence"),
    "of the status": (STATUS, "fence"),
    "of failed passes": (STATUS, "failed"),
}


def spoil(dynamodb, count, found):
    """A count holds something that no pass writes, and the rest of its record is as it was."""
    key, name = COUNTS[count]
    dynamodb.update_item(
        TableName="dormouse",
        Key=key,
        UpdateExpression="SET #name = :found",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":found": NO_NUMBERS[found]},
    )


@pytest.mark.parametrize("found", NO_NUMBERS)
@pytest.mark.parametrize("count", COUNTS)
def test_a_count_that_is_no_number_keeps_nothing_awake_and_no_press_out(make_days, count, found):
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 10:00")
    assert day.sut.standing() == AWAKE

    spoil(day.aws.session().client("dynamodb"), count, found)
    passes = len(day.results)
    day.live("Mon 13:30")
    assert day.sut.standing() == ASLEEP
    assert {result["result"] for result in day.results} <= {"converged", "unfinished"}
    assert len(day.results) - passes < 60
    day.wake()
    day.live("Mon 13:40")
    assert day.sut.standing() == AWAKE


@pytest.mark.parametrize("found", NO_NUMBERS)
def test_a_count_that_is_no_number_keeps_no_stack_in(make_days, found):
    day = make_days("Mon 08:00", **OFFICE)
    day.run_pass()
    spoil(day.aws.session().client("dynamodb"), "of what was asked for", found)

    table = day.controller.table
    assert table.take_out(STACK, table.load_requests(STACK).count)
    assert table.specs(STACK) == []


def test_history_that_cannot_be_read_is_not_learned_from(make_days):
    """A status that was lost is made again from the history."""
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 14:30")
    dynamodb = day.aws.session().client("dynamodb")
    for sort in ("event#2026-11-23T09:30:00Z#waking", "wake#2026-11-23T09:30:00Z"):
        put(dynamodb, items.key(STACK, sort), {"body": {"S": '{"kind": "sunburn"}'}})
    put(dynamodb, items.key(STACK, "account#2026-11-23T09:30:00Z"), {"body": {"S": "{}"}})
    dynamodb.delete_item(TableName="dormouse", Key=STATUS)

    assert day.run_pass()["result"] == "converged"
    assert day.status["learned"]["totals"]


# who looks at it


@pytest.fixture
def installation():
    installation = Installation()
    installation.run()
    return installation


@pytest.mark.parametrize("damage", DAMAGE)
def test_page_and_status_show_the_stack_all_the_same(installation, damage):
    assert HOUSE_STACK == STACK
    key, attributes = DAMAGE[damage]
    put(installation.session.client("dynamodb"), key, attributes)

    assert installation.page("admin").status == 200
    shown = installation.program("GET", f"/s/{STACK}/status", "admin")
    assert shown.status == 200
    (warning,) = shown.json["warnings"]
    assert warning.startswith(f'the record "{key["sk"]["S"]}" cannot be read and is left aside')
    assert installation.press("wake").status == 303
    installation.run()
    assert installation.status()["state"] == "awake"


def test_a_press_writes_over_a_lease_of_its_own_name_that_cannot_be_read(installation):
    count = installation.table.request_version(STACK)
    key = items.request_key(STACK, f"lease#wakeaaaa-{count}")
    put(installation.session.client("dynamodb"), key, {"body": {"S": "{"}})

    assert installation.press("wake").status == 303
    (lease,) = installation.leases()
    assert lease.id == f"wakeaaaa-{count}"


# each part of a record


def paths(value, path=()):
    """Of everything in a JSON value."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(each, (*path, key))


def with_other(body, path, value):
    """The body with another value at one place."""
    changed = json.loads(json.dumps(body))
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def another_type(value):
    return 7.5 if isinstance(value, str | dict | list) else {"a": [None]}


@pytest.fixture(scope="module")
def written():
    """A status and a spec as passes and a publish have written them, by their sort keys."""
    day = days("Mon 08:00", **OFFICE, monthly_budget=50)
    day.visit("Mon 09:00", "Mon 17:55")
    day.live("Mon 10:00")
    get = day.aws.session().client("dynamodb").get_item
    return day, {
        sort: get(TableName="dormouse", Key=items.key(STACK, sort))["Item"]
        for sort in ("status", "spec")
    }


FREE = {"decision", "last_spec", "endpoint", "facts"}
"""What is JSON of any form: people are shown it, or it is checked where it is used."""


CONVERTED = {"cause", "phase", "reads", "proof", "real_rehearsal"}
"""What is converted to a text, or to nothing, whatever it is."""


def test_a_status_with_any_part_of_another_type_is_set_aside(written):
    _, found = written
    body = json.loads(items.body_text(found["status"]))
    checked = [path for path in paths(body) if not {*FREE, *CONVERTED, "failure"} & set(path)]
    assert len(checked) > 100
    taken = []
    for path in checked:
        value = body
        for key in path:
            value = value[key]
        text = json.dumps(with_other(body, path, another_type(value)))
        unread = items.readable({**found["status"], "body": {"S": text}}, parse_status)
        taken += [] if isinstance(unread, Damaged) else [path]
    assert taken == []


def test_a_part_that_is_as_it_was_is_read_once_and_a_damaged_one_beside_it_is_not_taken(written):
    """The large parts of a status stay as they are in most passes."""
    _, found = written
    body = json.loads(items.body_text(found["status"]))
    assert body["learned"]["totals"] and body["meter"]["tally"]
    first = parse_status(json.dumps({**body, "phase": "one"}))
    second = parse_status(json.dumps({**body, "phase": "two"}))
    assert (first.phase, second.phase) == ("one", "two")
    assert second.learned is first.learned and second.meter is first.meter

    longer = with_other(body, ("learned", "totals"), [*body["learned"]["totals"], 99.0])
    assert parse_status(json.dumps(longer)).learned.totals == (*first.learned.totals, 99.0)
    for damaged in ([["x"]], [None], 7.5):
        with pytest.raises(TypeError):
            parse_status(json.dumps(with_other(body, ("learned", "totals"), damaged)))


def test_a_spec_of_which_any_part_was_changed_is_set_aside(written):
    """However readable it is: each part decides what is made, or deleted."""
    _, found = written
    body = json.loads(items.body_text(found["spec"]))
    assert parse_spec(STACK, items.body_text(found["spec"])).stack == STACK
    for path in paths(body):
        if path[0] != "source":
            item = {**found["spec"], "body": {"S": json.dumps(with_other(body, path, "x"))}}
            unread = items.readable(item, partial(parse_spec, STACK))
            assert isinstance(unread, Damaged), path
    assert isinstance(items.readable(found["spec"], partial(parse_spec, "theirs")), Damaged)


@pytest.mark.parametrize("sort", ["spec", "status"])
def test_a_stack_that_serves_goes_on_when_a_part_of_a_record_is_of_another_type(written, sort):
    """As if it were not there: by the copy, or learned anew."""
    day, found = written
    body = json.loads(items.body_text(found[sort]))
    part = {"spec": ("policy", "time_zone"), "status": ("meter", "use", "elastic_ips")}[sort]
    put = partial(day.aws.session().client("dynamodb").put_item, TableName="dormouse")
    put(Item={**found[sort], "body": {"S": json.dumps(with_other(body, part, {"a": 1}))}})

    assert [each.record for each in day.controller.table.load(STACK).damaged] == [sort]
    assert day.run_pass()["result"] == "converged"
    assert day.sut.standing() == AWAKE
    put(Item=found["spec"])


def test_a_policy_of_a_later_release_is_not_guessed_at(make_days):
    """The files as they were before are in force until this release is deployed, or they change."""
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 17:55")
    day.live("Mon 10:00")
    later = {**day.spec.policy, "sleep_order": "by starlight"}
    day.controller.table.put_spec(replace(day.spec, policy=later), day.now)
    day.live("Mon 19:00")

    assert day.sut.standing() == ASLEEP
    (event,) = damaged_events(day)
    assert "by starlight" in event.reason
    assert {result["result"] for result in day.results} <= {"converged", "unfinished"}


# the spec itself

SPEC = items.key(STACK, "spec")
UNREADABLE_SPECS = {
    "cut short": {"body": {"S": '{"schema": 1, "stack'}},
    "of another shape": {"body": {"S": '{"schema": 1, "resources": 5}'}},
    "of a later release": {"version": {"N": "2"}, "body": {"S": "{}"}},
}


@pytest.mark.parametrize("found", UNREADABLE_SPECS)
def test_a_spec_that_cannot_be_read_takes_nothing_down_and_keeps_nothing_awake(make_days, found):
    """The stack goes on by the last one that a pass could read, and people are notified once."""
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 10:00")
    put(day.aws.session().client("dynamodb"), SPEC, UNREADABLE_SPECS[found])
    day.controller.table.request_pass(STACK, day.now)

    day.live("Mon 11:30")
    assert day.sut.standing() == AWAKE
    day.live("Mon 13:30")
    assert day.sut.standing() == ASLEEP
    (event,) = damaged_events(day)
    assert 'the record "spec" cannot be read' in event.reason
    assert "publish it again" in event.reason
    day.live("Tue 09:01")
    assert day.sut.standing() == AWAKE


def test_what_an_unreadable_spec_named_is_not_forgotten_by_publishing(make_days):
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 10:00")
    put(day.aws.session().client("dynamodb"), SPEC, {"body": {"S": "{"}})
    renamed = load_balancer(request={"Name": "other"})
    resources = [renamed if r.address == renamed.address else r for r in day.spec.resources]
    day.publish(replace(day.spec, resources=tuple(resources)))

    (left,) = day.controller.table.load(STACK).leftovers
    assert [each.name for each in left.of_kind(Kind.LOAD_BALANCER)] == ["ecs-nlb"]
    day.live("Mon 10:20")
    assert day.sut.standing() == AWAKE
    assert day.controller.table.load(STACK).leftovers == ()


KEPT = items.key(STACK, "kept_spec#1")


def lose_spec(day, *more):
    """Neither the spec nor the copy of it can be read any more, nor what else is named."""
    dynamodb = day.aws.session().client("dynamodb")
    for key in (SPEC, KEPT, *more):
        put(dynamodb, key, {"body": {"S": "{"}})
    day.controller.table.request_pass(STACK, day.now)


def paid(day):
    """What stands and costs; a target group is left for the spec that is published again."""
    return [name for name, count in day.sut.standing().items() if count and "group" not in name]


def test_without_a_readable_copy_a_stack_sleeps_when_its_hours_end_and_people_are_notified_once(
    make_days,
):
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 10:00")
    lose_spec(day)
    day.live("Mon 12:20")
    assert day.sut.standing() == AWAKE
    day.live("Mon 13:30")
    assert paid(day) == []
    (event,) = damaged_events(day)
    assert "nothing can wake the stack" in event.reason
    assert "publish it again" in event.reason


def test_without_a_readable_copy_an_opening_fails_once_and_a_publish_wakes_it(make_days):
    day = make_days("Mon 20:00", **OFFICE)
    day.live("Mon 20:30")
    lose_spec(day)
    day.live("Tue 12:00")
    assert paid(day) == []
    (failed,) = [event for event in day.reported if str(event.kind) == "failed"]
    assert "its spec cannot be read" in failed.reason
    day.visit("Tue 12:00", "Tue 12:25")
    day.publish(day.spec)
    day.live("Tue 12:20")
    assert day.sut.standing() == AWAKE
    assert day.controller.table.load(STACK).damaged == ()


def test_without_status_too_it_goes_by_its_owner_tags_alone(make_days):
    """Nothing says any more that it has office hours: what costs money goes."""
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 10:00")
    lose_spec(day, STATUS)
    day.live("Mon 10:30")
    assert paid(day) == []


def test_what_lost_its_owner_tags_is_not_touched_without_a_spec(make_days):
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 10:00")
    lose_spec(day)
    elbv2 = day.aws.session().client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    arn = balancer["LoadBalancerArn"]
    elbv2.remove_tags(ResourceArns=[arn], TagKeys=["dormouse:stack", "dormouse:address"])
    day.live("Mon 14:00")
    assert [one["LoadBalancerArn"] for one in elbv2.describe_load_balancers()["LoadBalancers"]] == [
        arn
    ]


def test_what_an_unreadable_spec_without_a_copy_named_is_not_forgotten_by_publishing(make_days):
    day = make_days("Mon 08:00", **OFFICE)
    day.visit("Mon 09:00", "Mon 12:25")
    day.live("Mon 10:00")
    lose_spec(day)
    renamed = load_balancer(request={"Name": "other"})
    resources = [renamed if r.address == renamed.address else r for r in day.spec.resources]
    day.publish(replace(day.spec, resources=tuple(resources)))
    day.live("Mon 10:20")
    found = day.aws.session().client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert [one["LoadBalancerName"] for one in found] == ["other"]


# publishing


def test_a_spec_that_cannot_be_read_is_repaired_by_publishing(installation):
    put(installation.session.client("dynamodb"), items.key(STACK, "spec"), {"body": {"S": "{"}})
    installation.run()
    assert [each.record for each in installation.table.load(STACK).damaged] == ["spec"]

    installation.publish(article_spec())
    assert installation.run()["result"] == "converged"
    assert installation.table.load(STACK).damaged == ()


def test_a_leftover_that_cannot_be_read_is_not_lost_by_publishing(installation):
    """What it named may still stand."""
    put(installation.session.client("dynamodb"), LEFTOVER, {"body": {"S": "{"}})
    renamed = load_balancer(request={"Name": "other"})
    installation.publish(article_spec(resources=(renamed, *article_spec().resources[2:])))

    assert [each.record for each in installation.table.load(STACK).damaged] == ["spec#sha256:0"]
