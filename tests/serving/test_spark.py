"""Tagging on a local Spark. Its workers cannot import what executors should not need."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fazhi_ml.codebook import OTHER
from fazhi_ml.errors import BundleError, InputError, MissingExtraError
from fazhi_ml.serving import spark as serving
from fazhi_ml.serving.spark import tag_dataframe, tag_documents
from fazhi_ml.tagging.tagger import Tagger
from tests.conftest import ROOT
from tests.reports.gold import corpus_units, plain

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

REQUIRED = os.environ.get("FAZHI_REQUIRE_TOOLS") == "1"
BLOCKED = ("mlflow", "sklearn", "pandas", "matplotlib")

pytestmark = [
    pytest.mark.slow,
    # On the driver, whenever Spark exchanges Arrow data with Python.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


def unavailable(reason: str) -> None:
    if REQUIRED:
        pytest.fail(f"FAZHI_REQUIRE_TOOLS=1, and {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        unavailable("pyspark is not installed")
    if shutil.which("java") is None:
        unavailable("there is no Java on PATH")
    folder = tmp_path_factory.mktemp("spark")
    for name in BLOCKED:
        (folder / f"{name}.py").write_text(f"raise ImportError('{name} is blocked')\n")
    (folder / "warehouse").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        # Workers inherit it; this process has its path already.
        patch.setenv("PYTHONPATH", str(folder))
        settings = {
            "spark.ui.enabled": "false",
            "spark.driver.memory": "1g",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
        }
        builder = SparkSession.builder.master("local[2]").appName("fazhi")
        for key, value in settings.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def items(tagger: Tagger) -> list[dict[str, Any]]:
    """Records of the corpus as one process tags it."""
    return [record for units in corpus_units() for record in tagger.tag_text(plain(units)[0]).to_records()]


def frame(session: SparkSession, items: list[dict[str, Any]]) -> DataFrame:
    rows = [(number, item["text"], " ".join(item["section"]) or None) for number, item in enumerate(items)]
    return session.createDataFrame(rows, "number int, text string, headings string").repartition(3)


def test_tags_are_those_of_one_process(
    session: SparkSession, tagger: Tagger, saved_bundle: Path, items: list[dict[str, Any]]
) -> None:
    assert len(items) >= 2000
    untagged = frame(session, items)
    tagged = tag_dataframe(untagged, "text", "headings", model=saved_bundle)
    assert tagged.rdd.getNumPartitions() == untagged.rdd.getNumPartitions() == 3
    rows = sorted(tagged.collect(), key=lambda row: int(row["number"]))
    texts, headings = [item["text"] for item in items], [" ".join(item["section"]) or None for item in items]
    assert [row["text"] for row in rows] == texts
    assert [row["headings"] for row in rows] == headings
    assert [tuple(row["themes"]) for row in rows] == tagger.predict(texts, headings)
    probabilities = tagger.predict_proba(texts, headings).round(6).tolist()
    assert [row["scores"] for row in rows] == [
        dict(zip(tagger.themes, scores, strict=True)) for scores in probabilities
    ]
    for row in rows:
        assert row["primary"] == max(row["themes"], key=row["scores"].__getitem__, default=OTHER)
    assert {row["model"] for row in rows} == {tagger.bundle.id}


def test_null_texts_get_nulls_and_other_columns_stay(session: SparkSession, tagger: Tagger, saved_bundle: Path) -> None:
    rows = [(1, None, {"k": [1.5]}, b"\0"), (2, "开展行政执法监督检查。", None, None), (3, "", {}, b"")]
    untagged = session.createDataFrame(rows, "id int, `a.b` string, `t``s` map<string, array<double>>, Text binary")
    tagged = tag_dataframe(untagged, "a.b", model=saved_bundle)
    assert tagged.schema.fields[:4] == untagged.schema.fields
    assert tagged.columns[4:] == ["themes", "primary", "scores", "model"]
    first, second, third = sorted(tagged.collect(), key=lambda row: int(row["id"]))
    assert tuple(first) == (*rows[0], None, None, None, None)
    assert tuple(second)[:4] == rows[1]
    assert [tuple(second["themes"]), tuple(third["themes"])] == tagger.predict(["开展行政执法监督检查。", ""])


def test_large_strings_are_tagged_too(session: SparkSession, saved_bundle: Path) -> None:
    setting = "spark.sql.execution.arrow.useLargeVarTypes"
    session.conf.set(setting, "true")
    try:
        [row] = tag_dataframe(
            session.createDataFrame([("加强执法监督。",)], "t string"), "t", model=saved_bundle
        ).collect()
    finally:
        session.conf.unset(setting)
    assert row["model"].startswith("fazhi-")


def test_a_worker_cannot_import_what_it_should_not_need(session: SparkSession) -> None:
    def importable(name: str) -> bool:
        try:
            __import__(name)
        except ImportError:
            return False
        return True

    assert not any(session.sparkContext.parallelize(BLOCKED, 2).map(importable).collect())


def test_a_worker_loads_the_model_once(session: SparkSession, saved_bundle: Path, tmp_path: Path) -> None:
    shipped = serving._ShippedBundle.of(saved_bundle)

    def misses(_: int) -> tuple[int, int]:
        serving._tagger(shipped)
        serving._tagger(serving._ShippedBundle(shipped.id, dict(shipped.files)))
        return os.getpid(), serving._tagger.cache_info().currsize

    loaded = dict(session.sparkContext.parallelize(range(8), 8).map(misses).collect())
    assert set(loaded.values()) == {1}
    assert len(loaded) <= 2


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("missing",), "no columns are called 'missing'"),
        (("id",), "'id' is int, not string"),
        (("text", "id"), "'id' is int, not string"),
    ],
)
def test_columns_are_checked(session: SparkSession, arguments: tuple[str, ...], cause: str) -> None:
    df = session.createDataFrame([(1, "x")], "id int, text string")
    with pytest.raises(InputError, match=cause):
        tag_dataframe(df, *arguments)


def test_a_column_of_the_same_name_is_refused(session: SparkSession) -> None:
    # Spark does not tell names apart by case.
    df = session.createDataFrame([("x", "y")], "text string, Themes string")
    with pytest.raises(InputError, match="a column 'Themes' already"):
        tag_dataframe(df, "text")
    twice = session.createDataFrame([("x", "y")], "text string, other string").toDF("text", "text")
    with pytest.raises(InputError, match="2 columns are called 'text'"):
        tag_dataframe(twice, "text")


def test_a_missing_model_shows_before_the_job(session: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        tag_dataframe(session.createDataFrame([("x",)], "text string"), "text", model=tmp_path / "none")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports in several folders, two files that cannot be tagged, and an empty one, which Spark leaves out."""
    folder = tmp_path_factory.mktemp("documents")
    for number, units in enumerate(corpus_units()[:8]):
        place = folder / f"澜江 {number % 2}"
        place.mkdir(exist_ok=True)
        (place / f"{number}.txt").write_text(plain(units)[0], encoding="utf-8" if number % 2 else "gb18030")
    for path in (ROOT / "data" / "samples").iterdir():
        shutil.copy(path, folder)
    (folder / "empty.txt").write_bytes(b"")
    (folder / "picture.pdf").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "title.txt").write_text("云坪县2023年法治政府建设情况报告\n", encoding="utf-8")
    return folder


def filled(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size]


def read_documents(session: SparkSession, folder: Path) -> DataFrame:
    return session.read.format("binaryFile").option("recursiveFileLookup", True).load(str(folder))


@pytest.mark.parametrize("granularity", ["item", "paragraph"])
def test_documents_become_the_records_of_one_process(
    session: SparkSession, tagger: Tagger, saved_bundle: Path, documents: Path, granularity: Any
) -> None:
    tagged = tag_documents(read_documents(session, documents), granularity=granularity, model=saved_bundle)
    rows = [row.asDict() for row in tagged.collect()]
    errors = {Path(row["path"]).name: row["error"] for row in rows if row["error"] is not None}
    assert errors["picture.pdf"].startswith("UnsupportedFormatError: ")
    assert errors["title.txt"] == "has no body text"
    assert len(errors) == 2
    assert all(
        value is None for row in rows if row["error"] for key, value in row.items() if key not in {"path", "error"}
    )

    expected = []
    for file in sorted(path for path in filled(documents) if path.name not in errors):
        records = tagger.tag_file(file).to_records(granularity)
        expected += [{"path": f"file:{file}", "item": None, **record, "error": None} for record in records]
    found = [row for row in rows if row["error"] is None]
    found.sort(key=lambda row: (row["path"], row["start"]))
    expected.sort(key=lambda row: (row["path"], row["start"]))
    assert found == expected
    assert len(found) > 100


def test_null_contents_and_defects_do_not_end_the_job(
    session: SparkSession, tagger: Tagger, monkeypatch: pytest.MonkeyPatch, saved_bundle: Path
) -> None:
    df = session.createDataFrame([("a.txt", None), (None, b"")], "path string, content binary")
    rows = tag_documents(df, model=saved_bundle).collect()
    assert [row["error"].split(":")[0] for row in rows] == ["EmptyReportError"] * 2

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret text")

    monkeypatch.setattr(Tagger, "tag_bytes", fail)
    [row] = serving._tag_content(tagger, b"x", "a.txt", "item").to_pylist()
    assert row["path"] == "a.txt"
    assert row["error"] == "ZeroDivisionError: a defect of fazhi_ml that is worth a report"


def test_document_columns_are_checked(session: SparkSession) -> None:
    df = session.createDataFrame([("a", "b")], "path string, content string")
    with pytest.raises(InputError, match="'content' is string, not binary"):
        tag_documents(df)
    with pytest.raises(InputError, match="unknown granularity"):
        tag_documents(df, granularity="word")  # type: ignore[arg-type]


def test_the_recipes_of_the_documentation_run(
    session: SparkSession, documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "spark.en.md").read_text(encoding="utf-8")
    texts, whole = re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    exec(texts, {})  # noqa: S102 - the code of our own page
    out = capsys.readouterr().out
    assert "law_enforcement" in out
    assert "NULL" in out
    whole = whole.replace("s3a://bucket/reports", str(documents)).replace(
        "s3a://bucket/tagged", str(tmp_path / "tagged")
    )
    exec(whole, {})  # noqa: S102
    out = capsys.readouterr().out
    assert "UnsupportedFormatError" in out
    assert "澜江省" in out
    written = session.read.parquet(str(tmp_path / "tagged"))
    columns = re.sub(r"\s+", " ", page[page.index("A row has `path`") :])
    for column in written.columns:
        assert f"`{column}`" in columns
    paths = Counter(row["path"] for row in written.select("path").distinct().collect())
    assert len(paths) == len(filled(documents))


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Any = None
    for name in ("pyarrow", "pandas", "pyspark.sql"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name, None)
            with pytest.raises(MissingExtraError, match=r"fazhi-ml\[spark\]"):
                tag_dataframe(nothing, "text")
            with pytest.raises(MissingExtraError, match=r"fazhi-ml\[spark\]"):
                tag_documents(nothing)
