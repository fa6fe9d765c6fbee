from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fazhi_ml.cli.labels import app, debug_data
from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.labels.debug import Finding, debug_labels
from fazhi_ml.labels.exchange import Row, to_labelled_texts
from tests.labels.conftest import CORPUS, ROOT

MULTI = Codebook("letters", "1", True, (Theme("a"), Theme("b")))
LONG = "市民反映学府街路口的红绿灯一直闪黄灯，早高峰的时候乱成一锅粥，希望尽快来人修好"
runner = CliRunner()

Sample = tuple[str, Sequence[str], str | None]


def findings(*parts: Sequence[Sample], codebook: Codebook = MULTI) -> dict[str, Finding]:
    texts = {
        name: to_labelled_texts(
            [
                Row(text, tuple(labels), group, None, line)
                for line, (text, labels, group) in enumerate(samples, start=1)
            ],
            codebook,
            source=f"{name}.jsonl",
        )
        for name, samples in zip("xyz", parts, strict=False)
    }
    return {finding.kind: finding for finding in debug_labels(texts)}


def plenty(label: str, start: int = 0) -> list[Sample]:
    return [(f"{label}{chr(0x4E00 + start + number) * 4}", [label], None) for number in range(10)]


SOUND = [*plenty("a"), *plenty("b")]


def test_sound_data_have_no_errors_or_warnings() -> None:
    found = findings([*SOUND, ("没有标签的文字", [], None)])
    assert {finding.level for finding in found.values()} == {"note"}
    assert found["one_label"].count == 20


@pytest.mark.parametrize(
    ("samples", "level", "kind", "places"),
    [
        ([(" \n", ["a"], None)], "error", "empty_text", ("x.jsonl:21",)),
        ([("好", ["a"], None)], "warning", "short_text", ("x.jsonl:21",)),
        ([("好" * 2001, ["a"], None)], "warning", "long_text", ("x.jsonl:21",)),
        (
            [(LONG, ["a"], None), (LONG + " ", ["b"], None)],
            "error",
            "contradictory_labels",
            ("x.jsonl:21 = x.jsonl:22",),
        ),
        ([(LONG, ["a"], "g"), (LONG, ["a"], "h")], "warning", "duplicate_across_groups", ("x.jsonl:21 = x.jsonl:22",)),
        ([(LONG, ["a"], "g"), (LONG, ["a"], "g")], "note", "duplicate_in_group", ("x.jsonl:21 = x.jsonl:22",)),
        (
            [(LONG, ["a"], "g"), (LONG + "！", ["a"], "h")],
            "warning",
            "near_duplicate_across_groups",
            ("x.jsonl:21 ≈ x.jsonl:22 (0.97)",),
        ),
    ],
)
def test_each_kind(samples: list[Sample], level: str, kind: str, places: tuple[str, ...]) -> None:
    finding = findings([*SOUND, *samples])[kind]
    assert (finding.level, finding.count, finding.places) == (level, 1, places)


def test_near_duplicates_within_a_group_are_natural() -> None:
    assert set(findings([*SOUND, (LONG, ["a"], "g"), (LONG + "！", ["a"], "g")])) == {"one_label"}


def test_rare_and_absent_themes() -> None:
    found = findings([*plenty("a")[:3]])
    assert found["rare_theme"].places == ("a: 3",)
    assert found["absent_theme"].places == ("b",)


def test_what_must_not_stand_on_both_sides() -> None:
    first = [*SOUND, (LONG, ["a"], None), ("第一个文字甲乙丙丁", ["a"], "g")]
    second = [(LONG, ["a"], None), (f"{LONG}！", ["a"], None), ("另一个文字戊己庚辛", ["b"], "g")]
    found = findings(first, second)
    assert found["duplicate_across_files"].places == ("x.jsonl:21 = y.jsonl:1",)
    assert found["leaking_group"].places == ("x.jsonl:22 and y.jsonl:3",)
    assert found["near_duplicate_across_files"].places == ("x.jsonl:21 ≈ y.jsonl:2 (0.97)",)
    assert found["duplicate_across_files"].level == found["leaking_group"].level == "error"


def test_themes_that_cannot_be_learnt() -> None:
    assert findings(plenty("a"), plenty("b"))["unlearnt_theme"].places == ("b: y",)


def test_multi_label_data_with_one_label_everywhere() -> None:
    assert findings(SOUND)["one_label"].level == "warning"
    single = Codebook("letters", "1", False, MULTI.themes)
    assert findings(SOUND, codebook=single) == {}


def test_errors_come_first_and_places_are_few() -> None:
    found = list(findings([(f"{'甲' * number}", ["a"], None) for number in [0] * 30 + [1]]).values())
    order = [finding.level for finding in found]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert (found[0].kind, found[0].count, len(found[0].places)) == ("empty_text", 30, 10)


# The command


def write_rows(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path


def rows(samples: Sequence[Sample]) -> list[dict[str, object]]:
    return [{"text": text, "labels": list(labels)} for text, labels, _ in samples]


def test_the_command_reports_and_fails_on_errors(tmp_path: Path) -> None:
    train = write_rows(tmp_path / "train.jsonl", [*rows(SOUND), {"text": LONG, "labels": ["a"]}])
    test = write_rows(tmp_path / "test.jsonl", [{"text": LONG, "labels": ["a"]}, {"text": 1}])
    result = runner.invoke(app, ["debug", str(train), str(test)])
    assert result.exit_code == 1
    assert result.stderr == "2 kinds of errors, 0 of warnings\n"
    assert "error duplicate_across_files: 1 " in result.stdout
    assert f"    {test}:2: text is missing" in result.stdout
    assert LONG not in result.stdout


def test_the_command_passes_with_warnings(tmp_path: Path) -> None:
    train = write_rows(tmp_path / "train.jsonl", rows([*SOUND, ("好", ["a"], None)]))
    result = runner.invoke(app, ["debug", str(train), "--format", "json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert [(entry["level"], entry["kind"]) for entry in found] == [("warning", "short_text")]
    assert found[0]["places"] == ["train.jsonl:21"]


def test_a_codebook_is_the_measure(tmp_path: Path) -> None:
    codebook = tmp_path / "codebook.toml"
    codebook.write_text('name = "x"\n[[themes]]\nid = "a"\n')
    train = write_rows(tmp_path / "train.jsonl", rows(SOUND))
    (problem, *_) = debug_data([train], codebook)
    assert (problem.kind, problem.count) == ("malformed", 10)


def test_data_without_two_labels(tmp_path: Path) -> None:
    train = write_rows(tmp_path / "train.jsonl", rows(plenty("a")))
    (problem,) = debug_data([train])
    assert problem.kind == "malformed"
    assert "1 different label" in problem.places[0]


def test_the_shipped_corpus_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert not [finding for finding in debug_data([CORPUS]) if finding.level == "error"]
