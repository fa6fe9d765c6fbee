from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.manifest import Failure, Outcome, Tagged
from fazhi_ml.archive.parts import ITEMS, TERMS, read_batches
from fazhi_ml.archive.schema import item_rows
from fazhi_ml.archive.walk import file_stamp
from fazhi_ml.archive.worker import Job, Source, failure_of, page_name, tag_batch
from fazhi_ml.errors import BundleError, DecodingError, MissingProgramError, OutputError
from fazhi_ml.reports.document import Report
from fazhi_ml.tagging.page import render_page
from fazhi_ml.tagging.tagger import Tagger
from tests.archive.documents import report_text


class Override:
    """Stands for a row of a table of metadata."""

    fingerprint = "place=新余市"

    def apply(self, report: Report) -> Report:
        return replace(report, metadata=replace(report.metadata, place="新余市"))


@pytest.fixture
def job(saved_bundle: Path, tagger: Tagger, tmp_path: Path) -> Job:
    layout = Layout(tmp_path / "out")
    for folder in (tmp_path / "in", layout.work / "parts", layout.pages):
        folder.mkdir(parents=True)
    return Job(tmp_path / "in", layout.folder, saved_bundle, tagger.bundle.id, "item", pages=True)


def write(job: Job, name: str | bytes, data: str | bytes) -> Source:
    """Write a document with a time of change that is well past."""
    path = os.fsencode(name)
    file = job.folder / os.fsdecode(path)
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return Source(path, None, None)


def tag(job: Job, *sources: Source) -> list[Outcome]:
    return tag_batch(job, sources)


def failure(outcome: Outcome) -> Failure:
    assert isinstance(outcome.result, Failure)
    return outcome.result


def place(outcome: Outcome) -> Tagged:
    assert isinstance(outcome.result, Tagged)
    return outcome.result


def rows(job: Job, outcome: Outcome, suffix: str = ITEMS) -> list[dict[str, Any]]:
    (batch,) = read_batches(Layout(job.output).work / "parts", suffix, [place(outcome)])
    found: list[dict[str, Any]] = batch.to_pylist()
    return found


def test_a_document_becomes_rows_a_page_and_facts(job: Job, tagger: Tagger) -> None:
    text = report_text(3)
    outcome, _ = tag(job, write(job, "报告2022.txt", text), write(job, "b.txt", report_text(4)))
    expected = tagger.tag_bytes(text.encode(), name="报告2022.txt")
    assert rows(job, outcome) == item_rows(expected, "报告2022.txt")
    assert {row["theme"] for row in rows(job, outcome, TERMS)} <= {*tagger.themes, "other"}
    assert outcome.sha256 == hashlib.sha256(text.encode()).hexdigest()
    row = json.loads(place(outcome).row)
    assert (row["path"], row["bytes"], row["items"]["all"]) == (
        "报告2022.txt",
        len(text.encode()),
        len(rows(job, outcome)),
    )
    assert row["page"] == f"pages/{page_name('报告2022.txt'.encode())}"
    assert (job.output / row["page"]).read_text(encoding="utf-8") == render_page(expected)


def test_rows_may_be_paragraphs_and_pages_left_out(job: Job, tagger: Tagger) -> None:
    text = report_text(3)
    (outcome,) = tag(replace(job, granularity="paragraph", pages=False), write(job, "a.txt", text))
    expected = item_rows(tagger.tag_bytes(text.encode(), name="a.txt"), "a.txt", "paragraph")
    assert rows(job, outcome) == expected
    assert json.loads(place(outcome).row)["page"] is None
    assert not list((job.output / "pages").iterdir())


def test_content_that_is_known_is_not_tagged_again(job: Job) -> None:
    text = report_text(3)
    source = write(job, "a.txt", text)._replace(sha256=hashlib.sha256(text.encode()).hexdigest())
    (outcome,) = tag(job, source)
    assert outcome.result is None
    (outcome,) = tag(job, source._replace(sha256="0" * 64))
    assert isinstance(outcome.result, Tagged)


def test_metadata_of_the_user_replace_what_was_read(job: Job) -> None:
    (outcome,) = tag(job, write(job, "a.txt", report_text(3))._replace(override=Override()))  # type: ignore[arg-type]
    assert outcome.override == "place=新余市"
    assert {row["place"] for row in rows(job, outcome)} == {json.loads(place(outcome).row)["place"]} == {"新余市"}


def test_a_name_in_gbk_tells_its_year_and_keeps_its_bytes(job: Job) -> None:
    name = "分宜县2021年法治政府建设报告.txt".encode("gbk")
    (outcome,) = tag(job, write(job, name, "一、工作情况\n开展行政执法检查，查处案件12件，作出行政处罚3件。\n"))
    row = rows(job, outcome)[0]
    assert row["year"] == 2021
    assert row["path"] == row["report"] == name.decode("utf-8", "backslashreplace")


def test_errors_of_one_document_harm_no_other(job: Job) -> None:
    outcomes = tag(
        job, write(job, "a.txt", b"\xff\x80" * 20), write(job, "b.txt", report_text(1)), Source(b"c.txt", None, None)
    )
    bad, good, gone = outcomes
    assert failure(bad)[:2] == ("text", "DecodingError")
    assert failure(bad).message.endswith("(read as text). Save the file as UTF-8 and try again.")
    assert not failure(bad).retry
    assert rows(job, good)
    assert failure(gone) == ("", "UnreadableFileError", "there is no such file. Was it moved during the run?", True)
    assert gone.sha256 is None


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir])
def test_what_is_no_file_is_refused_at_once(job: Job, make: Callable[[Path], None]) -> None:
    make(job.folder / "a.txt")
    (outcome,) = tag(job, Source(b"a.txt", None, None))
    assert failure(outcome).message.startswith("it is no regular file.")


def raised(error: BaseException) -> Callable[..., Any]:
    def fail(*_arguments: object, **_options: object) -> Any:
        raise error

    return fail


def test_an_unexpected_error_is_told_without_the_document_s_text(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.reports.read.read_outline", raised(IndexError("机密正文")))
    (outcome,) = tag(job, write(job, "a.txt", report_text(1)))
    assert failure(outcome)[:2] == ("text", "IndexError")
    assert failure(outcome).message.startswith("An unexpected error (test_worker.py, line ")
    assert "report it" in failure(outcome).message
    assert "机密" not in failure(outcome).message


def test_a_reader_that_fails_to_look_is_survived(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.reports.readers.text.TextReader.accepts", raised(RecursionError()))
    (outcome,) = tag(job, write(job, "a.txt", report_text(1)))
    assert failure(outcome)[:2] == ("", "RecursionError")


def test_want_of_memory_is_an_error_of_the_document(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.reports.read.read_outline", raised(MemoryError()))
    (outcome,) = tag(job, write(job, "a.txt", report_text(1)))
    assert failure(outcome)[:2] == ("text", "MemoryError")
    assert failure(outcome).retry


def test_an_error_of_the_system_is_tried_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.reports.read.read_outline", raised(OSError(28, "No space left on device")))
    (outcome,) = tag(job, write(job, "a.txt", report_text(1)))
    assert failure(outcome)[:2] == ("text", "OSError")
    assert "(No space left on device)" in failure(outcome).message
    assert failure(outcome).retry


def test_text_that_no_table_can_hold_is_an_error_of_the_document(
    job: Job, tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fazhi_ml.reports.read import parse_report

    report = parse_report("某县2023年法治政府建设报告", title="\ud800法治政府建设报告")
    provenance = replace(report.provenance, path="a.txt")
    monkeypatch.setattr("fazhi_ml.reports.read.read_bytes", lambda *_, **__: replace(report, provenance=provenance))
    (outcome,) = tag(job, write(job, "a.txt", "x"))
    assert failure(outcome).error == "UnicodeEncodeError"


def test_errors_that_another_run_need_not_meet_are_marked() -> None:
    assert failure_of(MissingProgramError("no soffice", remedy="Install it.")).retry
    assert not failure_of(DecodingError("no text")).retry


def changing(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have a file look changed at the end of its first readings."""
    fstat = os.fstat
    left = times

    def changed(descriptor: int) -> os.stat_result:
        nonlocal left
        status = fstat(descriptor)
        if left:
            left -= 1
            # Fields as a sequence, then those by name, the times in nanoseconds among them.
            names = {name: getattr(status, name) for name in ("st_mtime_ns", "st_ctime_ns")}
            return os.stat_result((*status[:6], status.st_size + 1, *status[7:]), names)
        return status

    monkeypatch.setattr(os, "fstat", changed)


def test_a_file_that_changes_once_is_read_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(job, "a.txt", report_text(1))
    changing(monkeypatch, 1)
    (outcome,) = tag(job, source)
    assert rows(job, outcome)


def test_a_file_that_keeps_changing_is_an_error(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(job, "a.txt", report_text(1))
    changing(monkeypatch, 2)
    (outcome,) = tag(job, source)
    assert failure(outcome).message.startswith("it changes while it is read.")
    assert failure(outcome).retry


def test_a_stamp_as_young_as_the_reading_is_not_trusted(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(job, "a.txt", report_text(1))
    status = (job.folder / "a.txt").stat()
    monkeypatch.setattr(time, "time", lambda: status.st_ctime + 0.05)
    assert tag(job, source)[0].stamp == ""
    monkeypatch.setattr(time, "time", lambda: status.st_ctime + 5)
    assert tag(job, source)[0].stamp == file_stamp(status)


def test_a_page_that_cannot_be_written_ends_the_run(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(job, "a.txt", report_text(1))
    (job.output / "pages").rmdir()
    with pytest.raises(OutputError, match="cannot be written"):
        tag(job, source)
    assert not list((job.output / ".fazhi" / "parts").iterdir())


def test_a_full_disk_ends_the_run_and_leaves_no_part(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(job, "a.txt", report_text(1))
    monkeypatch.setattr(os, "fsync", raised(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match=r"No space left on device\)\. Free some disk space, then run the same"):
        tag(job, source)
    assert not list((job.output / ".fazhi" / "parts").iterdir())


def test_the_model_must_be_that_of_the_run(job: Job) -> None:
    with pytest.raises(BundleError, match="the model changed during the run"):
        tag(replace(job, model="fazhi-000000000000"), write(job, "a.txt", report_text(1)))


def test_no_documents_make_an_empty_part(job: Job) -> None:
    assert tag(job) == []


def test_a_job_pickles(job: Job) -> None:
    import pickle

    assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301 - our own bytes
