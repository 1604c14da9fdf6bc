"""How far a wake or a sleep has come: a bar, a line for each resource, and a warning if late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from api.page_subject import Subject
from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json
from controller.domain.reporting.report import STALE, State
from controller.domain.timestamps import parse_timestamp


@dataclass(frozen=True, slots=True)
class Progress(Subject):
    """Nothing of it is shown once the stack has settled."""

    def stale(self) -> str:
        report = self.report
        moments = [report.status.updated_at, report.since]
        moments += [lease.requested_at for lease in report.leases]
        latest = max((at for at in moments if at), default=None)
        if report.has_settled or latest is None or self.view.now - latest < STALE:
            return ""
        return self.words("stale", age=self.words.about(self.view.now - latest))

    def bar(self) -> dict[str, Any] | None:
        report, words = self.report, self.words
        if report.has_settled or self.is_stuck:
            return None
        elapsed = self._seconds_since(report.since)
        if report.state is not State.WAKING:
            return self._times(elapsed, None, "")
        if report.eta is None:
            return self._times(elapsed, None, words("late") if elapsed else "")
        left = words("left", left=words.about(report.eta))
        whole = (elapsed or 0) + report.eta.total_seconds()
        return self._times(elapsed, round(100 * (elapsed or 0) / whole), left)

    def _times(self, elapsed: int | None, percent: int | None, left: str) -> dict[str, Any]:
        text = "" if elapsed is None else _clock(elapsed)
        return {"elapsed": elapsed, "elapsed_text": text, "percent": percent, "left": left}

    def _seconds_since(self, moment: datetime | None) -> int | None:
        return None if moment is None else max(0, int((self.view.now - moment).total_seconds()))

    def steps(self) -> list[dict[str, Any]]:
        """One row for each resource; during a sleep, only for those with their own step."""
        report = self.report
        if report.has_settled or self.is_stuck:  # each retry would look like a finished step
            return []
        busy = report.to_json()["steps"]
        resources = report.spec.resources
        kinds = [resource.kind for resource in resources]
        rows = []
        for resource in resources:
            name = self.words(str(resource.kind))
            if kinds.count(resource.kind) > 1:
                name = f"{name} {resource.address}"
            steps = [step for step in busy if step["address"] == resource.address]
            if steps or report.state is State.WAKING:
                rows.append(self._step(name, steps))
        return rows

    def _step(self, name: str, steps: list[dict[str, Json]]) -> dict[str, Any]:
        words = self.words
        if not steps:
            return {"name": name, "mark": "waiting", "text": words("step.waiting"), "elapsed": None}
        last = steps[-1]
        began = parse_timestamp(steps[0]["started_at"])
        if last["finished_at"]:
            seconds = int((parse_timestamp(last["finished_at"]) - began).total_seconds())
            mark, text = "done", words("step.done")
        else:
            seconds = self._seconds_since(parse_timestamp(last["started_at"])) or 0
            mark, text = "running", words.phase(last["step"])
            usual = last["usual_seconds"]
            if usual:
                text += f" ({words('step.usual', usual=words.duration(timedelta(seconds=usual)))})"
        return {
            "name": name,
            "mark": mark,
            "text": text,
            "elapsed": seconds,
            "elapsed_text": _clock(seconds),
        }


def _clock(seconds: int) -> str:
    """As the script counts on: 0:05, 12:40, 1:02:03."""
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
