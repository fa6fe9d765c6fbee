from __future__ import annotations

import pytest
from lxml import etree

from fazhi_ml.reports.readers.docx.styles import BODY_LEVEL, Style, Styles, is_on, number
from tests.reports.readers.docx.word_files import NAMESPACES, style


def styles_of(xml: str) -> Styles:
    return Styles(etree.fromstring(f"<w:styles {NAMESPACES}>{xml}</w:styles>"))


def outline(level: int) -> str:
    return f'<w:outlineLvl w:val="{level}"/>'


def test_properties_are_inherited() -> None:
    numbers = '<w:numPr><w:ilvl w:val="2"/><w:numId w:val="4"/></w:numPr>'
    styles = styles_of(
        style("a", "base", paragraph=outline(1) + numbers, run="<w:vanish/>")
        + style("b", "middle", based_on="a", paragraph='<w:numPr><w:numId w:val="5"/></w:numPr>')
        + style("c", "leaf", based_on="b", run='<w:vanish w:val="0"/>')
    )
    assert styles.paragraph("b") == Style(("b", "a"), num_id="5", level=2, outline=1, is_hidden=True)
    assert styles.paragraph("c") == Style(("c", "b", "a"), num_id="5", level=2, outline=1, is_hidden=False)


def test_paragraphs_without_a_style_have_the_default_one() -> None:
    styles = styles_of(
        style("a", "x", paragraph=outline(3)) + style("b", "y", paragraph=outline(5), more='w:default="1"')
    )
    assert styles.paragraph(None).outline == 5
    assert styles.paragraph("a").outline == 3
    assert Styles(None).paragraph(None) == Style()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("heading 1", 0),
        ("Heading 9", 8),
        ("标题 2", 1),
        ("标题2", 1),
        ("heading 10", None),
        ("标题", None),
        ("正文", None),
    ],
)
def test_headings_by_name(name: str, expected: int | None) -> None:
    assert styles_of(style("7", name)).paragraph("7").outline == expected
    assert styles_of(style("7", name) + style("8", "own", based_on="7")).paragraph("8").outline == expected


def test_an_outline_level_overrules_the_name() -> None:
    assert styles_of(style("1", "heading 1", paragraph=outline(9))).paragraph("1").outline == BODY_LEVEL
    above = style("1", "heading 1") + style("b", "own", based_on="1", paragraph=outline(4))
    assert styles_of(above).paragraph("b").outline == 4


def test_built_in_styles_need_no_definition() -> None:
    assert styles_of("").paragraph("Heading2").outline == 1
    assert styles_of("").paragraph("TOC1").is_contents
    assert styles_of("").paragraph("Title").is_title


@pytest.mark.parametrize("name", ["toc 1", "TOC 3", "TOC Heading", "目录 2"])
def test_styles_of_a_table_of_contents(name: str) -> None:
    assert styles_of(style("x", name)).paragraph("x").is_contents
    assert not styles_of(style("x", name + "x")).paragraph("x").is_contents


def test_circles_and_long_chains_end() -> None:
    circle = styles_of(style("a", "x", based_on="b") + style("b", "y", based_on="a", paragraph=outline(2)))
    assert circle.paragraph("a").outline == 2
    chain = "".join(style(f"s{i}", "x", based_on=f"s{i + 1}") for i in range(5000)) + style("s5000", "heading 1")
    assert styles_of(chain).paragraph("s0").outline == 0
    assert len(styles_of(chain).paragraph("s0").chain) < 50


@pytest.mark.parametrize(
    ("written", "read"), [("7", 7), ("-1", -1), ("１", None), ("1" * 5000, None), ("", None), ("x", None), (None, None)]
)
def test_numbers_are_ascii_and_short(written: str | None, read: int | None) -> None:
    assert number(written) == read


@pytest.mark.parametrize(
    ("val", "on"), [("", True), ("1", True), ("true", True), ("0", False), ("false", False), ("off", False)]
)
def test_switches(val: str, on: bool) -> None:
    attribute = f'w:val="{val}"' if val else ""
    element = etree.fromstring(f"<w:rPr {NAMESPACES}><w:vanish {attribute}/></w:rPr>")
    assert is_on(element, "vanish") is on
    assert is_on(element, "caps") is None
    assert is_on(None, "vanish") is None
