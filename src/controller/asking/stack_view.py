"""One stack at one moment, as those see it who ask for something: wake links and commands."""

from __future__ import annotations

from datetime import datetime

from controller.asking.requested_end import next_closing
from controller.domain.dataclass import dataclass
from controller.domain.decision.office_hours import Rules, Window
from controller.domain.policy.policy import Policy
from controller.domain.reporting.report import Report, make_report, rules_of
from controller.domain.reporting.status import Status
from controller.reconcile.ports import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class StackView:
    """The stored records of a stack, and the report computed from them at `now`."""

    records: Records
    rules: Rules
    report: Report
    now: datetime

    @property
    def stack(self) -> str:
        return self.report.spec.stack

    @property
    def policy(self) -> Policy:
        return self.rules.policy

    @property
    def closing(self) -> Window | None:
        """The office hours that "until closing" means, if it means any."""
        return next_closing(self.rules, self.now)


def view_records(records: Records, now: datetime) -> StackView:
    """
    Judge the records of one stack at `now`.

    Raises SpecError or PolicyError where they cannot be judged.
    """
    status = records.status or Status()
    rules = rules_of(records.spec, status, records.bookings, now)
    report = make_report(
        records.spec,
        status,
        records.leases,
        records.hold,
        now,
        records.damaged,
        records.held,
        records.bookings,
        records.term,
    )
    return StackView(records=records, rules=rules, report=report, now=now)
