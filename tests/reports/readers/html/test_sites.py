"""Whole pages of every site style read as the plain text does."""

from __future__ import annotations

from pathlib import Path

import pytest

from fazhi_ml.reports.document import Report
from fazhi_ml.reports.read import parse_report, read_bytes
from tests.reports.invariants import check_report
from tests.reports.readers.html.web import BODIES, CONTAINERS, paragraphs, report_lines, site_page

pytest.importorskip("lxml")
pytest.importorskip("trafilatura")


def shown(report: Report) -> dict[str, object]:
    return {
        "title": report.title,
        "headings": [heading.text for heading in report.headings],
        "paragraphs": [paragraph.text for paragraph in report.paragraphs],
        "items": [item.text for paragraph in report.paragraphs for item in paragraph.items],
    }


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_page_reads_as_its_text(container: str, body: str) -> None:
    for number in (0, 41, 83):
        title, lines = report_lines(number)
        html = site_page(title, BODIES[body](lines), CONTAINERS[container])
        report = read_bytes(html.encode(), name="a.html")
        check_report(report)
        assert shown(report) == shown(parse_report("\n".join((title, *lines))))


def test_an_article_in_several_editors_is_read_whole() -> None:
    title, lines = report_lines(7)
    third = len(lines) // 3
    parts = (lines[:third], lines[third : 2 * third], lines[2 * third :])
    article = "".join(f'<div class="TRS_Editor">{paragraphs(part)}</div>' for part in parts)
    report = read_bytes(site_page(title, article).encode(), name="a.html")
    assert shown(report) == shown(parse_report("\n".join((title, *lines))))


def test_an_editor_that_holds_a_part_gives_way_to_the_container_of_all() -> None:
    title, lines = report_lines(7)
    article = f'<div id="zoom"><div class="TRS_Editor">{paragraphs(lines[:-4])}</div>{paragraphs(lines[-4:])}</div>'
    report = read_bytes(site_page(title, article).encode(), name="a.html")
    assert shown(report) == shown(parse_report("\n".join((title, *lines))))


def test_a_page_called_chrome_as_a_whole_is_read() -> None:
    title, lines = report_lines(7)
    html = site_page(title, f'<div class="header nav share"><div class="top">{paragraphs(lines)}</div></div>')
    report = read_bytes(html.encode(), name="a.html")
    assert shown(report) == shown(parse_report("\n".join((title, *lines))))


def test_a_page_too_large_for_trafilatura_loses_its_menus() -> None:
    title, lines = report_lines(7)
    html = site_page(title, paragraphs(lines)).replace("<head>", f"<head><style>{'a{} ' * 300_000}</style>")
    text = "\n".join(paragraph.text for paragraph in read_bytes(html.encode(), name="a.html").paragraphs)
    assert lines[-1] in text
    assert "政务服务" not in text
    assert "县司法局召开" not in text


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_news_beside_an_article_never_displaces_it(container: str, body: str) -> None:
    title, lines = report_lines(3)
    text = "县长深入企业调研重点项目建设情况，强调要强化服务保障，推动项目早日投产达效…"
    news = "".join(
        f'<div class="content"><h4><a href="/{n}">调研{n}</a></h4><p>{n}日，{text}</p></div>' for n in range(5)
    )
    html = site_page(title, BODIES[body](lines[:8]), " " + CONTAINERS[container]).replace("</body>", f"{news}</body>")
    found = [paragraph.text for paragraph in read_bytes(html.encode(), name="a.html").paragraphs]
    wanted = [paragraph.text for paragraph in parse_report("\n".join((title, *lines[:8]))).paragraphs]
    assert found[: len(wanted)] == wanted
    # Where no container is known, a site's news may follow; better than to lose the report.
    assert found == wanted or container in {"none", "unknown"}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_real_reports_keep_their_outline(container: str, body: str, real_reports: Path) -> None:
    for path in real_reports.glob("*.txt"):
        plain = parse_report(path.read_bytes().decode("utf-8"))
        lines = [line for line in plain.text.splitlines() if line.strip()]
        html = site_page(plain.title or "报告", BODIES[body](lines), CONTAINERS[container])
        report = shown(read_bytes(html.encode(), name="a.html"))
        wanted = shown(plain)
        # Compared so that a failure prints no text of theirs.
        assert [report[kind] == wanted[kind] for kind in ("headings", "paragraphs", "items")] == [True] * 3
