"""The course of a sweep: what it waits for, whom it makes way for, what it says of what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.errors import PermanentError, RetryError
from controller.domain.guards.sweeping import Known, OwnedResource
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Kind
from controller.domain.reporting.status import Status
from controller.reconcile.sweep import PATIENCE, POLL, Sweep
from factories import NOON, article_spec
from local.clock import ManualClock

BALANCER = OwnedResource(
    kind=Kind.LOAD_BALANCER,
    name="nlb",
    arn="arn:lb",
    region="us-east-1",
    stack="gone",
    address="aws_lb.nlb",
)
TARGETS = replace(BALANCER, kind=Kind.TARGET_GROUP, name="tg", arn="arn:tg")
OTHER = replace(BALANCER, name="other", arn="arn:other", stack="other")
OURS = replace(BALANCER, name="ecs-nlb", arn="arn:ours", stack="nsfw-api")
ASLEEP = Known(
    spec=article_spec(),
    status=Status(target=Target.ASLEEP, settled=True),
    wanted=Target.ASLEEP,
)
AWAKE = replace(ASLEEP, wanted=Target.AWAKE)


class Region:
    """
    Things by ARN. A deleted one is found for `lag` more looks, or for good if it is to `stay`;
    `fail` is raised by looks, and `refuse` by deletes.
    """

    def __init__(self, *all_owned: OwnedResource, lag: int = 0, stay: str = "") -> None:
        self.all_owned = {owned.arn: owned for owned in all_owned}
        self.deleted: list[str] = []
        self.fail: list[Exception] = []
        self.refuse: dict[str, list[Exception]] = {}
        self.looks = 0
        self._lag, self._stay, self._leaving = lag, stay, {}

    def find(self):
        self.looks += 1
        if self.fail:
            raise self.fail.pop(0)
        for arn, left in list(self._leaving.items()):
            self._leaving[arn] = left - 1
            if left == 0:
                del self.all_owned[arn], self._leaving[arn]
        return list(self.all_owned.values())

    def delete(self, owned):
        if self.refuse.get(owned.arn):
            raise self.refuse[owned.arn].pop(0)
        self.deleted.append(owned.arn)
        if owned.arn == self._stay:
            return
        self._leaving[owned.arn] = self._lag


class Records:
    """What is known by stack, and one lock for all of them; `asked` is what for, and when."""

    def __init__(self, taken: bool = False, renewals: int = 1000, **known: Known) -> None:
        self.stacks = {stack.replace("_", "-"): one for stack, one in known.items()}
        self.took: list[str] = []
        self.released = 0
        self.requested: list[tuple[str, float]] = []
        self._taken, self._renewals = taken, renewals

    def _note(self, what, now):
        self.requested.append((what, (now - NOON).total_seconds()))

    def known(self, stack, now):
        self._note("known", now)
        return self.stacks.get(stack)

    def take(self, stack, now):
        self._note("take", now)
        self.took.append(stack)
        return None if self._taken else self

    def renew(self, now):
        self._note("renew", now)
        self._renewals -= 1
        return self._renewals >= 0

    def release(self, now):
        self._note("release", now)
        self.released += 1


class Broom:
    """A sweep of these regions: what it has said, and `meanwhile` what happens as it says it."""

    def __init__(self, *regions: Region, records: Records | None = None, **options) -> None:
        self.said: list[str] = []
        self.meanwhile = lambda text: None
        self.clock = ManualClock(NOON)
        self.sweep = Sweep(regions, records, self.clock, self._hear, **options)

    def _hear(self, text: str) -> None:
        self.said.append(text)
        self.meanwhile(text)

    def delete(self, *all_owned: OwnedResource):
        result = self.sweep.delete(all_owned)
        return result.deleted, result.kept

    @property
    def took(self):
        return self.clock.now() - NOON


# looking


def test_a_region_that_cannot_be_read_is_left_out_from_then_on():
    near, far = Region(BALANCER), Region()
    far.fail = [PermanentError("eu-west-1: denied"), PermanentError("again")]
    broom = Broom(far, near, records=Records())

    assert [verdict.owned for verdict in broom.sweep.verdicts()] == [BALANCER]
    assert broom.delete(BALANCER) == ([BALANCER], [])
    assert broom.sweep.unseen == ["eu-west-1: denied"]
    assert far.looks == 1


def test_all_regions_are_looked_at():
    broom = Broom(Region(BALANCER), Region(OTHER), records=Records())
    assert [verdict.owned for verdict in broom.sweep.verdicts()] == [BALANCER, OTHER]


def test_what_two_roles_see_in_one_region_is_one_resource():
    first, second = Region(BALANCER), Region(BALANCER)
    broom = Broom(first, second, records=Records())
    assert len(broom.sweep.verdicts()) == 1

    assert broom.delete(BALANCER)[1] == [
        (BALANCER, "it takes longer than usual; sweep again later")
    ]
    assert (first.deleted, second.deleted) == (["arn:lb"], [])


# deleting


def test_each_resource_is_deleted_once_and_waited_for():
    region = Region(BALANCER, TARGETS, lag=3)
    broom = Broom(region, records=Records())
    assert broom.delete(BALANCER, TARGETS) == ([BALANCER, TARGETS], [])
    assert region.deleted == ["arn:lb", "arn:tg"]
    assert broom.said == ['deleting load balancer "nlb"', 'deleting target group "tg"']
    assert broom.took == 4 * POLL


def test_a_target_group_waits_for_what_hangs_on_it():
    region = Region(BALANCER, replace(TARGETS, load_balancers=("arn:lb",)), lag=1)
    broom = Broom(region, records=Records())

    def look(text):
        if "load balancer" in text:
            region.all_owned["arn:tg"] = TARGETS

    broom.meanwhile = look
    deleted, kept = broom.delete(BALANCER, replace(TARGETS, load_balancers=("arn:lb",)))
    assert (deleted, kept) == ([BALANCER, TARGETS], [])
    assert region.deleted == ["arn:lb", "arn:tg"]


def test_what_went_by_itself_is_neither_deleted_nor_kept():
    region = Region()
    broom = Broom(region, records=Records())
    assert broom.delete(BALANCER) == ([], [])
    assert (region.deleted, broom.took) == ([], timedelta(0))


def test_what_aws_does_not_answer_for_now_is_retried():
    region = Region(BALANCER)
    region.fail = [RetryError("slow down", after_seconds=1)]
    region.refuse = {"arn:lb": [RetryError("slow down", after_seconds=1)]}
    broom = Broom(region, records=Records())
    assert broom.delete(BALANCER) == ([BALANCER], [])
    assert broom.said == ['deleting load balancer "nlb"'] * 2
    assert broom.took == 3 * POLL


def test_what_cannot_be_deleted_is_kept_with_the_reason_and_keeps_nothing_else():
    region = Region(BALANCER, TARGETS)
    region.refuse = {"arn:lb": [PermanentError("it is protected")]}
    broom = Broom(region, records=Records())
    assert broom.delete(BALANCER, TARGETS) == ([TARGETS], [(BALANCER, "it is protected")])


def test_what_takes_longer_than_ten_minutes_is_left_to_another_sweep():
    broom = Broom(Region(BALANCER, TARGETS, stay="arn:lb"), records=Records())
    assert broom.delete(BALANCER, TARGETS) == (
        [TARGETS],
        [(BALANCER, "it takes longer than usual; sweep again later")],
    )
    assert broom.took == PATIENCE


# whose stack it is


def test_a_stack_that_is_not_published_has_no_lock():
    records = Records()
    Broom(Region(BALANCER), records=records).delete(BALANCER)
    assert (records.took, records.released) == ([], 0)


def test_a_published_stack_is_swept_under_its_lock():
    """The lock that we hold ourselves is no pass at work."""
    records = Records(nsfw_api=replace(ASLEEP, busy=True))
    broom = Broom(Region(OURS), records=records)
    assert broom.delete(OURS) == ([OURS], [])
    assert (records.took, records.released) == (["nsfw-api"], 1)


def test_the_lock_is_renewed_before_each_read():
    records = Records(nsfw_api=ASLEEP)
    Broom(Region(OURS), records=records).delete(OURS)
    assert records.requested == [
        ("known", 0),
        ("take", 0),
        ("known", 0),
        ("renew", 5),
        ("release", 5),
    ]


def test_a_sleep_that_no_pass_goes_on_with_is_judged_by_the_clock_of_the_sweep():
    half_way = replace(ASLEEP.status, settled=False, updated_at=NOON - timedelta(hours=1))
    records = Records(nsfw_api=replace(ASLEEP, status=half_way))
    assert Broom(Region(OURS), records=records).delete(OURS) == ([OURS], [])


def test_a_stack_that_a_pass_has_is_left_alone_and_the_next_is_swept():
    records = Records(taken=True, nsfw_api=ASLEEP)
    region = Region(OURS, BALANCER)
    assert Broom(region, records=records).delete(OURS, BALANCER) == (
        [BALANCER],
        [(OURS, "a pass is working on its stack")],
    )
    assert records.released == 0


def test_a_stack_that_a_pass_takes_over_is_left_to_it():
    records = Records(renewals=2, nsfw_api=ASLEEP)
    broom = Broom(Region(OURS, lag=10), records=records)
    assert broom.delete(OURS) == ([], [(OURS, "a pass has taken over its stack")])
    assert (broom.took, records.released) == (3 * POLL, 1)


def test_the_lock_is_given_back_whatever_happens():
    records = Records(nsfw_api=ASLEEP)
    region = Region(OURS)
    region.fail = [PermanentError("denied")]
    with pytest.raises(PermanentError):
        Broom(region, records=records).delete(OURS)
    assert records.released == 1


def test_what_is_requested_meanwhile_is_kept_and_a_started_delete_is_waited_for():
    records = Records(nsfw_api=ASLEEP)
    waits = replace(TARGETS, stack="nsfw-api", name="ecs-target-group", targets=1)
    region = Region(OURS, waits, lag=2)
    broom = Broom(region, records=records)

    def wake(text):
        records.stacks["nsfw-api"] = AWAKE

    broom.meanwhile = wake
    assert broom.delete(OURS, waits) == (
        [OURS],
        [(waits, 'stack "nsfw-api" is awake, or about to be')],
    )


def test_each_stack_is_judged_by_its_own_records():
    records = Records(nsfw_api=AWAKE)
    broom = Broom(Region(OURS, BALANCER), records=records)
    assert {v.owned.stack: v.leftover for v in broom.sweep.verdicts()} == {
        "gone": True,
        "nsfw-api": False,
    }
    busy = Records(nsfw_api=replace(ASLEEP, busy=True))
    (verdict,) = Broom(Region(OURS), records=busy).sweep.verdicts()
    assert not verdict.leftover


def test_without_records_only_what_somebody_answers_for_is_deleted():
    region = Region(BALANCER, OTHER)
    broom = Broom(region, answered_for=["gone"])
    assert {v.owned.stack: v.leftover for v in broom.sweep.verdicts()} == {
        "gone": True,
        "other": False,
    }
    assert broom.delete(BALANCER, OTHER) == (
        [BALANCER],
        [(OTHER, "the records cannot be read, so it may well be needed")],
    )
    assert region.deleted == ["arn:lb"]
