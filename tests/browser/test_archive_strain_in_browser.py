"""The page of an archive under strain: narrow windows, many themes and reports, hostile names, missing data."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.overview import write_overview
from tests.archive.synthetic import synthetic_rows, write_synthetic, write_tables
from tests.browser.archive_visits import ROWS, Visit, downloaded, figure, percent, pill, share, small, theme_row
from tests.tagging.builders import CODEBOOK, codebook_of

__all__ = ["small"]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [320, 390, 800, 1100])
def test_narrow_windows_do_not_scroll_sideways(browser: Browser, small: Layout, width: int) -> None:
    visit = Visit(browser, small, "#theme=law_enforcement", width)
    for _ in range(2):
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        visit.page.click("#language")
    visit.close()


def test_labels_of_many_lines_stay_apart(browser: Browser, tmp_path: Path) -> None:
    codebook = codebook_of(40)
    layout = write_synthetic(tmp_path, codebook, 300, pages=False)
    write_overview(layout, codebook)
    visit = Visit(browser, layout, "#theme=theme_20&places=-theme:theme_20")
    heights = sorted(float(label.get_attribute("y") or 0) for label in visit.page.locator("#trend-plot .end").all())
    assert len(heights) == 9  # the eight largest themes and the chosen one
    assert min(after - before for before, after in pairwise(heights)) > 16
    expect(visit.page.locator("#heat thead th").nth(23)).to_have_attribute("aria-sort", "descending")
    visit.close()


def test_hostile_names_neither_run_nor_break_the_page(browser: Browser, tmp_path: Path) -> None:
    bad = "</script><img src=x onerror=alert(1)>\"'`${alert(2)}\u2028\x00=cmd"
    row = ROWS[0]
    rows = [{**row, "title": bad, "place": bad, "level": bad, "path": bad, "page": "javascript:alert(3)"}, row]
    layout = Layout(tmp_path)
    terms = [
        (year, theme, word, 100) for year in (2019, 2020) for theme, word in (("supervision", bad), ("other", "x"))
    ]
    more = [(2019, "supervision", "监督", 50), (2019, "other", "监督", 50)]
    write_tables(layout, CODEBOOK, rows, [*terms, *more], [(bad, bad, bad, bad)])
    write_overview(layout, CODEBOOK)
    visit = Visit(browser, layout, "#theme=supervision")
    page, seen = visit.page, bad.replace("\x00", "\u2400")
    assert page.locator("#reports-table tbody .title > :first-child").all_inner_texts()[0].startswith("</script><img")
    assert page.locator("#terms-list .word").all_text_contents() == [seen]
    page.click("#errors summary")
    expect(page.locator("#errors-table td").first).to_have_text(seen)
    page.hover("#coverage-plot .bar")
    page.locator("#heat tbody .cell", has_text="img").click()
    expect(figure(page, "reports")).to_have_text("1")
    assert [row[0] for row in downloaded(page, "reports")[1:]] == [seen]
    assert page.locator("img").count() == 0
    assert str(page.locator("#reports-table a").get_attribute("href")).startswith("./")
    visit.close()


def test_a_formula_is_disarmed_in_downloads(browser: Browser, tmp_path: Path) -> None:
    write_tables(Layout(tmp_path), CODEBOOK, [{**ROWS[0], "title": "=1+1", "place": '@"a",b'}], [], [])
    write_overview(Layout(tmp_path), CODEBOOK)
    visit = Visit(browser, Layout(tmp_path))
    assert downloaded(visit.page, "reports")[1][:2] == ["'=1+1", '\'@"a",b']
    visit.close()


def test_nothing_but_its_own_script_and_chunks_runs(browser: Browser, tmp_path: Path) -> None:
    layout = write_synthetic(tmp_path, CODEBOOK, 20, pages=False)
    write_overview(layout, CODEBOOK)
    (layout.data / "evil.js").write_text("document.title = 'evil';", encoding="utf-8")
    text = layout.index.read_text(encoding="utf-8")
    injected = (
        '<script src="data/evil.js"></script><script>document.title = "evil"</script><img src="http://x.invalid/">'
    )
    layout.index.write_text(text.replace("</main>", f"{injected}</main>"), encoding="utf-8")
    page = browser.new_page()
    requests: list[str] = []
    page.on("requestfinished", lambda request: requests.append(request.url))
    page.goto(layout.index.as_uri())
    page.wait_for_selector("html[data-ready]")
    assert page.title() == "报告总览 · demo"
    assert page.evaluate("fetch('errors.csv').then(() => 'fetched', () => 'refused')") == "refused"
    assert {url.rsplit("/", 1)[1].split("-")[0] for url in requests} == {
        "index.html", "counts", "titles", "places", "terms",
    }  # fmt: skip
    page.close()


def test_missing_data_are_reported(browser: Browser, tmp_path: Path) -> None:
    layout = write_synthetic(tmp_path, CODEBOOK, 20, pages=False)
    write_overview(layout, CODEBOOK)
    next(layout.data.glob("places-*")).unlink()
    page = browser.new_page()
    page.goto(layout.index.as_uri())
    expect(page.locator("#trouble")).to_contain_text("data/places-000")
    page.close()


def test_an_archive_without_reports_says_so(browser: Browser, tmp_path: Path) -> None:
    write_tables(Layout(tmp_path), CODEBOOK, [], [], [("a.pdf", "pdf", "ScannedFileError", "no text")])
    write_overview(Layout(tmp_path), CODEBOOK)
    visit = Visit(browser, Layout(tmp_path))
    expect(visit.page.locator("#nothing")).to_be_visible()
    expect(visit.page.locator("#loading")).to_be_hidden()
    visit.close()


def test_five_thousand_reports_are_drawn_a_page_at_a_time(browser: Browser, tmp_path: Path) -> None:
    layout = write_synthetic(tmp_path, CODEBOOK, 5_000, pages=False)
    write_overview(layout, CODEBOOK)
    visit = Visit(browser, layout)
    page = visit.page
    expect(figure(page, "reports")).to_have_text("5,000")
    assert page.evaluate("document.querySelectorAll('*').length") < 3_000
    # Counts are needed at once, titles only of the reports in view.
    assert sum("/counts-" in url for url in visit.requests) == 5
    assert sum("/titles-" in url for url in visit.requests) < 5
    page.fill("#query", "2016年")
    rows = list(synthetic_rows(5_000, CODEBOOK))
    expect(page.locator("#reports-count")).to_have_text(f"{sum(row['year'] == 2016 for row in rows)} 份")
    assert sum("/titles-" in url for url in visit.requests) == 5
    pill(page, "level-pills", "县级").click()
    county = [row for row in rows if row["level"] == "county"]
    expect(figure(page, "reports")).to_have_text(f"{len(county):,}")
    expect(theme_row(page, "行政执法")).to_contain_text(percent(*share(county, "law_enforcement")))
    visit.close()
