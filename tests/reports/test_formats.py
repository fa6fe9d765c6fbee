"""One report in every format gives one outline: rendered, read back, and compared with the plain text."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from fazhi_ml.reports.document import Report
from fazhi_ml.reports.numbering import parse_marker
from fazhi_ml.reports.read import read_bytes
from tests.conftest import ROOT
from tests.reports.gold import real_documents

# A script's folder is on the path when it runs; here it has to be put there.
sys.path.insert(0, str(ROOT / "benchmarks"))

from rendering import RENDERERS, Line, convert, corpus_lines, has_office, lines_of

# Provinces to towns and departments; chapters, lead-ins, run-in headings, lists, and none of them; page chrome.
CHOSEN = ("r001", "r003", "r004", "r020", "r027", "r063", "r066", "r083", "r091", "r104", "r111", "r113")
KINDS = ("heading", "paragraph", "item")
OFFICE_KINDS = ("pdf", "doc")
# LibreOffice writes lists into .doc files without their restarts, and reads them back as 1. 1. 2.
WITH_RESTARTS = ("r063",)
WORD_FORMATS = ("docx with typed numbers", "docx with automatic numbers")

Parts = Counter[tuple[object, ...]]


def parts(report: Report) -> dict[str, Parts]:
    """The parts of a report by kind, as multisets of what they say, white space aside."""
    return {
        "heading": Counter((h.level, h.run_in, squeeze(h.text)) for h in report.headings),
        "paragraph": Counter((p.role, squeeze(p.text)) for p in report.paragraphs),
        "item": Counter((squeeze(item.text),) for p in report.paragraphs for item in p.items),
    }


def squeeze(text: str) -> str:
    return "".join(text.split())


def f1(pairs: Iterable[tuple[Parts, Parts]]) -> float:
    """F1 of found against wanted multisets, pooled."""
    hits = total = 0
    for found, wanted in pairs:
        hits += (found & wanted).total()
        total += found.total() + wanted.total()
    return 2 * hits / max(total, 1)


def against_text(files: Mapping[str, bytes], reports: Mapping[str, Sequence[Line]], suffix: str) -> dict[str, float]:
    """Score what readers make of `files` against their reading of the same reports as plain text."""
    pairs = []
    for key, data in files.items():
        text = RENDERERS["txt"](reports[key])
        pairs.append((parts(read_bytes(data, name=f"{key}.{suffix}")), parts(read_bytes(text, name=f"{key}.txt"))))
    return {kind: f1((found[kind], wanted[kind]) for found, wanted in pairs) for kind in KINDS}


def suffix_of(form: str) -> str:
    return form.partition(" ")[0]


def need_office() -> None:
    if not has_office():
        if os.environ.get("FAZHI_REQUIRE_TOOLS") == "1":
            pytest.fail("FAZHI_REQUIRE_TOOLS=1, and there is no soffice on PATH")
        pytest.skip("LibreOffice is not installed")


@pytest.fixture(scope="module")
def reports() -> dict[str, list[Line]]:
    every = corpus_lines()
    return {name: every[name] for name in CHOSEN}


@pytest.mark.parametrize("form", [name for name in RENDERERS if name != "txt"])
def test_the_same_outline_as_from_text(reports: dict[str, list[Line]], form: str) -> None:
    files = {name: RENDERERS[form](lines) for name, lines in reports.items()}
    figures = against_text(files, reports, suffix_of(form))
    assert all(figure >= 0.99 for figure in figures.values()), figures


@pytest.mark.slow
@pytest.mark.parametrize("form", WORD_FORMATS)
@pytest.mark.parametrize("kind", OFFICE_KINDS)
def test_the_same_outline_through_libreoffice(reports: dict[str, list[Line]], form: str, kind: str) -> None:
    need_office()
    lost = WITH_RESTARTS if (kind, form) == ("doc", "docx with automatic numbers") else ()
    files = convert({name: RENDERERS[form](lines) for name, lines in reports.items() if name not in lost}, kind)
    figures = against_text(files, reports, kind)
    assert all(figure >= 0.99 for figure in figures.values()), figures


def test_automatic_numbers_are_taken_out_of_the_text(reports: dict[str, list[Line]]) -> None:
    with ZipFile(BytesIO(RENDERERS["docx with automatic numbers"](reports["r001"]))) as archive:
        document = archive.read("word/document.xml")
    assert "一、".encode() not in document
    assert "（二）".encode() not in document


GoldParts = dict[str, Counter[str]]


@pytest.fixture(scope="module")
def real(real_reports: Path) -> list[tuple[list[Line], GoldParts]]:
    """Real reports as lines, with the gold parts."""
    documents = []
    for text, gold in real_documents(real_reports):
        headings = {(start, end): real_level(text[start:end]) for start, end in gold["heading"]}
        gold_parts = {
            kind: Counter(squeeze(text[start:end]) for start, end in gold[kind]) for kind in ("heading", "item")
        }
        documents.append((lines_of(text, None, headings, gold["chrome"]), gold_parts))
    return documents


def real_level(heading: str) -> int:
    marker = parse_marker(heading)
    return {"一、": 1, "(一)": 2}.get(marker.scheme if marker else "", 3)


def against_gold(files: Iterable[tuple[bytes, GoldParts]], suffix: str) -> dict[str, float]:
    found = []
    for data, gold in files:
        report = read_bytes(data, name=f"report.{suffix}")
        own = Counter(squeeze(heading.text) for heading in report.headings if not heading.run_in)
        items = Counter(squeeze(item.text) for p in report.paragraphs for item in p.items)
        found.append((gold, {"heading": own, "item": items}))
    return {
        kind: 2
        * sum((gold[kind] & read[kind]).total() for gold, read in found)
        / max(sum(gold[kind].total() + read[kind].total() for gold, read in found), 1)
        for kind in ("heading", "item")
    }


@pytest.mark.parametrize("form", RENDERERS)
def test_outline_of_real_reports_in_every_format(real: list[tuple[list[Line], GoldParts]], form: str) -> None:
    figures = against_gold([(RENDERERS[form](lines), gold) for lines, gold in real], suffix_of(form))
    assert all(figure >= 0.97 for figure in figures.values()), figures


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "form"), [("pdf", "docx with automatic numbers"), ("doc", "docx with typed numbers")], ids=OFFICE_KINDS
)
def test_outline_of_real_reports_through_libreoffice(
    real: list[tuple[list[Line], GoldParts]], kind: str, form: str
) -> None:
    need_office()
    files = convert({str(number): RENDERERS[form](lines) for number, (lines, _) in enumerate(real)}, kind)
    figures = against_gold([(files[str(number)], gold) for number, (_, gold) in enumerate(real)], kind)
    assert all(figure >= 0.97 for figure in figures.values()), figures
