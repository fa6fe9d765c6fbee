from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.errors import InputError, OutputError
from fazhi_ml.tagging.export import check_target, explained_records, to_csv, to_jsonl, write_text
from fazhi_ml.tagging.results import GRANULARITIES, Granularity
from tests.tagging.builders import CODEBOOK, Unit, demo_report, tagged_report

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text("=+-@\t\r\n\"',;<\x00\x1b\x9b\u2028\ud800一＝")


def rows(report_csv: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report_csv, newline="")))


def test_jsonl_reads_back_as_the_records_and_keeps_chinese_readable() -> None:
    records = demo_report().to_records()
    lines = list(to_jsonl(records))
    assert [json.loads(line) for line in lines] == records
    assert "放管服" in "".join(lines)


@given(ANY_TEXT)
def test_jsonl_of_any_text_is_one_encodable_line(text: str) -> None:
    (line,) = to_jsonl([{"text": text}])
    line.encode()
    assert line.splitlines(keepends=True) == [line]
    # Two surrogates that stand side by side mean one character to JSON.
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(line)["text"] == expected


@given(ANY_TEXT)
def test_jsonl_writes_no_control_character(text: str) -> None:
    (line,) = to_jsonl([{"text": text}])
    assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in line[:-1])


def test_csv_has_a_header_and_a_score_column_a_theme() -> None:
    table = rows("".join(to_csv(demo_report().to_records(), CODEBOOK.ids)))
    assert len(table) == 10
    assert [name for name in table[0] if name.startswith("score_")] == [f"score_{theme}" for theme in CODEBOOK.ids]
    assert table[3]["themes"] == "law_enforcement; supervision"
    assert table[3]["section"] == "一、2023年主要工作; （二）规范行政执法"
    assert float(table[3]["score_law_enforcement"]) == pytest.approx(0.93)
    assert table[3]["agency"] == ""


def test_csv_without_records_is_its_header() -> None:
    (header,) = to_csv([], CODEBOOK.ids)
    assert header.rstrip().split(",") == list(rows("".join(to_csv(demo_report().to_records(), CODEBOOK.ids)))[0])


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＠x"])
def test_csv_disarms_formulas(start: str) -> None:
    table = rows("".join(to_csv(tagged_report([Unit(start)]).to_records(), CODEBOOK.ids)))
    assert table[0]["text"] == "'" + start


@given(ANY_TEXT)
def test_csv_of_any_text_reads_back(text: str) -> None:
    record: dict[str, Any] = {"text": text, "themes": [], "scores": {}}
    table = rows("".join(to_csv([record], [])))
    shown = text.encode("utf-8", "backslashreplace").decode()
    assert table[0]["text"] in {shown, "'" + shown}
    assert len(table) == 1


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_evidence_points_into_the_report(granularity: Granularity) -> None:
    report = demo_report()
    seen = 0
    for record in explained_records(report, granularity):
        assert set(record["evidence"]) == set(record["themes"])
        for terms in record["evidence"].values():
            contributions = [term["contribution"] for term in terms]
            assert contributions == sorted(contributions, reverse=True)
            assert all(contribution > 0 for contribution in contributions)
            for term in terms:
                for start, end in term["spans"]:
                    assert record["start"] <= start < end <= record["end"]
                    assert report.text[start:end] == term["term"]
                    seen += 1
    assert seen > 10


def test_a_paragraphs_evidence_is_that_of_its_items() -> None:
    record = explained_records(demo_report(), "paragraph")[2]
    assert [term["term"] for term in record["evidence"]["law_enforcement"]][:2] == ["行政执法", "首违不罚"]


def test_evidence_is_capped() -> None:
    terms = [chr(0x4E00 + number) for number in range(30)]
    report = tagged_report([Unit("".join(terms), {"supervision": 0.9}, {"supervision": terms})])
    assert len(explained_records(report)[0]["evidence"]["supervision"]) == 10


def test_evidence_of_an_unexplained_report_is_empty() -> None:
    assert explained_records(tagged_report([Unit("正文。", {"supervision": 0.9})]))[0]["evidence"] == {}


def test_unknown_granularity_is_an_input_error() -> None:
    with pytest.raises(InputError):
        explained_records(demo_report(), "word")  # type: ignore[arg-type]


def test_csv_has_an_evidence_column_when_explained() -> None:
    table = rows("".join(to_csv(explained_records(demo_report()), CODEBOOK.ids)))
    assert table[3]["evidence"] == "law_enforcement: 行政执法, 案卷评查, 三项制度; supervision: 监督意见书, 监督"


def test_write_text_writes_utf8_and_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "法治\r\n\ud800")
    assert path.read_bytes() == "法治\r\n\\ud800".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_write_text_takes_pieces(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", iter(["一", "二"]))
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "一二"


def test_write_text_keeps_what_exists_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(OutputError, match=r"a\.txt.*exists already"):
        write_text(path, "new")
    assert path.read_text() == "old"
    write_text(path, "new", overwrite=True)
    assert path.read_text() == "new"


def test_write_text_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real.txt")
    write_text(link, "new", overwrite=True)
    assert link.is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_failing_source_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def pieces() -> Iterator[str]:
        yield "half"
        raise InputError("stop")

    with pytest.raises(InputError):
        write_text(path, pieces(), overwrite=True)
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("step", "code", "message"),
    [
        ("replace", errno.ENOSPC, r"No space left.*Free some disk space"),
        ("open", errno.EACCES, r"Permission denied.*may write to"),
        ("open", errno.EROFS, r"Read-only.*not read-only"),
        ("open", errno.EIO, r"error.*Choose another place"),
    ],
)
def test_what_the_system_refuses_is_named_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int, message: str
) -> None:
    def refuse(self: Path, target: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, step, refuse)
    with pytest.raises(OutputError, match=message):
        write_text(tmp_path / "a.txt", "text")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("missing/a.txt", "folder does not exist"),
        (".", "is a folder"),
        ("x" * 300, "cannot be written"),
        ("a\x00b", "not a valid path"),
    ],
)
def test_bad_targets_are_named(tmp_path: Path, name: str, cause: str) -> None:
    with pytest.raises(OutputError, match=cause):
        write_text(tmp_path / name, "text", overwrite=True)
    assert not list(tmp_path.iterdir())


def test_a_device_is_no_target() -> None:
    with pytest.raises(OutputError, match="not a regular file"):
        check_target(os.devnull, overwrite=True)
