"""A plan as Terraform users know it: what will be created, updated, deleted, and why it waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from controller.domain.planning.plan import Action, Plan, Target, Verb
from controller.domain.planning.spec import Json, Spec

_SIGNS = {
    Verb.CREATE: ("+", "green", "will be created"),
    Verb.UPDATE: ("~", "yellow", "will be updated"),
    Verb.DELETE: ("-", "red", "will be deleted"),
}


def render_plan(spec: Spec, plan: Plan) -> Iterator[str]:
    """Yield the lines of a plan for people."""
    name = f'stack "{spec.stack}"'
    going = f"wake {name}" if plan.target is Target.AWAKE else f"put {name} to sleep"
    if plan.converged:
        yield f'Nothing to do: stack "{spec.stack}" is {plan.target}.'
        yield from _render_warnings(plan)
        return
    if plan.actions:
        yield f"Dormouse would {going}:"
    for action in plan.actions:
        yield ""
        yield from _render_action(spec, action)
    yield ""
    yield from _render_rest(plan)
    counts = {verb: sum(1 for a in plan.actions if a.verb is verb) for verb in Verb}
    yield click.style("Plan:", bold=True) + (
        f" {counts[Verb.CREATE]} to create, {counts[Verb.UPDATE]} to update, "
        f"{counts[Verb.DELETE]} to delete."
    )
    yield from _render_warnings(plan)


def _render_warnings(plan: Plan) -> Iterator[str]:
    for warning in plan.warnings:
        yield click.style(f"warning: {warning}", fg="yellow")


def _render_action(spec: Spec, action: Action) -> Iterator[str]:
    resource = spec[action.address]
    sign, colour, words = _SIGNS[action.verb]
    place = f" ({resource.source})" if resource.source else ""
    yield click.style(f"  # {action.address}{place} {words}", bold=True) + _why(action)
    kind = str(action.kind).replace("_", " ")
    yield "  " + click.style(sign, fg=colour) + f' {kind} "{resource.name}"'
    if action.verb is Verb.CREATE:
        yield from _render_values(resource.request, 6)
        yield from _render_values(dict(sorted(resource.attributes.items())), 6)
    elif action.verb is Verb.UPDATE:
        yield f"      {', '.join(action.changes)}"


def _why(action: Action) -> str:
    if action.carried_by:
        return click.style(f", along with {action.carried_by}", dim=True)
    if action.waits_for:
        return click.style(f", {action.waits_for}", dim=True)
    return ""


def _render_rest(plan: Plan) -> Iterator[str]:
    for address, text in plan.waiting:
        yield f"  {address}: {text or 'under way'}"
    for address, cause in (*plan.blocked, *plan.failed):
        yield click.style(f"  {address}: {cause}", fg="red")
    if plan.waiting or plan.blocked or plan.failed:
        yield ""


def _render_values(values: Mapping[str, Json], indent: int) -> Iterator[str]:
    width = max((len(k) for k, v in values.items() if _is_plain(v)), default=0)
    pad = " " * indent
    for key, value in values.items():
        if _is_plain(value):
            yield f"{pad}{key.ljust(width)} = {_plain(value)}"
        elif isinstance(value, Mapping):
            yield f"{pad}{key} {{"
            yield from _render_values(value, indent + 4)
            yield f"{pad}}}"
        else:
            for item in value:
                yield f"{pad}{key} {{"
                yield from _render_values(item, indent + 4)
                yield f"{pad}}}"


def _is_plain(value: Json) -> bool:
    """Return whether a value goes on one line."""
    if isinstance(value, Mapping):
        return any(str(key).startswith("$") for key in value)
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return True


def _plain(value: Json) -> str:
    if isinstance(value, Mapping):
        return _reference(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reference(value: Mapping[str, Json]) -> str:
    if "$ref" in value:
        return str(value["$ref"])
    if "$join" in value:
        parts = (p if isinstance(p, str) else f"${{{_plain(p)}}}" for p in value["$join"])
        return '"' + "".join(parts) + '"'
    if "$call" in value:
        return f"{value['$call']}({', '.join(_plain(item) for item in value['args'])})"
    if "$for" in value:
        return f"[for each of {_plain(value['$for'])} : {_plain(value['value'])}]"
    if "$item" in value:
        return "each.key" if value.get("key") else "each.value"
    return f"{value.get('of', value['$look_up'])}.{value.get('attribute')} (looked up)"
