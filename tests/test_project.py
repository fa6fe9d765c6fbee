"""The repository as a whole: what its pages promise is there, and nothing is that should not be."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fazhi_ml
from fazhi_ml.cli.app import main
from fazhi_ml.cli.console import render_table
from tests.conftest import ROOT

READMES = ("README.md", "README.zh-CN.md")
EXTRAS = {
    "train": {"mlflow", "matplotlib", "pydantic", "optuna", "jinja2"},
    "fonts": {"fonttools", "justmytype-intl-cjk"},
    "documents": {"lxml", "trafilatura", "pypdfium2"},
    "archive": {"pyarrow", "duckdb", "jinja2"},
    "review": {"cleanlab"},
    "spark": {"pyspark", "pyarrow", "pandas"},
    "all": {"fazhi-ml[train,fonts,documents,archive,review,spark]"},
}
MAX_BYTES = 5_000_000
FORBIDDEN = {
    "a folder of one machine": re.compile(r"(?<![\w.$}])/(?:work|root|home/\w+|opt/pypi)/"),
    "a package registry": re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org"),
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code_blocks(page: str, language: str | None = None) -> list[str]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    return [code for name, code in blocks if language in (None, name)]


def commands(page: str, program: str) -> set[str]:
    """Return the first words after a program in the shell blocks of a page."""
    return set(re.findall(rf"^{program} ([a-z]+)", "\n".join(code_blocks(page, "sh")), flags=re.MULTILINE))


@pytest.fixture(scope="module")
def repository_files() -> list[Path]:
    """Files that are tracked, or would be after ``git add``."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listing = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("name", READMES)
def test_the_make_commands_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), flags=re.MULTILINE))
    assert {"demo", "test"} <= commands(read(name), "make") <= targets


def test_the_fazhi_commands_exist(capsys: pytest.CaptureFixture[str]) -> None:
    used = commands(read("README.md"), "fazhi")
    assert {"tag", "train", "evaluate", "labels"} <= used
    for command in used:
        assert main([command, "--help"]) == 0
    assert capsys.readouterr().err == ""


def test_the_readmes_have_the_same_parts() -> None:
    english, chinese = (read(name) for name in READMES)
    headings, tables = re.compile(r"^#+ ", re.MULTILINE), re.compile(r"^\|", re.MULTILINE)
    assert headings.findall(english) == headings.findall(chinese)
    assert len(tables.findall(english)) == len(tables.findall(chinese))
    assert code_blocks(english) == code_blocks(chinese)
    assert len(code_blocks(english)) >= 5


@pytest.mark.parametrize("name", READMES)
def test_every_figure_is_filled_in(name: str) -> None:
    assert "{{" not in read(name)


@pytest.mark.parametrize(
    "name", [*READMES, "CHANGELOG.md", "data/README.md", "docs/decisions.md", "benchmarks/README.md"]
)
def test_links_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", read(name))
    missing = [target for target in targets if ":" not in target and not (ROOT / name).parent.joinpath(target).exists()]
    assert missing == []


def test_the_example_in_python_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = code_blocks(read("README.md"), "python")
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - the point of the test
    assert "('dispute_resolution',)" in capsys.readouterr().out


def test_the_example_output_is_what_the_shipped_model_says() -> None:
    (example,) = code_blocks(read("README.md"), "text")
    report = fazhi_ml.load().tag_file(ROOT / "data" / "samples" / "yunping-county-2023.txt")
    shown = [line.rstrip() for line in render_table(report, width=100, colour=False).splitlines()]
    assert [line for line in example.splitlines() if line not in shown] == []


def test_no_large_file(repository_files: list[Path]) -> None:
    assert [path.name for path in repository_files if path.stat().st_size > MAX_BYTES] == []


def test_nothing_speaks_of_one_machine(repository_files: list[Path]) -> None:
    found = []
    for path in repository_files:
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [f"{path.relative_to(ROOT)}: {what}" for what, pattern in FORBIDDEN.items() if pattern.search(text)]
    assert found == []


def test_the_newest_release_in_the_changelog_is_this_version() -> None:
    releases = re.findall(r"^## \[(\d[^\]]*)\]", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert releases[0] == fazhi_ml.__version__


def test_the_version_has_one_source() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "fazhi_ml/__init__.py"
    assert f'\n__version__ = "{fazhi_ml.__version__}"\n' in read("fazhi_ml/__init__.py")


def test_the_extras_are_as_designed() -> None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    names = {extra: {re.split(r"[<>=!~ ;]", entry)[0] for entry in entries} for extra, entries in extras.items()}
    assert names == EXTRAS


def test_the_licence_is_apache() -> None:
    assert tomllib.loads(read("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0, January 2004" in read("LICENSE")


def test_the_ci_script_is_sound_bash() -> None:
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "options"), [("cold_start.py", ["--pairs", "1"]), ("throughput.py", ["--items", "300", "--rounds", "1"])]
)
def test_the_benchmarks_run(script: str, options: list[str], saved_bundle: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / script), "--model", str(saved_bundle), *options]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert re.search(r"times faster \(median; [\d.]+ to [\d.]+\)\n\Z", result.stdout)
