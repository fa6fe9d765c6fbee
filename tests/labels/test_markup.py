from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.codebook import OTHER, Codebook, Theme
from fazhi_ml.errors import CorpusError, printable
from fazhi_ml.labels.corpus import Corpus
from fazhi_ml.labels.markup import LabelledReport, parse_report
from fazhi_ml.reports.document import Span
from fazhi_ml.reports.roles import section_role
from tests.labels.conftest import HEAD, WriteReport

BODY = """T| 青岭县2023年度法治政府建设报告
C| 日期：2024-01-05
P| other | 导语。
H1| 一、主要工作
H2| （一）优化服务
P| business_environment | 一是减证。
+| law_enforcement, ?supervision | 二是规范执法。
H1| 二、存在的问题
P| ?supervision | 监督不够 | 有待加强。
"""


def sound(path: Path, codebook: Codebook) -> LabelledReport:
    report, problems = parse_report(path, codebook)
    assert problems == []
    assert report is not None
    return report


def test_text_is_the_plain_report(write_report: WriteReport, codebook: Codebook) -> None:
    report = sound(write_report(BODY), codebook)
    assert report.text.split("\n") == [
        "青岭县2023年度法治政府建设报告",
        "日期：2024-01-05",
        "导语。",
        "一、主要工作",
        "（一）优化服务",
        "一是减证。二是规范执法。",
        "二、存在的问题",
        "监督不够 | 有待加强。",
    ]
    assert (report.id, report.level, report.year) == ("r1", "county", 2023)
    assert report.title == "青岭县2023年度法治政府建设报告"
    assert [span.of(report.text) for span in report.chrome] == [report.title, "日期：2024-01-05"]
    assert [(h.level, h.text, h.span.of(report.text)) for h in report.headings] == [
        (1, "一、主要工作", "一、主要工作"),
        (2, "（一）优化服务", "（一）优化服务"),
        (1, "二、存在的问题", "二、存在的问题"),
    ]


def test_items_know_their_place_and_labels(write_report: WriteReport, codebook: Codebook) -> None:
    items = sound(write_report(BODY), codebook).items
    assert [(item.paragraph, item.item, item.line) for item in items] == [(0, 0, 6), (1, 0, 9), (1, 1, 10), (2, 0, 12)]
    assert [item.headings for item in items] == [
        (),
        ("一、主要工作", "（一）优化服务"),
        ("一、主要工作", "（一）优化服务"),
        ("二、存在的问题",),
    ]
    assert [item.themes for item in items] == [(), ("business_environment",), ("law_enforcement",), ()]
    assert [item.uncertain for item in items] == [(), (), ("supervision",), ("supervision",)]
    assert [item.role for item in items] == [section_role(item.headings) for item in items]
    assert items[-1].role == "problems"


def test_labels_come_in_codebook_order(write_report: WriteReport, codebook: Codebook) -> None:
    (item,) = sound(write_report("P| legal_publicity,business_environment , ?supervision | 文。"), codebook).items
    assert item.themes == ("business_environment", "legal_publicity")


def test_a_level_3_heading_may_stand_under_level_1(write_report: WriteReport, codebook: Codebook) -> None:
    body = "H1| 一、甲\nH2| （一）乙\nH3| 丙。\nP| other | 一。\nH2| （二）丁\nP| other | 二。\n"
    body += "H1| 二、戊\nH3| 己。\nP| other | 三。\n"
    items = sound(write_report(body), codebook).items
    assert [item.headings for item in items] == [
        ("一、甲", "（一）乙", "丙。"),
        ("一、甲", "（二）丁"),
        ("二、戊", "己。"),
    ]


def test_a_numbered_item_ends_the_section_of_a_heading_numbered_alike(
    write_report: WriteReport, codebook: Codebook
) -> None:
    body = "H1| 一、甲\nH3| 1.乙。\nP| other | （1）丙。\n+| other | （2）丁。\nP| other | 2.戊。\nP| other | 己。\n"
    items = sound(write_report(body), codebook).items
    assert [item.headings for item in items] == [("一、甲", "1.乙。")] * 2 + [("一、甲",)] * 2


@pytest.mark.parametrize("variant", ["bom", "crlf", "blank lines"])
def test_harmless_variants_mean_the_same(
    variant: str, write_report: WriteReport, tmp_path: Path, codebook: Codebook
) -> None:
    plain = sound(write_report(BODY), codebook)
    text = HEAD + BODY
    text = {"bom": "\ufeff" + text, "crlf": text.replace("\n", "\r\n"), "blank lines": text + "\n  \n"}[variant]
    path = tmp_path / "variant.txt"
    path.write_bytes(text.encode())
    other = sound(path, codebook)
    assert (other.text, other.items, other.headings, other.chrome) == (
        plain.text,
        plain.items,
        plain.headings,
        plain.chrome,
    )


# Cause, and the line it is reported at (None: the whole file). The text 密 must never be echoed.
FAULTS = {
    "unknown tag": ("X| 密\n", 4),
    "a line without a tag": ("密密密\n", 4),
    "level 4": ("H4| 密\n", 4),
    "unknown metadata": ("#author 密\n", 4),
    "#id stands twice": ("#id r2\n", 4),
    "unknown theme": ("P| 密 | 密\n", 4),
    "unknown uncertain theme": ("P| law_enforcement, ?密 | 密\n", 4),
    "empty label": ("P|  | 密\n", 4),
    "a theme stands twice": ("P| supervision, ?supervision | 密\n", 4),
    "other with a theme": ("P| other, supervision | 密\n", 4),
    "other with an uncertain theme": ("P| other, ?supervision | 密\n", 4),
    "?other": ("P| ?other | 密\n", 4),
    "no labels": ("P| 密\n", 4),
    "+| first": ("+| other | 密\n", 4),
    "+| after a heading": ("P| other | 密\nH1| 密\n+| other | 密\n", 6),
    "empty item": ("P| other |  \n", 4),
    "empty heading": ("H1|\n", 4),
    "long heading": ("H2| " + "密" * 501 + "\n", 4),
    "second title": ("T| 密\nT| 密\n", 5),
    "control character": ("P| other | 密\tx\n", 4),
    "NUL": ("P| other | 密\0\n", 4),
    "line separator": ("P| other | 密\u2028密\n", 4),
    "long line": ("P| other | " + "密" * 50_001 + "\n", 4),
}


@pytest.mark.parametrize(("body", "line"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_name_file_and_line(body: str, line: int, write_report: WriteReport, codebook: Codebook) -> None:
    path = write_report(body + "P| other | 末。\n")
    report, problems = parse_report(path, codebook)
    assert report is None
    assert [problem.line for problem in problems] == [line]
    assert all(problem.source == str(path) and problem.remedy for problem in problems)
    assert all("密" not in str(problem) for problem in problems)


@pytest.mark.parametrize(
    ("head", "cause"),
    [
        ("#level county\n#year 2023\n", "#id is missing"),
        ("#id r1\n#year 2023\n", "#level is missing"),
        ("#id r1\n#level county\n", "#year is missing"),
        ("#id ../r1\n#level county\n#year 2023\n", "#id is not valid"),
        ("#id\n#level county\n#year 2023\n", "#id is not valid"),
        ("#id r1\n#level village\n#year 2023\n", "#level is not valid"),
        ("#id r1\n#level county\n#year 23\n", "#year is not valid"),
        ("#id r1\n#level county\n#year ２０２３\n", "#year is not valid"),
    ],
)
def test_metadata_must_be_there_and_valid(head: str, cause: str, write_report: WriteReport, codebook: Codebook) -> None:
    _, problems = parse_report(write_report("P| other | 文。\n", head=head), codebook)
    assert [problem.cause for problem in problems] == [cause]


def test_a_report_needs_items(write_report: WriteReport, codebook: Codebook) -> None:
    _, problems = parse_report(write_report("T| 题\n"), codebook)
    assert [problem.cause for problem in problems] == ["no items"]


def test_all_problems_are_found_up_to_a_bound(write_report: WriteReport, codebook: Codebook) -> None:
    _, problems = parse_report(write_report("X| a\nP| other | 文。\nP| nothing | 文。\n"), codebook)
    assert [problem.line for problem in problems] == [4, 6]
    _, problems = parse_report(write_report("X| a\n" * 10_000), codebook)
    assert len(problems) == 100


def test_bad_files_are_problems_too(tmp_path: Path, codebook: Codebook) -> None:
    gb = tmp_path / "gb.txt"
    gb.write_bytes(HEAD.encode() + "P| other | 法治\n".encode("gb18030"))
    huge = tmp_path / "huge.txt"
    huge.write_bytes(b"\n" * 5_000_001)
    many = tmp_path / "many.txt"
    many.write_bytes(b"\n" * 200_000)
    os.mkfifo(tmp_path / "pipe.txt")
    expected = {
        gb: "not UTF-8",
        huge: "larger than 5,000,000 bytes",
        many: "more than 100,000 lines",
        tmp_path / "pipe.txt": "not a file",
        tmp_path / "missing.txt": "not a file",
        tmp_path / "nul\0.txt": "not a file",
        tmp_path / ("long" * 100): "cannot be read (File name too long)",
    }
    for path, cause in expected.items():
        report, problems = parse_report(path, codebook)
        assert report is None
        assert [(problem.cause, problem.source) for problem in problems] == [(cause, printable(str(path)))]
    assert parse_report(gb, codebook)[1][0].line == 4


def test_single_label_codebooks_give_each_item_one_theme(write_report: WriteReport) -> None:
    single = Codebook("single", "1", multi_label=False, themes=(Theme("a"), Theme("b"), Theme(OTHER)))
    assert [i.themes for i in sound(write_report("P| a | 文。\nP| other | 文。\n"), single).items] == [("a",), (OTHER,)]
    for labels in ("a, b", "?a", "a, other"):
        _, problems = parse_report(write_report(f"P| {labels} | 文。\n"), single)
        assert [problem.cause for problem in problems] == ["not exactly one theme"]


def test_every_span_of_the_shipped_corpus_slices_to_its_text(corpus: Corpus) -> None:
    for report in corpus.reports:
        for item in report.items:
            assert item.span.of(report.text) == item.text
        for heading in report.headings:
            assert heading.span.of(report.text) == heading.text


def test_the_parts_cover_the_text_but_for_line_ends(corpus: Corpus) -> None:
    for report in corpus.reports:
        spans = sorted([*report.chrome, *(h.span for h in report.headings), *(item.span for item in report.items)])
        following = {item.span for item in report.items if item.item}
        for before, after in pairwise(spans):
            gap = Span(before.end, after.start).of(report.text)
            assert gap == ("" if after in following else "\n")
        assert (spans[0].start, spans[-1].end) == (0, len(report.text))


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=12)
LABELS = st.sampled_from(["other", "supervision", "law_enforcement, ?supervision", "?legal_publicity"])
UNITS = st.one_of(
    st.tuples(st.sampled_from(["C", "H1", "H2", "H3"]), TEXTS),
    st.tuples(st.just("P"), st.lists(st.tuples(LABELS, TEXTS), min_size=1, max_size=4)),
)


@given(units=st.lists(UNITS, min_size=1, max_size=12))
def test_any_sound_report_parses_to_what_was_written(
    units: list[tuple[str, str | list[tuple[str, str]]]], tmp_path_factory: pytest.TempPathFactory, codebook: Codebook
) -> None:
    lines, written = ["P| other | 始"], ["始"]
    for tag, content in units:
        if isinstance(content, str):
            lines.append(f"{tag}| {content}")
            continue
        lines += [f"{'+' if n else 'P'}| {labels} | {text}" for n, (labels, text) in enumerate(content)]
        written += [text for _, text in content]
    path = tmp_path_factory.mktemp("sound") / "r1.txt"
    path.write_bytes((HEAD + "\n".join(lines)).encode())
    report = sound(path, codebook)
    assert [item.text for item in report.items] == written
    assert all(item.span.of(report.text) == item.text for item in report.items)
    assert report.text.count("\n") == sum(not line.startswith("+") for line in lines) - 1


PIECES = ["#", "#id ", "#level ", "#year ", "T|", "H1|", "H9|", "P|", "+|", "|", "other", "?", ",", "supervision"]
LINES = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=6).map("".join)
FILES = st.lists(LINES, max_size=12).map(lambda lines: "\n".join(lines).encode("utf-8", "replace"))


@given(data=st.one_of(st.binary(max_size=200), FILES))
def test_any_bytes_give_a_report_or_problems(
    data: bytes, tmp_path_factory: pytest.TempPathFactory, codebook: Codebook
) -> None:
    path = tmp_path_factory.mktemp("any") / "r1.txt"
    path.write_bytes(data)
    report, problems = parse_report(path, codebook)
    assert (report is None) == bool(problems)
    assert all(isinstance(problem, CorpusError) and problem.source == str(path) for problem in problems)
