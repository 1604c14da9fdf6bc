"""The events of a botocore client: handlers that all clients share, and handlers of one account."""

from __future__ import annotations

import copy
from typing import Any

from botocore.hooks import BaseEventHooks, HierarchicalEmitter


class LayeredEvents(BaseEventHooks):  # type: ignore[misc]  # botocore has no types
    """
    An emitter that calls `shared` handlers first and then its own; only its own can be changed.

    A copy of botocore's own handlers, more than a hundred, takes 3 ms, and each client has one.
    Here a copy holds the few handlers of one account. Their names are the ones that botocore
    emits (`after-call.elastic-load-balancing-v2`), not the older ones (`after-call.elbv2`).
    """

    def __init__(self, shared: Any, own: Any = None) -> None:
        self._shared = shared
        self._own = HierarchicalEmitter() if own is None else own

    def over(self, shared: Any) -> LayeredEvents:
        """The same own handlers, in a copy, over other shared ones."""
        return LayeredEvents(shared, copy.copy(self._own))

    def emit(self, event_name: str, **given: Any) -> list[tuple[Any, Any]]:
        return [*self._shared.emit(event_name, **given), *self._own.emit(event_name, **given)]

    def emit_until_response(self, event_name: str, **given: Any) -> tuple[Any, Any]:
        handler, response = self._shared.emit_until_response(event_name, **given)
        if response is None:
            handler, response = self._own.emit_until_response(event_name, **given)
        return handler, response

    def register(self, *given: Any, **options: Any) -> None:
        self._own.register(*given, **options)

    def register_first(self, *given: Any, **options: Any) -> None:
        self._own.register_first(*given, **options)

    def register_last(self, *given: Any, **options: Any) -> None:
        self._own.register_last(*given, **options)

    def unregister(self, *given: Any, **options: Any) -> None:
        self._own.unregister(*given, **options)

    def __copy__(self) -> LayeredEvents:
        return self.over(self._shared)
