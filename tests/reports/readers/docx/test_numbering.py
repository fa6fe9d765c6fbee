from __future__ import annotations

import pytest

from tests.reports.readers.docx.word_files import (
    definition,
    extracted,
    level,
    lines,
    numbered,
    numbering_list,
    paragraph,
    style,
)

OFFICIAL = (
    level(0, "chineseCountingThousand", "%1、")
    + level(1, "chineseCountingThousand", "（%2）")
    + level(2, "decimal", "%3.")
    + level(3, "decimal", "（%4）")
    + level(4, "decimalEnclosedCircleChinese", "%5")
)


def numbers(body: str, numbering: str, styles: str = "") -> list[str]:
    """Return what stands before the letter x that every paragraph begins with."""
    return [line.partition("x")[0] for line in lines(body, numbering=numbering, styles=styles)]


def one_list(levels: str, *, overrides: str = "") -> str:
    return definition(0, levels) + numbering_list(1, 0, overrides)


def counted(*levels: int, num_id: int = 1) -> str:
    return "".join(numbered("x", num_id, index) for index in levels)


def test_the_numbers_of_official_documents() -> None:
    assert numbers(counted(0, 1, 1, 2, 2, 3, 4, 4, 1, 0, 1, 2), one_list(OFFICIAL)) == [
        "一、", "（一）", "（二）", "1.", "2.", "（1）", "①", "②", "（三）", "二、", "（一）", "1.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "suffix", "shown"),
    [
        ("第%1章", "tab", "第一章标题"),
        ("第%1条", "", "第一条 标题"),
        ("第%1节", "space", "第一节 标题"),
        ("(%1)", "space", "(一)标题"),
        ("%1、 ", "tab", "一、标题"),
        ("%1", "tab", "一 标题"),
        ("%1", "nothing", "一标题"),
        ("  %1．", "", "一．标题"),
        ("附件%1：", "nothing", "附件一：标题"),
        ("", "tab", "标题"),
    ],
)
def test_the_gap_is_what_a_typist_leaves(pattern: str, suffix: str, shown: str) -> None:
    numbering = one_list(level(0, "chineseCounting", pattern, suffix=suffix))
    assert lines(numbered("\u3000\u3000标题", 1), numbering=numbering) == [shown]


def test_patterns_of_several_levels() -> None:
    levels = level(0, "chineseCounting", "第%1章") + level(1, "decimal", "%1.%2") + level(2, "decimal", "%1.%2.%3")
    assert numbers(counted(0, 1, 2, 2), one_list(levels)) == ["第一章", "一.1 ", "一.1.1 ", "一.1.2 "]
    legal = (
        level(0, "chineseCounting", "第%1章")
        + level(1, "decimal", "%1.%2", more="<w:isLgl/>")
        + level(2, "decimal", "%1.%2.%3", more='<w:isLgl w:val="0"/>')
    )
    assert numbers(counted(0, 1, 2), one_list(legal)) == ["第一章", "1.1 ", "一.1.1 "]


def test_levels_restart_below_the_level_they_name() -> None:
    never = level(0, "decimal", "%1.") + level(1, "decimal", "(%2)", more='<w:lvlRestart w:val="0"/>')
    assert numbers(counted(0, 1, 1, 0, 1), one_list(never)) == ["1.", "(1)", "(2)", "2.", "(3)"]
    after_first = (
        level(0, "decimal", "%1.")
        + level(1, "decimal", "(%2)")
        + level(2, "decimal", "[%3]", more='<w:lvlRestart w:val="1"/>')
    )
    assert numbers(counted(0, 1, 2, 1, 2, 0, 1, 2), one_list(after_first))[2::2] == ["[1]", "[2]", "(1)"]


def test_a_level_passed_over_counts_as_one() -> None:
    levels = level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2")
    assert numbers(counted(1, 1, 0, 1), one_list(levels)) == ["1.1 ", "1.2 ", "2.", "2.1 "]


def test_lists_of_one_definition_count_on() -> None:
    numbering = definition(0, OFFICIAL) + numbering_list(1, 0) + numbering_list(2, 0)
    assert numbers(counted(0) + counted(0, 1, num_id=2) + counted(0), numbering) == ["一、", "二、", "（一）", "三、"]


def test_a_start_of_a_list_counts_once() -> None:
    restarted = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    numbering = definition(0, OFFICIAL) + numbering_list(1, 0) + numbering_list(2, 0, restarted)
    body = counted(0, 0) + counted(0, 0, num_id=2) + counted(0)
    assert numbers(body, numbering) == ["一、", "二、", "五、", "六、", "七、"]


def test_a_list_has_levels_of_its_own() -> None:
    other = f'<w:lvlOverride w:ilvl="0">{level(0, "decimal", "[%1]", start=3)}</w:lvlOverride>'
    assert numbers(counted(0, 0, 1), one_list(OFFICIAL, overrides=other)) == ["[3]", "[4]", "（一）"]


def test_lists_that_take_their_levels_from_a_style() -> None:
    numbering = (
        definition(0, "", '<w:numStyleLink w:val="S"/>')
        + definition(1, OFFICIAL, '<w:styleLink w:val="S"/>')
        + numbering_list(1, 0)
        + numbering_list(2, 1)
    )
    styles = (
        '<w:style w:type="numbering" w:styleId="S"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
    )
    assert numbers(counted(0, 1) + counted(0, num_id=2), numbering, styles) == ["一、", "（一）", "二、"]


def test_links_in_a_circle_give_no_number() -> None:
    numbering = definition(0, "", '<w:numStyleLink w:val="S"/>') + numbering_list(1, 0)
    styles = (
        '<w:style w:type="numbering" w:styleId="S"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    assert numbers(counted(0), numbering, styles) == [""]


def test_numbers_from_styles() -> None:
    levels = level(0, "japaneseCounting", "%1、", more='<w:pStyle w:val="1"/>') + level(
        1, "japaneseCounting", "（%2）", more='<w:pStyle w:val="2"/>'
    )
    of_list = '<w:numPr><w:numId w:val="1"/></w:numPr>'
    styles = (
        style("1", "heading 1", paragraph=of_list)
        + style("2", "heading 2", paragraph=of_list)
        + style("own", "own", based_on="2")
        + style("none", "none", based_on="1", paragraph='<w:numPr><w:numId w:val="0"/></w:numPr>')
    )
    body = (
        paragraph("x", style="1")
        + paragraph("x", style="2")
        + paragraph("x", style="own")
        + paragraph("x", style="none")
        + numbered("x", 0, style="1")
        + paragraph("x", style="1")
        + paragraph("x", '<w:numPr><w:ilvl w:val="1"/></w:numPr>', style="1")
        + paragraph("x", of_list, style="2")
    )
    assert numbers(body, one_list(levels), styles) == ["一、", "（一）", "（二）", "", "", "二、", "（一）", "（二）"]


def test_empty_paragraphs_count_and_do_not_show() -> None:
    body = numbered("x", 1) + numbered("", 1) + numbered("\u3000", 1) + numbered("x", 1)
    assert numbers(body, one_list(OFFICIAL)) == ["一、", "四、"]


def test_deleted_and_hidden_paragraphs_do_not_count() -> None:
    deleted = numbered("", 1, mark="<w:del/>").replace(
        "</w:pPr>", "</w:pPr><w:del><w:r><w:delText>y</w:delText></w:r></w:del>"
    )
    hidden = numbered("", 1, mark="<w:vanish/>").replace(
        "</w:pPr>", "</w:pPr><w:r><w:rPr><w:vanish/></w:rPr><w:t>y</w:t></w:r>"
    )
    assert numbers(numbered("x", 1) + deleted + hidden + numbered("x", 1), one_list(OFFICIAL)) == ["一、", "二、"]


def test_bullets_are_dropped() -> None:
    levels = level(0, "bullet", "\uf0b7") + level(1, "none", "注：")
    assert numbers(counted(0, 1), one_list(levels)) == ["", "注："]


def test_the_older_of_two_formats_is_taken() -> None:
    newer = (
        '<w:lvl w:ilvl="0"><w:start w:val="7"/><mc:AlternateContent><mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001"/></mc:Choice><mc:Fallback><w:numFmt w:val="decimalZero"/>'
        '</mc:Fallback></mc:AlternateContent><w:lvlText w:val="%1."/></w:lvl>'
    )
    assert numbers(counted(0), one_list(newer)) == ["07."]


def test_unknown_formats_are_noted() -> None:
    found = extracted(counted(0), numbering=one_list(level(0, "klingon", "%1、")))
    assert found.text == "1、x"
    assert found.notes == ("has automatic numbers of an unknown kind, written as 1, 2, 3",)
    assert extracted(counted(0), numbering=one_list(OFFICIAL)).notes == ()


@pytest.mark.parametrize(
    "numbering",
    [
        "",
        numbering_list(1, 7),
        definition(0, OFFICIAL) + '<w:num w:numId="1"/>',
        definition(0, level(0, "decimal", "%1.").replace('w:ilvl="0"', 'w:ilvl="９"')) + numbering_list(1, 0),
        definition(0, level(12, "decimal", "%1.")) + numbering_list(1, 0),
        one_list('<w:lvl w:ilvl="0"/>'),
    ],
)
def test_numbers_that_the_file_does_not_define_are_left_out(numbering: str) -> None:
    assert numbers(counted(0), numbering) == [""]


def test_crafted_numbers_stay_short() -> None:
    levels = level(0, "upperLetter", "%1" * 10_000, start=780) + level(1, "decimal", "%2", start=10**12)
    written = numbers(counted(0, 1), one_list(levels))
    assert [len(number) for number in written] == [81, 2]


@pytest.mark.parametrize("index", ["-1", "9", "x", "１"])
def test_levels_that_do_not_exist_give_no_number(index: str) -> None:
    body = numbered("x", 1).replace('w:ilvl w:val="0"', f'w:ilvl w:val="{index}"')
    assert numbers(body, one_list(OFFICIAL)) == ["一、" if index in {"x", "１"} else ""]
