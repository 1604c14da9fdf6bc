"""
The command line.

Each command lives in a file of its own and is imported when it is called, so that `dormouse check`
does not wait for what `dormouse apply` needs.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from threading import current_thread, main_thread
from types import FrameType

import click

from controller.cli.signals import EndedError
from controller.domain.errors import DormouseError, PolicyError, SpecError, TextError
from controller.domain.text import clean_lines, quoted

COMMANDS = {
    "init": ("controller.cli.init:command", "Write a Terraform directory for a container."),
    "check": ("controller.cli.check:command", "Find what is wrong with a Terraform directory."),
    "compile": ("controller.cli.compile:command", "Print the spec of a directory as JSON."),
    "console": ("controller.cli.console:command", "Evaluate expressions against a directory."),
    "plan": ("controller.cli.plan:command", "Show what would be created or deleted now."),
    "trial": ("controller.cli.trial:command", "Measure how AWS behaves in this account."),
    "apply": ("controller.cli.apply:command", "Wake a stack, or put it to sleep, from here."),
    "backtest": ("controller.cli.backtest:command", "Replay past weeks: what would it save?"),
    "adopt": ("controller.cli.adopt:command", "Prepare a Terraform directory to sleep."),
    "publish": ("controller.cli.publish:command", "Store specs for the controller."),
    "unpublish": ("controller.cli.unpublish:command", "Remove one stack from the controller."),
    "status": ("controller.cli.status:command", "Show the state of stacks, and why."),
    "wake": ("controller.cli.wake:command", "Wake a stack for a while."),
    "sleep": ("controller.cli.sleep:command", "Put a stack to sleep until its office hours."),
    "extend": ("controller.cli.extend:command", "Keep an awake stack awake for longer."),
    "release": ("controller.cli.release:command", "Release what you have requested."),
    "with": ("controller.cli.with_awake:command", "Keep a stack awake while a command runs."),
    "rehearse": ("controller.cli.rehearse:command", "Check whether a stack could wake."),
    "hold": ("controller.cli.hold:command", "Keep a stack awake or asleep for a while."),
    "pause": ("controller.cli.pause:command", "Keep stacks asleep over a holiday."),
    "hours": ("controller.cli.hours:command", "Show the office hours of the coming days."),
    "cost": ("controller.cli.cost:command", "Show what a month has cost and saved."),
    "link": ("controller.cli.link:command", "Make a link that wakes a stack."),
    "doctor": ("controller.cli.doctor:command", "Check the account for a stack."),
    "sweep": ("controller.cli.sweep:command", "List leftovers that cost money."),
    "deploy": ("controller.cli.deploy:command", "Deploy the controller to an account."),
    "destroy": ("controller.cli.destroy:command", "Remove the controller from the account."),
    "demo": ("controller.cli.demo:command", "Try everything on a simulated AWS."),
    "completion": ("controller.cli.completion:command", "Let your shell complete commands."),
}
"""Name to "module:command" and its one line of help (shown without importing the module)."""

_INPUT_WRONG = 2
_INTERRUPTED = 130
_TERMINATED = 143
_OUTPUT_LOST = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""A disk that is full, and a terminal that is gone."""


class TerminatedError(KeyboardInterrupt):
    """SIGTERM, as a cancelled job of a CI gets it: the same words as for Ctrl-C, another code."""


class LazyGroup(click.Group):
    """A group that imports a command only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            near = [] if ctx.resilient_parsing else get_close_matches(cmd_name, COMMANDS, 1)
            if near:
                ctx.fail(f"No such command {quoted(cmd_name)}; did you mean {quoted(near[0])}")
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dormouse", message="%(version)s")
def cli() -> None:
    """Wake an ECS service and its load balancer when needed; put them to sleep when not."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit code: 0, 1 could not finish, 2 input wrong."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run a command; an error is one line on standard error."""
    _show_what_cannot_be_encoded()
    try:
        with _hearing_of_the_end():
            code = _invoke(sys.argv[1:] if arguments is None else arguments)
        if sys.stdout:  # None where the shell has closed it
            sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        click.echo(f"Error: {clean_lines(_in_one_line(error))}", err=True)
        return error.exit_code
    except TerminatedError:
        return _TERMINATED
    except EndedError as error:
        return _TERMINATED if error.name == "SIGTERM" else _INTERRUPTED
    except (click.Abort, EOFError, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:  # the reader has closed the pipe (`| head`)
        _drop_output()
        return 1
    except OSError as error:
        if error.errno not in _OUTPUT_LOST or error.filename is not None:
            raise
        _drop_output()
        with suppress(OSError):
            click.echo(f"Error: cannot write the output: {error.strerror}", err=True)
        return 1
    except UnicodeEncodeError as error:
        where = quoted(error.object[max(0, error.start - 20) :])
        click.echo(f"Error: found what is no UTF-8 in {where}; expected text", err=True)
        return _INPUT_WRONG
    except DormouseError as error:
        click.echo(f"Error: {clean_lines(str(error))}", err=True)
        return _INPUT_WRONG if isinstance(error, SpecError | TextError | PolicyError) else 1
    return code


def _drop_output() -> None:
    """The interpreter must not flush at its end what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_one_line(error: click.ClickException) -> str:
    """Also for a wrong call, with its usage."""
    said = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{said.rstrip('.')}; see {context.command_path} -h" if context else said


@contextmanager
def _hearing_of_the_end() -> Iterator[None]:
    """Let a command say what may be left when it is ended from outside."""

    def end(number: int, frame: FrameType | None) -> None:
        raise TerminatedError

    if current_thread() is not main_thread():  # Python's rule
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show_what_cannot_be_encoded() -> None:
    """A path need not be UTF-8, nor the terminal: characters that it cannot show are escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _invoke(arguments: list[str]) -> int:
    """Not `cli.main`, which takes a closed pipe for success."""
    if os.environ.get("_DORMOUSE_COMPLETE"):
        cli.main(arguments, prog_name="dormouse")  # the shell asks for completions; does not return
    try:
        with cli.make_context("dormouse", arguments) as context:
            cli.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return 0
