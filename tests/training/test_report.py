from __future__ import annotations

import base64
import hashlib
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import html

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.cli.app import main
from fazhi_ml.cli.evaluate import write_report
from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.errors import CodebookError, MissingExtraError
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.tagging.standalone import environment
from fazhi_ml.training.comparison import Comparison
from fazhi_ml.training.evaluate import Evaluation, evaluate
from fazhi_ml.training.metrics import exact_matches, outcomes
from fazhi_ml.training.mistakes import ranked_errors
from fazhi_ml.training.report import Baseline, render_report
from fazhi_ml.training.report_data import (
    comparison_rows,
    slice_tables,
    theme_rows,
)
from fazhi_ml.training.slices import ReportFacts, slice_figures
from tests.training.evaluated import baseline, evaluation

__all__ = ["baseline", "evaluation"]


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}{% raw %}\u2028\ud800\x00\x1b[31m<!--"
)
# Han, kana and full-width forms: what fonts without Chinese glyphs cannot show.
CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


@pytest.fixture(scope="module")
def facts(evaluation: Evaluation) -> dict[str, ReportFacts]:
    groups = dict.fromkeys(evaluation.labelled.groups)
    return {group: ReportFacts(("county", "city")[place % 2], 2015 + place) for place, group in enumerate(groups)}


@pytest.fixture(scope="module")
def page(evaluation: Evaluation, bundle: Bundle, facts: dict[str, ReportFacts], baseline: Baseline) -> str:
    return render_report(evaluation, bundle, data="held out", facts=facts, baseline=baseline)


def parsed(page: str) -> Any:
    return html.document_fromstring(page)


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    root = parsed(page)
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    for kind in ("script", "style"):
        (source,) = root.xpath(f"//{kind}/text()")
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not root.xpath("//@style | //@src | //*[starts-with(name(@*), 'on')]")
    assert all(link.startswith(("#", "data:")) for link in root.xpath("//@href"))
    # The embedded font, where the extra fonts is installed.
    assert set(re.findall(r"url\(.{5}", page)) <= {"url(data:"}


def test_links_lead_somewhere(page: str) -> None:
    root = parsed(page)
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in root.xpath("//@href") if link.startswith("#")} <= set(ids)


def test_no_chart_needs_chinese_glyphs(page: str) -> None:
    charts = parsed(page).xpath("//svg[@class='chart' or @class='range']")
    assert charts
    assert not [chart for chart in charts if CHINESE.search(html.tostring(chart, encoding="unicode"))]
    # Themes are told apart by numbers wherever a chart or table names them.
    chips = parsed(page).xpath("//section[@id='themes']//tbody//span[contains(@class,'chip')]")
    assert [words(chip) for chip in chips] == ["1", "2", "3", "4", "5"]


def test_headline_and_theme_table(page: str, evaluation: Evaluation) -> None:
    root = parsed(page)
    figures = evaluation.figures
    assert f"{figures.macro_f1:.3f}" in words(root.xpath("//section[@id='overview']")[0])
    rows = root.xpath("//section[@id='themes']//tbody/tr")
    _, wrong, missed = (found.sum(axis=0) for found in outcomes(evaluation.labelled.labels, evaluation.decisions))
    for column, (row, of_theme) in enumerate(zip(rows, figures.themes.values(), strict=True)):
        cells = [words(cell) for cell in row.xpath("td")]
        assert cells[0] == f"{of_theme.f1:.3f}"
        assert cells[4:8] == [str(of_theme.support), str(of_theme.predicted), str(wrong[column]), str(missed[column])]


def test_errors_are_listed_with_their_place_and_evidence(page: str, evaluation: Evaluation) -> None:
    entries = parsed(page).xpath("//article[contains(@class,'error')]")
    ranked = ranked_errors(evaluation).tolist()
    assert set(ranked) == set(np.flatnonzero(~exact_matches(evaluation.labelled.labels, evaluation.decisions)).tolist())
    assert len(entries) == min(len(ranked), 200) > 0
    first, row = entries[0], ranked[0]
    assert first.xpath(".//code/text()") == [evaluation.labelled.sources[row]]
    assert "".join(first.xpath(".//p[@class='words']")[0].text_content().split()) == "".join(
        evaluation.labelled.texts[row].split()
    )
    assert parsed(page).xpath("//article//p[@class='words']/mark")
    kinds = {"wrong": "FP", "missed": "FN"}
    for kind, name in kinds.items():
        marks = first.xpath(f".//span[contains(@class,'mark') and contains(@class,' {kind}')]/b/text()")
        assert marks == [name] * len(first.get(f"data-{kind}").split())


def test_the_list_is_limited_and_says_so(evaluation: Evaluation, bundle: Bundle) -> None:
    root = parsed(render_report(evaluation, bundle, data="d", max_errors=3))
    assert len(root.xpath("//article")) == 3
    note = words(root.xpath("//section[@id='errors']/p[@class='note']")[0])
    assert (
        f"{len(ranked_errors(evaluation))} texts have an error; the 3 most confident errors are listed (limit: 3)"
        in note
    )


def test_a_page_without_texts(evaluation: Evaluation, bundle: Bundle, baseline: Baseline) -> None:
    page = render_report(evaluation, bundle, data="d", baseline=baseline, max_errors=0)
    root = parsed(page)
    assert not root.xpath("//article")
    assert not root.xpath("//a[@data-theme]")
    assert "this page holds no texts" in page
    assert not [text for text in evaluation.labelled.texts if len(text) > 12 and text in page]


def test_out_of_fold_texts_have_no_evidence(evaluation: Evaluation, bundle: Bundle) -> None:
    page = render_report(evaluation, bundle, data="folds", out_of_fold=True)
    assert "had not seen its report" in page
    root = parsed(page)
    assert root.xpath("//article")
    assert not root.xpath("//article//mark | //article//div[@class='reason']")


def test_hostile_texts_and_names_stay_text(evaluation: Evaluation, bundle: Bundle) -> None:
    n_texts = len(evaluation.labelled)
    hostile = replace(
        evaluation.labelled,
        texts=(HOSTILE,) * n_texts,
        headings=(HOSTILE,) * n_texts,
        sources=(HOSTILE,) * n_texts,
        roles=(HOSTILE,) * n_texts,
        groups=(HOSTILE,) * n_texts,
    )
    themes = tuple(replace(theme, zh=HOSTILE, en=HOSTILE) for theme in bundle.codebook.themes)
    codebook = replace(bundle.codebook, name=HOSTILE, themes=themes)
    labelled = replace(hostile, codebook=codebook)
    result = evaluate(bundle.scorer, labelled)
    comparison = Comparison(replace(result, decisions=~result.decisions), result)
    page = render_report(
        result,
        replace(bundle, codebook=codebook),
        data=HOSTILE,
        facts={HOSTILE: ReportFacts(HOSTILE, 2020)},
        baseline=Baseline(HOSTILE, comparison),
    )
    page.encode("utf-8")
    root = parsed(page)
    assert len(root.xpath("//script")) == 1
    assert not root.xpath("//img | //@onerror")
    assert "\x00" not in page
    assert "\x1b" not in page
    assert "{{7*7}}" in page


def test_slices_are_shown_with_support(page: str, evaluation: Evaluation, facts: dict[str, ReportFacts]) -> None:
    found = slice_figures(evaluation, facts)
    rows = parsed(page).xpath("//section[@id='slices']//tbody/tr")
    assert [words(row.xpath("td")[0]) for row in rows] == [str(one.figures.n_texts) for one in found]
    assert {one.dimension for one in found} == {"role", "level", "year", "length", "n_themes"}
    tables = slice_tables(evaluation, found)
    none = next(row for table in tables["tables"] for row in table["rows"] if row["name"] == "0")
    # Where no text carries a theme, F1 measures nothing.
    assert none["macro_f1"] is None
    assert none["interval"] is None
    assert none["figures"].accuracy > 0


def test_texts_that_are_alike_have_no_slices(bundle: Bundle, evaluation: Evaluation) -> None:
    one = evaluation.labelled.select([0])
    page = render_report(Evaluation(one, evaluation.probabilities[:1], evaluation.decisions[:1]), bundle, data="one")
    assert "there are no slices" in page


def test_without_errors(bundle: Bundle, evaluation: Evaluation) -> None:
    right = replace(evaluation, decisions=evaluation.labelled.labels == 1)
    page = render_report(right, bundle, data="d")
    assert "There are no errors." in page
    assert not parsed(page).xpath("//article | //a[@data-gold]")


def test_comparison_table(page: str, baseline: Baseline) -> None:
    table = comparison_rows(baseline.comparison)
    rows = parsed(page).xpath("//section[@id='comparison']//div[contains(@class,'scroll')]//tbody/tr")
    assert len(rows) == len(table["rows"]) == 8
    for row, shown in zip(table["rows"], rows, strict=True):
        difference = row["difference"]
        assert row["now"] - row["before"] == pytest.approx(difference.value)
        assert f"{difference.value:+.3f}" in words(shown)
        assert (row["verdict"] == "better") == (difference.low > 0)
    assert table["scale"][0] == -table["scale"][1]


@pytest.fixture(scope="module")
def single_label(few_texts: LabelledTexts) -> tuple[Bundle, Evaluation]:
    """A model of Chinese labels, one a text, and what it makes of the texts it was trained on."""
    names = ("营商环境", "行政执法", "监督")
    columns = [
        few_texts.codebook.ids.index(theme) for theme in ("business_environment", "law_enforcement", "supervision")
    ]
    rows = np.flatnonzero((few_texts.labels[:, columns] == 1).sum(axis=1) == 1)
    codebook = Codebook("单标签", "1", False, tuple(Theme(name) for name in names))
    chosen = few_texts.select(rows)
    labelled = replace(chosen, labels=chosen.labels[:, columns], codebook=codebook)
    estimator = ThemeClassifier(themes=names, multi_label=False, n_folds=2)
    targets = np.array(names)[labelled.labels.argmax(axis=1)]
    estimator.fit(list(zip(labelled.texts, labelled.headings, strict=True)), targets, labelled.groups)
    bundle = Bundle(codebook, estimator.scorer_, {"name": "single"}, "card")
    return bundle, evaluate(bundle.scorer, labelled, headings=False)


def test_single_label_models_have_no_thresholds(single_label: tuple[Bundle, Evaluation]) -> None:
    bundle, evaluation = single_label
    decisions = np.roll(evaluation.decisions, 1, axis=1)
    page = render_report(replace(evaluation, decisions=decisions), bundle, data="d")
    root = parsed(page)
    assert "there is no threshold" in page
    assert len(root.xpath("//svg[@class='chart']")) == 2 * 3
    assert root.xpath("//article//mark")
    assert theme_rows(evaluation, None)["rows"][0]["threshold"] is None
    assert not [chart for chart in root.xpath("//svg[@class='chart']//text()") if CHINESE.search(chart)]


def test_the_command_writes_the_page(
    saved_bundle: Path, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    arguments = ["evaluate", "-m", str(saved_bundle), "--data", str(project / "corpus"), "--html", str(page)]
    assert main([*arguments, "--compare", str(saved_bundle)]) == 0
    captured = capsys.readouterr()
    assert "macro-F1" in captured.out
    assert str(page) in captured.err
    root = parsed(page.read_text(encoding="utf-8"))
    # Levels and years come from the corpus.
    assert {"Level", "Year covered"} <= {
        words(cell) for cell in root.xpath("//section[@id='slices']//thead//th/*[@class='en']")
    }
    assert root.xpath("//section[@id='comparison']")
    assert main(arguments) == 1
    assert "--force" in capsys.readouterr().err
    assert main([*arguments, "--force", "--no-headings"]) == 0
    again = page.read_text(encoding="utf-8")
    assert "corpus (no headings)" in again
    assert 'id="comparison"' not in again


@pytest.mark.parametrize("option", [["--compare", "models/other"], ["--force"]])
def test_options_of_the_page_need_it(
    option: list[str], saved_bundle: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "-m", str(saved_bundle), "--data", str(project / "corpus"), *option]) == 2
    assert f"{option[0]}: without effect" in capsys.readouterr().err


def test_models_of_other_themes_are_not_compared(
    bundle: Bundle, evaluation: Evaluation, saved_bundle: Path, project: Path, tmp_path: Path
) -> None:
    renamed = replace(
        bundle.codebook, themes=(replace(bundle.codebook.themes[0], id="renamed"), *bundle.codebook.themes[1:])
    )
    replace(bundle, codebook=renamed).save(tmp_path / "other")
    page = tmp_path / "report.html"
    with pytest.raises(CodebookError, match="different themes"):
        write_report(page, evaluation, bundle, data=project / "corpus", compare=str(tmp_path / "other"))
    assert not page.exists()


def test_without_jinja2_the_error_names_the_extra(
    evaluation: Evaluation, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[archive\]"):
        render_report(evaluation, bundle, data="d")
