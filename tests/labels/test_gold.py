from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.codebook import OTHER, Codebook, Theme
from fazhi_ml.errors import CorpusError
from fazhi_ml.labels import Gold

Unit = tuple[str, str, list[str], list[str]]  # kind, text, must, may

UNITS: list[Unit] = [
    ("chrome", "青岭县2023年法治政府建设报告", [], []),
    ("item", "导语。", [], []),
    ("heading", "一、主要工作", [], []),
    ("heading", "(一)优化服务", [], []),
    ("item", "1.减证便民。全年减证12项。", ["business_environment"], []),
    ("leadin", "2.深化改革。", [], []),
    ("item", "一是规范执法。", ["law_enforcement"], ["supervision"]),
    ("item", "二是公开信息。", ["supervision"], []),
    ("item", "3.普法进村。", ["legal_publicity"], []),
    ("heading", "二、存在的问题", [], []),
    ("item", "监督不够。", [], ["supervision"]),
]

Write = Callable[..., Path]


def rows_of(units: list[Unit], report: str = "a.txt") -> tuple[str, list[dict[str, Any]]]:
    text, rows = "", []
    for kind, unit, must, may in units:
        row: dict[str, Any] = {"report": report, "start": len(text), "end": len(text) + len(unit), "kind": kind}
        row |= {"must": must, "may": may} if kind == "item" else {}
        rows.append({**row, "text": unit[:25]})
        text += unit + "\r\n"
    return text, rows


@pytest.fixture
def write(tmp_path: Path) -> Write:
    text, rows = rows_of(UNITS)

    def write_gold(*changes: tuple[int, dict[str, Any]], extra: str = "") -> Path:
        changed = [dict(row) for row in rows]
        for number, change in changes:
            changed[number].update(change)
        (tmp_path / "a.txt").write_bytes(text.encode())
        path = tmp_path / "gold.jsonl"
        lines = [json.dumps(row) for row in changed]
        path.write_text("\n".join(lines) + "\n" + extra, encoding="utf-8", newline="")
        return path

    return write_gold


def test_units_hold_their_text_and_place(write: Write, codebook: Codebook) -> None:
    (report,) = Gold.read(write(), codebook).reports
    assert report.id == "a"
    assert [(unit.kind, unit.text, unit.line) for unit in report.units] == [
        (kind, text, number) for number, (kind, text, _, _) in enumerate(UNITS, start=1)
    ]
    assert all(unit.span.of(report.text) == unit.text for unit in report.units)


def test_headings_in_force(write: Write, codebook: Codebook) -> None:
    texts = Gold.read(write(), codebook).labelled_texts()
    assert texts.headings == (
        None,
        "一、主要工作 (一)优化服务",
        "一、主要工作 (一)优化服务 2.深化改革。",
        "一、主要工作 (一)优化服务 2.深化改革。",
        "一、主要工作 (一)优化服务",
        "二、存在的问题",
    )
    assert texts.roles[0] == "other"
    assert texts.roles[-1] == "problems"
    assert texts.groups == ("a",) * 6
    assert texts.sources[0] == "gold.jsonl:2"
    assert texts.texts[1] == "1.减证便民。全年减证12项。"
    assert texts.labels[2].tolist() == [0, 1, 0, -1, 0]
    assert texts.labels[5].tolist() == [0, 0, 0, -1, 0]


@pytest.mark.parametrize(
    ("headings", "path"),
    [
        ([("heading", "成效"), ("heading", "不足")], ["不足"]),
        ([("heading", "一、甲"), ("heading", "乙"), ("heading", "丙")], ["一、甲", "丙"]),
        ([("heading", "一、甲"), ("leadin", "乙。"), ("leadin", "丙。")], ["一、甲", "丙。"]),
        ([("heading", "（一）甲"), ("leadin", "(1)乙。"), ("leadin", "①丙。")], ["（一）甲", "(1)乙。", "①丙。"]),
        ([("heading", "1．甲"), ("heading", "一、乙")], ["一、乙"]),
        ([("leadin", "（一）甲。"), ("leadin", "（二）乙。")], ["（二）乙。"]),
        ([("heading", "第一部分、甲"), ("heading", "（一）乙"), ("heading", "（二）丙")], ["第一部分、甲", "（二）丙"]),
    ],
)
def test_heading_levels(headings: list[tuple[str, str]], path: list[str], tmp_path: Path, codebook: Codebook) -> None:
    text, rows = rows_of([*((kind, heading, [], []) for kind, heading in headings), ("item", "文。", [], [])])
    (tmp_path / "a.txt").write_bytes(text.encode())
    (tmp_path / "gold.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert Gold.read(tmp_path / "gold.jsonl", codebook).labelled_texts().headings == (" ".join(path),)


def test_themes_of_a_lead_in_are_kept_but_not_scored(write: Write, codebook: Codebook) -> None:
    gold = Gold.read(write((5, {"must": ["supervision"], "may": []})), codebook)
    assert gold.reports[0].units[5].themes == ("supervision",)
    assert len(gold.labelled_texts()) == 6


def test_reports_follow_each_other(tmp_path: Path, codebook: Codebook) -> None:
    lines: list[str] = []
    for name in ("b.txt", "a.txt"):
        text, rows = rows_of(UNITS, name)
        (tmp_path / name).write_bytes(text.encode())
        lines += map(json.dumps, rows)
    (tmp_path / "gold.jsonl").write_text("\n\n".join(lines))
    gold = Gold.read(tmp_path / "gold.jsonl", codebook)
    assert [report.id for report in gold.reports] == ["b", "a"]
    assert Counter(gold.labelled_texts().groups) == {"b": 6, "a": 6}
    (tmp_path / "gold.jsonl").write_text("\n".join([*lines, lines[0]]))
    with pytest.raises(CorpusError, match="do not stand together"):
        Gold.read(tmp_path / "gold.jsonl", codebook)


HOSTILE = [
    "../a.txt",
    "/etc/passwd",
    "/a.txt",
    "..\\a.txt",
    "a.txt\0",
    ".a.txt",
    "sub/a.txt",
    "C:a.txt",
    "a.csv",
    "",
    3,
    None,
    "a.txt\n",
]


@pytest.mark.parametrize("report", HOSTILE)
def test_reports_are_plain_names(report: object, write: Write, codebook: Codebook) -> None:
    with pytest.raises(CorpusError, match="plain name") as error:
        Gold.read(write((0, {"report": report})), codebook)
    assert error.value.line == 1


@pytest.mark.parametrize("name", ["missing.txt", "长" * 250 + ".txt", "a\ud800.txt"])
def test_reports_must_be_there(name: str, write: Write, codebook: Codebook) -> None:
    with pytest.raises(CorpusError, match="not a file beside the gold file") as error:
        Gold.read(write(*((number, {"report": name}) for number in range(len(UNITS)))), codebook)
    assert error.value.line == 1


def test_report_names_may_hold_any_plain_characters(write: Write, tmp_path: Path, codebook: Codebook) -> None:
    name = "青岭县《2023年》报告、终稿 (1).txt"
    path = write(*((number, {"report": name}) for number in range(len(UNITS))))
    (tmp_path / "a.txt").replace(tmp_path / name)
    assert Gold.read(path, codebook).reports[0].id == name.removesuffix(".txt")


def test_links_do_not_lead_out_of_the_folder(
    write: Write, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, codebook: Codebook
) -> None:
    path = write()
    outside = tmp_path_factory.mktemp("outside") / "a.txt"
    (tmp_path / "a.txt").replace(outside)
    (tmp_path / "a.txt").symlink_to(outside)
    with pytest.raises(CorpusError, match="not a file beside the gold file"):
        Gold.read(path, codebook)


@pytest.mark.parametrize(
    ("number", "change", "cause"),
    [
        (1, {"start": -1}, "do not fit"),
        (1, {"end": 10_000}, "do not fit"),
        (1, {"start": 22, "end": 22}, "do not fit"),
        (2, {"start": 0}, "do not fit"),
        (1, {"start": True}, "whole numbers"),
        (1, {"start": 1.0}, "whole numbers"),
        (1, {"end": None}, "whole numbers"),
        (1, {"kind": "title"}, "kind must be one of"),
        (1, {"kind": ["item"]}, "kind must be one of"),
        (1, {"text": 1}, "text must be a string"),
        (1, {"text": "别的"}, "does not read so there"),
        (1, {"must": "supervision"}, "lists of themes"),
        (1, {"may": [1]}, "lists of themes"),
        (2, {"kind": "item"}, "needs must and may"),
        (1, {"must": ["密"]}, "unknown theme"),
        (1, {"must": ["other"]}, "unknown theme"),
        (1, {"must": ["supervision"], "may": ["supervision"]}, "stands twice"),
        (1, {"must": ["supervision", "supervision"]}, "stands twice"),
    ],
)
def test_faulty_rows_name_their_line(
    number: int, change: dict[str, Any], cause: str, write: Write, codebook: Codebook
) -> None:
    path = write((number, change))
    with pytest.raises(CorpusError, match=cause) as error:
        Gold.read(path, codebook)
    assert (error.value.source, error.value.line) == (str(path), number + 1)
    assert error.value.remedy
    assert not any(word in str(error.value) for word in ("别的", "密", "导语"))


@pytest.mark.parametrize("extra", ["{", "[]", "3", "\x00", "[" * 9_000, '{"report":' + "1" * 5000 + "}"])
def test_lines_that_are_no_rows(extra: str, write: Write, codebook: Codebook) -> None:
    with pytest.raises(CorpusError, match="not a JSON object") as error:
        Gold.read(write(extra=extra), codebook)
    assert error.value.line == 12


def test_headings_have_a_bound(tmp_path: Path, codebook: Codebook) -> None:
    def read(length: int) -> Gold:
        text, rows = rows_of([("leadin", "长" * length, [], []), ("item", "文。", [], [])])
        (tmp_path / "a.txt").write_bytes(text.encode())
        (tmp_path / "gold.jsonl").write_text("\n".join(map(json.dumps, rows)))
        return Gold.read(tmp_path / "gold.jsonl", codebook)

    assert read(500).labelled_texts().headings == ("长" * 500,)
    with pytest.raises(CorpusError, match=r"gold\.jsonl:1: a heading longer than 500 characters"):
        read(501)


def test_long_lines_and_empty_files(write: Write, tmp_path: Path, codebook: Codebook) -> None:
    with pytest.raises(CorpusError, match="longer than 10,000 bytes"):
        Gold.read(write(extra=" " * 5 + "x" * 10_000), codebook)
    (tmp_path / "gold.jsonl").write_text("\n")
    with pytest.raises(CorpusError, match="no rows"):
        Gold.read(tmp_path / "gold.jsonl", codebook)
    with pytest.raises(CorpusError, match="not a file"):
        Gold.read(tmp_path, codebook)


def test_reports_must_be_utf8(write: Write, tmp_path: Path, codebook: Codebook) -> None:
    path = write()
    (tmp_path / "a.txt").write_bytes("导语".encode("gb18030"))
    with pytest.raises(CorpusError, match=r"a\.txt: not UTF-8"):
        Gold.read(path, codebook)
    (tmp_path / "a.txt").unlink()
    with pytest.raises(CorpusError, match=r"gold\.jsonl:1: the report is not a file"):
        Gold.read(path, codebook)


def test_single_label_codebooks_need_one_theme(write: Write) -> None:
    themes = tuple(map(Theme, ("business_environment", "law_enforcement", "supervision", "legal_publicity", OTHER)))
    single = Codebook("single", "1", multi_label=False, themes=themes)
    with pytest.raises(CorpusError, match="not exactly one theme") as error:
        Gold.read(write(), single)
    assert error.value.line == 2
    sure = [(1, {"must": [OTHER]}), (6, {"may": []}), (10, {"must": [OTHER], "may": []})]
    assert (Gold.read(write(*sure), single).labelled_texts().labels.sum(axis=1) == 1).all()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(["report", "start", "end", "kind", "must", "may", "text"])


@given(change=st.dictionaries(FIELDS, VALUES, max_size=3), number=st.integers(0, len(UNITS) - 1))
def test_any_change_gives_gold_or_an_error(
    change: dict[str, Any], number: int, tmp_path_factory: pytest.TempPathFactory, codebook: Codebook
) -> None:
    folder = tmp_path_factory.mktemp("gold")
    text, rows = rows_of(UNITS)
    rows[number].update(change)
    (folder / "a.txt").write_bytes(text.encode())
    (folder / "gold.jsonl").write_text("\n".join(map(json.dumps, rows)))
    try:
        gold = Gold.read(folder / "gold.jsonl", codebook)
    except CorpusError as error:
        assert error.source in (str(folder / "gold.jsonl"), str(folder / "a.txt"))  # noqa: PT017 -- both ends are right
    else:
        assert all(unit.span.of(text) == unit.text for report in gold.reports for unit in report.units)


@pytest.mark.skipif("FAZHI_REAL_REPORTS" not in os.environ, reason="FAZHI_REAL_REPORTS names no folder")
def test_real_reports(codebook: Codebook) -> None:
    gold = Gold.read(Path(os.environ["FAZHI_REAL_REPORTS"]) / "gold.jsonl", codebook)
    units = [unit for report in gold.reports for unit in report.units]
    items = [unit for unit in units if unit.kind == "item"]
    assert len(gold.labelled_texts()) == len(items) > 0
    assert all(unit.span.of(report.text) == unit.text for report in gold.reports for unit in report.units)
    # Both reports number their sections 一、 (一): no path is deeper than that plus a lead-in.
    assert {len(item.headings) for item in items} == {0, 1, 2, 3}
