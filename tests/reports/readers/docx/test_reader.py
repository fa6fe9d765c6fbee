from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.errors import ReportError
from fazhi_ml.reports.document import Report
from fazhi_ml.reports.read import read_bytes
from fazhi_ml.reports.readers import extract
from tests.reports.invariants import check_report
from tests.reports.readers.docx.word_files import (
    cell,
    definition,
    extracted,
    level,
    lines,
    numbered,
    numbering_list,
    paragraph,
    run,
    style,
    table,
    word,
    zipped,
)

TITLE = "莲泾县2022年法治政府建设情况的报告"
OFFICIAL = (
    definition(
        0,
        level(0, "chineseCountingThousand", "%1、")
        + level(1, "chineseCountingThousand", "（%2）")
        + level(2, "decimal", "%3."),
    )
    + numbering_list(1, 0)
)  # fmt: skip
BODY = (
    paragraph(TITLE, style="t")
    + numbered("2022年工作情况", 1, style="1")
    + numbered("加强组织领导。县委常委会专题研究法治政府建设工作，听取汇报3次。", 1, 1)
    + numbered("规范行政执法。", 1, 1)
    + numbered("开展专项检查12次，立案38件。", 1, 2)
    + numbered("全面推行执法公示、全过程记录和法制审核三项制度。", 1, 2)
    + numbered("存在的问题", 1, style="1")
    + paragraph("一是基层执法力量不足。二是普法形式单一。")
    + table(cell("事项") + cell("数量"), cell("立案") + cell("38件"))
)
STYLES = style("t", "Title") + style("1", "heading 1")
DATA = word(BODY, styles=STYLES, numbering=OFFICIAL)


def test_a_report_with_automatic_numbers_reads_as_if_they_were_typed() -> None:
    report = read_bytes(DATA, name="a.docx")
    check_report(report)
    assert report.provenance.reader == "docx"
    assert report.provenance.encoding is None
    assert report.title == TITLE
    assert [heading.text for heading in report.headings] == [
        "一、2022年工作情况",
        "（一）加强组织领导。",
        "（二）规范行政执法。",
        "二、存在的问题",
    ]
    assert [item.text for item in report.paragraphs[-3].items] == ["一是基层执法力量不足。", "二是普法形式单一。"]
    assert {section.role for section in report.sections} >= {"problems"}
    typed = read_bytes(report.text.encode(), name="a.txt")
    assert (typed.headings, typed.paragraphs) == (report.headings, report.paragraphs)


def test_outline_levels_mark_headings() -> None:
    levels = '<w:outlineLvl w:val="{}"/>'.format
    found = extracted(
        paragraph("甲", levels(0))
        + paragraph("\u3000乙", levels(1))
        + paragraph("丙", levels(9), style="1")
        + paragraph("丁", style="1")
        + paragraph(runs=run("戊") + "<w:r><w:br/></w:r>" + run("己"), style="1")
        + paragraph("庚", levels(77)),
        styles=STYLES,
    )
    assert [(found.text[mark.start], mark.level) for mark in found.headings] == [
        ("甲", 1),
        ("乙", 2),
        ("丁", 1),
        ("戊", 1),
    ]


def test_titles_in_their_style() -> None:
    parts = paragraph("莲泾县人民政府", style="t") + paragraph("2022年法治政府建设报告", style="t") + paragraph("正文")
    assert extracted(parts, styles=STYLES, title="又一个法治报告").title == "莲泾县人民政府2022年法治政府建设报告"


@pytest.mark.parametrize(
    ("declared", "title"),
    [
        (TITLE, TITLE),
        (f" 莲泾县\n{TITLE} ", f"莲泾县{TITLE}"),
        ("Microsoft Word - 文档1.doc", None),
        ("PowerPoint 演示文稿", None),
        ("关于印发《会议纪要》的通知", None),
        ("法治报告" * 100, None),
        ("", None),
    ],
)
def test_declared_titles_count_when_they_read_like_one(declared: str, title: str | None) -> None:
    assert extracted(paragraph("正文"), title=declared).title == title


def test_documents_of_python_docx() -> None:
    document = docx.Document()
    document.core_properties.title = TITLE
    document.add_heading("工作情况", level=1)
    document.add_paragraph("第一项", style="List Number")
    document.add_paragraph("第二项", style="List Number")
    document.add_paragraph("要点", style="List Bullet")
    document.styles.add_style("隐藏", WD_STYLE_TYPE.CHARACTER).font.hidden = True
    document.add_paragraph("看得见").add_run("看不见", style="隐藏")
    document.add_table(1, 2).rows[0].cells[0].text = "单元格"
    document.sections[0].header.paragraphs[0].text = "页眉"
    saved = io.BytesIO()
    document.save(saved)
    reader, found = extract(saved.getvalue(), "a.docx")
    assert reader == "docx"
    assert found.text.split("\n") == ["工作情况", "1.第一项", "2.第二项", "要点", "看得见", "单元格"]
    assert [(mark.start, mark.level) for mark in found.headings] == [(0, 1)]
    assert found.title == TITLE


words = st.text(st.sampled_from("一二三、（）1.法治政府。\u3000 <&>\"'\U00020000"), max_size=12)


@given(st.lists(st.tuples(words, st.integers(0, 3), st.integers(-1, 10)), max_size=12))
def test_marks_stand_at_the_lines_that_bear_them(paragraphs: list[tuple[str, int, int]]) -> None:
    body = "".join(
        numbered(text.replace("&", "&amp;").replace("<", "&lt;"), number % 2, min(number, 2)).replace(
            "</w:numPr>", f'</w:numPr><w:outlineLvl w:val="{outline}"/>'
        )
        for text, number, outline in paragraphs
    )
    found = extracted(body, numbering=OFFICIAL)
    starts = [0, *(i + 1 for i, char in enumerate(found.text) if char == "\n")]
    assert {mark.start for mark in found.headings} <= set(starts)
    expected = [outline + 1 for text, _, outline in paragraphs if text.strip(" \u3000") and 0 <= outline < 9]
    assert [mark.level for mark in found.headings] == expected
    assert all(line == line.strip() for line in found.text.split("\n"))


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Yield damaged documents: bytes of the zip or of an inflated part changed, dropped, doubled, or cut off."""
    rng = random.Random(seed)  # noqa: S311 - a seed is what is wanted
    with zipfile.ZipFile(io.BytesIO(DATA)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(count):
        if rng.random() < 0.4:
            yield damaged(DATA, rng)
        else:
            name = rng.choice(list(parts))
            yield zipped({**parts, name: damaged(parts[name], rng)})


def damaged(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    kind = rng.randrange(5)
    if kind == 0:
        return bytes(changed[: rng.randrange(len(changed))])
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        at = rng.randrange(len(changed))
        if kind == 1:
            changed[at] = rng.randrange(256)
        elif kind == 2:
            del changed[at : at + rng.randrange(1, 40)]
        elif kind == 3:
            changed[at:at] = changed[at : at + rng.randrange(1, 200)]
        else:
            # Digits and letters for each other: well-formed XML that says something else.
            changed[at] = rng.choice(b'0123456789wpr<>/"=& ')
        if not changed:
            break
    return bytes(changed)


def outcome(data: bytes) -> ReportError | Report:
    try:
        return read_bytes(data, name="a.docx")
    except ReportError as error:
        return error


def test_damaged_documents_raise_report_errors_alone() -> None:
    read = 0
    for data in mutations(20231, 500):
        found = outcome(data)
        if isinstance(found, Report):
            check_report(found)
            read += 1
        else:
            assert found.source == "a.docx"
            assert found.remedy
            assert "莲泾" not in str(found)
    assert 50 < read < 450


# LibreOffice knows no more of Word's formats; it writes ideographDigital with 十.
FORMATS = (
    "decimal", "decimalZero", "decimalEnclosedCircle", "decimalEnclosedCircleChinese", "chineseCounting",
    "taiwaneseCounting", "chineseCountingThousand", "taiwaneseCountingThousand", "chineseLegalSimplified",
    "ideographLegalTraditional", "japaneseCounting", "ideographTraditional", "ideographZodiac", "lowerRoman",
    "upperRoman", "lowerLetter", "upperLetter",
)  # fmt: skip


def by_libreoffice(data: bytes, folder: Path) -> list[str]:
    """Return the lines of LibreOffice's own text export, without white space."""
    (folder / "a.docx").write_bytes(data)
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "txt:Text"]
    subprocess.run(
        [*command, "--outdir", str(folder), str(folder / "a.docx")], check=True, capture_output=True, timeout=120
    )
    text = (folder / "a.txt").read_text(encoding="utf-8-sig")
    return ["".join(line.split()) for line in text.split("\n") if line.strip()]


@pytest.mark.slow
def test_numbers_are_those_of_libreoffice(tmp_path: Path) -> None:
    if shutil.which("soffice") is None:
        message = "LibreOffice is not installed"
        if os.environ.get("FAZHI_REQUIRE_TOOLS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    numbering = body = ""
    for index, number_format in enumerate(FORMATS, 10):
        numbering += definition(index, level(0, number_format, "第%1条") + level(1, number_format, "（%1—%2）"))
        body += "".join(numbered("甲", index, deep) for deep in (0, 1, 1, *[0] * 18, 1))
    lists = "".join(numbering_list(index, index) for index in range(10, 10 + len(FORMATS)))
    restarted = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbering = (
        OFFICIAL.replace("<w:num ", numbering + "<w:num ", 1)
        + lists
        + numbering_list(2, 0, restarted)
        + numbering_list(3, 0)
    )
    body += "".join(
        numbered("乙", num_id, deep)
        for num_id, deep in (
            (1, 0),
            (1, 1),
            (1, 1),
            (1, 2),
            (1, 0),
            (1, 1),
            (3, 0),
            (2, 0),
            (2, 1),
            (2, 0),
            (1, 0),
            (1, 2),
        )
    )
    data = word(body + BODY, styles=STYLES, numbering=numbering)
    # LibreOffice puts each cell on a line of its own.
    ours = "\n".join(lines(body + BODY, styles=STYLES, numbering=numbering)).replace("\u3000", "\n").split("\n")
    assert ["".join(line.split()) for line in ours] == by_libreoffice(data, tmp_path)
