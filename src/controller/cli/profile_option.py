"""The option --profile: how long AWS takes, by name or as a trial has measured it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from controller.domain.errors import TextError
from controller.domain.planning.timing import Timing
from controller.timing_file import find_timing

Command = TypeVar("Command", bound=Callable[..., Any])


class TimingProfile(click.ParamType[Timing]):
    name = "profile"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Timing:
        if isinstance(value, Timing):
            return value
        try:
            return find_timing(str(value))
        except TextError as error:
            self.fail(str(error), param, ctx)


def profile_option(help: str, default: str | None = "typical") -> Callable[[Command], Command]:
    """Declare --profile; the command gets a Timing as `profile`, or None without a default."""
    return click.option(
        "--profile",
        type=TimingProfile(),
        default=default,
        show_default=default is not None,
        metavar="fast|typical|slow|FILE",
        help=f"{help} FILE is what dormouse trial --save writes.",
    )
