"""The documentation: its code runs, its commands exist, and both languages say the same."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import fazhi_ml
from fazhi_ml import errors
from fazhi_ml.archive.schema import item_schema, report_schema, share_names, term_schema
from fazhi_ml.archive.walk import SUFFIXES
from fazhi_ml.cli.app import main
from fazhi_ml.codebook import Codebook
from fazhi_ml.tagging.tagger import Tagger
from tests.conftest import ROOT
from tests.test_tutorial import Block, make_programs, run_block

DOCS = ROOT / "docs"
IN_ENGLISH_ONLY = {"decisions"}
# The English page sums up what the Chinese one takes in whole; the tutorial has tests of its own.
FREE = {"codebook", "tutorial"}
# Their code is run by tests/serving/test_spark.py and tests/test_tutorial.py.
RUN_ELSEWHERE = {"spark", "tutorial"}
LINKED = ("configs", "data", "examples")
GROUPS = ("labels", "models")
# What ends a command.
STOPS = ("|", ">", "<", "&&", "…")


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def in_nav() -> list[str]:
    return re.findall(r": ([a-z-]+)\.md$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), flags=re.MULTILINE)


PAGES = in_nav()
BOTH = [page for page in PAGES if page not in IN_ENGLISH_ONLY]
FILES = [f"{page}{ending}" for page in BOTH for ending in (".md", ".en.md")]


def fences(page: str) -> list[tuple[str, str]]:
    """Return the language and the code of every block."""
    return re.findall(r"^```([^\n]*)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def without_comments(code: str) -> str:
    return re.sub(r"\s+# .*|^# .*", "", code, flags=re.MULTILINE)


def prose(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)


def section(page: str, heading: str) -> str:
    """Return the text below a heading, up to the next one."""
    [found] = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page, flags=re.MULTILINE | re.DOTALL)
    return str(found)


def first_cells(text: str) -> list[str]:
    """Return what stands as code in the first column of tables."""
    cells = re.findall(r"^\| ([^|]*) \|", text, flags=re.MULTILINE)
    return [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]


def test_the_site_has_every_page_in_both_languages() -> None:
    names = {path.name for path in DOCS.glob("*.md")}
    assert names == {*FILES, *(f"{page}.md" for page in IN_ENGLISH_ONLY)}
    assert len(PAGES) == len(set(PAGES))


@pytest.mark.parametrize("page", [page for page in BOTH if page not in FREE])
def test_both_languages_have_the_same_parts(page: str) -> None:
    chinese, english = read(f"{page}.md"), read(f"{page}.en.md")
    for parts in (
        lambda text: re.findall(r"^#+(?= )", prose(text), flags=re.MULTILINE),
        lambda text: [(language, without_comments(code)) for language, code in fences(text)],
        lambda text: len(re.findall(r"^\|", text, flags=re.MULTILINE)),
        lambda text: len(re.findall(r"^(?:-|\d\.) ", text, flags=re.MULTILINE)),
        first_cells,
        lambda text: sorted(re.findall(r"\]\(([^)]+)\)", text)),
        lambda text: re.findall(r"^(?::::|  +\w+:).*", text, flags=re.MULTILINE),
    ):
        assert parts(chinese) == parts(english)


@pytest.mark.parametrize("name", FILES)
def test_a_page_is_in_its_language(name: str) -> None:
    text = re.sub(r"`[^`]*`|\([^)]*\)", "", prose(read(name)))
    chinese, english = len(re.findall(r"[一-鿿]", text)), len(re.findall(r"[A-Za-z]{2,}", text))
    assert (english > chinese) is name.endswith(".en.md")


@pytest.mark.parametrize("name", [*FILES, "decisions.md"])
def test_links_lead_to_pages(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", read(name))
    inner = [target for target in targets if not target.startswith("https://")]
    # The site finds the page in the reader's language.
    assert [target for target in inner if target.removesuffix(".md") not in PAGES] == []


def shown_commands(page: str) -> Iterator[list[str]]:
    """Yield the words of commands that a page shows and no test runs: in the text, and after a prompt."""
    consoles = "\n".join(code for language, code in fences(page) if language == "console")
    lines = re.findall(r"^\$ (.*)", consoles, flags=re.MULTILINE)
    for line in [*lines, *re.findall(r"`((?:fazhi|make|pip) [^`]+)`", prose(page))]:
        if line.startswith(("fazhi", "make", "pip")):
            words = shlex.split(line, comments=True)
            yield words[: next((place for place, word in enumerate(words) if word in STOPS), None)]


def options_of(command: list[str], capsys: pytest.CaptureFixture[str]) -> set[str]:
    assert main([*command, "--help"]) == 0
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", capsys.readouterr().out))


def check_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    program, name, *rest = words
    if program == "make":
        assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    elif program == "pip":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        [wanted] = re.findall(r"(?:\.|fazhi-ml)\[([a-z,]+)\]", " ".join(rest))
        assert set(wanted.split(",")) <= set(project["optional-dependencies"])
    else:
        command = [name, *rest[:1]] if name in GROUPS else [name]
        used = {word.partition("=")[0] for word in rest if word.startswith("-") and word != "-"}
        assert used <= options_of(command, capsys), words


@pytest.mark.parametrize("name", FILES)
def test_the_commands_shown_exist(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for words in shown_commands(read(name)):
        check_command(words, capsys)


class Walk:
    """Runs the code of a page from top to bottom, in a folder that stands for the repository."""

    def __init__(self, top: Path) -> None:
        home, programs, self.folder = top / "home", top / "bin", top / "repository"
        home.mkdir()
        (self.folder / "models").mkdir(parents=True)
        make_programs(programs)
        for name in (*LINKED, "models/default"):
            (self.folder / name).symlink_to(ROOT / name)
        path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = os.environ | {"PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT)}
        self.missing: set[str] = set()

    def run(self, page: str) -> None:
        """Run shell and Python blocks; Python keeps its names from block to block, as a reader's session does."""
        names: dict[str, Any] = {}
        for language, code in fences(page):
            if language == "sh":
                assert run_block(Block(code, 0), self.folder, self.environment) == self.folder.resolve()
            elif language == "python" and self._is_installed(code):
                exec(compile(code, "docs", "exec"), names)  # noqa: S102 - the point of the test

    def _is_installed(self, code: str) -> bool:
        imported = set(re.findall(r"^(?:import|from) (\w+)", code, flags=re.MULTILINE))
        missing = {name for name in imported if find_spec(name) is None}
        self.missing |= missing
        return not missing or os.environ.get("FAZHI_REQUIRE_TOOLS") == "1"


def has_code(page: str) -> bool:
    return any(language in {"sh", "python"} for language, _ in fences(read(f"{page}.en.md")))


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in BOTH if page not in RUN_ELSEWHERE and page != "archives" and has_code(page)]
)
def test_the_code_of_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk(tmp_path)
    monkeypatch.chdir(walk.folder)
    walk.run(read(f"{page}.en.md"))
    assert not walk.missing


@pytest.fixture(scope="module")
def walked_archives(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Run the code of the page on archives."""
    walk = Walk(tmp_path_factory.mktemp("archives"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(walk.folder)
        walk.run(read("archives.en.md"))
    return walk


@pytest.mark.slow
def test_the_code_on_archives_runs(walked_archives: Walk) -> None:
    written = {path.name for path in (walked_archives.folder / "out").iterdir()}
    assert written >= {"tagged", "places.csv", "years.html", "passages.jsonl", "passages.html"}
    if walked_archives.missing:
        pytest.skip(f"not installed: {', '.join(sorted(walked_archives.missing))}")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "heading"), [("archives.md", "输出"), ("archives.en.md", "Output")])
def test_every_file_of_an_archive_is_documented(name: str, heading: str, walked_archives: Walk) -> None:
    folder = walked_archives.folder / "out" / "tagged"
    documented = {cell.rstrip("/") for cell in first_cells(section(read(name), heading))}
    # Hidden: the state. The page says that `data` belongs to index.html.
    assert {path.name for path in folder.iterdir() if not path.name.startswith(".")} == {*documented, "data"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["archives.md", "archives.en.md"])
def test_every_column_and_key_of_its_other_files_is_documented(name: str, walked_archives: Walk) -> None:
    page, folder = read(name), walked_archives.folder / "out" / "tagged"
    header = next(csv.reader(io.StringIO((folder / "errors.csv").read_text(encoding="utf-8-sig"))))
    assert first_cells(section(page, "errors.csv")) == header
    header = next(csv.reader(io.StringIO((folder / "themes_by_place_year.csv").read_text(encoding="utf-8-sig"))))
    shares = re.findall(r"`(\w+)`", section(page, "themes_by_place_year.csv"))
    assert shares == [column for column in header if column == "share_other" or not column.startswith("share_")]
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert first_cells(section(page, "summary.json")) == list(summary)


@pytest.mark.parametrize("name", ["archives.md", "archives.en.md"])
def test_every_column_of_an_archive_is_documented(name: str, codebook: Codebook) -> None:
    page = read(name)
    assert first_cells(section(page, "items.parquet")) == item_schema(codebook.ids).names
    assert first_cells(section(page, "reports.parquet")) == report_schema(share_names(codebook)).names
    assert first_cells(section(page, "terms.parquet")) == term_schema().names


@pytest.mark.parametrize("name", ["archives.md", "archives.en.md"])
def test_every_ending_that_is_read_is_documented(name: str) -> None:
    [endings] = re.findall(r"(?:`\.[a-z]+` ){5,}`\.[a-z]+`", read(name))
    assert set(re.findall(r"\.[a-z]+", endings)) == SUFFIXES


@pytest.mark.parametrize("name", ["formats.md", "formats.en.md"])
def test_every_field_and_error_is_documented(name: str, tagger: Tagger) -> None:
    cells = first_cells(read(name))
    [record, *_] = tagger.tag_text("一、工作成效\n开展执法检查。").to_records("item")
    assert cells[cells.index("report") :] == list(record)
    kinds = {kind.__name__ for kind in vars(errors).values() if isinstance(kind, type)}
    documented = {cell for cell in cells if cell.endswith("Error")}
    assert documented == {
        kind for kind in kinds if issubclass(getattr(errors, kind), errors.ReportError) and kind != "ReportError"
    }


def test_the_english_codebook_has_all_themes(codebook: Codebook) -> None:
    page = read("codebook.en.md")
    for theme in codebook.themes:
        assert f"| `{theme.id}` | {theme.name('zh')} {theme.name('en')} | {theme.definition} |" in page


@pytest.mark.parametrize("name", ["api.md", "api.en.md"])
def test_the_whole_public_api_is_on_its_page(name: str) -> None:
    shown = re.findall(r"^::: ([\w.]+)$", read(name), flags=re.MULTILINE)
    assert {f"fazhi_ml.{public}" for public in fazhi_ml.__all__ if public != "__version__"} <= set(shown)
    for path in shown:
        module, _, attribute = path.rpartition(".")
        assert getattr(import_module(module), attribute).__doc__


def build_site(folder: Path) -> Path:
    """Build the site into a folder; where mkdocs is not installed the test is skipped, or fails if it is required."""
    if find_spec("mkdocs") is None and os.environ.get("FAZHI_REQUIRE_TOOLS") != "1":
        pytest.skip("mkdocs is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


@pytest.mark.slow
def test_the_site_needs_no_network(site: Path) -> None:
    loads = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)=\"?(?:https?:)?//[^>]*>")
    styles = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//")
    pages = list(site.rglob("*.html"))
    assert len(pages) >= 2 * len(PAGES)
    assert [found for path in pages for found in loads.findall(path.read_text(encoding="utf-8"))] == []
    assert [path for path in site.rglob("*.css") if styles.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.slow
def test_the_site_shows_every_page_as_it_is_meant(site: Path) -> None:
    for path in (site / folder / f"{page}.html" for page in PAGES for folder in (".", "en")):
        html = path.read_text(encoding="utf-8")
        text = re.sub(r"<[^>]+>", "", html)
        assert html.count("<h1") == 1, path
        # Blocks, snippets and references that Markdown did not take for such.
        assert re.findall(r"```|^:::|--8&lt;--", text, flags=re.MULTILINE) == [], path
