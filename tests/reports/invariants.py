"""What holds for every report, whatever the text."""

from __future__ import annotations

from itertools import pairwise

from fazhi_ml.reports.document import Report, Span
from fazhi_ml.reports.numbering import BLANKS
from fazhi_ml.reports.roles import section_role


def check_report(report: Report) -> None:
    """Assert every promise of the document model."""
    _check_slices(report)
    _check_partition(report)
    _check_items(report)
    _check_headings(report)
    _check_sections(report)


def _check_slices(report: Report) -> None:
    for heading in report.headings:
        assert heading.span.of(report.text) == heading.text
    for paragraph in report.paragraphs:
        assert paragraph.span.of(report.text) == paragraph.text
        for item in paragraph.items:
            assert item.span.of(report.text) == item.text


def _check_partition(report: Report) -> None:
    spans = sorted(
        [paragraph.span for paragraph in report.paragraphs]
        + [heading.span for heading in report.headings if not heading.run_in]
        + list(report.chrome)
    )
    gaps = [Span(0, 0), *spans, Span(len(report.text), len(report.text))]
    for before, after in pairwise(gaps):
        assert before.end <= after.start
        assert not report.text[before.end : after.start].strip(BLANKS)
    for span in spans:
        text = span.of(report.text)
        assert text
        assert text == text.strip(BLANKS)


def _check_items(report: Report) -> None:
    for paragraph in report.paragraphs:
        assert paragraph.items[0].span.start == paragraph.span.start
        assert paragraph.items[-1].span.end == paragraph.span.end
        for before, after in pairwise(paragraph.items):
            assert before.span.end <= after.span.start
            assert not report.text[before.span.end : after.span.start].strip(BLANKS)
        assert all(item.text and item.text == item.text.strip(BLANKS) for item in paragraph.items)


def _check_headings(report: Report) -> None:
    first_items = {paragraph.span.start: paragraph.items[0] for paragraph in report.paragraphs}
    assert [heading.span.start for heading in report.headings] == sorted(h.span.start for h in report.headings)
    for heading in report.headings:
        assert heading.level >= 1
        if heading.run_in:
            assert first_items[heading.span.start].text.startswith(heading.text)


def _check_sections(report: Report) -> None:
    starts = [section.span.start for section in report.sections]
    assert starts == sorted(starts)
    for section in report.sections:
        assert section.role == section_role(section.path)
    open_sections: list[Span] = []
    for section in report.sections:
        while open_sections and open_sections[-1].end <= section.span.start:
            open_sections.pop()
        assert not open_sections or section.span.end <= open_sections[-1].end
        open_sections.append(section.span)
    for paragraph in report.paragraphs:
        inner = max(
            (s for s in report.sections if s.span.start <= paragraph.span.start and paragraph.span.end <= s.span.end),
            key=lambda s: (s.span.start, len(s.path)),
        )
        assert paragraph.section == inner.path
        assert paragraph.role == inner.role
