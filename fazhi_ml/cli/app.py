"""The frame of the command line: finds commands on demand, and turns errors into messages and exit codes."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from fazhi_ml import __version__
from fazhi_ml.errors import ConfigError, FazhiError, InputError

__all__ = ["main"]

_COMMANDS = {
    "tag": "Tag reports with themes: as a table, JSON Lines, CSV or a page to read.",
    "read": "Show what was read of a report: outline, text, metadata.",
    "archive": "Tag a folder of reports into tables and a page; goes on where it stopped.",
    "tables": "Count themes in an archive, by place, year and other marks.",
    "passages": "Find passages in an archive, by theme, source and words.",
    "init": "Make a project for labels of your own.",
    "train": "Train a model on labelled reports and track the run.",
    "search": "Search for better settings and train the best.",
    "evaluate": "Score a model on labelled data.",
    "models": "List, compare, promote, roll back and export registered models.",
    "labels": "Check and describe labelled data.",
}
"""Modules of this package, each with the command of its name, and its one-line help: see the package's docstring."""

_DESCRIPTION = "Tag Chinese rule-of-law reports (法治政府建设报告) with themes, paragraph by paragraph."

_EPILOG = """\
examples:
  fazhi tag report.html                             a table in the terminal
  fazhi tag report.html --format html -o page.html  a page with scores and evidence
  fazhi tag *.txt --format jsonl > tagged.jsonl     one JSON record a paragraph
  fazhi tag --help                                  all that a command can do

Data go to stdout, everything else to stderr. Exit codes: 0 done, 1 some inputs failed, 2 wrong usage.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``fazhi`` and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; by default those of the process.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    try:
        try:
            # The first argument is ours, the others are the command's.
            name = _parser().parse_args(arguments[:1] or ["--help"]).command
            return _run(name, arguments[1:])
        finally:
            # A reader that went away must show here, not when the interpreter ends.
            sys.stdout.flush()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except FazhiError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2 if isinstance(error, (ConfigError, InputError)) else 1
    except BrokenPipeError:
        # What reads our output has seen enough (head, less): nothing failed, and there is no one left to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Data leave in UTF-8 whatever the locale; a terminal keeps its encoding. Neither may fail on a character.
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace", newline="\n")


def _parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:<9} {summary}" for name, summary in _COMMANDS.items())
    parser = argparse.ArgumentParser(
        "fazhi",
        usage="fazhi COMMAND ...",
        description=f"{_DESCRIPTION}\n\ncommands:\n{commands}",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("command", choices=_COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"fazhi {__version__}")
    return parser


def _run(name: str, arguments: Sequence[str]) -> int:
    module: Any = import_module(f"fazhi_ml.cli.{name}")
    if hasattr(module, "main"):
        code: int = module.main(arguments)
        return code
    return _run_typer(module, name, arguments)


def _run_typer(module: Any, name: str, arguments: Sequence[str]) -> int:
    import typer

    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False)
        app.command()(module.command)
        command: Any = typer.main.get_command(app)
    else:
        command = typer.main.get_group(app)
    command.main(args=list(arguments), prog_name=f"fazhi {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
