"""Gold outlines: the marked-up corpus as units, variations of it, and the score of a reading against them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from fazhi_ml.reports.numbering import CHINESE_DIGITS
from fazhi_ml.reports.read import parse_report

Unit = tuple[str, list[str]]  # tag, text of each item (one for all tags but P)
Spans = dict[str, set[tuple[int, int]]]
Document = tuple[str, Spans]

CORPUS = Path(__file__).parents[2] / "data" / "corpus"
KINDS = ("heading", "lead-in", "chrome", "item")


def corpus_units() -> list[list[Unit]]:
    """Read the marked-up reports as lists of units."""
    return [_units(path.read_text(encoding="utf-8")) for path in sorted(CORPUS.glob("r*.txt"))]


def _units(markup: str) -> list[Unit]:
    units: list[Unit] = []
    for line in markup.splitlines():
        if not line or line.startswith("#"):
            continue
        tag, rest = line.split("| ", 1)
        text = rest.split(" | ", 1)[1] if tag in "P+" else rest
        if tag == "+":
            units[-1][1].append(text)
        else:
            units.append((tag, [text]))
    return units


def plain(units: Iterable[Unit], *, indent: str = "", end: str = "\n") -> Document:
    """Lay units out as the plain text that they stand for, with the gold spans in it."""
    text = ""
    gold: Spans = {kind: set() for kind in KINDS}
    for tag, parts in units:
        text += indent
        for position, part in enumerate(parts):
            span = (len(text), len(text) + len(part))
            text += part
            # "L" is a lead-in with the items after it on one line.
            kind = {"T": "chrome", "C": "chrome", "P": "item"}.get(tag, "heading" if position == 0 else "item")
            gold[kind].add(span)
            if kind == "heading" and part[-1] in "。：:" and tag in {"H3", "L"}:
                gold["lead-in"].add(span)
        text += end
    return text, gold


def real_documents(folder: Path) -> list[Document]:
    """Read real reports with the gold spans beside them."""
    gold: dict[str, Spans] = defaultdict(lambda: {kind: set() for kind in KINDS})
    for line in (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        unit = json.loads(line)
        span = (unit["start"], unit["end"])
        kind = unit["kind"]
        gold[unit["report"]]["heading" if kind == "leadin" else kind].add(span)
        if kind == "leadin":
            gold[unit["report"]]["lead-in"].add(span)
    return [((folder / name).read_bytes().decode("utf-8"), spans) for name, spans in gold.items()]


def read_spans(text: str) -> Spans:
    """Spans of each kind that the reader finds."""
    report = parse_report(text)
    own = [heading for heading in report.headings if not heading.run_in]
    return {
        "heading": {(h.span.start, h.span.end) for h in own},
        "lead-in": {(h.span.start, h.span.end) for h in own if h.level > 2 and h.text[-1] in "。：:"},
        "chrome": {(span.start, span.end) for span in report.chrome},
        "item": {(item.span.start, item.span.end) for p in report.paragraphs for item in p.items},
    }


def exact_f1(documents: Iterable[Document]) -> dict[str, float]:
    """F1 over exact spans, pooled over documents, for each kind."""
    hits, found, wanted = (dict.fromkeys(KINDS, 0) for _ in range(3))
    for text, gold in documents:
        read = read_spans(text)
        for kind in KINDS:
            hits[kind] += len(read[kind] & gold[kind])
            found[kind] += len(read[kind])
            wanted[kind] += len(gold[kind])
    return {kind: 2 * hits[kind] / max(found[kind] + wanted[kind], 1) for kind in KINDS}


_HALF_WIDTH = str.maketrans("，；：（）！？", ",;:()!?")
_FIRST_NUMBER = re.compile(f"^([{CHINESE_DIGITS}]+)、")
_NUMBER = re.compile(rf"^([{CHINESE_DIGITS}]+、|[（(][{CHINESE_DIGITS}]+[）)]|\d+\.(?!\d))")
_FOOTER: list[Unit] = [
    ("C", ["责任编辑：张三"]),
    ("C", ["【打印】【关闭】"]),
    ("C", ["主办：某县人民政府办公室  承办：县电子政务中心"]),
    ("C", ["网站标识码：3600000001"]),
]


def each_part(change: Callable[[str], str]) -> Callable[[list[Unit]], list[Unit]]:
    """Make a variation that changes the text of every part."""
    return lambda units: [(tag, [change(part) for part in parts]) for tag, parts in units]


def joined_lead_ins(units: list[Unit], *, stop: str = "。") -> list[Unit]:
    """Put numbered headings before an enumerated paragraph on its line, as web pages lose line breaks."""
    joined: list[Unit] = []
    for tag, parts in units:
        last_tag, last = joined[-1] if joined else ("", [""])
        enumerated = tag == "P" and len(parts) > 1 and re.match("一是|[（(]1[）)]|①", parts[0])
        if enumerated and last_tag in {"H2", "H3"} and re.match(r"[（(\d]", last[0]):
            joined[-1] = ("L", [last[0].rstrip("。：:") + stop, *parts])
        else:
            joined.append((tag, parts))
    return joined


def joined_headings(units: list[Unit]) -> list[Unit]:
    """Run numbered level-2 headings into the plain paragraph after them: no headings of their own any more."""
    joined: list[Unit] = []
    for tag, parts in units:
        last_tag, last = joined[-1] if joined else ("", [""])
        numbered = re.match("[一二三四五六七八九十]+是|[（(]?[一1①]", parts[0])
        if tag == "P" and len(parts) == 1 and not numbered and last_tag == "H2":
            joined[-1] = ("P", [f"{last[0]}。{parts[0]}"])
        else:
            joined.append((tag, parts))
    return joined


VARIATIONS: dict[str, Callable[[list[Unit]], Document]] = {
    "as written": plain,
    "half-width punctuation": lambda units: plain(each_part(lambda part: part.translate(_HALF_WIDTH))(units)),
    "full stop after 一": lambda units: plain(each_part(lambda part: _FIRST_NUMBER.sub(r"\1.", part))(units)),
    "1、 for 1.": lambda units: plain(each_part(lambda part: re.sub(r"^(\d+)\.(?!\d)", r"\1、", part))(units)),
    "1． for 1.": lambda units: plain(each_part(lambda part: re.sub(r"^(\d+)\.(?!\d)", r"\1．", part))(units)),
    "space after numbers": lambda units: plain(each_part(lambda part: _NUMBER.sub(r"\1 ", part))(units)),
    "indented, CRLF": lambda units: plain(units, indent="\u3000\u3000", end="\r\n"),
    "blank lines, zero-width spaces": lambda units: plain(units, indent="\u200b ", end=" \n\n"),
    "no title": lambda units: plain(unit for unit in units if unit[0] != "T"),
    "site header and footer": lambda units: plain([("C", ["当前位置：首页 > 政府信息公开"]), *units, *_FOOTER]),
    "lead-ins on the line of their items": lambda units: plain(joined_lead_ins(units)),
    "lead-ins that lost their full stop": lambda units: plain(joined_lead_ins(units, stop="")),
    "headings run into paragraphs": lambda units: plain(joined_headings(units)),
    "every item on its own line": lambda units: plain(
        (tag, [part]) for tag, parts in units for part in parts
    ),
}  # fmt: skip
