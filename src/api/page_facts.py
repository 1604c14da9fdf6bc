"""What else the page shows: why, what comes next, who holds it, the proof, the money."""

from __future__ import annotations

from typing import Any

from api.page_subject import Subject
from api.page_term import term_facts
from controller.domain.dataclass import dataclass
from controller.domain.formatting import to_cents
from controller.domain.money.budget import NEAR
from controller.domain.planning.plan import Target
from controller.domain.reporting.report import BLOCKED, FAILED, STUCK, State
from controller.links import Scope


@dataclass(frozen=True, slots=True)
class Facts(Subject):
    """Each fact is a label with its lines."""

    def facts(self) -> list[tuple[str, list[str]]]:
        words, report = self.words, self.report
        facts = []
        if self.face not in (
            "awake",
            "held",
            FAILED,
            BLOCKED,
            STUCK,
        ):  # of these it is said already
            facts.append((words("why"), [self.why()]))
        facts.append((words("next"), self._next()))
        holders = [
            words("holder", by=self.name_of(lease.holder), when=words.moment(lease.expires_at))
            for lease in report.leases[:5]
            if report.decision.state is Target.AWAKE
        ]
        if holders:
            facts.append((words("holders"), holders))
        facts += term_facts(self.view, words)
        waiting = [
            words("at_door", by=each.who, time=words.about(report.now - each.since))
            for each in report.held
        ]
        if waiting:
            facts.append((words("at_doors"), waiting))
        facts += self._proof()
        return [*facts, (words("saved"), [self._saved()])] if report.saved else facts

    def _proof(self) -> list[tuple[str, list[str]]]:
        """Whether it could wake; only an admin link sees what exactly prevents it."""
        proof, words = self.report.status.proof, self.words
        if proof is None or self.report.state is not State.ASLEEP:
            return []
        key = f"proof.{proof.verdict.name.lower()}"
        lines = [words(key, when=words.moment(proof.at))]
        if self.link.allows(Scope.ADMIN):
            lines += [each.message for each in proof.findings]
        return [(words("proof"), lines)]

    def _saved(self) -> str:
        if not self.report.saved:
            return ""
        spent, always, saved = self.report.saved.in_cents()
        key = "saved.text" if saved > 0 else "saved.nothing"
        return self.words(key, spent=str(spent), always=str(always), saved=str(saved))

    def _next(self) -> list[str]:
        words, changes = self.words, self.report.next[:2]
        if self.face == "awake" and not self.report.hold and len(changes) > 1:
            changes = changes[1:]  # the first is said above
        lines = [words(f"next.{each.state}", when=words.moment(each.at)) for each in changes]
        return lines or [words("next.nothing")]

    def budget(self) -> dict[str, Any] | None:
        """A bar, and what it means."""
        budget, words = self.report.budget, self.words
        if budget is None:
            return None
        spent, limit = to_cents(budget.spent), to_cents(budget.limit)
        lines = [words("budget.text", spent=str(spent), limit=str(limit))]
        if budget.is_used_up:
            lines.append(words("budget.used_up", when=words.moment(budget.month.end)))
            lines += [words("budget.stops")] if budget.stops else []
        elif budget.used_up_at:
            lines.append(words("budget.until", when=words.moment(budget.used_up_at)))
        else:
            lines.append(words("budget.lasts"))
        return {
            "spent": str(min(spent, limit)),
            "limit": str(limit),
            "near": str(to_cents(budget.limit * NEAR)),
            "lines": lines,
        }
