"""Make an archive of reports of any size from ``data/corpus``: mixed formats, nested folders, 1 % broken files.

OUT/reports holds the files, by province, place and year. OUT/expected.csv says of each which format it really has,
whether it can be read, and the SHA-256 of its bytes. Places, years and figures differ from report to report; every
place has reports of several years. The same seed makes the same archive (--doc aside: LibreOffice dates its files).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from rendering import RENDERERS, Line, convert, corpus_lines, has_office
from rendering.pdf import LOCKED, render_pdf
from rendering.variation import issuer, new_names, vary

YEARS_A_PLACE = 6
LAST_YEAR = 2025
PLACES_A_PROVINCE = 40
BROKEN_SHARE = 0.01
DOC_SHARE = 0.02
DOCS_A_RUN = 50
# Renderers with the share of files that each makes.
SHARES = {
    "txt": 0.30,
    "txt in GB18030": 0.15,
    "html of a TRS site": 0.10,
    "html of a gov.cn site": 0.10,
    "html in table layout": 0.10,
    "docx with typed numbers": 0.10,
    "docx with automatic numbers": 0.10,
    "pdf without embedded fonts": 0.05,
}


class Entry(NamedTuple):
    """A file of the archive before it is rendered."""

    number: int
    lines: list[Line]
    folder: str
    year: int


class File(NamedTuple):
    """A file of the archive: its path, what it really is, whether that can be read, and its bytes."""

    path: str
    form: str
    readable: bool
    content: bytes


def _error_page(_lines: Sequence[Line], _random: Random) -> bytes:
    return (
        b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
        b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )


def _truncated(form: str) -> Callable[[Sequence[Line], Random], bytes]:
    def render(lines: Sequence[Line], random: Random) -> bytes:
        content = RENDERERS[form](lines)
        return content[: random.randrange(len(content) // 4, len(content) * 3 // 4)]

    return render


def _zip(lines: Sequence[Line], _random: Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("report.txt"), RENDERERS["txt"](lines))
    return packed.getvalue()


# How files break: the extension that they are called by, what they really are, and how to make them.
BROKEN: tuple[tuple[str, str, Callable[[Sequence[Line], Random], bytes]], ...] = (
    ("docx", "docx", _truncated("docx with typed numbers")),
    ("pdf", "pdf", lambda _lines, random: b"%PDF-1.4\n" + random.randbytes(3000)),
    ("txt", "empty", lambda _lines, _random: b""),
    ("txt", "binary", lambda _lines, random: random.randbytes(4000)),
    ("pdf", "locked pdf", lambda lines, _random: render_pdf(lines, trailer=LOCKED)),
    ("doc", "picture", lambda _lines, random: b"\xff\xd8\xff\xe0\0\x10JFIF\0" + random.randbytes(3000)),
    ("txt", "zip", _zip),
    ("pdf", "error page", _error_page),
)


def plan(count: int, random: Random) -> Iterator[Entry]:
    """Choose place, year and text of `count` reports."""
    by_suffix: dict[str, list[list[Line]]] = defaultdict(list)
    for lines in corpus_lines().values():
        by_suffix[issuer(lines).suffix].append(lines)
    places = -(-count // YEARS_A_PLACE)
    provinces = new_names(random, -(-places // PLACES_A_PROVINCE))
    # A place keeps its kind over the years, so its reports are made from those of one kind.
    kinds = random.choices(list(by_suffix), weights=[len(group) for group in by_suffix.values()], k=places)
    for number, (name, suffix) in enumerate(zip(new_names(random, places), kinds, strict=True)):
        for age in range(min(YEARS_A_PLACE, count - number * YEARS_A_PLACE)):
            lines = vary(random.choice(by_suffix[suffix]), name, LAST_YEAR - age, random)
            folder = f"{provinces[number // PLACES_A_PROVINCE]}省/{name}{suffix}/{LAST_YEAR - age}"
            yield Entry(number * YEARS_A_PLACE + age, lines, folder, LAST_YEAR - age)


def file_name(entry: Entry, random: Random) -> str:
    """Name a file as the one or the other site does, without extension; the number keeps names apart."""
    title = next(line.text for line in entry.lines if line.kind == "title")
    month, day = random.randrange(1, 4), random.randrange(1, 29)
    published = f"{entry.year + 1}{month:02}{day:02}"
    return random.choice(
        (
            f"t{published}_{entry.number:07}",
            f"P0{published}{entry.number:012}",
            f"{title}_{entry.number}",
            f"（{entry.number}）{title}（定稿）",
            f"{published} {title} {entry.number}",
            f"content_post_{entry.number}",
        )
    )


def render(entry: Entry, random: Random) -> File:
    """Render a report in a format drawn by its share."""
    form = random.choices(list(SHARES), weights=list(SHARES.values()))[0]
    suffix = form.partition(" ")[0]
    return File(f"{entry.folder}/{file_name(entry, random)}.{suffix}", suffix, True, RENDERERS[form](entry.lines))


def render_broken(entry: Entry, kind: int, random: Random) -> File:
    """Render a file that is broken in one of the ways of `BROKEN`."""
    suffix, form, make = BROKEN[kind % len(BROKEN)]
    return File(f"{entry.folder}/{file_name(entry, random)}.{suffix}", form, False, make(entry.lines, random))


def files(count: int, seed: int, doc_share: float) -> Iterator[File]:
    """Make the files of an archive, one after the other; old Word files come in batches, as they are done."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    broken = random.sample(range(count), round(count * BROKEN_SHARE))
    kinds = {number: kind for kind, number in enumerate(broken)}
    waiting: dict[str, bytes] = {}
    for entry in plan(count, random):
        if entry.number in kinds:
            yield render_broken(entry, kinds[entry.number], random)
        elif random.random() < doc_share:
            path = f"{entry.folder}/{file_name(entry, random)}.doc"
            waiting[path] = RENDERERS["docx with typed numbers"](entry.lines)
        else:
            yield render(entry, random)
        if len(waiting) == DOCS_A_RUN:
            yield from old_word_files(waiting)
            waiting.clear()
    if waiting:
        yield from old_word_files(waiting)


def old_word_files(documents: Mapping[str, bytes]) -> Iterator[File]:
    """Convert Word documents, by the path of the old Word file that each becomes."""
    converted = convert({str(number): content for number, content in enumerate(documents.values())}, "doc")
    for path, content in zip(documents, converted.values(), strict=True):
        yield File(path, "doc", True, content)


def write(folder: Path, made: Iterable[File]) -> Counter[str]:
    """Write files and the table of what to expect of them; return how many there are of each format."""
    counts: Counter[str] = Counter()
    with (folder / "expected.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(("path", "format", "readable", "sha256"))
        for file in made:
            path = folder / "reports" / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            digest = hashlib.sha256(file.content).hexdigest()
            writer.writerow((file.path, file.form, "yes" if file.readable else "no", digest))
            counts[file.form if file.readable else f"broken: {file.form}"] += 1
    return counts


def main() -> None:
    """Make an archive and print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to make; it must not exist")
    parser.add_argument("--reports", type=int, default=5000, help="how many files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--doc", action="store_true", help=f"make {DOC_SHARE:.0%} old Word files, through LibreOffice")
    options = parser.parse_args()
    if options.doc and not has_office():
        parser.error("--doc needs LibreOffice, and there is no soffice on PATH")
    try:
        options.out.mkdir(parents=True)
    except FileExistsError:
        parser.error(f"{options.out} exists: name a folder that does not")
    counts = write(options.out, files(options.reports, options.seed, DOC_SHARE if options.doc else 0.0))
    print(f"{options.out / 'reports'}: {counts.total():,} files")
    for form, count in sorted(counts.items()):
        print(f"  {form:24} {count:7,}")


if __name__ == "__main__":
    main()
