"""The page of an archive: what is in it, how its themes move, and the way to every report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from fazhi_ml.archive.distinctive import distinctive_terms
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.overview_data import Chunk, ReportChunks, error_chunks, term_chunk
from fazhi_ml.archive.query import connect
from fazhi_ml.archive.schema import share_names
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import OutputError
from fazhi_ml.reports.document import ROLES
from fazhi_ml.tagging.export import write_text
from fazhi_ml.tagging.page import ROLE_NAMES
from fazhi_ml.tagging.standalone import (
    LEVEL_NAMES,
    base_style,
    csp_hash,
    environment,
    script_json,
    shown,
    theme_rules,
)

__all__ = ["write_overview"]

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = (
    "page.js", "store.js", "table.js", "charts.js", "trend.js", "places.js", "terms.js", "reports.js", "index.js",
)  # fmt: skip
_NO_THEME = ("无主题", "No theme")


def write_overview(layout: Layout, codebook: Codebook) -> None:
    """Write the page of a tagged archive: ``index.html``, and in ``data`` the scripts that it loads.

    The page works from the file system. Its content security policy lets its own script run (by hash) and what that
    script adds to the page, which are the chunks in ``data`` (``'strict-dynamic'``: the one way to allow local files in
    every browser without allowing all of them); no other request is possible. The names of the chunks hold a hash of
    their content and the page is written after them, so that neither a page that is open nor an interrupted run mixes
    data of two editions.

    Parameters
    ----------
    layout : Layout
        ``reports``, ``terms`` and, where there is one, ``errors`` are read.
    codebook : Codebook
        That of the model which tagged the archive.

    Raises
    ------
    OutputError
        A file or folder cannot be written.
    MissingExtraError
        jinja2, pyarrow or duckdb is not installed.
    """
    names = share_names(codebook)
    files: dict[str, list[str]] = {kind: [] for kind in ("counts", "titles", "places", "terms", "errors")}
    try:
        layout.data.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be made ({error.strerror})", source=layout.data, remedy="Choose another place."
        ) from error

    def write(chunk: Chunk) -> None:
        write_text(layout.data / chunk.name, chunk.script, overwrite=True)
        files[chunk.kind].append(chunk.name)

    # The words come first: opening DuckDB is what notices a missing extra.
    reports, n_failed = ReportChunks(layout.reports, names), 0
    for chunk in chain(_term_chunks(layout, names), reports, error_chunks(layout.errors)):
        write(chunk)
        n_failed += len(chunk.value) if chunk.kind == "errors" else 0
    write_text(layout.index, _render(codebook, names, reports, files, n_failed), overwrite=True)
    current = {name for kind in files.values() for name in kind}
    for path in layout.data.glob("*.js"):
        if path.name not in current:
            path.unlink()


def _term_chunks(layout: Layout, names: tuple[str, ...]) -> Iterator[Chunk]:
    with connect() as connection:
        for number, (_, terms) in enumerate(distinctive_terms(connection, layout.terms, names)):
            yield term_chunk(number, terms)


def _render(
    codebook: Codebook, names: tuple[str, ...], reports: ReportChunks, files: dict[str, list[str]], n_failed: int
) -> str:
    """Return the page; `files` are the names of its data by kind."""
    themes = {theme.id: (shown(theme.name("zh")), shown(theme.name("en"))) for theme in codebook.themes}
    data = {
        "themes": [[name, *themes.get(name, _NO_THEME)] for name in names],
        "codebookThemes": len(themes),
        "levels": [[shown(level), *LEVEL_NAMES.get(level, (shown(level),) * 2)] for level in reports.levels],
        "roles": [[role, *ROLE_NAMES[role]] for role in ROLES],
        "years": sorted(reports.years),
        "failed": n_failed,
        "files": files,
    }
    style = base_style() + _asset("index.css") + theme_rules(len(themes))
    script = "".join(_asset(name) for name in _SCRIPTS)
    return (
        environment(_TEMPLATES)
        .get_template("index.html")
        .render(
            codebook=codebook,
            models=sorted(reports.models),
            n_failed=n_failed,
            style=style,
            script=script,
            style_hash=csp_hash(style),
            script_hash=csp_hash(script),
            data=script_json(data),
        )
    )


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
