"""Says why a block of a file has no two-worlds form, with its line."""

from __future__ import annotations

from collections.abc import Sequence

from controller.adopt.folders import File, Folder
from controller.adopt.layout import Argument, Layout
from controller.adopt.references import Reference, references
from controller.adopt.rewrite import survive
from controller.domain.problem import Level, Place, Problem

RULE = "adopt"


class Refuser:
    """Collects the refusals of one file."""

    def __init__(self, folder: Folder, file: File, layout: Layout) -> None:
        self._folder = folder
        self._file = file
        self._layout = layout
        self.refusals: list[Problem] = []

    def refuse_any(self, arguments: Sequence[Argument], address: str, why: str) -> None:
        """The first of these arguments that names what sleeps, if one does."""
        for argument in arguments:
            for found in references(self._layout, argument.tokens, self._folder.targets):
                said = self.said(found)
                self.refuse(found.start, address, f"{argument.name} names {said}; {why}")
                return

    def refuse_broken(self, argument: Argument, address: str, why: str) -> None:
        """Only where it would mean something else while asleep."""
        if survive(self._layout, argument.tokens, self._folder.targets):
            self.refuse_any([argument], address, why)

    def said(self, found: Reference) -> str:
        """As the user wrote it."""
        return self._layout.text[found.start : found.end]

    def refuse(self, at: int, address: str, message: str) -> None:
        """`at` is an offset in the file."""
        self.refusals.append(
            Problem(
                level=Level.ERROR,
                rule=RULE,
                message=message,
                place=Place(self._file.shown_as, self._layout.line(at)),
                address=address,
            )
        )
