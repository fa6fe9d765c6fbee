from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from fazhi_ml.archive.answers import render_passages, render_theme_table
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.passages import find_passages
from fazhi_ml.archive.selection import Selection
from fazhi_ml.archive.tables import ThemeTable, theme_table
from fazhi_ml.errors import MissingExtraError

EVERYTHING = Selection.of()
THEMES = ("first", "second")


def table_page(table: ThemeTable, *, selection: Selection = EVERYTHING) -> str:
    return render_theme_table(table, archive="out", selection=selection, weight="items")


def cells(page: str) -> list[list[str]]:
    """Return the text of each cell of each row."""
    rows = re.findall("<tr>(.*?)</tr>", page, flags=re.DOTALL)
    return [
        [" ".join(re.sub("<.*?>", " ", cell).split()) for cell in re.findall("<t[hd].*?</t[hd]>", row, flags=re.DOTALL)]
        for row in rows
    ]


def test_a_table_has_a_row_for_each_row() -> None:
    rows = (("city", 2023, 1200, 34567, 0.25, None), (None, None, 1, 0, None, 1.0))
    page = table_page(ThemeTable(("level", "year"), ("second", "other"), rows, THEMES))
    assert cells(page) == [
        ["层级 Level", "年度 Year", "报告 Reports", "条目 Items", "second second", "other other"],
        ["市级 City", "2023 2023", "1,200", "34,567", "25.0%", "–"],
        ["–", "–", "1", "0", "–", "100.0%"],
    ]
    # The second theme has the second colour on every page of the archive.
    assert '<td class="t1" data-value="0.25">' in page
    assert '<td class="none" data-value="1.0">' in page


def test_a_row_of_a_theme_has_its_colour() -> None:
    rows = (("second", 1, 2, 0.5), ("other", 1, 2, 0.5))
    page = table_page(ThemeTable(("theme",), (), rows, THEMES))
    assert cells(page)[0] == ["主题 Theme", "报告 Reports", "条目 Items", "占比 Share"]
    assert re.findall('<td class="(.*?)"', page) == ["t1", "none"]


def test_the_conditions_are_named() -> None:
    selection = Selection.of(role=["problems", "plans"], level="city", year=2023, place="<甲>")
    page = table_page(ThemeTable((), ("first",), ((1, 1, 1.0),), THEMES), selection=selection)
    for fact in ("存在问题、下一步计划", "Problems, Plans", "City", "<dd>2023</dd>", "&lt;甲&gt;"):
        assert fact in page.replace("\n", "")


def test_a_passage_links_to_its_page_and_names_its_themes(archive: Path) -> None:
    [passage] = find_passages(Layout(archive), theme="supervision", limit=1)
    page = render_passages([passage], archive="out", address="../out", selection=EVERYTHING, query=None)
    assert f'<a href="../out/{passage["page"]}#p{passage["paragraph"]}-{passage["item"]}">' in page
    assert re.findall(r'class="mark (t\d)".*?</span>(\w+)<small>(\d+%)', page) == [
        ("t3", "supervision", f"{passage['scores']['supervision']:.0%}")
    ]
    without = render_passages(
        [{**passage, "page": None, "title": None}], archive="out", address="../out", selection=EVERYTHING, query=None
    )
    assert '<a href="../out' not in without
    assert f"<h2>{passage['report']}</h2>" in without


def test_jinja_is_asked_for(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fazhi_ml.tagging.standalone import environment

    environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[archive\]"):
        table_page(theme_table(Layout(archive)))
