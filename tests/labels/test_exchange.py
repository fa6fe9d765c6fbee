from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.errors import CorpusError
from fazhi_ml.labels import load_labelled
from fazhi_ml.labels.exchange import (
    MAX_LABELS,
    Row,
    infer_codebook,
    is_exchange_file,
    read_exchange,
    read_rows,
    scan_rows,
)

BODY = "不可外传的正文"
SINGLE = Codebook("letters", "1", False, (Theme("a"), Theme("b")))
MULTI = Codebook("letters", "1", True, (Theme("a"), Theme("b")))


def write(folder: Path, content: str | bytes, name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def row(labels: object, **more: object) -> dict[str, object]:
    return {"text": BODY, "labels": labels, **more}


# Both forms


def test_json_lines(tmp_path: Path) -> None:
    content = "\n" + lines(
        row("a", id=7), row(["a", " b "], group="g", headings=["h1", "h2"]), row([], group=3), row(None), row(0)
    )
    for bom in (b"", b"\xef\xbb\xbf"):
        assert read_rows(write(tmp_path, bom + content.encode())) == [
            Row(BODY, ("a",), None, None, 2),
            Row(BODY, ("a", "b"), "g", "h1 h2", 3),
            Row(BODY, (), "3", None, 4),
            Row(BODY, (), None, None, 5),
            Row(BODY, ("0",), None, None, 6),
        ]


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    table = [
        ["text", "labels", "group", "headings"],
        ['"甲,\t""乙""\n丙"', "体育; b", "g", "h"],
        ["丁", '"[""x;y""]"', "", ""],
        ["戊", "", "", ""],
    ]
    content = "\r\n".join(delimiter.join(cells) for cells in table)
    for bom in (b"", b"\xef\xbb\xbf"):
        assert read_rows(write(tmp_path, bom + content.encode(), "rows.csv")) == [
            Row('甲,\t"乙"\n丙', ("体育", "b"), "g", "h", 2),
            Row("丁", ("x;y",), None, None, 4),
            Row("戊", (), None, None, 5),
        ]


def test_rows_become_arrays(tmp_path: Path) -> None:
    path = write(tmp_path, lines(row(["b", "a"], group="g"), row("other"), row([], headings="h")))
    labelled = read_exchange(path, MULTI)
    assert labelled.labels.tolist() == [[1, 1], [0, 0], [0, 0]]
    assert labelled.groups == ("g", "rows.jsonl:2", "rows.jsonl:3")
    assert labelled.sources == ("rows.jsonl:1", "rows.jsonl:2", "rows.jsonl:3")
    assert labelled.headings == (None, None, "h")
    assert load_labelled(path, MULTI).texts == labelled.texts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(st.text(max_size=30), st.lists(st.sampled_from("ab"), unique=True)), min_size=1))
def test_any_text_comes_back(tmp_path: Path, rows: list[tuple[str, list[str]]]) -> None:
    path = write(tmp_path, "".join(json.dumps({"text": text, "labels": labels}) + "\n" for text, labels in rows))
    labelled = read_exchange(path, MULTI)
    assert labelled.texts == tuple(text for text, _ in rows)
    assert np.array_equal(labelled.labels, [[name in labels for name in "ab"] for _, labels in rows])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=200), name=st.sampled_from(["rows.jsonl", "rows.csv"]))
def test_any_bytes_are_rows_or_an_error(tmp_path: Path, data: bytes, name: str) -> None:
    path = write(tmp_path, (b"text,labels\n" if name == "rows.csv" else b"") + data, name)
    rows, problems = scan_rows(path)
    assert rows or problems
    assert all(str(problem).startswith(str(path)) for problem in problems)


def test_gold_and_reports_are_told_apart(tmp_path: Path) -> None:
    assert is_exchange_file("x.csv")
    assert is_exchange_file("X.TSV")
    assert is_exchange_file(write(tmp_path, lines(row("a"))))
    assert is_exchange_file(write(tmp_path, "not json"))
    assert not is_exchange_file(write(tmp_path, lines({"report": "a.txt", "kind": "item"})))
    assert not is_exchange_file(tmp_path)


# Codebooks


def rows_of(*labels: tuple[str, ...]) -> list[Row]:
    return [Row("文", names, None, None, number) for number, names in enumerate(labels, start=1)]


def test_one_label_in_every_row_makes_a_single_label_codebook() -> None:
    codebook = infer_codebook(rows_of(("b",), ("other",), ("b",)))
    assert (codebook.ids, codebook.multi_label) == (("b", "other"), False)
    assert codebook.themes[0].zh == "b"


@pytest.mark.parametrize("odd", [(), ("a", "b")])
def test_any_other_number_makes_it_multi_label(odd: tuple[str, ...]) -> None:
    codebook = infer_codebook(rows_of(("b",), ("a",), ("other",), odd))
    assert (codebook.ids, codebook.multi_label) == (("a", "b"), True)


def test_labels_are_kept_as_written() -> None:
    written = ("0", "1", "sports news", "体育", "a/b (c)：d")
    assert set(infer_codebook(rows_of(*((label,) for label in written))).ids) == set(written)


@pytest.mark.parametrize(("count", "message"), [(1, "1 different label\\."), (MAX_LABELS + 1, "201 different labels")])
def test_too_few_and_too_many_labels(count: int, message: str) -> None:
    rows = rows_of(*((f"l{number}",) for number in range(count)))
    with pytest.raises(CorpusError, match=f"train.csv: {message}"):
        infer_codebook(rows, source="train.csv")


@pytest.mark.parametrize(
    ("codebook", "labels", "message"),
    [
        (SINGLE, "c", "a label that is not in the codebook. Its 2 labels: a, b"),
        (SINGLE, "other", "not in the codebook"),
        (SINGLE, ["a", "b"], "2 labels. This codebook gives each text exactly one"),
        (SINGLE, [], "0 labels"),
        (MULTI, ["a", "c"], "not in the codebook"),
    ],
)
def test_labels_that_do_not_fit(tmp_path: Path, codebook: Codebook, labels: object, message: str) -> None:
    path = write(tmp_path, lines(row("a"), row(labels)))
    with pytest.raises(CorpusError) as caught:
        read_exchange(path, codebook)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert message in str(caught.value)
    assert BODY not in str(caught.value)


# Hostile files


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", "not a JSON object in UTF-8"),
        ("[" * 100_000, "not a JSON object in UTF-8"),
        (f'["{BODY}"]', "not a JSON object"),
        (b'{"text": "\xff", "labels": "a"}', "not a JSON object in UTF-8"),
        ('{"labels": ' + "9" * 5000 + "}", "not a JSON object in UTF-8"),
        ('"' + "x" * 1_000_001 + '"', "longer than 1,000,000 bytes"),
        (lines({"labels": "a"}), "text is missing"),
        (lines({"text": 1, "labels": "a"}), "text is missing or not a string"),
        (lines({"text": BODY}), "labels are missing"),
        (lines({"text": BODY, "label": "a"}), "a field 'label'. Name it 'labels'"),
        (lines(row({"a": 1})), "neither a string nor a list"),
        (lines(row(True)), "neither a string nor a list"),
        (lines(row([1.5])), "neither a string nor a list"),
        (lines(row([" "])), "a malformed label"),
        (lines(row("a\nb")), "a malformed label"),
        (lines(row("a" * 65)), "a malformed label"),
        (lines(row(["a", "other"])), "'other' together with another label"),
        (lines(row("a", group=["x"])), "group is not a string"),
        (lines(row("a", headings="h" * 1_001)), "headings is not a string"),
        (lines({"text": "字" * 100_001, "labels": "a"}), "text longer than 100,000 characters"),
    ],
)
def test_faults_of_a_row_name_file_and_line_and_no_text(tmp_path: Path, bad: str | bytes, message: str) -> None:
    good = lines(row("a")).encode()
    path = write(tmp_path, good + (bad if isinstance(bad, bytes) else bad.encode()))
    with pytest.raises(CorpusError) as caught:
        read_rows(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert message in str(caught.value)
    assert BODY not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "line", "message"),
    [
        ("text;labels\n甲;a", 1, "does not name the fields"),
        (f"{BODY},a\n", 1, "does not name the fields"),
        ("text,labels,labels\n", 1, "a field name stands twice"),
        ("text,labels\n甲,a\n乙,丙,a\n", 3, "3 fields, where the first line names 2"),
        ("text,labels\n\n甲,[a\n", 3, "begin as a JSON list"),
        ('text,labels\n甲,"a', 2, "not a row of CSV"),
        ("text,labels\n" + "字" * 200_000 + ",a\n", 2, "a field holds at most"),
        ("text,labels\n甲,a\n乙,b\n".encode("gb18030"), 2, "not UTF-8. Save the table as CSV in UTF-8"),
    ],
)
def test_faults_of_a_table(tmp_path: Path, table: str | bytes, line: int, message: str) -> None:
    path = write(tmp_path, table, "rows.csv")
    with pytest.raises(CorpusError) as caught:
        read_rows(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)
    assert BODY not in str(caught.value)


@pytest.mark.parametrize(("content", "name"), [("", "a.jsonl"), ("\n\n", "b.jsonl"), ("text,labels\n", "c.csv")])
def test_no_rows(tmp_path: Path, content: str, name: str) -> None:
    with pytest.raises(CorpusError, match=r"no rows\. Fields: text and labels"):
        read_rows(write(tmp_path, content, name))
