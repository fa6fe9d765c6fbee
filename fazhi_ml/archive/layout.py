"""Where things lie in the folder that an archive is tagged into."""

from __future__ import annotations

from pathlib import Path

__all__ = ["Layout"]


class Layout:
    """The files of a tagged archive.

    Parameters
    ----------
    folder : path
        The output folder.

    Attributes
    ----------
    items, reports, terms : path
        Parquet tables: one row an item (or a paragraph), a report, and a word of a theme and year.
    errors : path
        CSV, one row a file that could not be read.
    shares : path
        CSV, theme shares by place and year.
    summary : path
        JSON.
    index : path
        The page of the archive.
    pages : path
        Folder with a page for each report.
    data : path
        Folder with what the page of the archive loads.
    work : path
        Folder with the manifest and the part files, from which an interrupted run goes on.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.items = folder / "items.parquet"
        self.reports = folder / "reports.parquet"
        self.terms = folder / "terms.parquet"
        self.errors = folder / "errors.csv"
        self.shares = folder / "themes_by_place_year.csv"
        self.summary = folder / "summary.json"
        self.index = folder / "index.html"
        self.pages = folder / "pages"
        self.data = folder / "data"
        self.work = folder / ".fazhi"
