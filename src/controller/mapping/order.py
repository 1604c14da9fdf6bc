"""Which resource comes after which: by reference, by `depends_on`, and by what AWS needs."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from controller.domain.planning.spec import Kind
from controller.domain.problem import Level, Problem
from controller.mapping.draft import Draft, StackDraft

_RANK = {kind: rank for rank, kind in enumerate(Kind)}


def find_needs(stack: StackDraft) -> dict[str, tuple[str, ...]]:
    """Per address the addresses of the spec that must exist before it, sorted."""
    return {
        address: tuple(sorted(_needs(stack, draft) - {address}))
        for address, draft in stack.drafts.items()
    }


def in_order(
    stack: StackDraft, needs: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[str, ...], Problem | None]:
    """All addresses, each after what it needs; a problem where they need each other."""
    missing = {address: set(before) for address, before in needs.items()}
    ready = [_key(stack.drafts[a]) for a, before in missing.items() if not before]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        address = heapq.heappop(ready)[-1]
        order.append(address)
        for other, before in missing.items():
            if address in before:
                before.remove(address)
                if not before:
                    heapq.heappush(ready, _key(stack.drafts[other]))
    stuck = sorted(set(missing) - set(order))
    return tuple(order), _cycle(stack, stuck) if stuck else None


def _needs(stack: StackDraft, draft: Draft) -> set[str]:
    needs = draft.needs() | (set(draft.instance.depends_on) & stack.drafts.keys())
    if draft.kind is Kind.SERVICE:
        # A service is refused until a listener attaches its target group (AWS §1.8, §2.2).
        for _, target in stack.target_groups_of(draft):
            needs |= {listener.address for listener in stack.listeners_of(target)}
    if draft.kind in (Kind.AUTOSCALING_POLICY, Kind.SCHEDULED_ACTION):
        # Both are refused until there is a target to scale (PutScalingPolicy, API reference).
        needs |= {target.address for target in stack.scaling_targets_of(draft.sleeper.service)}
    return needs & stack.drafts.keys()


def _key(draft: Draft) -> tuple[int, str]:
    return (_RANK[draft.kind], draft.address)


def _cycle(stack: StackDraft, stuck: list[str]) -> Problem:
    first = stack.drafts[stuck[0]]
    return Problem(
        level=Level.ERROR,
        rule="cycle",
        message=f"{', '.join(stuck)} need each other, so none can be made first; a service comes "
        "after the listeners of its target groups, so remove the depends_on that asks for the "
        "opposite",
        place=first.instance.place,
        address=first.address,
    )
