"""What is asked for is written down once, in the same way for whoever asks."""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from controller.asking.requests import Requests
from controller.asking.stack_view import view_records
from controller.domain.decision.asker import Asker
from controller.domain.errors import PermanentError
from controller.domain.planning.plan import Target
from controller.store.table import Table
from factories import article_spec
from local.aws import LaptopAws
from local.records import create_table

STACK, HOUR = "nsfw-api", timedelta(hours=1)


class Asking:
    """One of a link's jobs, and what it did on the way."""

    def __init__(self, aws, **given):
        self.aws = aws
        self.table = Table(aws.session().client("dynamodb"), "dormouse")
        self.writes, self.passes, self.wakes = [], [], []
        self.requests = Requests(
            **{
                "table": self.table,
                "asker": Asker.of_link("0a1b2c3d"),
                "by": "ann",
                "writing": self._writing,
                "start_pass": self.passes.append,
                "may_spend": lambda view, start: None,
                "may_begin": lambda view: self.wakes.append(view.stack),
                **given,
            }
        )

    def _writing(self, what):
        self.writes.append(what)
        return nullcontext()

    def view(self):
        return view_records(self.table.load(STACK), self.aws.clock.now())


@pytest.fixture
def aws():
    aws = LaptopAws()
    client = aws.session().client("dynamodb")
    create_table(client, "dormouse")
    Table(client, "dormouse").put_spec(article_spec(), due_at=aws.clock.now())
    return aws


@pytest.fixture
def asking(aws):
    return Asking(aws)


def test_two_simultaneous_requests_write_one_lease(asking):
    view = asking.view()
    for _ in range(2):
        asking.requests.keep_awake(view, view.now + HOUR, "demo")

    (lease,) = asking.view().records.leases
    assert (lease.holder, lease.reason, lease.expires_at) == ("ann", "demo", view.now + HOUR)
    assert asking.passes == [STACK, STACK]


def test_a_lease_that_is_made_longer_begins_no_wake(asking):
    view = asking.view()
    asking.requests.keep_awake(view, view.now + HOUR)
    again = asking.view()
    asking.requests.keep_awake(again, view.now + 2 * HOUR)

    (lease,) = asking.view().records.leases
    assert lease.expires_at == view.now + 2 * HOUR
    assert asking.wakes == [STACK]


def test_what_exceeds_the_budget_is_not_requested(aws):
    def refuse(view, start):
        raise PermanentError("the budget is used up")

    asking = Asking(aws, may_spend=refuse)
    view = asking.view()
    with pytest.raises(PermanentError):
        asking.requests.keep_awake(view, view.now + HOUR)
    with pytest.raises(PermanentError):
        asking.requests.book(view, view.now + HOUR, view.now + 2 * HOUR)

    assert asking.view().records.leases == ()
    assert (asking.writes, asking.passes) == ([], [])


def test_a_hold_asleep_is_left_where_it_stands_already(asking):
    asking.requests.put_to_sleep(asking.view(), "night")
    first = asking.view().records.hold
    asking.requests.put_to_sleep(asking.view(), "later")

    assert (first.state, first.by, first.reason) == (Target.ASLEEP, "ann", "night")
    assert asking.view().records.hold == first


def test_a_job_releases_its_own_lease_alone(asking):
    job = Asking(asking.aws, asker=Asker.of_link("0a1b2c3d", "e2e"))
    for each in (asking, job):
        each.requests.keep_awake(each.view(), each.view().now + HOUR)

    assert job.requests.release(job.view()) == 1

    (left,) = [each for each in job.view().records.leases if each.expires_at > job.view().now]
    assert Asker.of_link("0a1b2c3d").is_of_this_job(left.id)
