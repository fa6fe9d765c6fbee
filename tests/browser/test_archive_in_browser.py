"""The page of an archive as its readers meet it: in a real browser, from the file system, without a network."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from fazhi_ml.archive.layout import Layout
from tests.browser.archive_visits import (
    NAMES,
    ROWS,
    Visit,
    downloaded,
    figure,
    page,
    percent,
    pill,
    selected,
    share,
    shown_places,
    small,
    theme_row,
    visit,
)  # fmt: skip
from tests.tagging.builders import CODEBOOK

__all__ = ["page", "small", "visit"]

pytestmark = pytest.mark.browser


def test_everything_is_counted_at_first(page: Page) -> None:
    places = {row["place"] for row in ROWS if row["place"]}
    expect(figure(page, "reports")).to_have_text("240")
    expect(figure(page, "items")).to_have_text(f"{sum(row['items']['all'] for row in ROWS):,}")
    expect(figure(page, "places")).to_have_text(str(len(places)))
    expect(figure(page, "years")).to_have_text("2012–2023")
    for theme in CODEBOOK.themes:
        given, items = share(ROWS, theme.id)
        expect(theme_row(page, theme.zh)).to_contain_text(percent(given, items))
        expect(theme_row(page, theme.zh)).to_contain_text(f"{given:,}")
    assert page.locator("#coverage-plot .bar").count() == 12
    assert page.locator("#trend-plot .line").count() == 5
    expect(page.locator("#reset")).to_be_hidden()


def test_filters_act_on_every_figure_at_once(page: Page) -> None:
    page.select_option("#from", "2015")
    page.select_option("#to", "2019")
    pill(page, "level-pills", "县级").click()
    rows = selected(level="county", years=(2015, 2019))
    expect(figure(page, "reports")).to_have_text(str(len(rows)))
    pill(page, "role-pills", "存在问题").click()
    given, items = share(rows, "law_enforcement", "problems")
    expect(figure(page, "items")).to_have_text(f"{items:,}")
    expect(theme_row(page, "行政执法")).to_contain_text(percent(given, items))
    assert set(shown_places(page)) <= {row["place"] for row in rows}
    last = [row for row in rows if row["year"] == 2019]
    expect(page.locator("#trend-plot .line.t1 .end")).to_have_text(
        f"行政执法 {percent(*share(last, 'law_enforcement', 'problems'))}"
    )
    expect(page.locator("#reports-count")).to_have_text(f"{len(rows)} 份")
    # Levels and years leave their own filter out, so that there is a way on.
    expect(page.locator("#levels-plot .row", has_text="市级")).to_contain_text(
        str(len(selected(level="city", years=(2015, 2019))))
    )
    assert page.locator("#coverage-plot .bar.off").count() == 7
    page.click("#reset")
    expect(figure(page, "reports")).to_have_text("240")


def test_a_place_is_found_by_a_part_of_its_name(page: Page) -> None:
    name = next(row["place"] for row in ROWS if row["place"])
    page.fill("#place-filter", name[:3])
    rows = [row for row in ROWS if row["place"] and name[:3] in row["place"]]
    expect(figure(page, "reports")).to_have_text(str(len(rows)))
    assert set(shown_places(page)) == {row["place"] for row in rows}


def test_shares_may_be_of_characters(page: Page) -> None:
    pill(page, "weight-pills", "字数").click()
    given, items = share(ROWS, "supervision")
    expect(theme_row(page, "监督")).to_contain_text(f"{80 * given:,}")
    expect(theme_row(page, "监督")).to_contain_text(percent(given, items))


def test_a_year_of_the_chart_filters_and_lets_go(page: Page) -> None:
    bar = page.locator("#coverage-plot .bar >> nth=3")
    bar.click()
    expect(figure(page, "years")).to_have_text("2015")
    expect(figure(page, "reports")).to_have_text(str(len(selected(year=2015))))
    bar.click()
    expect(figure(page, "years")).to_have_text("2012–2023")


def test_a_view_can_be_shared_by_its_address(browser: Browser, visit: Visit, small: Layout) -> None:
    page = visit.page
    page.select_option("#from", "2016")
    pill(page, "role-pills", "存在问题").click()
    theme_row(page, "行政执法").click()
    page.click("#heat .sort >> nth=4")
    page.fill("#query", "2018")
    expect(page.locator("#reports-count")).not_to_have_text("")
    expect(page).to_have_url(re.compile("query=2018"))
    hash_ = page.evaluate("location.hash")
    other = Visit(browser, small, hash_)
    for selector in ("#n-reports", "#n-items", "#reports-count", "#heat tbody", "#themes-plot", "#reports-table"):
        expect(other.page.locator(selector)).to_have_text(page.locator(selector).inner_text(), use_inner_text=True)
    assert other.page.evaluate("location.hash") == hash_
    other.close()


@pytest.mark.parametrize(
    "hash_",
    [
        "#from=9999&to=x&level=nowhere&role=none&theme=__proto__&places=constructor&reports=-&terms=1&weight=",
        "#%E0%A4%A",
        "#text",
    ],
)
def test_an_address_that_asks_for_nonsense_is_forgiven(browser: Browser, small: Layout, hash_: str) -> None:
    visit = Visit(browser, small, hash_)
    expect(visit.page.locator("#reports-table tbody tr").first).to_be_visible()
    visit.close()


def test_the_heat_map_sorts_by_a_theme(page: Page) -> None:
    page.click("#heat .sort >> nth=4")
    values = [float(text.rstrip("%")) for text in page.locator("#heat td:nth-child(5) .cell").all_inner_texts()]
    by_place = {
        place: share([row for row in ROWS if row["place"] == place], "law_enforcement")
        for place in {row["place"] for row in ROWS}
    }
    expected = sorted((100 * part / whole for part, whole in by_place.values()), reverse=True)[: len(values)]
    assert values == pytest.approx(expected, abs=0.051)
    expect(page.locator("#heat th >> nth=4")).to_have_attribute("aria-sort", "descending")
    page.click("#heat .sort >> nth=4")
    expect(page.locator("#heat th >> nth=4")).to_have_attribute("aria-sort", "ascending")


def test_the_keyboard_alone_walks_the_heat_map_to_the_reports(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    assert page.evaluate("location.hash") == ""
    page.locator("#least").focus()
    for _ in range(10):  # nine headers, and then the one cell that is in the tab order
        page.keyboard.press("Tab")
    first = page.locator("#heat tbody .cell >> nth=0")
    expect(first).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    cell = page.locator("#heat tbody tr >> nth=1").locator(".cell >> nth=2")
    expect(cell).to_be_focused()
    place = shown_places(page)[1]
    assert cell.get_attribute("aria-label") == f"{place}, 行政执法: {cell.inner_text()}"
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('#heat')")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#reports-title")).to_be_focused()
    expect(page.locator("#place-filter")).to_have_value(place)
    expect(theme_row(page, "行政执法")).to_have_attribute("aria-pressed", "true")
    rows = [
        row
        for row in ROWS
        if row["place"] and place in row["place"] and round(row["shares"]["all"]["items"]["law_enforcement"] * 99)
    ]
    expect(page.locator("#reports-count")).to_have_text(f"{len(rows)} 份")


def test_focus_stays_where_the_reader_is_working(page: Page) -> None:
    for selector in (
        "#role-pills .pill >> nth=2",
        "#themes-plot .row >> nth=1",
        "#reports-table .sort >> nth=3",
        "#heat .sort >> nth=3",
        "#reports-pager button >> nth=2",
        "#heat tbody th .cell >> nth=9",
    ):
        page.locator(selector).focus()
        key = page.evaluate("document.activeElement.dataset.key")
        before = page.locator("#text").inner_html()
        page.keyboard.press("Enter")
        expect(page.locator("#text")).not_to_have_js_property("innerHTML", before)
        assert page.evaluate("document.activeElement.dataset.key") == key


def test_arrow_keys_read_the_lines(page: Page) -> None:
    page.locator("#trend-plot svg").focus()
    page.keyboard.press("ArrowLeft")
    rows = selected(year=2023)
    expect(page.locator("#spoken")).to_contain_text(f"2023 · {len(rows)} 份报告")
    expect(page.locator("#tip")).to_contain_text(percent(*share(rows, "law_enforcement")))
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#spoken")).to_contain_text("2022")
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()


def test_the_language_switches_and_is_remembered(visit: Visit) -> None:
    page = visit.page
    expect(page.locator("#themes-plot")).to_contain_text("营商环境")
    page.click("#language")
    for selector, text in {
        "#themes-plot": "Law enforcement", "#level-pills": "County", "#heat thead": "Place", "h1": "archive",
        "#reports-count": "240 reports", "#trend-plot": "Supervision", "#terms-title": "all years",
    }.items():  # fmt: skip
        expect(page.locator(selector)).to_contain_text(text)
    assert "营商" not in page.locator("#text").inner_text()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    visit.open()
    expect(page.locator("#themes-plot")).to_contain_text("Law enforcement")
    page.click("#language")
    expect(page.locator("#themes-plot")).to_contain_text("行政执法")


def test_reports_are_searched_sorted_and_paged(page: Page) -> None:
    titles = page.locator("#reports-table tbody .title > :first-child")
    expect(titles).to_have_count(25)
    page.click("#reports-pager button >> nth=3")
    expect(page.locator("#reports-pager .range")).to_have_text("第 226–240 行，共 240 行")
    expect(titles).to_have_count(15)
    page.fill("#query", "2018年")
    expect(page.locator("#reports-count")).to_have_text(f"{len(selected(year=2018))} 份")
    page.click("#reports-table .sort >> nth=4")
    most = max(selected(year=2018), key=lambda row: row["items"]["all"])
    expect(page.locator("#reports-table tbody td.count").first).to_have_text(str(most["items"]["all"]))
    page.fill("#query", "nothing is called so")
    expect(page.locator("#no-reports")).to_be_visible()


def test_a_theme_leaves_the_reports_that_have_it_in_the_part_asked_for(page: Page) -> None:
    pill(page, "role-pills", "存在问题").click()
    theme_row(page, "行政执法").click()
    rows = [row for row in ROWS if row["shares"]["problems"] and row["shares"]["problems"]["items"]["law_enforcement"]]
    expect(page.locator("#reports-count")).to_have_text(f"{len(rows)} 份")
    page.locator("#reports-table .sort", has_text="行政执法").click()
    top = max(row["shares"]["problems"]["items"]["law_enforcement"] for row in rows)
    expect(page.locator("#reports-table tbody .share").first).to_have_text(f"{100 * top:.1f}%")


def test_a_report_opens_its_page(page: Page) -> None:
    link = page.locator("#reports-table a >> nth=2")
    path = page.locator("#reports-table tbody .title small >> nth=2").inner_text()
    link.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pages/*.html")
    assert page.title() == str(int(path.removesuffix(".docx").split("/")[1]))


def test_downloads_hold_the_numbers_shown(page: Page) -> None:
    pill(page, "level-pills", "县级").click()
    header, *rows = downloaded(page, "trend")
    assert header == ["year", "reports", "items", *NAMES]
    assert [row[0] for row in rows] == [*map(str, range(2012, 2024)), "未知"]
    for row in rows[:-1]:
        of_year = selected(level="county", year=int(row[0]))
        assert row[1] == str(len(of_year))
        for name, value in zip(NAMES, row[3:], strict=True):
            given, items = share(of_year, name)
            assert float(value) == pytest.approx(given / items)
            assert row[2] == str(items)
    header, *rows = downloaded(page, "places")
    assert header == ["place", "reports", "items", *NAMES]
    assert sum(int(row[1]) for row in rows) == len(selected(level="county"))
    header, *rows = downloaded(page, "coverage")
    assert header == ["year", "reports", "province", "city", "county", "town", "department", "unknown"]
    assert sum(int(row[1]) for row in rows) == len(selected(level="county"))
    header, *rows = downloaded(page, "levels")
    assert dict(rows)["city"] == str(len(selected(level="city")))
    header, *rows = downloaded(page, "themes")
    assert header == ["theme", "items", "share"]
    assert {row[0] for row in rows} == set(NAMES)
    header, *rows = downloaded(page, "reports")
    assert header == ["title", "place", "level", "year", "path", "items", *NAMES]
    assert {row[4] for row in rows} == {row["path"] for row in selected(level="county")}
    header, *rows = downloaded(page, "terms")
    assert header == ["theme", "year", "compared_with", "term", "items", "z"]
    assert rows


def test_charts_have_tables_that_follow_the_filters(page: Page) -> None:
    for section, columns in (("coverage", 8), ("trend", 9)):
        page.click(f"#{section} summary")
        expect(page.locator(f"#{section} .as-table thead th")).to_have_count(columns)
    pill(page, "level-pills", "市级").click()
    row = page.locator("#trend .as-table tbody tr >> nth=0")
    rows = selected(level="city", year=2012)
    assert row.locator("th, td").all_inner_texts()[:2] == ["2012", str(len(rows))]
    expect(row).to_contain_text(percent(*share(rows, "law_enforcement")))


def test_words_of_a_theme_and_of_a_year(page: Page) -> None:
    theme_row(page, "行政执法").click()
    expect(page.locator("#terms-title")).to_have_text("行政执法 · 全部年度")
    words = page.locator("#terms-list .word")
    assert set(words.all_inner_texts()) == {"审批", "服务", "审计"}
    page.select_option("#terms-year", "2020")
    page.check("[name=against][value=years]")
    expect(words.first).to_have_text("复议")  # the word that leans to 2020
    page.select_option("#terms-theme", label="监督")
    expect(page.locator("#terms-title")).to_have_text("监督 · 2020")
    expect(theme_row(page, "监督")).to_have_attribute("aria-pressed", "true")


def test_files_that_failed_are_listed_with_the_reason(page: Page) -> None:
    page.click("#errors summary")
    expect(page.locator("#errors-table tbody tr")).to_have_count(2)
    expect(page.locator("#errors-table tbody")).to_contain_text("holds pictures of pages")
