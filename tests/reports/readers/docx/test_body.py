from __future__ import annotations

import pytest

from tests.reports.readers.docx.word_files import cell, extracted, lines, paragraph, run, style, table

VANISH = "<w:vanish/>"


def test_paragraphs_are_lines() -> None:
    assert lines(paragraph("甲") + paragraph() + paragraph("\u3000\u3000乙 ") + paragraph("丙")) == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ("<w:r><w:t>一</w:t><w:tab/><w:t>二</w:t></w:r>", "一 二"),
        ("<w:r><w:t>一</w:t><w:br/><w:t>二</w:t><w:cr/><w:t>三</w:t></w:r>", "一\n二\n三"),
        ('<w:r><w:t>一</w:t><w:br w:type="page"/><w:t>二</w:t></w:r>', "一\n二"),
        ("<w:r><w:t>2021</w:t><w:noBreakHyphen/><w:t>2025</w:t></w:r>", "2021-2025"),
        ("<w:r><w:t>行</w:t><w:softHyphen/><w:t>政</w:t></w:r>", "行政"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t>甲</w:t></w:r>', "甲"),
        ("<w:r><w:t>一\n二\t三</w:t></w:r>", "一 二 三"),
        (f'<w:hyperlink r:id="r9">{run("链接")}</w:hyperlink>', "链接"),
        (f"<w:smartTag><w:smartTagPr/>{run('标签')}</w:smartTag>", "标签"),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{run('控件')}</w:sdtContent></w:sdt>", "控件"),
        (
            f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run('单击')}</w:sdtContent></w:sdt>{run('甲')}",
            "甲",
        ),
        (f"<w:r><w:ruby><w:rubyPr/><w:rt>{run('pin')}</w:rt><w:rubyBase>{run('拼')}</w:rubyBase></w:ruby></w:r>", "拼"),
        ("<m:oMath><m:r><m:rPr/><m:t>x=1</m:t></m:r></m:oMath>", "x=1"),
        (f'{run("甲")}<w:r><w:footnoteReference w:id="1"/></w:r><w:r><w:commentReference w:id="1"/></w:r>', "甲"),
    ],
)
def test_inline_elements(runs: str, text: str) -> None:
    assert "\n".join(lines(paragraph(runs=runs))) == text


def test_tracked_changes_count_as_accepted() -> None:
    moved = f"<w:moveFrom>{run('丙')}</w:moveFrom><w:moveTo>{run('丁')}</w:moveTo>"
    deleted = f"<w:del><w:r><w:delText>乙</w:delText></w:r>{run('戊')}</w:del>"
    assert lines(paragraph(runs=f"<w:ins>{run('甲')}</w:ins>{deleted}{moved}")) == ["甲丁"]
    former = '<w:pPrChange><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:pPrChange>'
    assert extracted(paragraph("甲", former)).headings == ()


@pytest.mark.parametrize("mark", ["<w:del/>", "<w:moveFrom/>"])
def test_a_deleted_paragraph_mark_joins_paragraphs(mark: str) -> None:
    outline = '<w:outlineLvl w:val="0"/>'
    found = extracted(
        paragraph("甲", outline, mark=mark) + paragraph("乙", mark=mark) + paragraph("丙") + paragraph("丁")
    )
    assert found.text == "甲乙丙\n丁"
    assert found.headings == ()
    assert lines(table(cell(paragraph("甲", mark=mark)), cell("乙"))) == ["甲", "乙"]
    assert lines(paragraph("甲", mark=mark) + table(cell("乙")) + paragraph("丙")) == ["甲", "乙", "丙"]


def test_deleted_rows_and_cells_are_gone() -> None:
    gone = f"<w:trPr><w:del/></w:trPr>{cell('甲')}"
    assert lines(table(gone, cell("乙", "<w:cellDel/>") + cell("丙"), cell("丁"))) == ["丙", "丁"]


def test_hidden_text_is_dropped() -> None:
    styles = (
        style("hidden", "hidden", run=VANISH)
        + '<w:style w:type="character" w:styleId="c"><w:rPr><w:vanish/></w:rPr></w:style>'
    )
    by_style = '<w:rStyle w:val="c"/>'
    body = (
        paragraph(
            runs=run("甲") + run("乙", VANISH) + run("丙", by_style) + run("丁", by_style + '<w:vanish w:val="0"/>')
        )
        + paragraph("戊", style="hidden")
        + paragraph(
            style="hidden", runs=run("己", by_style) + run("庚", '<w:vanish w:val="false"/>') + run("辛", VANISH)
        )
    )
    assert lines(body, styles=styles) == ["甲丁", "己庚"]


def test_a_heading_with_a_hidden_mark_runs_into_its_paragraph() -> None:
    heading = paragraph("（一）加强领导。", mark=VANISH + "<w:specVanish/>")
    assert lines(heading + paragraph("全县召开会议。")) == ["（一）加强领导。全县召开会议。"]


def field(instruction: str, result: str) -> str:
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'.format
    inner = f"<w:r><w:instrText>{instruction}</w:instrText></w:r>" if not instruction.startswith("<") else instruction
    return mark("begin") + inner + mark("separate") + result + mark("end")


def test_fields_show_their_result() -> None:
    assert lines(paragraph("甲", runs=field("HYPERLINK x", run("乙")) + run("丙"))) == ["甲乙丙"]
    assert lines(paragraph(runs=field(field("REF", run("条件")), run("乙")) + run("丙"))) == ["乙丙"]
    assert lines(paragraph(runs=f'<w:fldSimple w:instr="DATE">{run("2023年")}</w:fldSimple>')) == ["2023年"]


def test_broken_fields_cost_no_more_than_their_paragraph() -> None:
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end"))
    assert lines(paragraph("甲", runs=begin) + paragraph("乙", runs=end + end + run("丙"))) == ["甲", "乙丙"]


def test_tables_of_contents_are_dropped() -> None:
    styles = style("11", "toc 1") + style("t", "TOC Heading")
    control = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{paragraph('目录')}{paragraph('一、工作情况1')}</w:sdtContent></w:sdt>"
    )
    body = control + paragraph("目录", style="t") + paragraph("一、工作情况1", style="11") + paragraph("甲")
    assert lines(body, styles=styles) == ["甲"]
    other = control.replace("Table of Contents", "Cover Pages")
    assert lines(other)[0] == "目录"


def test_rows_are_lines() -> None:
    assert lines(
        paragraph("前") + table(cell("事项") + cell("") + cell("数量"), cell("立案") + cell("3件")) + paragraph("后")
    ) == [
        "前",
        "事项\u3000数量",
        "立案\u30003件",
        "后",
    ]


def test_merged_cells_come_once() -> None:
    begins, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    rows = (
        cell("单位", begins) + cell("甲", '<w:gridSpan w:val="2"/>'),
        cell("单位", goes_on) + cell("乙") + cell("乙", '<w:hMerge w:val="continue"/>'),
    )
    assert lines(table(*rows)) == ["单位\u3000甲", "乙"]


def test_cells_that_hold_paragraphs_stand_for_themselves() -> None:
    several = cell(paragraph("一、工作情况", '<w:outlineLvl w:val="0"/>') + paragraph("正文。"))
    found = extracted(table(several))
    assert found.text == "一、工作情况\n正文。"
    assert [(mark.start, mark.level) for mark in found.headings] == [(0, 1)]
    assert lines(table(cell("1") + cell("项目") + several + cell("备注"))) == [
        "1\u3000项目",
        "一、工作情况",
        "正文。",
        "备注",
    ]


def test_nested_tables() -> None:
    inner = table(cell("甲") + cell("乙"), cell("丙"))
    assert lines(table(cell("前") + cell(paragraph("丁") + inner + paragraph()) + cell("后"))) == [
        "前",
        "丁",
        "甲\u3000乙",
        "丙",
        "后",
    ]


def box(text: str) -> str:
    return f"<wps:txbx><w:txbxContent>{paragraph(text)}</w:txbxContent></wps:txbx>"


def test_text_boxes_come_once_after_their_paragraph() -> None:
    both = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps">{box("框")}</mc:Choice>'
        f'<mc:Choice Requires="x">{box("又")}</mc:Choice><mc:Fallback>{box("框")}</mc:Fallback>'
        "</mc:AlternateContent></w:r>"
    )
    old = f"<w:r><w:pict><v:textbox>{box('旧')}</v:textbox></w:pict></w:r>"
    assert lines(paragraph("甲", runs=both + run("乙")) + paragraph(runs=old) + paragraph("丙")) == [
        "甲乙",
        "框",
        "旧",
        "丙",
    ]
    assert lines(
        paragraph(
            "甲", runs=f"<w:r><mc:AlternateContent><mc:Fallback>{box('框')}</mc:Fallback></mc:AlternateContent></w:r>"
        )
    ) == [
        "甲",
        "框",
    ]


def test_embedded_documents_are_noted() -> None:
    assert extracted(paragraph("甲") + '<w:altChunk r:id="r7"/>').notes == (
        "embeds other documents, which are not read",
    )


@pytest.mark.parametrize("depth", [100, 600])
def test_deep_tables_do_not_recurse(depth: int) -> None:
    body = paragraph("底")
    for _ in range(depth):
        body = f"<w:tbl><w:tr><w:tc>{body}</w:tc></w:tr></w:tbl>"
    assert lines(body) == ["底"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (run("甲"), ""),
        (f"<w:tc>{paragraph('甲')}</w:tc>", "甲"),
        (f"<w:txbxContent>{paragraph('甲')}</w:txbxContent>", "甲"),
        (f"<w:p>{paragraph('甲')}</w:p>", "甲"),
        ('<w:r><w:fldChar w:fldCharType="end"/></w:r>' + paragraph("甲"), "甲"),
        (f"<w:tr>{paragraph('甲')}</w:tr>", "甲"),
        (f"<w:tr><w:tc><w:tc>{paragraph('甲')}</w:tc></w:tc></w:tr>", "甲"),
    ],
)
def test_elements_in_the_wrong_place_do_no_harm(body: str, text: str) -> None:
    assert lines(body) == [text]
