"""Where the stack answers once awake: what the page and `apply` print as its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controller.domain.planning.spec import Json, Kind
from controller.mapping.draft import Draft, StackDraft


def find_endpoint(
    stack: StackDraft, order: Sequence[str], policy: Mapping[str, Json]
) -> dict[str, Json]:
    """
    `port` and `protocol` of the first listener, preferring one whose load balancer has an
    Elastic IP; `allocation_ids` of that load balancer, ids or look-ups; `open_path`.

    "First" is by place in the user's files. Without a listener there is only the path.
    """
    endpoint: dict[str, Json] = {"open_path": policy.get("open_path", "/")}
    listeners = [stack.drafts[a] for a in order if stack.drafts[a].kind is Kind.LISTENER]
    if not listeners:
        return endpoint
    first = min(listeners, key=lambda d: (not _allocations(stack, d), d.instance.place, d.address))
    return {
        "port": first.request.get("Port"),
        "protocol": first.request.get("Protocol"),
        "allocation_ids": _allocations(stack, first),
        **endpoint,
    }


def _allocations(stack: StackDraft, listener: Draft) -> list[Json]:
    balancer = stack.load_balancer_of(listener)
    mappings = balancer.request.get("SubnetMappings", []) if balancer else []
    return [mapping["AllocationId"] for mapping in mappings if "AllocationId" in mapping]
