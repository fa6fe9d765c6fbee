"""A small tagged archive, written without the run that makes them, for the tests of what reads archives."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.schema import item_rows, item_schema, report_row, report_schema, share_names, term_schema
from fazhi_ml.codebook import OTHER
from fazhi_ml.features.tokenizer import Tokenizer
from fazhi_ml.reports.document import Metadata
from fazhi_ml.tagging.page import render_page
from fazhi_ml.tagging.results import TaggedReport
from fazhi_ml.tagging.tagger import Tagger
from tests.conftest import ROOT
from tests.reports.gold import corpus_units, plain

N_REPORTS = 60
FIRST_YEAR, LAST_YEAR = 2015, 2024
PLACES = (
    Metadata("澜江省", "province"),
    Metadata("炉岭市", "city"),
    Metadata("炉岭市", "department", "炉岭市市场监督管理局"),
    Metadata("莲泾县", "county"),
    Metadata("乌礁县", "county"),
    Metadata("磨塔镇", "town"),
    Metadata(),
)
_WORD = re.compile("[\u4e00-\u9fff]{2,}")


def write_archive(folder: Path, reports: Iterable[tuple[str, TaggedReport]]) -> Layout:
    """Write tagged reports as the tables and pages of an archive.

    Parameters
    ----------
    folder : path
        Made where it is missing.
    reports : iterable of (str, TaggedReport)
        At least one, all of one model, each with its path within the archive; paths are unique.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    layout = Layout(folder)
    layout.pages.mkdir(parents=True)
    in_order = sorted(reports, key=lambda entry: entry[0].encode())
    codebook = in_order[0][1].codebook
    items: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for path, report in in_order:
        page = layout.pages / f"{hashlib.sha256(path.encode()).hexdigest()[:16]}.html"
        page.write_text(render_page(report), encoding="utf-8")
        items += item_rows(report, path)
        n_bytes = len(report.text.encode())
        rows.append(report_row(report, path, n_bytes=n_bytes, page=page.relative_to(folder).as_posix()))
    pq.write_table(pa.Table.from_pylist(items, item_schema(codebook.ids)), layout.items)
    pq.write_table(pa.Table.from_pylist(rows, report_schema(share_names(codebook))), layout.reports)
    pq.write_table(pa.Table.from_pylist(_term_rows(items), term_schema()), layout.terms)
    layout.errors.write_text(
        "file,reader,error,message\r\nbroken.txt,,EmptyReportError,the file is empty\r\n", encoding="utf-8"
    )
    return layout


def _term_rows(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Count in how many items of each year and theme a word of Chinese characters stands."""
    tokenizer = Tokenizer()
    counts: Counter[tuple[int | None, str, str]] = Counter()
    for item in items:
        words = {word for word in tokenizer.cut(item["text"]) if _WORD.fullmatch(word)}
        counts.update((item["year"], theme, word) for theme in item["themes"] or [OTHER] for word in words)
    totals: Counter[str] = Counter()
    for (_, _, word), number in counts.items():
        totals[word] += number
    kept = [key for key in counts if totals[key[2]] > 1]
    return [
        {"year": year, "theme": theme, "term": term, "items": counts[year, theme, term]}
        for year, theme, term in sorted(kept, key=lambda key: (key[0] is None, key[0] or 0, key[1], key[2]))
    ]


def sample_reports(tagger: Tagger) -> list[tuple[str, TaggedReport]]:
    """Tag reports of the corpus and the samples; places and years are dealt out so that every combination is there."""
    samples = [
        (path.name, tagger.tag_file(path)) for path in sorted((ROOT / "data" / "samples").iterdir()) if path.is_file()
    ]
    made = []
    for number, units in enumerate(corpus_units()[: N_REPORTS - len(samples)]):
        metadata = PLACES[number % len(PLACES)]
        year = None if number % 20 == 19 else FIRST_YEAR + number % (LAST_YEAR - FIRST_YEAR + 1)
        tagged = tagger.tag_text(plain(units)[0])
        path = f"{metadata.place or 'unknown'}/{number:03}.txt"
        report = replace(
            tagged.report,
            metadata=replace(metadata, year=year),
            provenance=replace(tagged.provenance, path=path, reader="text", encoding="utf-8"),
        )
        made.append((path, replace(tagged, report=report)))
    return [*samples, *made]


@pytest.fixture(scope="session")
def archive(tagger: Tagger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an archive of 60 reports; tests that change it take a copy."""
    return write_archive(tmp_path_factory.mktemp("archive") / "out", sample_reports(tagger)).folder
