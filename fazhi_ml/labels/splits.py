"""Which reports are held out: the frozen test split."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.errors import CorpusError, InputError
from fazhi_ml.files import read_limited
from fazhi_ml.labels.corpus import Corpus
from fazhi_ml.labels.markup import LabelledReport

__all__ = ["Splits", "report_strata", "stratified_test_ids"]

_VERSION = 1
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Splits:
    """A division of a corpus into reports to train on and reports to test on.

    Attributes
    ----------
    train, test : tuple of str
        Report ids in corpus order; disjoint, and together the whole corpus.
    """

    train: tuple[str, ...]
    test: tuple[str, ...]

    @classmethod
    def read(cls, path: str | os.PathLike[str], corpus: Corpus) -> Splits:
        """Read the test ids of a ``splits.toml``; every other report of `corpus` is for training.

        Raises
        ------
        CorpusError
            The file cannot be read, has another format or version, or does not fit the corpus: an id is unknown, stands
            twice, or none is left on one side.
        """
        test = _test_ids(path)
        repeated = [name for name, count in Counter(test).items() if count > 1]
        if repeated:
            raise CorpusError(f"the id {repeated[0]!r} stands twice", source=path, remedy="Keep one.")
        unknown = [name for name in test if name not in corpus.ids]
        if unknown:
            raise CorpusError(
                f"{unknown[0]!r} and {len(unknown) - 1} more are not in the corpus"
                if len(unknown) > 1
                else f"{unknown[0]!r} is not in the corpus",
                source=path,
                remedy="Use the split that belongs to this corpus.",
            )
        held_out = frozenset(test)
        train = tuple(name for name in corpus.ids if name not in held_out)
        if not test or not train:
            side = "test" if not test else "train"
            raise CorpusError(f"no report to {side} on", source=path, remedy="Leave reports on both sides.")
        return cls(train, tuple(name for name in corpus.ids if name in held_out))


def _test_ids(path: str | os.PathLike[str]) -> list[str]:
    try:
        values = tomllib.loads(read_limited(path, _MAX_BYTES, CorpusError).decode())
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not TOML, or a number of 5,000 digits
        raise CorpusError(f"not valid TOML ({type(error).__name__})", source=path, remedy="Mend the file.") from error
    if values.get("version") != _VERSION:
        raise CorpusError("unknown version of splits", source=path, remedy=f"Write: version = {_VERSION}.")
    test = values.get("test")
    if set(values) != {"version", "test"} or not isinstance(test, list) or not all(isinstance(v, str) for v in test):
        raise CorpusError(
            "not a list of test ids", source=path, remedy='Write the keys version and test = ["id", …], and no others.'
        )
    return test


def report_strata(report: LabelledReport) -> dict[str, str]:
    """Describe a report by what a split should hold in proportion.

    Returns
    -------
    dict of str to str
        ``level``; ``years`` (before the 2015 outline on rule-of-law government, up to 2020, after); ``punctuation``;
        ``outline`` (nested, flat or none, by its level-2 and level-1 headings); ``length`` (mean item length, cut at 95
        characters) and ``mixture`` (whether a quarter of the items carry several themes): together they tell the three
        ways of writing in the shipped corpus apart.
    """
    levels = {heading.level for heading in report.headings}
    mean_length = sum(len(item.span) for item in report.items) / len(report.items)
    several = sum(len(item.themes) > 1 for item in report.items) / len(report.items)
    return {
        "level": report.level,
        "years": "-2014" if report.year < 2015 else "2015-2020" if report.year <= 2020 else "2021-",
        "punctuation": "half" if report.text.count(",") > report.text.count("，") else "full",
        "outline": "nested" if 2 in levels else "flat" if 1 in levels else "none",
        "length": "long" if mean_length >= 95 else "short",
        "mixture": "mixed" if several >= 0.25 else "plain",
    }


def stratified_test_ids(corpus: Corpus, size: int, seed: int) -> tuple[str, ...]:
    """Draw the ids of a test split that mirrors the corpus in each of `report_strata`.

    The strata are too many to cross for a small split, so their margins are balanced: from a seeded random draw, the
    exchange of two reports that brings the margins closest to the corpus's proportions (least sum of squares) is made
    again and again, until none brings them closer.

    Parameters
    ----------
    corpus : Corpus
    size : int
        Number of reports to draw.
    seed : int

    Returns
    -------
    tuple of str
        In corpus order.

    Raises
    ------
    InputError
        `size` leaves no report on one side.
    """
    if not 0 < size < len(corpus):
        raise InputError(
            "leaves no report on one side", source="size", remedy=f"Use 1 to {len(corpus) - 1} for this corpus."
        )
    strata = [frozenset(report_strata(report).items()) for report in corpus.reports]
    cells = sorted(frozenset().union(*strata))
    member = np.array([[cell in own for cell in cells] for own in strata], dtype=np.int64)
    target = member.sum(axis=0) * size
    order = _shuffled(corpus.ids, str(seed))
    drawn, left = order[:size], order[size:]
    # Integers, scaled by the corpus size, keep ties and so the draw the same on every machine.
    distance = _distance(member[drawn].sum(axis=0) * len(corpus) - target)
    while True:
        swaps = member[left][None, :, :] - member[drawn][:, None, :]
        distances = _distance((member[drawn].sum(axis=0) + swaps) * len(corpus) - target)
        if distances.min() >= distance:
            return tuple(name for number, name in enumerate(corpus.ids) if number in set(drawn))
        out, into = np.unravel_index(distances.argmin(), distances.shape)
        drawn[out], left[into] = left[into], drawn[out]
        distance = distances.min()


def _distance(deviations: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((deviations**2).sum(axis=-1))


def _shuffled(names: Iterable[str], salt: str) -> list[int]:
    """Return the positions of `names` in a random order that hangs on the names and the salt alone.

    NumPy may change its random streams between versions; a hash does not, so a frozen split can always be drawn again.
    """
    keys = [hashlib.sha256(f"{salt}:{name}".encode("utf-8", "surrogatepass")).digest() for name in names]
    return sorted(range(len(keys)), key=keys.__getitem__)
