"""Reports set in the layouts of real offices, printed to PDF by LibreOffice and Chromium, and read back."""

from __future__ import annotations

import html
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fazhi_ml.reports.document import Report
from fazhi_ml.reports.pdf.worker import read_pdf
from fazhi_ml.reports.read import parse_report
from tests.reports.gold import Unit, corpus_units, plain

docx = pytest.importorskip("docx")
pytest.importorskip("pypdfium2")

REPORTS = corpus_units()[5::10]
NAMESPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
KINDS = ("heading", "paragraph", "item")


def parts(report: Report) -> Counter[tuple[str, str]]:
    """The parts of a report and what they say, white space aside."""
    found = [("heading", heading.text) for heading in report.headings]
    for paragraph in report.paragraphs:
        found.append(("paragraph", paragraph.text))
        found += [("item", item.text) for item in paragraph.items]
    return Counter((kind, "".join(text.split())) for kind, text in found)


def f1(files: Sequence[Path], reports: Sequence[list[Unit]]) -> dict[str, float]:
    """F1 of each kind of part, between reading the PDF and reading the plain text."""
    hits, total = Counter[str](), Counter[str]()
    for path, units in zip(files, reports, strict=True):
        wanted = parts(parse_report(plain(units)[0]))
        found = parts(parse_report(read_pdf(path.read_bytes())[0]))
        for (kind, _), count in (wanted & found).items():
            hits[kind] += count
        for (kind, _), count in (wanted + found).items():
            total[kind] += count
    return {kind: 2 * hits[kind] / total[kind] for kind in KINDS}


def need(program: str) -> None:
    if shutil.which(program) is None:
        if os.environ.get("FAZHI_REQUIRE_TOOLS") == "1":
            pytest.fail(f"FAZHI_REQUIRE_TOOLS=1, and there is no {program} on PATH")
        pytest.skip(f"{program} is not installed")


class Layout:
    """A Word document in one layout: `body` sets a paragraph, `page` the first section."""

    def __init__(
        self,
        size: float,
        body: Callable[[object, str], None],
        page: Callable[[object], None] | None = None,
    ) -> None:
        self.size = size
        self.body = body
        self.page = page

    def write(self, units: Sequence[Unit], path: Path) -> None:
        document = docx.Document()
        section = document.sections[0]
        section.page_width, section.page_height = docx.shared.Mm(210), docx.shared.Mm(297)
        add_page_number(section.footer.paragraphs[0])
        if self.page is not None:
            self.page(document)
        for tag, texts in units:
            self._add(document, tag, "".join(texts))
        document.save(path)

    def _add(self, document: object, tag: str, text: str) -> None:
        paragraph = document.add_paragraph()  # type: ignore[attr-defined]
        paragraph.paragraph_format.space_after = docx.shared.Pt(0)
        run = paragraph.add_run(text)
        run.font.size = docx.shared.Pt(22 if tag == "T" else self.size)
        run.bold = tag in {"H1", "H2", "H3"}
        if tag in "TC":
            paragraph.alignment = docx.enum.text.WD_ALIGN_PARAGRAPH.CENTER
        else:
            self.body(paragraph, tag)


def add_page_number(paragraph: object) -> None:
    for text, kind in (("— ", ""), ("", "begin"), ("PAGE", ""), ("", "end"), (" —", "")):
        run = paragraph.add_run("" if text == "PAGE" else text)  # type: ignore[attr-defined]
        if kind or text == "PAGE":
            name = "fldChar" if kind else "instrText"
            element = docx.oxml.OxmlElement(f"w:{name}")
            element.text = text or None
            if kind:
                element.set(f"{NAMESPACE}fldCharType", kind)
            run._r.append(element)


def justified(paragraph: object, tag: str, *, indent: float = 32, pitch: float | None = 28) -> None:
    paragraph.alignment = docx.enum.text.WD_ALIGN_PARAGRAPH.JUSTIFY  # type: ignore[attr-defined]
    layout = paragraph.paragraph_format  # type: ignore[attr-defined]
    layout.first_line_indent = docx.shared.Pt(indent)
    layout.line_spacing = docx.shared.Pt(pitch) if pitch else None


def ragged(paragraph: object, tag: str) -> None:
    paragraph.paragraph_format.first_line_indent = docx.shared.Pt(32)  # type: ignore[attr-defined]


def spaced(paragraph: object, tag: str) -> None:
    paragraph.alignment = docx.enum.text.WD_ALIGN_PARAGRAPH.JUSTIFY  # type: ignore[attr-defined]
    paragraph.paragraph_format.space_after = docx.shared.Pt(6)  # type: ignore[attr-defined]


def hanging(paragraph: object, tag: str) -> None:
    layout = paragraph.paragraph_format  # type: ignore[attr-defined]
    layout.left_indent, layout.first_line_indent = docx.shared.Pt(28), docx.shared.Pt(-28)


def flush_headings(paragraph: object, tag: str) -> None:
    justified(paragraph, tag, indent=0 if tag[0] == "H" else 28, pitch=None)


def official(document: object) -> None:
    section = document.sections[0]  # type: ignore[attr-defined]
    section.top_margin, section.bottom_margin = docx.shared.Mm(37), docx.shared.Mm(35)
    section.left_margin, section.right_margin = docx.shared.Mm(28), docx.shared.Mm(26)


def mirrored(document: object) -> None:
    section = document.sections[0]  # type: ignore[attr-defined]
    section.left_margin, section.right_margin = docx.shared.Mm(35), docx.shared.Mm(20)
    section.header.paragraphs[0].text = "法治政府建设年度报告 第3期"
    document.settings.element.insert(0, docx.oxml.OxmlElement("w:mirrorMargins"))  # type: ignore[attr-defined]


def two_columns(document: object) -> None:
    columns = document.sections[0]._sectPr.xpath("./w:cols")[0]  # type: ignore[attr-defined]
    columns.set(f"{NAMESPACE}num", "2")
    columns.set(f"{NAMESPACE}space", "425")


LAYOUTS = {
    "official": Layout(16, justified, official),
    "ragged": Layout(16, ragged, official),
    "small": Layout(10.5, lambda paragraph, tag: justified(paragraph, tag, indent=21, pitch=None)),
    "spaced": Layout(14, spaced),
    "hanging": Layout(14, hanging),
    "flush headings": Layout(14, flush_headings),
    "mirrored": Layout(14, lambda paragraph, tag: justified(paragraph, tag, indent=28, pitch=None), mirrored),
    "columns": Layout(10.5, lambda paragraph, tag: justified(paragraph, tag, indent=21, pitch=None), two_columns),
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Print all reports in all layouts in one go: starting LibreOffice takes longest."""
    need("soffice")
    folder = tmp_path_factory.mktemp("printed")
    for name, layout in LAYOUTS.items():
        for number, units in enumerate(REPORTS):
            layout.write(units, folder / f"{name} {number:02}.docx")
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--convert-to",
            "pdf",
            "--outdir",
            str(folder),
            *map(str, sorted(folder.glob("*.docx"))),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUTS)
def test_word_layouts(printed: Path, name: str) -> None:
    found = f1(sorted(printed.glob(f"{name} *.pdf")), REPORTS)
    assert min(found.values()) >= 0.99, found


STYLES = {
    "indented": "body{font:16px/1.8 serif} p{text-indent:2em;margin:0 0 .8em} h1{text-align:center}",
    "spaced": "body{font:14px/1.6 sans-serif} p{margin:0 0 1em} h1{font-size:20px}",
    "justified": "body{font:18px/2 serif} p{text-indent:2em;margin:0;text-align:justify} h1{text-align:center}",
}


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("style", STYLES)
def test_printed_web_pages(style: str, tmp_path: Path) -> None:
    need("chromium")
    reports = REPORTS[::4]
    files = []
    for number, units in enumerate(reports):
        page, target = tmp_path / f"{number}.html", tmp_path / f"{number}.pdf"
        body = "".join(
            f"<h1>{text}</h1>" if tag == "T" else f"<p>{text}</p>"
            for tag, text in ((tag, html.escape("".join(texts))) for tag, texts in units)
        )
        page.write_text(f"<!doctype html><meta charset=utf-8><style>{STYLES[style]}</style>{body}", encoding="utf-8")
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={target}", page.as_uri()],
            check=True,
            capture_output=True,
        )
        files.append(target)
    found = f1(files, reports)
    assert min(found.values()) >= 0.99, found
