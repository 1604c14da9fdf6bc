"""What is different between two specs of one stack, for people. Pure."""

from __future__ import annotations

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecChanges:
    """
    Addresses that were added, removed, or have other requests; settings of the policy by their
    key, with the value before and after; and the other compared fields (region, role, endpoint).
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    settings: dict[str, tuple[Json, Json]]

    def to_json(self) -> dict[str, Json]:
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": list(self.changed),
            "settings": {
                key: {"from": before, "to": after} for key, (before, after) in self.settings.items()
            },
        }


def compare_specs(old: Spec | None, new: Spec) -> SpecChanges:
    """`old` None: everything of the new one came, and no setting changed."""
    before = {r.address: r.to_json() for r in old.resources} if old else {}
    after = {r.address: r.to_json() for r in new.resources}
    return SpecChanges(
        added=tuple(address for address in after if address not in before),
        removed=tuple(address for address in before if address not in after),
        changed=tuple(a for a in after if a in before and _made(before[a]) != _made(after[a])),
        settings=_differences(_settings(old), _settings(new)) if old else {},
    )


def _made(resource: Json) -> Json:
    """Without its line in the files: a line added above it changes nothing."""
    return {key: value for key, value in resource.items() if key != "source"}


def _settings(spec: Spec) -> dict[str, Json]:
    whole = {"region": spec.region, "role_arn": spec.role_arn}
    return {**whole, **spec.policy}


def _differences(before: dict[str, Json], after: dict[str, Json]) -> dict[str, tuple[Json, Json]]:
    keys = dict.fromkeys([*before, *after])
    return {
        key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    }
