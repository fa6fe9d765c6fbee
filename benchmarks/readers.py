"""How fast each format is read, on one core: documents of some ten pages, from bytes to outline and items.

Each is measured in turns with what gives its bare text: python-docx, trafilatura, PDFium, ``str.splitlines``. They tell
no numbers, chrome, headings or items; the ratio says what all that costs. LibreOffice's PDF and old Word files are
measured where it is installed, and old Word files alone: nothing else reads them.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from throughput import use_one_core

if TYPE_CHECKING:
    from rendering import Line

PAGES_CHARACTERS = 6000  # ten pages of 22 lines of 28 characters
STREAM_BYTES = 8 * 2**20
DOC_FILES = 3
Read = Callable[[bytes], object]


class Case(NamedTuple):
    """A format, files of it, and the name of the reading that it is compared with."""

    name: str
    suffix: str
    files: Sequence[bytes]
    other: str


def split_lines(data: bytes) -> object:
    """Decode text and split it."""
    return data.decode("utf-8").splitlines()


def trafilatura_text(data: bytes) -> object:
    """Extract a page's article."""
    import trafilatura

    return trafilatura.extract(data)


def bare_docx(data: bytes) -> object:
    """Read the text of paragraphs."""
    import docx

    return [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]


def pdfium_text(data: bytes) -> object:
    """Read the text of pages."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


OTHERS: Mapping[str, Read] = {
    "str.splitlines": split_lines,
    "trafilatura": trafilatura_text,
    "python-docx": bare_docx,
    "PDFium": pdfium_text,
}
COMPARED = {"txt": "str.splitlines", "html": "trafilatura", "docx": "python-docx", "pdf": "PDFium"}


def cases(count: int) -> list[Case]:
    """Render `count` documents in each format."""
    from rendering import RENDERERS, convert, has_office

    reports = long_reports(count)
    text = b"".join(RENDERERS["txt"](lines) for lines in reports)
    made = [Case("txt as one stream", "txt", [text * -(-STREAM_BYTES // len(text))], COMPARED["txt"])]
    for form, render in RENDERERS.items():
        suffix = form.partition(" ")[0]
        if form != "txt in GB18030":
            made.append(Case(form, suffix, [render(lines) for lines in reports], COMPARED[suffix]))
    if has_office():
        sources = {str(number): RENDERERS["docx with typed numbers"](lines) for number, lines in enumerate(reports)}
        made.append(Case("pdf of LibreOffice", "pdf", [*convert(sources, "pdf").values()], COMPARED["pdf"]))
        made.append(Case("doc", "doc", [*convert(sources, "doc").values()][:DOC_FILES], ""))
    return made


def long_reports(count: int) -> list[list[Line]]:
    """Join reports of the corpus until each has about ten printed pages, under the title of the first."""
    from rendering import corpus_lines

    reports: list[list[Line]] = [[]]
    for lines in corpus_lines().values():
        if sum(len(line.text) for line in reports[-1]) > PAGES_CHARACTERS:
            reports.append([])
        continued = bool(reports[-1])
        reports[-1] += [line for line in lines if not continued or line.kind not in {"title", "chrome"}]
    return reports[:count]


def seconds(read: Read, files: Sequence[bytes]) -> float:
    """Return how long reading the files takes."""
    start = time.perf_counter()
    for data in files:
        read(data)
    return time.perf_counter() - start


def measure(case: Case, rounds: int) -> None:
    """Print the median of the rounds for one format."""
    from fazhi_ml.reports.read import read_bytes

    def ours(data: bytes) -> object:
        return read_bytes(data, name=f"report.{case.suffix}")

    other = OTHERS.get(case.other)
    ours(case.files[0])
    if other:
        other(case.files[0])
    pairs = [(seconds(ours, case.files), seconds(other, case.files) if other else 0.0) for _ in range(rounds)]
    taken = median(own for own, _ in pairs)
    size = sum(map(len, case.files)) / 1e6
    ratio = f"{median(own / bare for own, bare in pairs):8.1f} x {case.other}" if other else ""
    print(f"{case.name:28} {len(case.files) / taken:9,.1f} /s {size / taken:8.2f} MB/s {ratio}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", help="txt, html, docx, pdf, doc; by default all that can be made")
    parser.add_argument("--documents", type=int, default=20, help="documents of each format (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is read (default: %(default)s)")
    options = parser.parse_args()
    use_one_core()
    print(f"{'':28} {'documents':>12} {'':13} time taken, against bare text")
    for case in cases(options.documents):
        if not options.formats or case.suffix in options.formats:
            measure(case, options.rounds)


if __name__ == "__main__":
    main()
