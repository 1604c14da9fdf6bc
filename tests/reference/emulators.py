"""The page of what other emulators answer differently, from the recordings and the judgements."""

from __future__ import annotations

from collections.abc import Iterator

from local.fidelity.differences import Difference
from local.fidelity.judging import Judged, Judgement
from recording.held import held
from recording.peers import PEERS, release

HEAD = """# What other emulators answer differently

The simulated AWS is compared with recordings of [moto](https://github.com/getmoto/moto) and
[ministack](https://pypi.org/project/ministack/), which answer the same questions
(`tests/recording/questions.py`: every operation of the simulated AWS, agreed to and refused). Each
difference has a reason here. How it is compared: [fidelity](../fidelity.md). None of them is AWS:
where they agree, that is no proof. `make recordings` records them anew, `make docs` writes this
page, and a test fails when a difference has no reason, or a reason no difference.
"""
WIDEST = 60


def page() -> str:
    return "\n".join([HEAD, *(line for peer in PEERS for line in _section(peer))]) + "\n"


def _section(peer: str) -> Iterator[str]:
    replayed, judged = held(peer)
    differing = sum(each.times for each, _ in judged.harmless)
    yield f"## {peer} {release(peer)}"
    yield ""
    yield (
        f"{replayed.compared.total()} calls of {len(replayed.compared)} operations were compared, "
        f"{len(replayed.observations)} places in their answers, of which {differing} differ."
    )
    yield ""
    yield f"| where | {peer} | simulated AWS | why |"
    yield "|---|---|---|---|"
    for judgement, found in _by_judgement(judged):
        first = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        where = f"{first.operation} {first.path}".strip()
        cells = [f"`{where}`{more}", *_both(first), judgement.reason]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _by_judgement(judged: Judged) -> Iterator[tuple[Judgement, list[Difference]]]:
    order = list(dict.fromkeys(judgement for _, judgement in judged.harmless))
    for judgement in order:
        yield judgement, [each for each, by in judged.harmless if by == judgement]


def _both(difference: Difference) -> tuple[str, str]:
    if difference.kind == "late":
        return _cell(difference.recorded), f"{difference.ours:g} s later"
    return _cell(difference.recorded), _cell(difference.ours)


def _cell(value: object) -> str:
    text = str(value)
    shown = text if len(text) <= WIDEST else f"{text[:WIDEST]}…"
    return f"`{shown}`" if shown else "(empty)"
