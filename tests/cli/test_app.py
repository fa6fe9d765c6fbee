from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer

from fazhi_ml import __version__
from fazhi_ml.cli.app import main
from fazhi_ml.errors import BundleError, ConfigError, FazhiError, InputError

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fazhi_ml", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=60,
    )


def command_that(raises: BaseException, convention: str) -> ModuleType:
    """A module of the command line whose command raises."""
    module = ModuleType("fazhi_ml.cli.train")

    def command() -> None:
        raise raises

    def run(arguments: list[str]) -> int:
        raise raises

    setattr(module, convention, run if convention == "main" else command)
    return module


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"fazhi {__version__}\n"


def test_help_lists_the_commands_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for word in ("tag", "train", "evaluate", "labels", "fazhi tag report.html --format html -o page.html"):
        assert word in out


def test_without_arguments_it_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "commands:" in capsys.readouterr().out


def test_help_imports_no_command() -> None:
    code = """
import sys
from fazhi_ml.cli.app import main
main(["--help"])
sys.exit(", ".join(set(sys.modules) & {f"fazhi_ml.cli.{name}" for name in ("tag", "train", "evaluate", "labels")}) or 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_python_m_runs_it(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert "fazhi" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["tagg"], ["--no-such"], ["tag"], ["tag", "--format", "xml", "a.txt"], ["labels", "x"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.lower().startswith("usage: fazhi")
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("convention", ["main", "command"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BundleError("is damaged", source="models/x", remedy="Train it again."), 1),
        (FazhiError("failed"), 1),
        (ConfigError("has no seed", source="c.toml", line=3), 2),
        (InputError("is no number"), 2),
    ],
)
def test_an_error_is_a_message_and_an_exit_code(
    error: FazhiError,
    code: int,
    convention: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "fazhi_ml.cli.train", command_that(error, convention))
    assert main(["train"]) == code
    assert capsys.readouterr().err == f"error: {error}\n"


@pytest.mark.parametrize("convention", ["main", "command"])
def test_a_bug_is_not_swallowed(convention: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fazhi_ml.cli.train", command_that(ZeroDivisionError(), convention))
    with pytest.raises(ZeroDivisionError):
        main(["train"])


@pytest.mark.parametrize("convention", ["main", "command"])
def test_an_interrupt_is_exit_code_130(
    convention: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fazhi_ml.cli.train", command_that(KeyboardInterrupt(), convention))
    assert main(["train"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_module_may_hold_sub_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    module = ModuleType("fazhi_ml.cli.train")
    app = typer.Typer()

    @app.command()
    def first() -> None:
        typer.echo("first ran")

    module.app = app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fazhi_ml.cli.train", module)
    assert main(["train", "first"]) == 0
    assert capsys.readouterr().out == "first ran\n"
    assert main(["train", "--help"]) == 0
    assert "Usage: fazhi train" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "import sys, types; from fazhi_ml.cli.app import main\n"
        "def run(arguments):\n    for _ in range(100000): print('x' * 100)\n"
        "sys.modules['fazhi_ml.cli.train'] = types.SimpleNamespace(main=run)\n"
        "sys.exit(main(['train']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_data_leave_in_utf8_whatever_the_locale() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "fazhi_ml", "--help"],
        capture_output=True,
        cwd=ROOT,
        env=environment,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert "法治政府" in done.stdout.decode("utf-8")
