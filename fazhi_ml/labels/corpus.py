"""A labelled corpus: marked-up reports, one file each, checked against a codebook."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import CorpusError
from fazhi_ml.labels.dataset import LabelledTexts, label_matrix
from fazhi_ml.labels.markup import LabelledItem, LabelledReport, parse_report

__all__ = ["Corpus", "check_corpus"]


@dataclass(frozen=True)
class Corpus:
    """Labelled reports and the codebook of their labels.

    Attributes
    ----------
    codebook : Codebook
    reports : tuple of LabelledReport
        In order of their ids.
    """

    codebook: Codebook
    reports: tuple[LabelledReport, ...]

    @classmethod
    def read(cls, path: str | os.PathLike[str], codebook: Codebook) -> Corpus:
        """Read a folder of marked-up ``*.txt`` files, or one such file.

        Raises
        ------
        CorpusError
            Something is wrong; the message names the first file and line, and says how many problems follow.
        """
        reports, problems = _parse(path, codebook)
        if problems:
            raise _summary(problems)
        return cls(codebook, tuple(sorted(reports, key=lambda report: report.id)))

    def __len__(self) -> int:
        return len(self.reports)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Report ids in order."""
        return tuple(report.id for report in self.reports)

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over the reports' ids and bytes, whatever their folder, file names and order."""
        digest = hashlib.sha256()
        for report in sorted(self.reports, key=lambda report: report.id):
            digest.update(f"{report.id}\0{report.sha256}\n".encode())
        return digest.hexdigest()

    @property
    def items(self) -> tuple[LabelledItem, ...]:
        """All items, report by report."""
        return tuple(item for report in self.reports for item in report.items)

    def select(self, ids: Iterable[str]) -> Corpus:
        """Return the corpus of the reports with these ids.

        Raises
        ------
        CorpusError
            An id is unknown.
        """
        wanted = frozenset(ids)
        unknown = wanted.difference(self.ids)
        if unknown:
            raise CorpusError(
                f"no report {min(unknown)!r} in the corpus", source="ids", remedy="Check the id against the #id lines."
            )
        return Corpus(self.codebook, tuple(report for report in self.reports if report.id in wanted))

    def labelled_texts(self) -> LabelledTexts:
        """Return the items as arrays, in the order of `items`."""
        pairs = [(report, item) for report in self.reports for item in report.items]
        return LabelledTexts(
            texts=tuple(item.text for _, item in pairs),
            headings=tuple(" ".join(item.headings) or None for _, item in pairs),
            labels=label_matrix(((item.themes, item.uncertain) for _, item in pairs), self.codebook),
            groups=tuple(report.id for report, _ in pairs),
            roles=tuple(item.role for _, item in pairs),
            sources=tuple(f"{report.path.name}:{item.line}" for report, item in pairs),
            codebook=self.codebook,
        )


def check_corpus(path: str | os.PathLike[str], codebook: Codebook) -> list[CorpusError]:
    """Return everything that is wrong with a corpus folder or file, at most 100 problems a file; none if sound."""
    return _parse(path, codebook)[1]


def _parse(path: str | os.PathLike[str], codebook: Codebook) -> tuple[list[LabelledReport], list[CorpusError]]:
    try:
        files = _files(path)
    except CorpusError as error:
        return [], [error]
    reports: dict[str, LabelledReport] = {}
    problems: list[CorpusError] = []
    for file in files:
        report, faults = parse_report(file, codebook)
        problems += faults
        if report is None:
            continue
        if report.id in reports:
            problems.append(
                CorpusError(
                    f"the id {report.id!r} also belongs to {reports[report.id].path.name}",
                    source=file,
                    remedy="Give every report an id of its own.",
                )
            )
        else:
            reports[report.id] = report
    return list(reports.values()), problems


def _files(path: str | os.PathLike[str]) -> list[Path]:
    try:
        if not Path(path).is_dir():
            return [Path(path)]
        files = sorted(file for file in Path(path).iterdir() if file.suffix == ".txt" and not file.name.startswith("."))
    except OSError as error:
        raise CorpusError(f"cannot be read ({error.strerror})", source=path, remedy="Check the path.") from error
    if not files:
        raise CorpusError("no .txt files in this folder", source=path, remedy="Give the folder of marked-up reports.")
    return files


def _summary(problems: list[CorpusError]) -> CorpusError:
    first = problems[0]
    if len(problems) == 1:
        return first
    more = f"{len(problems) - 1} more problem{'s' if len(problems) > 2 else ''}: see `fazhi labels validate`."
    return CorpusError(
        first.cause, source=first.source, line=first.line, remedy=f"{first.remedy} {more}" if first.remedy else more
    )
