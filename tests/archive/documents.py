"""Small archives of documents, for the tests of the run that tags them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fazhi_ml.archive.layout import Layout
from tests.reports.gold import corpus_units, plain

BROKEN = {"broken/bytes.txt": b"\xff\x80" * 30, "broken/empty.html": b"", "broken/picture.doc": b"\x89PNG\r\n\x1a\n"}


def report_text(number: int) -> str:
    """Return the text of a report that no other number gives."""
    units = corpus_units()
    text, _ = plain(units[number % len(units)])
    return f"{text}\n附记第{number}号。\n"


def write_documents(folder: Path, count: int) -> list[str]:
    """Write reports as text in folders by number, and a few broken files; return the paths of the reports."""
    paths = []
    for number in range(count):
        path = f"{number % 7}/{2012 + number % 10}/报告{number:04}.txt"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(report_text(number), encoding="gb18030" if number % 5 == 0 else "utf-8")
        paths.append(path)
    (folder / "broken").mkdir()
    for path, data in BROKEN.items():
        (folder / path).write_bytes(data)
    return sorted(paths, key=str.encode)


def contents(layout: Layout) -> dict[str, str]:
    """Return a hash of every file of an output, what only the next run reads aside."""
    return {
        path.relative_to(layout.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(layout.folder.rglob("*"))
        if path.is_file() and layout.work not in path.parents
    }
