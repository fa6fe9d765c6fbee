"""What is wrong, or looks wrong, with labelled texts before a model is trained on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from fazhi_ml.errors import CorpusError
from fazhi_ml.labels.dataset import LabelledTexts
from fazhi_ml.labels.duplicates import near_duplicates, same_texts

__all__ = ["Finding", "Level", "debug_labels", "problem_finding", "rare_themes"]

Level = Literal["error", "warning", "note"]

_MIN_EXAMPLES = 10
_SHORT = 4
_LONG = 2_000
_MAX_PLACES = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of trouble.

    Attributes
    ----------
    level : {"error", "warning", "note"}
        An error makes figures wrong or keeps training from running; a warning deserves a look; a note is for knowing.
    kind : str
        A name for programs.
    count : int
        How often it occurs.
    message : str
        What it is and what to do about it.
    places : tuple of str
        The first ten places, such as ``train.jsonl:3 = test.jsonl:8``; never text.
    """

    level: Level
    kind: str
    count: int
    message: str
    places: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "places": list(self.places)}


def debug_labels(parts: Mapping[str, LabelledTexts]) -> list[Finding]:
    """Look for trouble in labelled texts.

    Parameters
    ----------
    parts : mapping of str to LabelledTexts
        By name, at least one; all of one codebook. Parts are taken for the sides of a split, the first for the training
        data: no group and no text may stand in two.

    Returns
    -------
    list of Finding
        Errors first, then warnings, then notes.
    """
    together = _Together(parts)
    findings = [
        *together.lengths(),
        *together.leaking_groups(),
        *together.duplicates(),
        *together.near_duplicates(),
        *rare_themes(together.first, next(iter(parts))),
        *together.themes_of_one_part(),
        *together.rows_of_one_label(),
    ]
    order = ("error", "warning", "note")
    return sorted(findings, key=lambda finding: order.index(finding.level))


def problem_finding(problems: Sequence[CorpusError]) -> list[Finding]:
    """Return what readers complained about as a finding; none without problems.

    Parameters
    ----------
    problems : sequence of CorpusError
    """
    return _finding("error", "malformed", "rows that cannot be read", [str(problem) for problem in problems])


def rare_themes(texts: LabelledTexts, name: str) -> list[Finding]:
    """Return which themes have no text, one, or so few that they are hard to learn.

    Parameters
    ----------
    texts : LabelledTexts
    name : str
        What the data are called in the message.
    """
    counts = dict(zip(texts.codebook.ids, (texts.labels == 1).sum(axis=0).tolist(), strict=True))
    absent = [theme for theme, count in counts.items() if not count]
    few = [f"{theme}: {count}" for theme, count in counts.items() if 0 < count < _MIN_EXAMPLES]
    return [
        *_finding("warning", "absent_theme", f"themes of the codebook that no text of {name} carries", absent),
        *_finding("warning", "rare_theme", f"themes with fewer than {_MIN_EXAMPLES} texts in {name}: add some", few),
    ]


class _Together:
    """The texts of all parts in one row."""

    def __init__(self, parts: Mapping[str, LabelledTexts]) -> None:
        self.parts = parts
        self.first = next(iter(parts.values()))
        self.texts = [text for part in parts.values() for text in part.texts]
        self.groups = [group for part in parts.values() for group in part.groups]
        self.sources = [source for part in parts.values() for source in part.sources]
        self.part_of = [name for name, part in parts.items() for _ in part.texts]
        self.labels = np.concatenate([part.labels for part in parts.values()])
        self.alike = same_texts(self.texts)

    def lengths(self) -> list[Finding]:
        sizes = [len(text.strip()) for text in self.texts]
        empty, short, long = (
            [self.sources[row] for row, size in enumerate(sizes) if low <= size <= high]
            for low, high in ((0, 0), (1, _SHORT - 1), (_LONG + 1, float("inf")))
        )
        return [
            *_finding("error", "empty_text", "texts without a character: remove them", empty),
            *_finding("warning", "short_text", f"texts of fewer than {_SHORT} characters: little to go by", short),
            *_finding("warning", "long_text", f"texts of more than {_LONG:,} characters: label their paragraphs", long),
        ]

    def leaking_groups(self) -> list[Finding]:
        parts_of: dict[str, dict[str, str]] = {}
        for group, part, source in zip(self.groups, self.part_of, self.sources, strict=True):
            # A row without a group is named after its place, and files in two folders may share a name.
            if group != source:
                parts_of.setdefault(group, {}).setdefault(part, source)
        leaks = [" and ".join(places.values()) for places in parts_of.values() if len(places) > 1]
        return _finding(
            "error", "leaking_group", "groups with texts in several files: keep each group on one side", leaks
        )

    def duplicates(self) -> list[Finding]:
        contradictory, across, apart, within = [], [], [], []
        for rows in self.alike:
            place = self._places(rows)
            labels = self.labels[rows]
            if np.any((labels == 1).any(axis=0) & (labels == 0).any(axis=0)):
                contradictory.append(place)
            if len({self.part_of[row] for row in rows}) > 1:
                across.append(place)
            elif len({self.groups[row] for row in rows}) > 1:
                apart.append(place)
            else:
                within.append(place)
        return [
            *_finding("error", "contradictory_labels", "texts that stand twice with different labels", contradictory),
            *_finding(
                "error",
                "duplicate_across_files",
                "texts that stand in several files: figures on one are too good for models trained on another",
                across,
            ),
            *_finding(
                "warning",
                "duplicate_across_groups",
                "texts that stand twice in different groups: remove one, or give them one group",
                apart,
            ),
            *_finding("note", "duplicate_in_group", "texts that stand twice in one group", within),
        ]

    def near_duplicates(self) -> list[Finding]:
        across, apart = [], []
        twins_of = {rows[0]: rows for rows in self.alike}
        later = {row for rows in self.alike for row in rows[1:]}
        distinct = [row for row in range(len(self.texts)) if row not in later]
        for first, second, similarity in near_duplicates([self.texts[row] for row in distinct]):
            one, other = distinct[first], distinct[second]
            rows = [*twins_of.get(one, [one]), *twins_of.get(other, [other])]
            place = f"{self.sources[one]} ≈ {self.sources[other]} ({similarity:.2f})"
            if len({self.part_of[row] for row in rows}) > 1:
                across.append(place)
            elif len({self.groups[row] for row in rows}) > 1:
                apart.append(place)
        return [
            *_finding(
                "warning", "near_duplicate_across_files", "pairs of nearly the same text in different files", across
            ),
            *_finding(
                "warning",
                "near_duplicate_across_groups",
                "pairs of nearly the same text in different groups: give them one group, for folds part groups",
                apart,
            ),
        ]

    def themes_of_one_part(self) -> list[Finding]:
        """Return the themes that stand in a later part and not in the first, which is trained on."""
        known = (self.first.labels == 1).any(axis=0)
        unknown = [
            f"{theme}: {name}"
            for name, part in self.parts.items()
            for theme, is_new in zip(part.codebook.ids, (part.labels == 1).any(axis=0) & ~known, strict=True)
            if is_new
        ]
        return _finding("warning", "unlearnt_theme", "themes that the first file does not have", unknown)

    def rows_of_one_label(self) -> list[Finding]:
        """Say how many texts carry exactly one theme: all of them mean that single-label training would do."""
        per_text = Counter((self.labels != 0).sum(axis=1).tolist())
        if not self.first.codebook.multi_label or not per_text[1]:
            return []
        if per_text[1] == len(self.texts):
            message = "texts, all of them, have exactly one label: with multi_label = false each would be given one"
            return [Finding("warning", "one_label", per_text[1], message, ())]
        return [Finding("note", "one_label", per_text[1], f"texts of {len(self.texts):,} have exactly one label", ())]

    def _places(self, rows: Iterable[int]) -> str:
        names = [self.sources[row] for row in rows]
        return " = ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _finding(level: Level, kind: str, message: str, places: Sequence[str]) -> list[Finding]:
    return [Finding(level, kind, len(places), message, tuple(places[:_MAX_PLACES]))] if places else []
