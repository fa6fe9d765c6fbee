"""Tagging on Spark, for archives beyond one machine.

The model travels with the job: executors need fazhi_ml itself (and its extra ``documents`` to read documents), but no
copy of the model, no MLflow and no scikit-learn. A worker process loads the model once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fazhi_ml.classifier.audit import BUNDLE_FILES
from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.resolve import resolve_bundle
from fazhi_ml.codebook import OTHER
from fazhi_ml.errors import FazhiError, InputError, MissingExtraError
from fazhi_ml.tagging.results import GRANULARITIES, Granularity
from fazhi_ml.tagging.tagger import Tagger

if TYPE_CHECKING:
    import os

    import pyarrow as pa
    from pyspark.sql import DataFrame

__all__ = ["tag_dataframe", "tag_documents"]

_TAGS = ("themes", "primary", "scores", "model")
_NO_BODY_TEXT = "has no body text"
# As in a tagged report.
_DECIMALS = 6
# A worker may serve jobs with different models; old ones go.
_MODELS_PER_WORKER = 4


def tag_dataframe(
    df: DataFrame, text_col: str, headings_col: str | None = None, model: str | os.PathLike[str] | None = None
) -> DataFrame:
    """Tag a column of texts.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
    text_col : str
        Column of strings: paragraphs or items.
    headings_col : str, optional
        Column of strings or nulls: the heading path above each text, joined with a space.
    model : str or path, optional
        As for `fazhi_ml.load`; it is looked up on the driver.

    Returns
    -------
    pyspark.sql.DataFrame
        The rows and columns of `df` in its partitions, and after them ``themes`` (array of theme ids in codebook order,
        empty for ``other``), ``primary`` (the theme given with the highest probability, or ``other``), ``scores`` (map
        from theme id to probability) and ``model`` (bundle id). Where the text is null, all four are null. The values
        are those of `Tagger.predict` and `Tagger.predict_proba`, rounded as in a tagged report.

    Raises
    ------
    InputError
        A column is missing or holds no strings, or `df` has a column of the name of a new one.
    BundleError
        The model is missing or damaged.
    MissingExtraError
        pyspark, pyarrow or pandas is not installed.
    """
    _check_installed()
    from pyspark.sql.types import ArrayType, DoubleType, MapType, StringType, StructField, StructType

    columns = df.columns
    text = _position(df, text_col, StringType, "text_col")
    headings = None if headings_col is None else _position(df, headings_col, StringType, "headings_col")
    clashes = [name for name in columns if name.casefold() in _TAGS]
    if clashes:
        raise InputError(
            f"there is a column {clashes[0]!r} already",
            source="df",
            remedy=f"Rename or drop it: {', '.join(_TAGS)} are added.",
        )
    types = (ArrayType(StringType()), StringType(), MapType(StringType(), DoubleType()), StringType())
    schema = StructType([*df.schema.fields, *map(StructField, _TAGS, types)])
    # Spark takes a name such as "a.b" for a field of a struct: without names every column comes through.
    numbered = df.toDF(*(f"c{number}" for number in range(len(columns))))
    shipped = _ShippedBundle.of(model)
    return numbered.mapInArrow(partial(_tag_batches, shipped=shipped, text=text, headings=headings), schema)


def tag_documents(
    df: DataFrame,
    content_col: str = "content",
    path_col: str = "path",
    *,
    granularity: Granularity = "item",
    model: str | os.PathLike[str] | None = None,
) -> DataFrame:
    """Read whole documents, cut them into their parts and tag these.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        As Spark's data source ``binaryFile`` reads them.
    content_col : str
        Column of the documents' bytes.
    path_col : str
        Column of their paths, which become part of the records and may name place and year.
    granularity : {"item", "paragraph"}
        What a row of the result is.
    model : str or path, optional
        As for `tag_dataframe`.

    Returns
    -------
    pyspark.sql.DataFrame
        A row for each item or paragraph: ``path``, the fields of `TaggedReport.to_records` (``item`` is null at
        granularity ``paragraph``, ``scores`` is a map), and ``error``, which is null. A document that cannot be read,
        or has no body text, has one row: its path, and in ``error`` the reason; the job goes on.

    Raises
    ------
    InputError
        A column is missing or of another type, or `granularity` is unknown.
    BundleError
        The model is missing or damaged.
    MissingExtraError
        pyspark, pyarrow or pandas is not installed.
    """
    _check_installed()
    from pyspark.sql.types import BinaryType, StringType

    if granularity not in GRANULARITIES:
        raise InputError("unknown granularity", source="granularity", remedy="Use 'item' or 'paragraph'.")
    content, path = (
        _position(df, content_col, BinaryType, "content_col"),
        _position(df, path_col, StringType, "path_col"),
    )
    numbered = df.toDF(*(f"c{number}" for number in range(len(df.columns)))).select(f"c{content}", f"c{path}")
    shipped = _ShippedBundle.of(model)
    return numbered.mapInArrow(partial(_tag_contents, shipped=shipped, granularity=granularity), _RECORD_COLUMNS)


_RECORD_COLUMNS = """
    path string, report string, sha256 string, title string, place string, level string, agency string, year smallint,
    paragraph int, item int, start int, `end` int, section array<string>, role string, text string,
    themes array<string>, primary string, scores map<string, double>, model string, error string
"""


def _check_installed() -> None:
    try:
        # pandas: Spark asks for it whenever it exchanges Arrow data with Python.
        import pandas  # noqa: F401, ICN001
        import pyarrow  # noqa: F401, ICN001
        import pyspark.sql  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "pyspark, pyarrow or pandas is not installed", source="Spark", remedy="Install fazhi-ml[spark]."
        ) from error


def _position(df: DataFrame, column: str, kind: type, argument: str) -> int:
    places = [place for place, name in enumerate(df.columns) if name == column]
    if len(places) != 1:
        cause = f"{len(places) or 'no'} columns are called {column!r}"
        raise InputError(cause, source=argument, remedy=f"Columns: {', '.join(df.columns)}.")
    found = df.schema.fields[places[0]].dataType
    if not isinstance(found, kind):
        wanted = kind.__name__.removesuffix("Type").lower()
        raise InputError(
            f"the column {column!r} is {found.simpleString()}, not {wanted}",
            source=argument,
            remedy="Cast it, or name another one.",
        )
    return places[0]


@dataclass(frozen=True)
class _ShippedBundle:
    """A bundle's files, as they travel with a job; equal where the ids are."""

    id: str
    files: dict[str, bytes] = field(compare=False, repr=False)

    @classmethod
    def of(cls, model: str | os.PathLike[str] | None) -> _ShippedBundle:
        folder = resolve_bundle(model)
        # Loaded once here, so that a damaged model shows before the job starts.
        identity = Bundle.load(folder).id
        return cls(identity, {name: (folder / name).read_bytes() for name in ("model.json", *BUNDLE_FILES)})


@lru_cache(maxsize=_MODELS_PER_WORKER)
def _tagger(shipped: _ShippedBundle) -> Tagger:
    """Return the tagger of a bundle; a worker process builds it once."""
    with tempfile.TemporaryDirectory(prefix="fazhi-model-") as folder:
        for name, data in shipped.files.items():
            (Path(folder) / name).write_bytes(data)
        return Tagger(Bundle.load(folder))


def _tag_batches(
    batches: Iterator[pa.RecordBatch], *, shipped: _ShippedBundle, text: int, headings: int | None
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    tagger = _tagger(shipped)
    for batch in batches:
        texts = batch.column(text).to_pylist()
        paths = [None] * len(texts) if headings is None else batch.column(headings).to_pylist()
        tags = _tags(tagger, texts, paths)
        yield pa.RecordBatch.from_arrays([*batch.columns, *tags], [*batch.schema.names, *_TAGS])


def _tags(tagger: Tagger, texts: Sequence[str | None], headings: Sequence[str | None]) -> list[pa.Array]:
    """Return the new columns for a batch of texts; null where a text is null."""
    import pyarrow as pa

    known = [place for place, text in enumerate(texts) if text is not None]
    probabilities = tagger.predict_proba([texts[place] or "" for place in known], [headings[place] for place in known])
    given = tagger.bundle.scorer.model.decisions(probabilities)
    scores = probabilities.round(_DECIMALS)
    best = np.where(given, scores, -1).argmax(axis=1)
    columns: list[list[Any]] = [[None] * len(texts) for _ in _TAGS]
    for row, place in enumerate(known):
        themes = [theme for theme, is_given in zip(tagger.themes, given[row].tolist(), strict=True) if is_given]
        columns[0][place] = themes
        columns[1][place] = tagger.themes[best[row]] if themes else OTHER
        columns[2][place] = list(zip(tagger.themes, scores[row].tolist(), strict=True))
        columns[3][place] = tagger.bundle.id
    types = (pa.list_(pa.string()), pa.string(), pa.map_(pa.string(), pa.float64()), pa.string())
    return [pa.array(values, kind) for values, kind in zip(columns, types, strict=True)]


def _tag_contents(
    batches: Iterator[pa.RecordBatch], *, shipped: _ShippedBundle, granularity: Granularity
) -> Iterator[pa.RecordBatch]:
    tagger = _tagger(shipped)
    for batch in batches:
        for content, path in zip(*batch.columns, strict=True):
            # One document at a time: neither their contents nor their records pile up.
            yield _tag_content(tagger, content.as_py(), path.as_py(), granularity)


def _tag_content(tagger: Tagger, content: bytes | None, path: str | None, granularity: Granularity) -> pa.RecordBatch:
    import pyarrow as pa

    schema = _record_schema()
    try:
        report = tagger.tag_bytes(content or b"", name=path or "document")
        rows = [{**record, "path": path, "error": None} for record in report.to_records(granularity)]
        # Here, since a text may hold what Arrow cannot.
        return pa.RecordBatch.from_pylist(rows or [{"path": path, "error": _NO_BODY_TEXT}], schema)
    except FazhiError as error:
        cause = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - one document must not end a job over thousands
        # Not its message, which may hold text of the document.
        cause = f"{type(error).__name__}: a defect of fazhi_ml that is worth a report"
    return pa.RecordBatch.from_pylist([{"path": path, "error": cause}], schema)


def _record_schema() -> pa.Schema:
    import pyarrow as pa

    words = pa.list_(pa.string())
    strings = ("path", "report", "sha256", "title", "place", "level", "agency")
    return pa.schema(
        [
            *((name, pa.string()) for name in strings),
            ("year", pa.int16()),
            *((name, pa.int32()) for name in ("paragraph", "item", "start", "end")),
            ("section", words),
            ("role", pa.string()),
            ("text", pa.string()),
            ("themes", words),
            ("primary", pa.string()),
            ("scores", pa.map_(pa.string(), pa.float64())),
            ("model", pa.string()),
            ("error", pa.string()),
        ]
    )
