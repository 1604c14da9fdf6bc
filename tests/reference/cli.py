"""docs/reference/cli.md: every command, from what `--help` says."""

from __future__ import annotations

import inspect

import click

from controller.cli.main import COMMANDS, cli

HEAD = """\
# Commands

Every command takes the SDK's own settings (`AWS_PROFILE`, `AWS_REGION`, `AWS_ENDPOINT_URL`),
shows progress on a terminal and plain lines in a pipe, and leaves with 0, 1 (could not finish, or
found a problem) or 2 (the input is wrong).

"""


def page() -> str:
    group = click.Context(cli, info_name="dormouse")
    listed = [f"- [`{name}`](#{name}): {text}" for name, (_, text) in COMMANDS.items()]
    parts = [_command(name, group) for name in COMMANDS]
    return HEAD + "\n".join(listed) + "\n" + "".join(parts)


def _command(name: str, group: click.Context) -> str:
    command = cli.get_command(group, name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=group)
    usage = command.get_usage(context).removeprefix("Usage: ")
    text = inspect.cleandoc(command.help or "")
    return f"\n## {name}\n\n```\n{_joined(usage)}\n```\n\n{text}\n{_options(command, context)}"


def _joined(usage: str) -> str:
    return " ".join(usage.split())


def _options(command: click.Command, context: click.Context) -> str:
    options = [p for p in command.params if isinstance(p, click.Option)]
    rows = [record for option in options if (record := option.get_help_record(context))]
    if not rows:
        return ""
    lines = [f"| `{_cell(names)}` | {_cell(' '.join(text.split()))} |" for names, text in rows]
    return "\n| option | |\n|---|---|\n" + "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
