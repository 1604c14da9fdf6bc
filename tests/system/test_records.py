"""The table: races, extensions, holds, lost records, and what the heartbeat asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from botocore.exceptions import ClientError

from controller.domain.decision.booking import Booking
from controller.domain.decision.history import Event, EventKind, Wake
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.term import Term
from controller.domain.errors import LockLostError, SpecError
from controller.domain.planning.packing import LARGEST_ITEM, pack, stored_size
from controller.domain.planning.plan import Target
from controller.domain.reporting.status import Status
from controller.store import items
from controller.store.table import Table
from factories import LB, NOON, SERVICE, article_spec, load_balancer
from local.aws import LaptopAws
from local.faults import Fault
from local.records import create_table
from tables.tables import Tables

NAME = "dormouse"
HOUR = timedelta(hours=1)
STACK = "nsfw-api"


@pytest.fixture(params=["moto", "memory"])
def aws(request):
    """One suite for both kinds of table: the quick one of the simulation must not differ."""
    aws = LaptopAws()
    if request.param == "memory":
        Tables().play(aws)
    create_table(aws.session().client("dynamodb"), NAME)
    return aws


@pytest.fixture
def dynamodb(aws):
    return aws.session().client("dynamodb")


@pytest.fixture
def table(dynamodb):
    """With the article's stack, which a pass has taken up."""
    table = Table(dynamodb, NAME)
    table.put_spec(article_spec(), due_at=NOON)
    table.put_status(STACK, {}, NOON)
    table.take_up(STACK, 1)
    return table


def lease(id_="a", hours=1.0):
    return Lease(
        stack=STACK,
        id=id_,
        holder="wake link",
        reason="",
        granted_at=NOON,
        expires_at=NOON + hours * HOUR,
    )


def hold(**changes):
    return Hold(
        **{
            "stack": STACK,
            "state": Target.ASLEEP,
            "by": "ann",
            "reason": "",
            "set_at": NOON,
            "until": NOON + HOUR,
            **changes,
        }
    )


def event(kind=EventKind.AWAKE, minutes=0.0):
    at = NOON + timedelta(minutes=minutes)
    return Event(stack=STACK, at=at, kind=kind, reason="office hours")


def test_two_queries_give_all_that_a_decision_needs_and_no_history(table):
    table.grant(lease())
    table.grant(lease("b"))
    table.hold(hold())
    table.put_status(STACK, {"phase": "awake"}, NOON)
    table.put_event(event())
    table.put_wake(STACK, wake())
    records, requests = counted(table, lambda: table.load(STACK))

    assert requests == ["query", "query"]
    assert [one.id for one in records.leases] == ["a", "b"]
    assert records.hold == hold()
    assert records.status == Status(phase="awake")
    assert records.spec == article_spec()


def test_a_decision_does_not_read_a_year_of_history(table):
    for minute in range(300):
        table.put_event(event(minutes=minute))
    found, requests = counted(table, lambda: list(table._load_items(STACK)))

    assert requests == ["query"]
    assert len(found) == 2  # spec and status


# the fence


def test_a_pass_that_was_away_for_too_long_writes_nothing(table):
    table.claim(STACK, 1, NOON)
    table.put_status(STACK, {"phase": "old"}, NOON, fence=1)
    table.claim(STACK, 2, NOON)

    with pytest.raises(LockLostError, match="another pass has taken over"):
        table.put_status(STACK, {"phase": "old"}, None, fence=1)
    with pytest.raises(LockLostError):
        table.claim(STACK, 1, NOON)
    assert table.load(STACK).status == Status(phase="old")
    assert table.put_status(STACK, {"phase": "new"}, NOON, fence=2)
    assert table.load(STACK).status == Status(phase="new")


def test_a_claim_makes_the_stack_due_again_in_case_the_pass_is_lost(table):
    table.put_status(STACK, {"phase": "asleep"}, None)
    table.claim(STACK, 1, NOON + timedelta(seconds=60))

    assert table.due(NOON + timedelta(seconds=59)) == []
    assert table.due(NOON + timedelta(seconds=60)) == [STACK]
    assert table.load(STACK).status == Status(phase="asleep")


def test_a_stack_that_is_not_published_cannot_be_claimed(table):
    with pytest.raises(SpecError, match="dormouse publish DIR"):
        table.claim("other", 1, NOON)
    assert table.due(NOON + HOUR) == [STACK]


def test_a_status_that_was_lost_can_be_claimed(table, dynamodb):
    dynamodb.delete_item(TableName=NAME, Key=items.key(STACK, "status"))
    table.claim(STACK, 7, NOON)

    assert table.load(STACK).status is None
    assert table.due(NOON) == [STACK]


# people against passes


@pytest.mark.parametrize(
    "ask",
    [
        lambda table: table.grant(lease("b")),
        lambda table: table.extend(STACK, "a", NOON + 3 * HOUR, NOON),
        lambda table: table.hold(hold()),
        lambda table: table.lift_hold(STACK, NOON),
        lambda table: table.put_spec(article_spec(policy={"idle_timeout": "1h"}), NOON),
    ],
    ids=["grant", "extend", "hold", "lift", "publish"],
)
def test_a_request_while_a_pass_ends_is_not_put_to_sleep_with_it(table, ask):
    """The pass would write that nothing is due before tomorrow."""
    table.grant(lease())
    table.claim(STACK, 1, NOON)
    seen = table.load(STACK)
    ask(table)

    tomorrow = NOON + 24 * HOUR
    assert not table.put_status(STACK, {}, tomorrow, fence=1, known=seen.requests)
    assert table.due(NOON) == [STACK]
    again = table.load(STACK)
    assert again.request_version > seen.request_version
    table.take_up(STACK, again.request_version)
    assert table.put_status(STACK, {}, tomorrow, fence=1, known=again.requests)
    assert table.due(NOON) == []


def test_a_request_after_a_pass_has_read_stays_due(table):
    table.grant(lease())
    seen = table.load(STACK)
    assert seen.requests.is_due
    table.hold(hold())
    table.take_up(STACK, seen.request_version)
    table.put_status(STACK, {}, None)

    assert table.due(NOON) == [STACK]


def test_a_lease_that_shows_later_than_its_version_is_not_slept_through(table, dynamodb):
    """A reader may see the parts of a transaction one by one."""
    table.grant(lease())
    key = items.request_key(STACK, "lease#a")
    late = dynamodb.get_item(TableName=NAME, Key=key)["Item"]
    dynamodb.delete_item(TableName=NAME, Key=key)
    seen = table.load(STACK)
    assert (seen.leases, seen.requests.is_due) == ((), True)
    table.take_up(STACK, seen.request_version)
    dynamodb.put_item(TableName=NAME, Item=late)

    assert not table.put_status(STACK, {}, None, known=seen.requests)
    assert table.load(STACK).leases == (lease(),)


def test_requests_stay_counted_over_the_writes_of_a_pass(table):
    table.grant(lease())
    before = table.load(STACK).requests
    table.put_status(STACK, {"phase": "waking"}, NOON, fence=1)

    assert table.load(STACK).requests == before
    assert table.put_status(STACK, {}, NOON, fence=1, known=before)


def test_an_extension_replaces_the_end_and_says_when(table):
    table.grant(lease())
    later = NOON + timedelta(minutes=30)
    extended = table.extend(STACK, "a", NOON + 2 * HOUR, later)

    assert extended.expires_at == NOON + 2 * HOUR
    assert table.load(STACK).leases == (extended,)
    assert extended.requested_at == later
    assert table.due(later) == [STACK]


def test_a_lease_that_is_over_or_was_never_granted_cannot_be_extended(table):
    table.grant(lease())

    assert table.extend(STACK, "a", NOON + 3 * HOUR, NOON + HOUR) is None
    assert table.extend(STACK, "b", NOON + 3 * HOUR, NOON) is None
    assert table.load(STACK).leases == (lease(),)


def booking(id_="b1", hours=1.0):
    return Booking(
        stack=STACK,
        id=id_,
        owner="ann",
        by="ann",
        reason="",
        made_at=NOON,
        opens_at=NOON + 24 * HOUR,
        closes_at=NOON + (24 + hours) * HOUR,
    )


def term(days=None, owner=""):
    end = None if days is None else NOON + days * 24 * HOUR
    return Term(stack=STACK, owner=owner, expires_at=end, set_at=NOON)


def prolonged(days):
    return lambda known: known.prolonged(NOON + days * 24 * HOUR, "wake link", NOON)


def owned(known):
    return replace(known, owner="ann")


def endless(known):
    return replace(known, expires_at=None)


def overtaken(dynamodb, quick):
    """A table of which one read is followed by what somebody else does to it."""
    waiting = [quick]

    def between(reply):
        if waiting:
            waiting.pop()(Table(dynamodb, NAME))
        return reply

    return Table(Interposed(dynamodb, get_item=between), NAME)


@pytest.mark.parametrize("hours", [(2, 5), (5, 2)], ids=["shorter first", "longer first"])
def test_two_simultaneous_extensions_both_count(table, dynamodb, hours):
    """The second write meets a lease that is not the one it read."""
    table.grant(lease())
    first, second = (NOON + each * HOUR for each in hours)
    slow = overtaken(dynamodb, lambda quick: quick.extend(STACK, "a", first, NOON))
    assert slow.extend(STACK, "a", second, NOON).expires_at == NOON + 5 * HOUR
    assert table.load(STACK).leases[0].expires_at == NOON + 5 * HOUR


def test_a_release_meets_an_extension_that_came_before_it(table, dynamodb):
    table.grant(lease())
    slow = overtaken(dynamodb, lambda quick: quick.extend(STACK, "a", NOON + 5 * HOUR, NOON))
    slow.release(STACK, "a", NOON + HOUR / 2)
    (found,) = table.load(STACK).leases
    assert (found.extended_at, found.expires_at) == (NOON, NOON + HOUR / 2)


def test_an_extension_meets_a_release_that_came_before_it(table, dynamodb):
    """What was given back is not brought to life again: it is granted as a lease of its own."""
    table.grant(lease())
    slow = overtaken(dynamodb, lambda quick: quick.release(STACK, "a", NOON))
    assert slow.extend(STACK, "a", NOON + 5 * HOUR, NOON) is None
    assert table.load(STACK).leases[0].released_at == NOON


def test_a_lease_in_place_of_one_that_ran_out_meets_another_that_was_quicker(table, dynamodb):
    """Both read what ran out, and both would write their own over it."""
    table.grant(lease())
    later = NOON + 2 * HOUR

    def again(hours):
        return replace(lease(), granted_at=later, expires_at=later + hours * HOUR)

    reads = []

    def third(reply):
        reads.append(reply)
        if len(reads) == 2:  # the first read found nothing to extend
            Table(dynamodb, NAME).grant(again(8))
        return reply

    Table(Interposed(dynamodb, get_item=third), NAME).grant(again(1))
    assert [one.expires_at for one in table.load(STACK).leases] == [later + 8 * HOUR]


@pytest.mark.parametrize("hours", [(2, 5), (5, 2)], ids=["shorter first", "longer first"])
def test_two_who_book_the_same_at_once_have_the_longer_of_both(table, dynamodb, hours):
    table.book(booking())
    first, second = (booking(hours=each) for each in hours)
    slow = overtaken(dynamodb, lambda quick: quick.book(first))
    assert slow.book(second).closes_at == NOON + 29 * HOUR
    (found,) = table.load(STACK).bookings
    assert found.closes_at == NOON + 29 * HOUR


def test_a_cancellation_meets_what_made_the_booking_longer_and_the_other_way_round(table, dynamodb):
    table.book(booking())
    slow = overtaken(dynamodb, lambda quick: quick.book(booking(hours=3)))
    assert slow.cancel(STACK, "b1", NOON).closes_at == NOON + 27 * HOUR

    table.book(booking())
    slow = overtaken(dynamodb, lambda quick: quick.cancel(STACK, "b2", NOON))
    slow.book(booking("b2", hours=5))
    found = {one.id: one.cancelled_at for one in table.load(STACK).bookings}
    assert found == {"b1": NOON, "b2": NOON, "b3": None}


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        (prolonged(30), prolonged(14), term(30)),
        (prolonged(14), prolonged(30), term(30)),
        (owned, prolonged(14), term(14, "ann")),
        (prolonged(14), owned, term(14, "ann")),
        (endless, prolonged(14), term()),
    ],
)
def test_two_who_change_the_term_at_once_both_have_their_way(table, dynamodb, first, second, left):
    table.change_term(STACK, lambda _: term(7))
    slow = overtaken(dynamodb, lambda quick: quick.change_term(STACK, first))
    slow.change_term(STACK, second)
    assert replace(table.load(STACK).term, by="") == left


def test_two_who_set_the_first_term_at_once_both_have_their_way(table, dynamodb):
    def with_owner(known):
        return owned(known or term())

    slow = overtaken(dynamodb, lambda quick: quick.change_term(STACK, lambda _: term(7)))
    slow.change_term(STACK, with_owner)
    assert table.load(STACK).term == term(7, "ann")


def test_a_change_that_finds_nothing_to_change_asks_for_nothing(table):
    before = table.request_version(STACK)
    assert table.change_term(STACK, lambda known: known) is None
    assert (table.load(STACK).term, table.request_version(STACK)) == (None, before)


def test_until_the_next_opening_is_stored_as_such(table):
    """Or hours that are published later would not move the end of the sleep."""
    held = hold(after=NOON)
    table.hold(held)
    assert table.load(STACK).hold == held


def test_a_hold_is_one_and_can_be_lifted(table):
    table.hold(hold())
    table.hold(hold(state=Target.AWAKE, until=NOON + 2 * HOUR))
    assert table.load(STACK).hold.state is Target.AWAKE

    table.lift_hold(STACK, NOON)
    assert table.load(STACK).hold is None


# specs


def renamed_balancer(name):
    resources = [
        load_balancer(request={"Name": name}) if each.address == LB else each
        for each in article_spec().resources
    ]
    return article_spec(resources=tuple(resources))


def left_by(table):
    return {r.name for left in table.load(STACK).leftovers for r in left.of_kind(r_kind(LB))}


def r_kind(address):
    return article_spec()[address].kind


def test_a_spec_that_renames_something_leaves_that_to_be_taken_down(table):
    table.put_spec(renamed_balancer("other"), NOON)
    (old,) = table.load(STACK).leftovers
    assert [each.name for each in old.resources] == ["ecs-nlb", "port 5000"]
    assert old.source["replaced_at"] == "2026-11-23T12:00:00Z"

    table.forget_leftover(STACK, old)
    assert table.load(STACK).leftovers == ()


def test_what_is_named_again_is_left_behind_no_more(table):
    table.put_spec(renamed_balancer("other"), NOON)
    table.put_spec(renamed_balancer("third"), NOON)
    assert left_by(table) == {"ecs-nlb", "other"}
    table.put_spec(article_spec(), NOON)
    assert left_by(table) == {"other", "third"}


def test_two_who_publish_at_once_lose_nothing_of_what_the_other_leaves_behind(table, monkeypatch):
    """The second has read the old spec when the first one's is stored."""
    plainly = Table.spec_items
    others = [renamed_balancer("other")]

    def read(self, stack):
        found = list(plainly(self, stack))
        if others:
            self.put_spec(others.pop(), NOON)
        return iter(found)

    monkeypatch.setattr(Table, "spec_items", read)
    table.put_spec(renamed_balancer("third"), NOON)
    assert table.spec(STACK)[LB].name == "third"
    assert left_by(table) == {"ecs-nlb", "other"}


def test_two_who_publish_a_stack_for_the_first_time_at_once(table, monkeypatch):
    plainly = Table.spec_items
    others = [article_spec(stack="new")]

    def read(self, stack):
        found = list(plainly(self, stack))
        if others:
            self.put_spec(others.pop(), NOON)
        return iter(found)

    monkeypatch.setattr(Table, "spec_items", read)
    table.put_spec(replace(renamed_balancer("third"), stack="new"), NOON)
    (left,) = table.load("new").leftovers
    assert [each.name for each in left.resources] == ["ecs-nlb", "port 5000"]


def test_all_that_is_published_is_listed_by_name_and_none_twice(table):
    for stack in ("shop", "api", "shop"):
        table.put_spec(article_spec(stack=stack), NOON)
    table.take_up("shop", 2)  # nothing of it is due any more
    assert table.published() == ["api", STACK, "shop"]
    assert table.due(NOON) == ["api", STACK]
    assert table.spec("shop") == article_spec(stack="shop")
    assert table.spec("other") is None


CONFLICT = "Transaction cancelled, please refer cancellation reasons [None, TransactionConflict]"


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        ("TransactWriteItems", "TransactionCanceledException", CONFLICT),
        ("UpdateItem", "TransactionConflictException", "Transaction is ongoing for the item"),
    ],
)
def test_two_writes_at_the_same_moment_are_both_made(aws, table, operation, code, message):
    fault = Fault(operation=operation, code=code, message=message, status=400, times=3)
    aws.faults.add(fault)
    table.put_spec(article_spec(policy={"wake_for": "2h"}), NOON)
    table.grant(lease())
    table.request_pass(STACK, NOON)
    assert fault.struck == 3
    assert table.load(STACK).leases == (lease(),)
    assert table.spec(STACK).policy == {"wake_for": "2h"}


def test_a_spec_with_the_same_names_leaves_nothing(table):
    table.put_spec(article_spec(policy={"wake_for": "2h"}), NOON)
    count = article_spec()[SERVICE].request | {"desiredCount": 2}
    resources = [
        replace(r, request=count) if r.address == SERVICE else r for r in article_spec().resources
    ]
    table.put_spec(article_spec(resources=tuple(resources)), NOON)

    assert table.load(STACK).leftovers == ()


def test_a_record_of_a_later_release_is_not_guessed_at(table, dynamodb):
    item = items.to_item(STACK, "status", {}) | {"version": {"N": "2"}}
    dynamodb.put_item(TableName=NAME, Item=item)

    records = table.load(STACK)
    assert records.status is None
    (damaged,) = records.damaged
    assert 'record "status" of stack "nsfw-api": found version 2' in str(damaged)

    spec = items.spec_item(article_spec()) | {"version": {"N": "2"}}
    dynamodb.put_item(TableName=NAME, Item=spec)
    with pytest.raises(SpecError, match=r"found version 2, expected 1 at most"):
        table.spec(STACK)
    records = table.load(STACK)
    assert records.spec.is_remembered
    assert records.spec.resources == ()


# what is large


def large(count, digits):
    """A spec of so many services with 12 tags each; hexadecimal digits halve and no more."""
    random = Random(7)
    text = "".join(random.choices("0123456789abcdef", k=digits))
    base = article_spec()[SERVICE]
    resources = []
    for number in range(count):
        tags = [{"key": f"t{i}", "value": text[number * 7 + i :][:200]} for i in range(12)]
        request = {**base.request, "serviceName": f"api-{number}", "tags": tags}
        address = f"aws_ecs_service.api[{number}]"
        resources.append(replace(base, address=address, request=request, after=()))
    return article_spec(resources=tuple(resources))


def test_a_spec_of_hundreds_of_resources_is_stored_and_read(table):
    spec = large(480, 4000)
    assert len(items.to_text(spec.to_json())) > 3 * LARGEST_ITEM
    table.put_spec(spec, NOON)
    assert table.load(STACK).spec == spec
    step = {"step": "x" * 3000, "started_at": "2026-11-23T12:00:00Z", "finished_at": None}
    status = {"steps": [{"address": r.address, **step} for r in spec.resources]}
    table.put_status(STACK, status, None)
    assert table.load(STACK).status == Status.from_json(status)


def test_the_table_takes_what_is_foreseen_to_fit_and_nothing_else(dynamodb, table):
    """Of texts that do not shrink, on both sides of the limit."""
    for size, fits in ((LARGEST_ITEM - 2000, True), (LARGEST_ITEM + 15_000, False)):
        random = Random(size)
        noise = "".join(random.choices("0123456789abcdef", k=size * 3 // 2))
        spec = article_spec(source={"noise": noise})
        packed = len(pack(items.to_text(spec.to_json())))
        noise = noise[: int(len(noise) * size / packed)]
        spec = article_spec(source={"noise": noise})
        assert (stored_size(spec) <= LARGEST_ITEM) is fits
        if fits:
            table.put_spec(spec, NOON)
        else:
            with pytest.raises(ClientError, match="ValidationE"):
                table.put_spec(spec, NOON)


# history


def wake(day=0):
    start = NOON + timedelta(days=day)
    return Wake(
        started_at=start,
        ready_at=start + timedelta(seconds=170 + day),
        reason="office hours",
        from_rest=True,
    )


def test_the_last_wakes_are_read_newest_first(table):
    for day in range(12):
        table.put_wake(STACK, wake(day))

    assert table.last_wakes(STACK) == [wake(day) for day in range(11, 1, -1)]


def test_an_event_is_recorded_until_it_is_delivered(table):
    assert table.put_event(event())
    assert table.put_event(event())  # nobody knows whether it was told
    table.mark_delivered(event(), NOON)

    assert not table.put_event(event())
    assert list(table.events(STACK, NOON, NOON + HOUR)) == [event()]


def test_events_are_read_by_time(table):
    for minutes in (0, 30, 60):
        table.put_event(event(minutes=minutes))
    table.put_event(event(EventKind.ASLEEP, 30))

    found = list(table.events(STACK, NOON, NOON + HOUR))
    assert [(one.at - NOON, str(one.kind)) for one in found] == [
        (timedelta(0), "awake"),
        (HOUR / 2, "asleep"),
        (HOUR / 2, "awake"),
    ]


def test_what_is_forgotten_carries_its_end(table, dynamodb):
    table.grant(lease())
    table.hold(hold())
    table.put_event(event())
    table.put_wake(STACK, wake())
    found = dynamodb.scan(TableName=NAME)["Items"]
    expiring = {item["sk"]["S"].partition("#")[0] for item in found if "expires" in item}

    assert expiring == {"lease", "hold", "event", "wake"}


# the heartbeat


def test_due_stacks_come_page_by_page_the_longest_overdue_first(table):
    for number in range(25):
        spec = replace(article_spec(), stack=f"stack-{number:02}")
        table.put_spec(spec, NOON - timedelta(minutes=number))
    found, requests = counted(table, lambda: table.due(NOON, limit=10))

    assert found[:2] == ["stack-24", "stack-23"]
    assert len(found) == 26
    assert len(requests) <= 4


def test_a_moment_within_a_second_is_due_with_the_next(table):
    table.put_status(STACK, {}, NOON + timedelta(milliseconds=500))

    assert table.due(NOON + timedelta(milliseconds=999)) == []
    assert table.due(NOON + timedelta(seconds=1)) == [STACK]


class Interposed:
    """A client of which some calls are followed by something else, and all are counted."""

    def __init__(self, client, **after):
        self._client = client
        self._after = after
        self.requests = []

    def __getattr__(self, name):
        call = getattr(self._client, name)

        def counted_call(**params):
            self.requests.append(name)
            return self._after.get(name, lambda reply: reply)(call(**params))

        return counted_call


def counted(table, job):
    """What the job answers, and the requests that it made of the table."""
    client = Interposed(table._dynamodb)
    table._dynamodb, before = client, table._dynamodb
    try:
        return job(), client.requests
    finally:
        table._dynamodb = before
