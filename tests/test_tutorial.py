"""The tutorial: every command of docs/tutorial.en.md is run as it stands, and its translation has the same commands."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

PAGES = ("tutorial.en.md", "tutorial.md")
PORT = "5001"
LINKED = ("data", "configs", "examples")
BLOCK_SECONDS = 300


@dataclass(frozen=True)
class Block:
    """Commands of the page that stand together, and the exit code that they promise."""

    commands: str
    exit_code: int


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def shell_blocks(page: str) -> list[Block]:
    found = re.findall(r"^```sh(?: exit=(\d+))?\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    return [Block(commands, int(code or 0)) for code, commands in found]


def files_of(page: str) -> list[str]:
    """Return the files in the first column of the table at the page's end."""
    return re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE)


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def make_programs(folder: Path) -> None:
    """Make `fazhi` and `mlflow` those of this interpreter, whatever is installed."""
    folder.mkdir()
    for name, module in (("fazhi", "fazhi_ml"), ("mlflow", "mlflow")):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n', encoding="utf-8")
        program.chmod(0o755)


def run_block(block: Block, folder: Path, environment: dict[str, str]) -> Path:
    """Run commands in a shell of their own and return the folder they end in, as the reader's shell would be."""
    ends_in = Path(environment["HOME"]) / "pwd"
    # The trap leaves the exit code as it is.
    script = f"set -euo pipefail\ntrap 'pwd > \"{ends_in}\"' EXIT\n{block.commands}"
    with subprocess.Popen(
        ["bash", "-c", script.replace(PORT, free_port())],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    ) as shell:
        try:
            output, _ = shell.communicate(timeout=BLOCK_SECONDS)
        finally:
            stop_group(shell.pid)
    logs = [log.read_text(encoding="utf-8") for log in folder.glob("*.log")]
    assert shell.returncode == block.exit_code, "\n".join([block.commands, output, *logs])
    return Path(ends_in.read_text(encoding="utf-8").strip())


def stop_group(leader: int) -> None:
    """Stop a server that a failed block left behind."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGTERM)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Walk through the tutorial in a folder that stands for the repository; gives ``out/tutorial`` in it."""
    top = tmp_path_factory.mktemp("tutorial")
    home, programs, folder = top / "home", top / "bin", top / "repository"
    home.mkdir()
    folder.mkdir()
    make_programs(programs)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    # The server starts uvicorn by name: it stands beside the interpreter.
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "XDG_"))}
    environment |= {"PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}
    here = folder
    for block in shell_blocks(read(PAGES[0])):
        here = run_block(block, here, environment)
    return folder / "out" / "tutorial"


def answer(folder: Path) -> dict[str, Any]:
    (row,) = json.loads((folder / "answer.json").read_text(encoding="utf-8"))["predictions"]
    return dict(row)


def test_both_pages_have_the_same_parts() -> None:
    english, chinese = (read(name) for name in PAGES)
    assert shell_blocks(english) == shell_blocks(chinese)
    assert files_of(english) == files_of(chinese)
    for part in (r"^#+ ", r"^```.*", r"\]\((?!tutorial)[^)]+\)"):
        assert re.findall(part, english, flags=re.MULTILINE) == re.findall(part, chinese, flags=re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", read(name))
    assert len(targets) >= 4
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []


@pytest.mark.slow
def test_every_file_that_the_page_names_is_there(walked: Path) -> None:
    files = files_of(read(PAGES[0]))
    assert len(files) >= 10
    assert [name for name in files if not (walked / name).stat().st_size] == []


@pytest.mark.slow
def test_the_model_from_the_csv_answers(walked: Path) -> None:
    row = answer(walked / "estate")
    assert set(row["scores"]) == {"environment", "fees", "repairs", "safety"}
    assert "repairs" in row["themes"]


@pytest.mark.slow
def test_the_searched_model_is_a_good_one(walked: Path) -> None:
    figures = json.loads((walked / "estate" / "evaluation.json").read_text(encoding="utf-8"))
    assert figures["macro_f1"] > 0.8
    with (walked / "reports" / "themes.csv").open(encoding="utf-8", newline="") as file:
        assert all(float(row["f1"]) > 0.8 for row in csv.DictReader(file))


@pytest.mark.slow
def test_the_model_from_marked_up_reports_answers_item_by_item(walked: Path) -> None:
    row = answer(walked / "reports")
    assert [item["themes"] for item in row["items"]] == [["law_enforcement"], ["dispute_resolution"]]
