"""A report rendered in every format that archives hold: text, web pages of three kinds of site, Word, PDF.

Tests read the renderings back and expect the same report; benchmarks time the readers on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from rendering.docx import render_docx
from rendering.html import render_gov, render_table_layout, render_trs
from rendering.lines import Line, corpus_lines, lines_of
from rendering.office import convert, has_office
from rendering.pdf import render_pdf

__all__ = [
    "RENDERERS",
    "Line",
    "convert",
    "corpus_lines",
    "has_office",
    "lines_of",
    "render_docx",
    "render_gov",
    "render_pdf",
    "render_table_layout",
    "render_text",
    "render_trs",
]


def render_text(lines: Sequence[Line], encoding: str = "utf-8") -> bytes:
    """Render plain text, one line a paragraph."""
    return "".join(f"{line.text}\n" for line in lines).encode(encoding)


RENDERERS: Mapping[str, Callable[[Sequence[Line]], bytes]] = MappingProxyType(
    {
        "txt": render_text,
        "txt in GB18030": partial(render_text, encoding="gb18030"),
        "html of a TRS site": render_trs,
        "html of a gov.cn site": render_gov,
        "html in table layout": render_table_layout,
        "docx with typed numbers": render_docx,
        "docx with automatic numbers": partial(render_docx, automatic=True),
        "pdf without embedded fonts": render_pdf,
    }
)
"""The formats that need no other program; pdf and doc as LibreOffice writes them come from `convert`."""
