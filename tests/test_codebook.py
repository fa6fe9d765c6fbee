from __future__ import annotations

import json
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.codebook import OTHER, Codebook, Theme
from fazhi_ml.errors import CodebookError

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "configs" / "codebook.toml"

SMALL = """
name = "small"
version = "1"

[[themes]]
id = "a"
zh = "甲"
en = "A"
definition = "the first"
include = ["x", "y"]
exclude = ["z"]
heading_cues = ["c"]

[[themes]]
id = "b"
"""


@pytest.fixture
def small(tmp_path: Path) -> Codebook:
    return Codebook.read(write(tmp_path, SMALL))


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "codebook.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# The shipped codebook


def test_the_shipped_codebook_is_complete() -> None:
    codebook = Codebook.read(SHIPPED)
    assert (codebook.name, codebook.version, codebook.multi_label) == ("fazhi", "1.2", True)
    for theme in codebook.themes:
        assert all((theme.zh, theme.en, theme.definition, theme.include, theme.exclude, theme.heading_cues)), theme.id
        assert len(set(theme.heading_cues)) == len(theme.heading_cues)


def test_the_shipped_codebook_agrees_with_its_long_form() -> None:
    codebook = Codebook.read(SHIPPED)
    manual = (ROOT / "data" / "CODEBOOK.md").read_text(encoding="utf-8")
    assert f"版本 {codebook.version}。" in manual
    table = re.findall(r"^\| `(\w+)` \| (\S+) \| (\S.*?) \|$", manual, re.MULTILINE)
    assert [(t.id, t.zh, t.definition) for t in codebook.themes] == [row for row in table if row[1] in names(codebook)]
    ranges = {theme.id: manual.split(f"### {theme.id} {theme.zh}\n")[1].split("\n#")[0] for theme in codebook.themes}
    for theme in codebook.themes:
        for line in re.findall("^- (.*)$", ranges[theme.id], re.MULTILINE):
            head = re.split("[、，；（]", line.removeprefix("不包括").removeprefix("专门写"))[0]
            assert any(head in entry for entry in theme.include + theme.exclude), line


def names(codebook: Codebook) -> set[str]:
    return {theme.zh for theme in codebook.themes}


def test_no_heading_cue_announces_two_themes() -> None:
    cues = [cue for theme in Codebook.read(SHIPPED).themes for cue in theme.heading_cues]
    assert len(set(cues)) == len(cues)


# Values


def test_fields_of_a_codebook(small: Codebook) -> None:
    assert (small.name, small.version, small.multi_label) == ("small", "1", True)
    assert small.ids == ("a", "b")
    assert small.themes[0] == Theme("a", "甲", "A", "the first", ("x", "y"), ("z",), ("c",))
    assert small.themes[1] == Theme("b")


def test_names_fall_back_to_the_id(small: Codebook) -> None:
    assert [theme.name() for theme in small.themes] == ["甲", "b"]
    assert [theme.name("en") for theme in small.themes] == ["A", "b"]


def test_theme_by_id(small: Codebook) -> None:
    assert small.theme("b") is small.themes[1]
    with pytest.raises(CodebookError, match=r"small: no theme 'c'\. Themes: a, b\."):
        small.theme("c")


def test_to_dict_and_back_through_json(small: Codebook) -> None:
    assert Codebook.from_dict(small.to_dict()) == small
    assert Codebook.from_dict(json.loads(json.dumps(small.to_dict()))) == small


def test_codebooks_can_be_pickled(small: Codebook) -> None:
    copy = pickle.loads(pickle.dumps(small))  # noqa: S301 -- made here
    assert (copy, copy.hash) == (small, small.hash)


@pytest.mark.parametrize("theme_id", ["a", "营商环境", "a-b_2", "a" * 64])
def test_valid_ids(theme_id: str) -> None:
    assert Codebook("c", "1", multi_label=True, themes=(Theme(theme_id),)).ids == (theme_id,)


def test_a_single_label_codebook_may_name_a_class_other() -> None:
    assert Codebook("c", "1", multi_label=False, themes=(Theme("a"), Theme(OTHER))).ids == ("a", OTHER)


# The hash


def test_the_hash_is_the_same_everywhere(small: Codebook) -> None:
    # Bundles carry it: a change here makes every one of them unfit for its codebook.
    assert small.hash == "5f46743d16234ef16f3a7926cb33d1ac5b0e0264298b55cac401acfe47515bac"


def test_the_hash_hangs_on_content_not_on_layout(small: Codebook, tmp_path: Path) -> None:
    other = "# a comment\nmulti_label = true\nversion = \"1\"\nname = 'small'\nthemes = [\n"
    other += '  {heading_cues = ["c"], exclude = ["z"], include = ["x", "y"],'
    other += ' definition = "the first", en = "A", zh = "甲", id = "a"},\n'
    other += '  {id = "b"}]\n'
    again = Codebook.read(write(tmp_path, other))
    assert (again, again.hash) == (small, small.hash)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('name = "small"', 'name = "smaller"'),
        ('version = "1"', 'version = "2"'),
        ('version = "1"', 'version = "1"\nmulti_label = false'),
        ('zh = "甲"', 'zh = "乙"'),
        ('en = "A"', 'en = "B"'),
        ("the first", "the second"),
        ('["x", "y"]', '["y", "x"]'),
        ('["x", "y"]', '["xy"]'),
        ('["z"]', "[]"),
        ('["c"]', '["d"]'),
        ('id = "a"', 'id = "c"'),
        ('\n[[themes]]\nid = "b"\n', ""),
    ],
)
def test_every_change_of_content_changes_the_hash(before: str, after: str, small: Codebook, tmp_path: Path) -> None:
    assert before in SMALL
    assert Codebook.read(write(tmp_path, SMALL.replace(before, after))).hash != small.hash


def test_the_order_of_themes_counts(small: Codebook) -> None:
    turned = Codebook(small.name, small.version, small.multi_label, small.themes[::-1])
    assert turned.hash != small.hash


# Bad input: every error names the file, says what to do, and echoes no text of a definition


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("", "no list of themes"),
        ("themes = 3", "no list of themes"),
        ('themes = ["a"]', "no list of themes"),
        ("themes = []", "no themes"),
        ('author = "x"\n' + SMALL, "unknown field 'author'"),
        ("multi_label = 1\n" + SMALL, "a field has the wrong type"),
        (SMALL.replace('name = "small"', "name = 1"), "a field has the wrong type"),
        (SMALL.replace('version = "1"', "version = 1.2"), "a field has the wrong type"),
        (SMALL + 'cues = ["x"]', "unknown theme field 'cues'"),
        (SMALL + "zh = 3", "must be strings"),
        (SMALL + 'include = "x"', "must be lists of strings"),
        (SMALL + "include = [3]", "must be lists of strings"),
        (SMALL.replace('id = "b"', ""), "theme id is malformed"),
        (SMALL.replace('id = "b"', 'id = " b"'), "theme id is malformed"),
        (SMALL.replace('id = "b"', 'id = "b\u200b"'), "theme id is malformed"),
        (SMALL.replace('id = "b"', 'id = "b\\n"'), "theme id is malformed"),
        (SMALL.replace('id = "b"', f'id = "{"b" * 65}"'), "theme id is malformed"),
        (SMALL.replace('id = "b"', 'id = "other"'), "'other' is reserved"),
        (SMALL.replace('id = "b"', 'id = "a"'), "'a' stands twice"),
        ("[[themes]", "not valid TOML"),
        (SMALL.encode("utf-16"), "not valid TOML"),
        (SMALL.encode("gb18030"), "not valid TOML"),
        (b"\0", "not valid TOML"),
        ("x = " + "[" * 100_000, "not valid TOML"),
        ("x = " + "1" * 5_000, "not valid TOML"),
        (b"#" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_bad_files(content: str | bytes, cause: str, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(CodebookError, match=cause) as error:
        Codebook.read(path)
    assert error.value.source == str(path)
    assert error.value.remedy
    assert "the first" not in str(error.value)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (tmp_path, tmp_path / "missing.toml", tmp_path / "nul\0.toml", tmp_path / "pipe.toml"):
        with pytest.raises(CodebookError, match="not a file"):
            Codebook.read(path)
    with pytest.raises(CodebookError, match="cannot be read"):
        Codebook.read(tmp_path / ("long" * 100))


def test_from_dict_names_its_source() -> None:
    with pytest.raises(CodebookError, match=r"model\.json: .*reserved"):
        Codebook.from_dict({"themes": [{"id": OTHER}]}, source="model.json")


def test_lone_surrogates_can_be_hashed() -> None:
    codebook = Codebook.from_dict({"name": "\ud800", "themes": [{"id": "a"}]})
    assert re.fullmatch("[0-9a-f]{64}", codebook.hash)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(st.sampled_from(["id", "zh", "include", "heading_cues", "x"]), VALUES, max_size=3)
KEYS = st.sampled_from(["name", "version", "multi_label", "x"])


@given(fields=st.dictionaries(KEYS, VALUES, max_size=3), themes=VALUES | st.lists(TABLES, max_size=3))
def test_any_values_give_a_codebook_or_its_error(fields: dict[str, Any], themes: object) -> None:
    try:
        codebook = Codebook.from_dict({**fields, "themes": themes}, source="here")
    except CodebookError as error:
        assert error.source == "here"  # noqa: PT017 -- both ends are right
    else:
        assert Codebook.from_dict(codebook.to_dict()).hash == codebook.hash


@given(data=st.binary(max_size=100) | st.text("[]{}=\"'#.,1-eT:themsid\n", max_size=60).map(str.encode))
def test_any_bytes_give_a_codebook_or_its_error(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = write(tmp_path_factory.mktemp("codebook"), data)
    try:
        Codebook.read(path)
    except CodebookError as error:
        assert error.source == str(path)  # noqa: PT017 -- both ends are right
