"""
Live through many stories at once, and say what broke.

    make soak DAYS=500 JOBS=2
    make soak SEED=17 DAYS=25            # one story again: each seed tells 25 days
    make soak SEED=17 DAYS=25 SOAK="--timeline --calm --set finish_paid_hour=false"
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.domain.planning.timing import Timing
from controller.domain.planning.timing import profile as find_profile
from controller.timing_file import EXPECTED
from simulation.installation import Installation
from simulation.money import Bill, bills, weeks
from simulation.story import tell

DAYS_OF_A_STORY = 25
COLLECT = 100_000, 20, 20
"""Little of a story goes in circles: to look for those less often saves a twentieth."""

BEFORE, AFTER = timedelta(hours=3), timedelta(minutes=10)


@dataclass(frozen=True)
class Report:
    """
    One story that was lived through; `problems` are its moments and sentences, `hours` of each
    stack whether it finishes paid hours, and those of its load balancers, paid and required.
    """

    seed: int
    days: int
    stacks: int
    title: str
    problems: list[tuple[str, str]]
    timeline: list[str]
    windows: Counter[str]
    calls: int
    passes: int
    wakes: int
    failed_wakes: int
    reported_again: int
    hours: list[tuple[bool, int, float]]
    seconds: float
    bills: list[Bill]
    digest: str


def live(
    seed: int,
    days: int,
    settings: dict[str, Any] | None = None,
    calm: bool = False,
    whole: bool = False,
    timing: Timing | None = None,
) -> Report:
    """
    Live through one story; with `whole` its timeline is not only that around a problem, with
    `timing` AWS has that pace and not the one that was drawn.
    """
    began = time.process_time()
    gc.set_threshold(*COLLECT)
    story = tell(seed, days, calm=calm, **(settings or {}))
    story = story.at_pace(timing) if timing else story
    installation = Installation(story).run()
    problems, timeline = installation.problems, []
    if whole:
        timeline = installation.timeline.around(story.start, AFTER, story.end - story.start)
    elif problems:
        timeline = installation.timeline.around(problems[0].at, BEFORE, AFTER)
    observers = [users.observer for users in installation.users_of.values()]
    figures = [observer.figures for observer in observers]
    return Report(
        seed=seed,
        days=days,
        stacks=len(observers),
        title=str(story),
        problems=[(f"{p.at:%a %d %b %Y %H:%M:%S}", p.what) for p in problems],
        timeline=timeline,
        windows=sum((each.windows for each in figures), Counter()),
        calls=installation.calls,
        passes=installation.passes,
        wakes=sum(each.wakes for each in figures),
        failed_wakes=sum(each.failed_wakes for each in figures),
        reported_again=sum(each.reported_again for each in figures),
        hours=[
            (one.story.policy["finish_paid_hour"], one.observer.paid_hours(), needed / 3600)
            for one, needed in zip(
                installation.users_of.values(),
                [each.needed_seconds for each in figures],
                strict=True,
            )
        ],
        seconds=time.process_time() - began,
        bills=[
            bill
            for one in installation.users_of.values()
            for bill in (*bills(installation, one), *weeks(installation, one))
        ],
        digest=installation.timeline.digest(),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    began = time.monotonic()
    reports = []
    for report in _stories(options):
        reports.append(report)
        _tell_story(report, options)
    _summary(reports, time.monotonic() - began, options.jobs)
    return 1 if any(report.problems for report in reports) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulation.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=500, help="simulated days in all")
    parser.add_argument("--seed", type=int, help="of the first story (default: 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--timeline", action="store_true", help="print the whole of each story")
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong")
    parser.add_argument("--profile", type=_profile, help=f"how long AWS takes: {EXPECTED}")
    parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE")
    return parser.parse_args(arguments)


def _profile(text: str) -> Timing:
    from local.server import profile_argument  # with all that answers over HTTP, a second's import

    return profile_argument(text)


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    words = {"true": True, "false": False}
    pairs = (each.split("=", 1) for each in options.set)
    return {name: words.get(value, value) for name, value in pairs}


def _stories(options: argparse.Namespace) -> Iterator[Report]:
    first = 1 if options.seed is None else options.seed
    lengths = [DAYS_OF_A_STORY] * (options.days // DAYS_OF_A_STORY)
    if options.days % DAYS_OF_A_STORY:
        lengths.append(options.days % DAYS_OF_A_STORY)
    settings = _settings(options)
    more = settings, options.calm, options.timeline, options.profile
    if options.jobs == 1 or len(lengths) == 1:
        for number, days in enumerate(lengths):
            yield live(first + number, days, *more)
        return
    stories = [(first + number, days) for number, days in enumerate(lengths)]
    with ProcessPoolExecutor(options.jobs) as pool:
        in_order = sorted(stories, key=lambda one: _effort(*one, options.profile), reverse=True)
        jobs = {one: pool.submit(live, *one, *more) for one in in_order}
        for one in stories:
            yield jobs[one].result()


def _effort(seed: int, days: int, timing: Timing | None) -> float:
    """
    About what it takes to live through a story, beside others: more where AWS is slow.

    The longest begin first, so that no process works alone at the end for long.
    """
    story = tell(seed, days)
    pace = timing or find_profile(story.profile)
    return days * (2 if story.neighbour else 1) * (300 + pace.lb_provisioning)


def _tell_story(report: Report, options: argparse.Namespace) -> None:
    if not report.problems:
        print(f"ok     seed {report.seed}: {report.days} days, {report.wakes} wakes", flush=True)
    else:
        print(f"BROKE  {report.title}")
        for at, what in report.problems:
            print(f"       {at}  {what}")
    for line in report.timeline:
        print(f"         {line}")
    if report.problems:
        print(f"       once more: {_again(report, options)}", flush=True)


def _again(report: Report, options: argparse.Namespace) -> str:
    more = [f"--set {each}" for each in options.set] + ["--calm"] * options.calm
    more += [f"--profile {options.profile.name}"] if options.profile else []
    soak = f' SOAK="{" ".join(more)}"' if more else ""
    return f"make soak SEED={report.seed} DAYS={report.days}{soak}"


def _summary(reports: Sequence[Report], seconds: float, jobs: int) -> None:
    days = sum(report.days * report.stacks for report in reports)
    stacks = sum(report.stacks for report in reports)
    windows: Counter[str] = sum((report.windows for report in reports), Counter())
    broken = sum(1 for report in reports if report.problems)
    cpu = sum(report.seconds for report in reports)
    speed, alone = days / seconds * 60, days / cpu * 60
    print(
        f"{days} days of {stacks} stacks in {len(reports)} stories in {seconds:.1f} s: "
        f"{speed:.0f} days a minute with {jobs} processes ({alone:.0f} a minute of one core's time)"
    )
    print(
        f"{sum(r.passes for r in reports)} passes, {sum(r.calls for r in reports)} calls, "
        f"{sum(r.wakes for r in reports)} wakes, {sum(r.failed_wakes for r in reports)} failed, "
        f"{sum(r.reported_again for r in reports)} events told again after a death"
    )
    print("openings: " + ", ".join(f"{n} {what}" for what, n in sorted(windows.items())))
    for finishes in (True, False):
        some = [each for report in reports for each in report.hours if each[0] is finishes]
        needed = sum(each[2] for each in some)
        if needed:
            paid = sum(each[1] for each in some)
            print(
                f"finish_paid_hour={str(finishes).lower()}: {paid} balancer hours paid, "
                f"{needed:.0f} required by policy and use: {paid / needed:.2f}"
            )
    worst = max((bill.differs_by for report in reports for bill in report.bills), default=0)
    print(f"ledger and second account differ by {worst:.6f} USD a month at most")
    print(f"{broken} of {len(reports)} stories broke" if broken else "nothing broke")


if __name__ == "__main__":
    sys.exit(main())
