"""
Compare the simulated AWS with a recording of the real one: `python -m local.fidelity FILE`.

Exit code 0: every answer would have been the same, or a judgement says why it does not matter;
1: there are differences; 2: a file cannot be read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from controller.domain.errors import DormouseError
from controller.recording.entry import read
from controller.timing_file import find_timing
from local.fidelity import judging
from local.fidelity.differences import differences
from local.fidelity.replay import replay
from local.fidelity.report import lines, to_json


@click.command(name="python -m local.fidelity")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--profile",
    default="typical",
    show_default=True,
    metavar="fast|typical|slow|FILE",
    help="The pace of the simulated AWS. Best is the file that the same trial saved.",
)
@click.option(
    "--judged",
    type=click.Path(path_type=Path),
    default=judging.SHIPPED,
    help="Which differences are harmless, and why (TOML). Default: those of this release.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def command(file: Path, profile: str, judged: Path, as_json: bool) -> None:
    """
    Ask the simulated AWS what the recording FILE asked the real one, and list the differences.

    FILE is what `dormouse trial --record FILE` wrote.
    """
    try:
        judgements, entries, timing = judging.load(judged), read(file), find_timing(profile)
    except DormouseError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    replayed = replay(entries, timing)
    verdict = judging.judge(differences(replayed.observations), judgements)
    if as_json:
        click.echo(json.dumps(to_json(replayed, verdict), indent=2))
    else:
        click.echo("\n".join(lines(replayed, verdict)))
    sys.exit(1 if verdict.open else 0)


if __name__ == "__main__":
    command()
