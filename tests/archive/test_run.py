from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from fazhi_ml.archive import run
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.manifest import Outcome
from fazhi_ml.archive.outputs import output_files
from fazhi_ml.archive.run import ArchiveSummary, Progress, tag_archive
from fazhi_ml.archive.schema import item_schema, report_schema, share_names, term_schema
from fazhi_ml.archive.worker import Source, page_name
from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.errors import BundleError, ConfigError, FazhiError, InputError, MissingExtraError, OutputError
from fazhi_ml.reports.overrides import MetadataTable
from fazhi_ml.tagging.tagger import Tagger
from tests.archive.documents import BROKEN, contents, report_text, write_documents

COUNT = 12


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Work in this process, which saves starting others, and return the paths of what is worked on."""
    worked: list[bytes] = []

    def run_inline(
        work: Callable[[Sequence[Source]], list[Outcome]], batches: Iterator[Sequence[Source]], **_: Any
    ) -> Generator[list[Outcome], None, None]:
        for batch in batches:
            worked.extend(source.path for source in batch)
            yield work(batch)

    monkeypatch.setattr(run, "run_batches", run_inline)
    return worked


class Archive:
    """A small archive, tagged as often as asked."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder / "in"
        self.layout = Layout(folder / "out")
        self.model = model
        self.folder.mkdir()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def tag(self, **options: Any) -> ArchiveSummary:
        return tag_archive(self.folder, self.layout.folder, **{"model": self.model, "workers": 1, **options})

    def items(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.layout.items).to_pylist()
        return rows

    def reports(self) -> dict[str, dict[str, Any]]:
        return {row["path"]: row for row in pq.read_table(self.layout.reports).to_pylist()}

    def errors(self) -> list[dict[str, str]]:
        with self.layout.errors.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads(self.layout.summary.read_text(encoding="utf-8"))
        return summary


@pytest.fixture
def archive(tmp_path: Path, saved_bundle: Path) -> Archive:
    return Archive(tmp_path, saved_bundle)


@pytest.fixture
def small(archive: Archive) -> Archive:
    """Two reports and a broken file."""
    for number in (1, 2):
        archive.write(f"{number}/报告202{number}.txt", report_text(number))
    (archive.folder / "broken.txt").write_bytes(b"\xff\x80" * 20)
    return archive


def reference(tagger: Tagger, archive: Archive, paths: Sequence[str], errors: list[str]) -> list[dict[str, Any]]:
    """Return the rows that one process gives without an archive."""
    records = tagger.tag_files([archive.folder / path for path in paths], on_error=lambda path, _: errors.append(path))
    rows = []
    for record in records:
        record["path"] = Path(record["path"]).relative_to(archive.folder).as_posix()
        rows.append(record)
    return rows


def test_every_row_is_there_once_whatever_the_number_of_workers(archive: Archive, tagger: Tagger) -> None:
    paths = write_documents(archive.folder, COUNT)
    errors: list[str] = []
    expected = reference(tagger, archive, [*paths, *BROKEN], errors)
    for workers in (2, 1):
        shutil.rmtree(archive.layout.folder, ignore_errors=True)
        summary = archive.tag(workers=workers)
        assert (summary.files, summary.tagged, summary.failed) == (COUNT + len(BROKEN), COUNT, len(BROKEN))
        assert archive.items() == expected
        assert list(archive.reports()) == paths
        assert [row["file"] for row in archive.errors()] == sorted(BROKEN)
        assert len(errors) == len(BROKEN)
        written = contents(archive.layout)
        if workers == 2:
            first = written
    assert written == first


def test_the_output_is_what_is_documented(small: Archive, tagger: Tagger, inline: list[bytes]) -> None:
    (small.folder / "figures.xlsx").touch()
    small.write("3/copy.txt", report_text(1))
    small.tag()
    layout = small.layout
    assert all(path.is_file() for path in output_files(layout, "parquet"))
    assert pq.read_schema(layout.items).equals(item_schema(tagger.themes))
    assert pq.read_schema(layout.reports).equals(report_schema(share_names(tagger.codebook)))
    assert pq.read_schema(layout.terms).equals(term_schema())
    reports = small.reports()
    assert {row["page"] for row in reports.values()} == {f"pages/{path.name}" for path in layout.pages.iterdir()}
    assert small.errors() == [
        {
            "file": "broken.txt",
            "reader": "text",
            "error": "DecodingError",
            "message": "the bytes are no valid UTF-8 or GB18030 (read as text). Save the file as UTF-8 and try again.",
        }
    ]
    summary = small.summary()
    assert summary["model"] == tagger.bundle.id
    assert summary["files"] == 4
    assert summary["reports"] == 3
    assert summary["skipped"] == {"total": 1, "by_suffix": {".xlsx": 1}}
    assert summary["errors"] == {"total": 1, "by_class": {"DecodingError": 1}}
    assert summary["duplicates"] == {"contents": 1, "copies": 1, "examples": [["1/报告2021.txt", "3/copy.txt"]]}
    items = small.items()
    assert summary["items"]["all"] == len(items) == sum(row["items"]["all"] for row in reports.values())
    for theme in tagger.themes:
        assert summary["themes"][theme] == round(sum(theme in item["themes"] for item in items) / len(items), 6)
    assert summary["themes"]["other"] == round(sum(not item["themes"] for item in items) / len(items), 6)
    assert sum(summary["years"].values()) == sum(summary["levels"].values()) == 3


def test_nothing_changed_means_nothing_done(small: Archive, inline: list[bytes]) -> None:
    assert small.tag().written
    inline.clear()
    before = {path: path.stat().st_mtime_ns for path in small.layout.folder.rglob("*.*") if path.is_file()}
    # Files as young as those of a test are read once more; nothing comes of it.
    for _ in range(2):
        summary = small.tag()
        assert not summary.written
        assert (summary.files, summary.tagged, summary.failed, summary.errors) == (3, 0, 0, 1)
    after = {path: path.stat().st_mtime_ns for path in small.layout.folder.rglob("*.*") if path.is_file()}
    assert {path for path in before if before[path] != after[path]} <= {small.layout.work / "manifest.sqlite"}


def test_only_what_is_new_or_changed_is_tagged(small: Archive, inline: list[bytes], tagger: Tagger) -> None:
    small.tag()
    kept = small.layout.pages / page_name("1/报告2021.txt".encode())
    kept_at = kept.stat().st_mtime_ns
    small.write("0/new.txt", report_text(5))
    small.write("2/报告2022.txt", report_text(6))
    summary = small.tag()
    assert (summary.files, summary.removed) == (4, 0)
    assert kept.stat().st_mtime_ns == kept_at
    assert small.items() == reference(tagger, small, ["0/new.txt", "1/报告2021.txt", "2/报告2022.txt"], [])
    fresh = Layout(small.layout.folder.with_name("fresh"))
    tag_archive(small.folder, fresh.folder, model=small.model)
    assert contents(small.layout) == contents(fresh)


def test_files_that_are_gone_leave_no_trace(small: Archive, inline: list[bytes]) -> None:
    small.tag()
    (small.folder / "1/报告2021.txt").unlink()
    (small.folder / "broken.txt").unlink()
    summary = small.tag()
    assert (summary.files, summary.removed, summary.errors) == (1, 2, 0)
    assert list(small.reports()) == ["2/报告2022.txt"]
    assert len(list(small.layout.pages.iterdir())) == 1
    assert small.errors() == []
    assert small.layout.errors.read_text(encoding="utf-8") == "file,reader,error,message\n"


def test_an_archive_that_is_suddenly_empty_keeps_its_output(small: Archive, inline: list[bytes]) -> None:
    small.tag()
    before = contents(small.layout)
    shutil.rmtree(small.folder)
    small.folder.mkdir()
    with pytest.raises(InputError, match="there are no documents in the folder"):
        small.tag()
    assert contents(small.layout) == before


@pytest.mark.parametrize(
    ("options", "word"),
    [({"granularity": "paragraph"}, "granularity"), ({"pages": False}, "choice of pages"), ({}, "model")],
)
def test_other_settings_tag_all_again_and_say_so(
    small: Archive, inline: list[bytes], options: dict[str, Any], word: str
) -> None:
    small.tag()
    inline.clear()
    if word == "model":
        bundle = Bundle.load(small.model)
        small.model = small.folder.with_name("other-model")
        replace(bundle, codebook=replace(bundle.codebook, name="other")).save(small.model)
    news: list[str] = []
    small.tag(**options, progress=lambda progress: news.append(progress.news))
    assert len(inline) == 3
    assert [text for text in news if text] == [f"all documents are tagged again: another {word} than at the last run"]
    if "pages" in options:
        assert not list(small.layout.pages.iterdir())
        assert {row["page"] for row in small.reports().values()} == {None}
    if "granularity" in options:
        assert "item" not in small.items()[0]


def test_tables_come_as_csv_and_json_lines_too(small: Archive, inline: list[bytes], tagger: Tagger) -> None:
    small.tag(format="jsonl")
    lines = (small.layout.folder / "items.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == small.items()
    lines = (small.layout.folder / "reports.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(small.reports().values())
    inline.clear()
    small.tag(format="csv", bom=True)
    assert not list(small.layout.folder.glob("*.jsonl"))
    for name in ("items.csv", "reports.csv", "errors.csv", "themes_by_place_year.csv"):
        assert (small.layout.folder / name).read_bytes().startswith("\ufeff".encode())
    with (small.layout.folder / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    items = small.items()
    assert [row["text"] for row in rows] == [item["text"] for item in items]
    theme = tagger.themes[0]
    assert [float(row[f"scores.{theme}"]) for row in rows] == [item["scores"][theme] for item in items]
    with (small.layout.folder / "reports.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    shares = [report["shares"]["all"]["items"][theme] for report in small.reports().values()]
    assert [float(row[f"shares.all.items.{theme}"]) for row in rows] == shares


def test_an_archive_without_a_readable_report_has_empty_tables(archive: Archive, inline: list[bytes]) -> None:
    archive.write("empty.txt", "")
    assert archive.tag(format="csv").errors == 1
    assert archive.items() == []
    header = (archive.layout.folder / "items.csv").read_text(encoding="utf-8").splitlines()
    assert len(header) == 1
    assert header[0].startswith("path,report,sha256,")
    assert archive.summary()["themes"]["other"] == 0.0


def test_metadata_of_the_user_are_applied_and_their_changes_noticed(
    small: Archive, inline: list[bytes], tmp_path: Path
) -> None:
    table = tmp_path / "meta.csv"
    table.write_text("file,place,year\n1/报告2021.txt,新余市,2019\nmissing.txt,某市,\n", encoding="utf-8")
    summary = small.tag(metadata=MetadataTable.read(table))
    assert summary.unused_metadata == ("missing.txt",)
    row = small.reports()["1/报告2021.txt"]
    assert (row["place"], row["year"]) == ("新余市", 2019)
    inline.clear()
    table.write_text("file,place,year\n1/报告2021.txt,新余市,2018\n", encoding="utf-8")
    small.tag(metadata=MetadataTable.read(table))
    assert "1/报告2021.txt".encode() in inline
    assert small.reports()["1/报告2021.txt"]["year"] == 2018
    small.tag()
    assert small.reports()["1/报告2021.txt"]["place"] != "新余市"


def test_metadata_that_fit_several_documents_are_refused_before_the_work(
    small: Archive, inline: list[bytes], tmp_path: Path
) -> None:
    small.write("3/报告2021.txt", report_text(3))
    table = tmp_path / "meta.csv"
    table.write_text("file,year\n报告2021.txt,2019\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="may be"):
        small.tag(metadata=MetadataTable.read(table))
    assert not inline


def test_lost_parts_and_pages_are_made_again(small: Archive, inline: list[bytes]) -> None:
    small.tag()
    before = contents(small.layout)
    next(small.layout.pages.iterdir()).unlink()
    small.tag()
    for path in (small.layout.work / "parts").glob("*.terms.arrow"):
        path.unlink()
    small.layout.terms.unlink()
    small.tag()
    assert contents(small.layout) == before


@pytest.mark.parametrize("name", ["items.parquet", "summary.json", "index.html"])
def test_a_lost_table_is_written_again(small: Archive, inline: list[bytes], name: str) -> None:
    small.tag()
    before = contents(small.layout)
    (small.layout.folder / name).unlink()
    assert small.tag().written
    assert contents(small.layout) == before


def test_lost_data_of_the_page_are_written_again(small: Archive, inline: list[bytes]) -> None:
    small.tag()
    before = contents(small.layout)
    next(small.layout.data.glob("counts-*.js")).unlink()
    assert small.tag().written
    assert contents(small.layout) == before
    assert not small.tag().written


def test_what_a_killed_run_left_is_swept_away(small: Archive, inline: list[bytes]) -> None:
    small.tag()
    before = contents(small.layout)
    parts = small.layout.work / "parts"
    kept = sorted(parts.iterdir())
    for folder in (small.layout.folder, small.layout.pages, small.layout.data, parts):
        (folder / ".fazhi-1-aa.tmp").write_bytes(b"half")
    (parts / "dead.items.arrow").write_bytes(b"whole, and not recorded")
    (small.layout.folder / ".fazhi-duck").mkdir()
    small.layout.index.unlink()
    small.tag()
    assert contents(small.layout) == before
    assert {path for path in parts.iterdir() if path not in kept} == set()


def test_a_run_that_is_stopped_while_writing_writes_all_again(
    small: Archive, inline: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    small.tag()
    before = contents(small.layout)
    small.write("new.txt", report_text(9))

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fazhi_ml.archive.outputs.write_terms", stop)
        with pytest.raises(KeyboardInterrupt):
            small.tag()
    assert len(small.reports()) == 3
    # Back to the state before: its mark must not stand for files of another.
    (small.folder / "new.txt").unlink()
    small.tag()
    assert contents(small.layout) == before


def test_a_folder_of_something_else_is_not_touched(small: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.docx").write_bytes(b"precious")
    with pytest.raises(OutputError, match="is not empty and no tagged archive"):
        tag_archive(small.folder, folder, model=small.model)
    assert [path.name for path in folder.iterdir()] == ["thesis.docx"]


def test_the_output_may_lie_in_the_archive(small: Archive, inline: list[bytes]) -> None:
    small.layout = Layout(small.folder / "out")
    assert small.tag().files == 3
    assert not small.tag().written


def test_two_runs_do_not_write_one_output(small: Archive, inline: list[bytes]) -> None:
    met: list[FazhiError] = []

    def intrude(progress: Progress) -> None:
        if progress.stage == "tagging" and not met:
            try:
                small.tag()
            except FazhiError as error:
                met.append(error)

    small.tag(progress=intrude)
    assert isinstance(met[0], OutputError)
    assert "another run is writing it" in str(met[0])


@pytest.mark.parametrize("place", ["/proc/fazhi", "file", "file/out"])
def test_a_place_that_cannot_be_written_says_so(small: Archive, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        tag_archive(small.folder, tmp_path / place, model=small.model)


def test_a_file_that_vanishes_is_an_error_until_the_next_run(
    small: Archive, inline: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove(progress: Progress) -> None:
        if progress.stage == "tagging" and progress.done == 0:
            (small.folder / "1/报告2021.txt").unlink(missing_ok=True)

    summary = small.tag(progress=remove)
    assert (summary.failed, summary.errors) == (2, 2)
    assert [row["error"] for row in small.errors()] == ["UnreadableFileError", "DecodingError"]
    assert small.tag().errors == 1


def test_names_in_gbk_and_links_go_through(small: Archive, inline: list[bytes]) -> None:
    name = "法治报告.txt".encode("gbk")
    (small.folder / os.fsdecode(name)).write_text(report_text(3), encoding="utf-8")
    (small.folder / "loop").symlink_to(small.folder)
    (small.folder / "broken-link.txt").symlink_to("nowhere.txt")
    summary = small.tag()
    assert (summary.files, summary.failed) == (5, 2)
    assert name.decode("utf-8", "backslashreplace") in small.reports()
    assert [row["file"] for row in small.errors()] == ["broken-link.txt", "broken.txt"]


def test_a_folder_that_cannot_be_listed_is_an_error(
    small: Archive, inline: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def guarded(path: Any) -> Any:
        if isinstance(path, bytes) and path.endswith(b"/1/"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert small.tag().errors == 2
    assert [row["file"] for row in small.errors()] == ["1/", "broken.txt"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers: 0 is too few"),
        ({"granularity": "word"}, "granularity: unknown granularity. Use 'paragraph' or 'item'."),
        ({"format": "xlsx"}, "format: unknown format. Use 'parquet' or"),
    ],
)
def test_wrong_arguments_are_refused(small: Archive, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        small.tag(**options)
    assert not small.layout.folder.exists()


def test_a_missing_extra_is_named(small: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "find_spec", lambda name: None if name == "duckdb" else object())
    with pytest.raises(MissingExtraError, match=r"duckdb is not installed.*fazhi-ml\[archive\]"):
        small.tag()


def test_progress_counts_the_documents_of_the_run(small: Archive, inline: list[bytes]) -> None:
    told: list[Progress] = []
    small.tag(progress=told.append)
    assert [progress.stage for progress in told] == ["listing", *["tagging"] * (len(told) - 2), "writing"]
    assert (told[1].done, told[1].total) == (0, 3)
    assert told[-2] == Progress("tagging", 3, 3, 1)


def test_a_model_that_cannot_be_loaded_costs_nothing(small: Archive, inline: list[bytes], tmp_path: Path) -> None:
    small.tag()
    broken = tmp_path / "broken"
    shutil.copytree(small.model, broken)
    (broken / "weights.safetensors").write_bytes(b"no weights")
    manifest = json.loads((broken / "model.json").read_text(encoding="utf-8"))
    (broken / "model.json").write_text(json.dumps({**manifest, "id": "fazhi-000000000000"}), encoding="utf-8")
    with pytest.raises(BundleError):
        small.tag(model=broken)
    assert small.tag().tagged == 0


def test_a_folder_of_other_documents_is_refused(small: Archive, inline: list[bytes], tmp_path: Path) -> None:
    small.tag()
    other = tmp_path / "other"
    other.mkdir()
    (other / "other.txt").write_text(report_text(3), encoding="utf-8")
    with pytest.raises(InputError, match="none of the documents"):
        tag_archive(other, small.layout.folder, model=small.model, workers=1)
    assert not small.tag().written
