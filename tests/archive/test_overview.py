from __future__ import annotations

import builtins
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.overview import write_overview
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import MissingExtraError, OutputError
from fazhi_ml.tagging.tagger import Tagger
from tests.archive.synthetic import write_synthetic
from tests.tagging.builders import CODEBOOK


def config_of(layout: Layout) -> dict[str, Any]:
    page = layout.index.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="config">(.*?)</script>', page, re.DOTALL)
    assert found
    config: dict[str, Any] = json.loads(found[1])
    return config


def written(layout: Layout) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in [layout.index, *layout.data.iterdir()]}


def test_the_page_of_tagged_reports(archive: Path, tagger: Tagger, tmp_path: Path) -> None:
    layout = Layout(Path(shutil.copytree(archive, tmp_path / "out")))
    write_overview(layout, tagger.codebook)
    config = config_of(layout)
    assert [theme[0] for theme in config["themes"]] == [*tagger.codebook.ids, "other"]
    assert config["years"] == list(range(2015, 2025))
    assert config["failed"] == 1
    assert sorted(name for names in config["files"].values() for name in names) == sorted(
        path.name for path in layout.data.iterdir()
    )
    assert {kind: len(names) for kind, names in config["files"].items()} == {
        "counts": 1, "titles": 1, "places": 1, "terms": 6, "errors": 1,
    }  # fmt: skip


def test_the_same_tables_give_the_same_bytes_anywhere(tmp_path: Path) -> None:
    one, other = (write_synthetic(tmp_path / name, CODEBOOK, 120, pages=False) for name in ("one", "other"))
    write_overview(one, CODEBOOK)
    write_overview(other, CODEBOOK)
    assert written(one) == written(other)
    write_overview(one, CODEBOOK)
    assert written(one) == written(other)


def test_data_of_an_earlier_edition_are_removed_and_other_files_kept(tmp_path: Path) -> None:
    layout = write_synthetic(tmp_path, CODEBOOK, 2_100, pages=False)
    write_overview(layout, CODEBOOK)
    (layout.data / "notes.txt").write_text("kept", encoding="utf-8")
    before = set(written(layout))
    write_synthetic(tmp_path, CODEBOOK, 90, pages=False)
    write_overview(layout, CODEBOOK)
    after = written(layout)
    assert sorted(name.split("-")[0] for name in after) == [
        "counts", "index.html", "notes.txt", "places", *["terms"] * 6, "titles",
    ]  # fmt: skip
    assert len(before) > len(after)


def test_until_the_page_is_written_the_old_one_keeps_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = write_synthetic(tmp_path, CODEBOOK, 100, pages=False)
    write_overview(layout, CODEBOOK)
    before = written(layout)
    write_synthetic(tmp_path, CODEBOOK, 200, pages=False)

    def stop(*args: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("fazhi_ml.archive.overview._render", stop)
    with pytest.raises(KeyboardInterrupt):
        write_overview(layout, CODEBOOK)
    assert before.items() <= written(layout).items()


def test_no_file_is_large(tmp_path: Path) -> None:
    layout = write_synthetic(tmp_path, CODEBOOK, 3_000, pages=False)
    write_overview(layout, CODEBOOK)
    sizes = {name: len(content) for name, content in written(layout).items()}
    assert max(sizes.values()) < 500_000
    assert sizes["index.html"] < 120_000


def test_hostile_names_of_a_codebook_are_escaped(tmp_path: Path) -> None:
    codebook = Codebook.from_dict(
        {
            "name": "</title><script>alert(1)</script>",
            "version": "1",
            "themes": [{"id": 'a"b.c', "zh": "</script><script>alert(2)</script>"}, {"id": "b'"}],
        }
    )
    layout = write_synthetic(tmp_path, codebook, 30, pages=False)
    write_overview(layout, codebook)
    page = layout.index.read_text(encoding="utf-8")
    assert page.count("<script") == 2
    assert "alert(2)</script>" not in page
    assert config_of(layout)["themes"][0] == ['a"b.c', "</script><script>alert(2)</script>", 'a"b.c']


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    layout = write_synthetic(tmp_path, CODEBOOK, 10, pages=False)
    layout.index.mkdir()
    with pytest.raises(OutputError, match=r"index\.html"):
        write_overview(layout, CODEBOOK)
    layout.data.rename(tmp_path / "old")
    layout.data.write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="data"):
        write_overview(layout, CODEBOOK)


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = write_synthetic(tmp_path, CODEBOOK, 10, pages=False)
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "duckdb":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[archive\]"):
        write_overview(layout, CODEBOOK)
