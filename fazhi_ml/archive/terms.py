"""The words of an archive: in how many items of each theme and year they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fazhi_ml.archive.files import AGAIN
from fazhi_ml.archive.parquet import gathered, write_parquet
from fazhi_ml.archive.query import connect
from fazhi_ml.archive.schema import term_schema
from fazhi_ml.codebook import OTHER
from fazhi_ml.errors import OutputError
from fazhi_ml.features.tokenizer import Tokenizer
from fazhi_ml.tagging.results import TaggedReport

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["count_terms", "part_term_schema", "write_terms"]

_WORD = re.compile("[㐀-鿿豈-﫿𠀀-\U0003ffff]{2,}")
_ROWS = 65_536
_MEMORY = "64MB"

_CREATE = "CREATE TABLE counts (year SMALLINT, theme VARCHAR, term VARCHAR, items BIGINT, once BIGINT)"
_ADD = "INSERT INTO counts SELECT year, theme, term, sum(items), sum(once) FROM of_some GROUP BY year, theme, term"
# In an order of all columns, so that equal counts give equal bytes.
_SELECT = """
SELECT year, theme, term, sum(items)::BIGINT AS items
FROM counts SEMI JOIN (SELECT term FROM counts GROUP BY term HAVING sum(once) >= 2) USING (term)
GROUP BY year, theme, term
ORDER BY year, theme, term
"""


def part_term_schema() -> pa.Schema:
    """Return the schema of a document's terms: `term_schema`, and ``once``, which counts an item under one theme only.

    An item of two themes counts for both; by ``once`` one can tell the words that stand in a single item.
    """
    import pyarrow as pa

    return term_schema().append(pa.field("once", pa.int64()))


def count_terms(report: TaggedReport, tokenizer: Tokenizer) -> pa.RecordBatch:
    """Count in how many items of each theme every word of a report stands.

    Words are tokens of at least two Chinese characters.

    Parameters
    ----------
    report : TaggedReport
    tokenizer : Tokenizer

    Returns
    -------
    pyarrow.RecordBatch
        Of `part_term_schema`, in order of theme and word.
    """
    import pyarrow as pa

    items = [item for paragraph in report.paragraphs for item in paragraph.items]
    counts: Counter[tuple[str, str]] = Counter()
    once: Counter[tuple[str, str]] = Counter()
    for item, words in zip(items, _words([item.text for item in items], tokenizer), strict=True):
        themes = item.themes or (OTHER,)
        once.update((themes[0], word) for word in words)
        counts.update((theme, word) for theme in themes for word in words)
    keys = sorted(counts)
    columns = {
        "year": [report.metadata.year] * len(keys),
        "theme": [theme for theme, _ in keys],
        "term": [word for _, word in keys],
        "items": [counts[key] for key in keys],
        "once": [once[key] for key in keys],
    }
    return pa.RecordBatch.from_pydict(columns, schema=part_term_schema())


def _words(texts: Iterable[str], tokenizer: Tokenizer) -> Iterator[set[str]]:
    """Yield the distinct words of each text; cutting them in one go gives the same tokens and is much faster."""
    words: set[str] = set()
    for piece in tokenizer.cut("".join(text.replace("\n", " ") + "\n" for text in texts)):
        if piece == "\n":
            yield words
            words = set()
        elif _WORD.fullmatch(piece):
            words.add(piece)


def write_terms(path: Path, batches: Iterable[pa.RecordBatch]) -> None:
    """Write ``terms.parquet`` from the terms of all documents; words that stand in a single item are left out.

    Parameters
    ----------
    path : path
    batches : iterable of pyarrow.RecordBatch
        Of `part_term_schema`, in any order.

    Raises
    ------
    OutputError
        The file cannot be written, or there is no room for what it is made from.
    """
    import duckdb

    try:
        with connect() as connection:
            # The words of an archive are many; what does not fit goes to disk.
            connection.execute(f"SET memory_limit = '{_MEMORY}'; SET threads = 1")
            connection.execute(_CREATE)
            for of_some in gathered(batches):
                connection.register("of_some", of_some)
                connection.execute(_ADD)
            write_parquet(path, term_schema(), connection.sql(_SELECT).to_arrow_reader(_ROWS))
    except duckdb.Error as error:
        raise OutputError(
            f"the words cannot be counted ({type(error).__name__})",
            source=path,
            remedy=f"Free some disk space and memory, {AGAIN}",
        ) from error
