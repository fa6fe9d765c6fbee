from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.errors import DecodingError, EmptyReportError, FazhiError, InputError
from fazhi_ml.reports.overrides import MetadataTable
from fazhi_ml.tagging.tagger import Tagger

TEXT = "某县2023年法治政府建设报告\n一、工作情况\n开展行政执法检查，查处案件12件。\n开展普法宣传活动。\n"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a.txt", tmp_path / "empty.txt", tmp_path / "b.txt"]
    for path, text in zip(paths, (TEXT, "", TEXT.replace("某县", "乙县")), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_records_carry_the_path_as_given(tagger: Tagger, files: list[Path]) -> None:
    records = list(tagger.tag_files([files[0], str(files[2])]))
    expected = [
        {"path": str(path), **record} for path in (files[0], files[2]) for record in tagger.tag_file(path).to_records()
    ]
    assert records == expected
    assert [next(iter(record)) for record in records] == ["path"] * 4


def test_rows_may_be_paragraphs(tagger: Tagger, files: list[Path]) -> None:
    records = list(tagger.tag_files(files[:1], granularity="paragraph"))
    assert len(records) == 2
    assert "item" not in records[0]


def test_only_what_is_asked_for_is_read(tagger: Tagger, files: list[Path]) -> None:
    records = tagger.tag_files(iter([*files, Path("never reached")]))
    assert next(records)["report"] == "a.txt"


def test_an_error_is_raised_or_handed_over(tagger: Tagger, files: list[Path]) -> None:
    with pytest.raises(EmptyReportError, match=r"empty\.txt"):
        list(tagger.tag_files(files))
    errors: list[tuple[str, FazhiError]] = []
    records = list(tagger.tag_files(files, on_error=lambda path, error: errors.append((path, error))))
    assert [record["place"] for record in records] == ["某县", "某县", "乙县", "乙县"]
    ((path, error),) = errors
    assert path == str(files[1])
    assert isinstance(error, EmptyReportError)


def test_metadata_replace_what_was_read(tagger: Tagger, files: list[Path], tmp_path: Path) -> None:
    table = tmp_path / "meta.csv"
    table.write_text("file,place\nb.txt,新余市\n", encoding="utf-8")
    records = tagger.tag_files([files[0], files[2]], metadata=MetadataTable.read(table))
    assert [record["place"] for record in records] == ["某县", "某县", "新余市", "新余市"]


@pytest.mark.parametrize("paths", ["a.txt", Path("a.txt"), b"a.txt"])
def test_one_path_is_no_list(tagger: Tagger, paths: object) -> None:
    with pytest.raises(InputError, match="one path instead of several"):
        next(tagger.tag_files(paths))  # type: ignore[arg-type]


def test_granularity_is_checked(tagger: Tagger) -> None:
    with pytest.raises(InputError, match="unknown granularity"):
        next(tagger.tag_files([], granularity="word"))  # type: ignore[arg-type]


def pickled(tagger: Tagger) -> Tagger:
    copied: Tagger = pickle.loads(pickle.dumps(tagger))  # noqa: S301 - our own bytes
    return copied


@pytest.mark.parametrize("duplicate", [pickled, copy.deepcopy])
def test_a_tagger_pickles_and_copies(tagger: Tagger, duplicate: Callable[[Tagger], Tagger]) -> None:
    other = duplicate(tagger)
    assert other.bundle.id == tagger.bundle.id
    np.testing.assert_array_equal(other.predict_proba([TEXT]), tagger.predict_proba([TEXT]))
    assert other.tag_text(TEXT).to_records() == tagger.tag_text(TEXT).to_records()


def tag_in_process(tagger: Tagger) -> tuple[int, list[dict[str, object]]]:
    return os.getpid(), tagger.tag_text(TEXT).to_records()


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_tagger_works_in_other_processes(tagger: Tagger, method: str) -> None:
    # It has been at work here, as it has where a pipeline forks.
    expected = tagger.tag_text(TEXT).to_records()
    with multiprocessing.get_context(method).Pool(2) as pool:
        results = pool.map(tag_in_process, [tagger] * 4, chunksize=1)
    assert [records for _, records in results] == [expected] * 4
    assert os.getpid() not in {pid for pid, _ in results}


def test_errors_are_those_of_reading(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff\x80" * 20)
    with pytest.raises(DecodingError):
        list(tagger.tag_files([tmp_path / "bad.txt"]))
