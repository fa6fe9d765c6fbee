from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import CorpusError
from fazhi_ml.labels import Corpus, check_corpus
from tests.labels.conftest import CORPUS, WriteReport


def test_the_shipped_corpus_is_sound(corpus: Corpus, codebook: Codebook) -> None:
    assert check_corpus(CORPUS, codebook) == []
    assert corpus.ids == tuple(f"r{number:03}" for number in range(1, 121))
    assert all(report.path.name == f"{report.id}.txt" for report in corpus.reports)


def test_labelled_texts_are_the_items(corpus: Corpus) -> None:
    texts = corpus.labelled_texts()
    assert texts.texts == tuple(item.text for item in corpus.items)
    assert texts.roles == tuple(item.role for item in corpus.items)
    row = texts.sources.index("r012.txt:21")
    assert texts.groups[row] == "r012"
    assert texts.headings[row] == "四、加强和改进行政执法"
    assert texts.labels[row].tolist() == [0, 1, 0, 1, 0]
    assert texts.headings[0] is None or texts.headings[0].startswith("一")
    assert (texts.labels == -1).sum(axis=1).tolist() == [len(item.uncertain) for item in corpus.items]
    assert (texts.labels == 1).sum(axis=1).tolist() == [len(item.themes) for item in corpus.items]
    assert texts.labels.dtype == np.int8


def test_hash_hangs_on_content_alone(corpus: Corpus, codebook: Codebook, tmp_path: Path) -> None:
    subset = corpus.select(["r001", "r002"])
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copy(CORPUS / "r002.txt", folder / "a.txt")
    shutil.copy(CORPUS / "r001.txt", folder / "b.txt")
    copy = Corpus.read(folder, codebook)
    assert copy.hash == subset.hash
    assert Corpus(codebook, copy.reports[::-1]).hash == subset.hash
    assert corpus.hash != subset.hash
    with (folder / "a.txt").open("a") as file:
        file.write("\n")
    assert Corpus.read(folder, codebook).hash != subset.hash


def test_select_keeps_corpus_order_and_knows_its_ids(corpus: Corpus) -> None:
    assert corpus.select(["r007", "r003"]).ids == ("r003", "r007")
    with pytest.raises(CorpusError, match="no report 'r999'"):
        corpus.select(["r001", "r999"])


def test_one_file_is_a_corpus(write_report: WriteReport, codebook: Codebook) -> None:
    corpus = Corpus.read(write_report("P| other | 文。\n"), codebook)
    assert (len(corpus), corpus.ids) == (1, ("r1",))


def test_problems_of_all_files_are_listed(write_report: WriteReport, codebook: Codebook, tmp_path: Path) -> None:
    write_report("X| a\nP| nothing | 文。\n", name="a.txt")
    write_report("P| other | 文。\n", name="b.txt")
    write_report("P| other | 文。\n", name="c.txt")
    problems = check_corpus(tmp_path, codebook)
    assert [(Path(p.source or "").name, p.line, p.cause) for p in problems] == [
        ("a.txt", 4, "unknown tag"),
        ("a.txt", 5, "unknown theme"),
        ("c.txt", None, "the id 'r1' also belongs to b.txt"),
    ]
    with pytest.raises(CorpusError, match=r"a\.txt:4: unknown tag.*2 more problems: see `fazhi labels validate`"):
        Corpus.read(tmp_path, codebook)


def test_a_single_problem_is_raised_as_it_is(write_report: WriteReport, codebook: Codebook) -> None:
    path = write_report("P| nothing | 文。\n")
    with pytest.raises(CorpusError) as error:
        Corpus.read(path, codebook)
    assert str(error.value) == str(check_corpus(path, codebook)[0])


def test_two_problems_are_counted_in_the_singular(write_report: WriteReport, codebook: Codebook) -> None:
    with pytest.raises(CorpusError, match="1 more problem:"):
        Corpus.read(write_report("P| nothing | 文。\nX| a\n"), codebook)


def test_a_folder_without_reports_is_an_error(tmp_path: Path, codebook: Codebook) -> None:
    (tmp_path / ".hidden.txt").write_text("x")
    (tmp_path / "README.md").write_text("x")
    with pytest.raises(CorpusError, match=r"no \.txt files"):
        Corpus.read(tmp_path, codebook)
    with pytest.raises(CorpusError, match="not a file"):
        Corpus.read(tmp_path / "missing", codebook)


def test_labels_must_fit_the_codebook(codebook: Codebook) -> None:
    smaller = Codebook("smaller", "1", multi_label=True, themes=codebook.themes[:4])
    problems = check_corpus(CORPUS / "r012.txt", smaller)
    assert problems
    assert {problem.cause for problem in problems} == {"unknown theme"}
    assert "legal_publicity" not in (problems[0].remedy or "")
