from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fazhi_ml.archive.distinctive import DistinctiveTerm, distinctive_terms
from fazhi_ml.archive.query import connect
from fazhi_ml.archive.schema import term_schema

Row = tuple[int | None, str, str, int]

ROWS: list[Row] = [
    (2020, "a", "执法", 80), (2020, "a", "检查", 20), (2021, "a", "执法", 30), (2021, "a", "数字", 70),
    (2020, "b", "执法", 10), (2020, "b", "宣传", 90), (None, "b", "宣传", 40),
]  # fmt: skip


def terms_of(folder: Path, rows: list[Row], *themes: str, limit: int = 20) -> dict[str, list[DistinctiveTerm]]:
    path = folder / "terms.parquet"
    table = [dict(zip(("year", "theme", "term", "items"), row, strict=True)) for row in rows]
    pq.write_table(pa.Table.from_pylist(table, schema=term_schema()), path)
    with connect() as connection:
        return dict(distinctive_terms(connection, path, themes, limit=limit))


def z_score(mine: int, n: int, others: int, n_others: int) -> float:
    prior = (mine + others) * n / (n + n_others)
    log_odds = math.log((mine + prior) / (2 * n - mine - prior))
    log_odds_of_others = math.log((others + prior) / (n_others + n - others - prior))
    return (log_odds - log_odds_of_others) / math.sqrt(1 / (mine + prior) + 1 / (others + prior))


def scores(terms: list[DistinctiveTerm], comparison: str, year: int | None) -> dict[str, float]:
    return {term.term: term.z for term in terms if (term.comparison, term.year) == (comparison, year)}


def test_the_formula_of_the_tests_by_hand() -> None:
    # 70 of 100 words here, 0 of 100 there: the prior of 100 words holds 35. Odds 105 : 95 against 35 : 165.
    assert z_score(70, 100, 0, 100) == pytest.approx(
        (math.log(105 / 95) - math.log(35 / 165)) / math.sqrt(1 / 105 + 1 / 35)
    )
    assert z_score(70, 100, 0, 100) == pytest.approx(8.457, abs=5e-4)


def test_a_year_is_compared_with_the_other_years_of_its_theme(tmp_path: Path) -> None:
    terms = terms_of(tmp_path, ROWS, "a")["a"]
    assert scores(terms, "years", 2021) == {"数字": pytest.approx(z_score(70, 100, 0, 100))}
    assert scores(terms, "years", 2020) == {
        "执法": pytest.approx(z_score(80, 100, 30, 100)),
        "检查": pytest.approx(z_score(20, 100, 0, 100)),
    }


def test_a_theme_is_compared_with_the_others_of_the_year_and_of_all_years(tmp_path: Path) -> None:
    terms = terms_of(tmp_path, ROWS, "a", "b")
    assert scores(terms["a"], "themes", 2020)["执法"] == pytest.approx(z_score(80, 100, 10, 100))
    assert scores(terms["a"], "themes", None)["执法"] == pytest.approx(z_score(110, 200, 10, 140))
    # Items of no known year count when all years are taken together, and in no year.
    assert scores(terms["b"], "themes", None) == {"宣传": pytest.approx(z_score(130, 140, 0, 200))}
    assert scores(terms["b"], "themes", 2020) == {"宣传": pytest.approx(z_score(90, 100, 0, 100))}


def test_there_is_nothing_to_say_without_a_second_group(tmp_path: Path) -> None:
    terms = terms_of(tmp_path, ROWS, "a", "b", "c")
    # 2021 has one theme, and b has one year besides the unknown.
    assert scores(terms["a"], "themes", 2021) == {}
    assert terms["c"] == []
    assert terms_of(tmp_path, [], "a") == {"a": []}
    assert terms_of(tmp_path, [(2020, "a", "执法", 9), (2021, "a", "执法", 9), (2020, "b", "执法", 9)], "a") == {
        "a": []
    }


def test_words_are_listed_strongest_first_up_to_the_limit(tmp_path: Path) -> None:
    rows: list[Row] = [(2020, "a", f"词{number:02}", 100 + 10 * number) for number in range(30)]
    rows += [(2020, "b", f"词{number:02}", 10) for number in range(30)]
    rows += [(2020, "b", "其他", 5000)]
    (terms,) = terms_of(tmp_path, rows, "a", limit=7).values()
    assert [term.term for term in terms if term.year == 2020] == [f"词{number:02}" for number in range(29, 22, -1)]
    assert terms[0].items == 390


def test_rare_words_and_even_ones_are_left_out(tmp_path: Path) -> None:
    rows: list[Row] = [
        (2020, "a", "稀有", 2),
        (2020, "a", "常见", 900),
        (2020, "b", "常见", 900),
        (2020, "b", "别的", 2),
    ]
    assert terms_of(tmp_path, rows, "a")["a"] == []


def test_a_theme_id_is_never_read_as_sql(tmp_path: Path) -> None:
    name = "x' OR 'a'='a"
    terms = terms_of(tmp_path, [(year, name if theme == "b" else theme, *rest) for year, theme, *rest in ROWS], name)  # type: ignore[misc]
    assert scores(terms[name], "themes", None) == {"宣传": pytest.approx(z_score(130, 140, 0, 200))}


def test_a_folder_named_like_a_pattern_is_no_pattern(tmp_path: Path) -> None:
    for name in ("out1", "out[1]"):
        (tmp_path / name).mkdir()
    terms = terms_of(tmp_path / "out[1]", ROWS, "a")
    terms_of(tmp_path / "out1", [(2020, "b", "别的", 1)], "a")
    with connect() as connection:
        assert dict(distinctive_terms(connection, tmp_path / "out[1]" / "terms.parquet", ("a",))) == terms
