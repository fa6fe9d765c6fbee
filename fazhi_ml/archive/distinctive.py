"""Words that are distinctive of a theme, or of a theme in one year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from fazhi_ml.archive.query import duckdb_path

if TYPE_CHECKING:
    import duckdb

__all__ = ["Comparison", "DistinctiveTerm", "distinctive_terms"]

Comparison = Literal["themes", "years"]

_LEAST_Z = 2.58
"""A difference that chance alone makes in one word of a hundred."""

# The log-odds of a word that stands in `items` of n, to which `prior` of prior_n are added, and the difference of two
# such log-odds in standard errors.
_MACROS = """
CREATE OR REPLACE TEMP MACRO log_odds(items, n, prior, prior_n) AS ln((items + prior) / (n + prior_n - items - prior));
CREATE OR REPLACE TEMP MACRO z_score(mine, n, others, n_others, prior, prior_n) AS
    (log_odds(mine, n, prior, prior_n) - log_odds(others, n_others, prior, prior_n))
    / sqrt(1 / (mine + prior) + 1 / (others + prior));
"""

# In how many items a word stands, by year, and (year NULL) in all years together.
_BY_YEAR = """
SELECT year, term, sum(items)::DOUBLE AS items FROM {source} WHERE year IS NOT NULL AND {condition} GROUP BY year, term
UNION ALL
SELECT NULL, term, sum(items)::DOUBLE FROM {source} WHERE {condition} GROUP BY term
"""

_PAIRS = """
WITH pairs AS (
    SELECT 'themes' AS comparison, mine.year, term, mine.items AS mine, everywhere.items AS pooled
    FROM mine JOIN everywhere USING (term) WHERE mine.year IS NOT DISTINCT FROM everywhere.year
    UNION ALL
    SELECT 'years', one.year, term, one.items, every.items
    FROM mine AS one JOIN mine AS every USING (term) WHERE one.year IS NOT NULL AND every.year IS NULL
),
sizes AS (
    SELECT 'themes' AS comparison, one.year, one.n, every.n AS n_pooled FROM
        (SELECT year, sum(items) AS n FROM mine GROUP BY year) AS one
        JOIN (SELECT year, sum(items) AS n FROM everywhere GROUP BY year) AS every
        ON one.year IS NOT DISTINCT FROM every.year
    UNION ALL
    SELECT 'years', year, sum(items), (SELECT sum(items) FROM mine WHERE year IS NULL)
    FROM mine WHERE year IS NOT NULL GROUP BY year
),
scored AS (
    SELECT comparison, pairs.year, term, mine,
        z_score(mine, n, pooled - mine, n_pooled - n, pooled * n / n_pooled, n) AS z
    FROM pairs JOIN sizes USING (comparison)
    WHERE pairs.year IS NOT DISTINCT FROM sizes.year AND n < n_pooled AND mine < n
)
SELECT comparison, year, term, mine::BIGINT, z FROM scored WHERE z >= $least
QUALIFY row_number() OVER (PARTITION BY comparison, year ORDER BY z DESC, term) <= $limit
ORDER BY comparison, year NULLS FIRST, z DESC, term
"""


@dataclass(frozen=True, slots=True)
class DistinctiveTerm:
    """A word that stands in one group of items more often than in those it is compared with.

    Attributes
    ----------
    comparison : {"themes", "years"}
        With what: the other themes in the same year (or in all), or the same theme in the other years.
    year : int or None
        None: all years together.
    term : str
    items : int
        In how many items of the theme and year it stands.
    z : float
        Difference of the log-odds, in standard errors.
    """

    comparison: Comparison
    year: int | None
    term: str
    items: int
    z: float


def distinctive_terms(
    connection: duckdb.DuckDBPyConnection, path: Path, themes: tuple[str, ...], *, limit: int = 20
) -> Iterator[tuple[str, list[DistinctiveTerm]]]:
    """Yield for each theme its most distinctive words, over all years and in each.

    The measure is the log-odds ratio with an informative Dirichlet prior: the odds of a word in one group against its
    odds in another, both shrunk towards the word's frequency in the two together, and divided by the standard error.
    The prior weighs as much as the group of interest: its n words are joined by n that follow that frequency. Unlike a
    ratio of frequencies the measure is not led by rare words, and unlike their difference not by common ones.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Temporary tables and macros are made on it.
    path : path
        ``terms.parquet``, as `fazhi_ml.archive.schema.term_schema` has it. Terms of no year count only in all years.
    themes : tuple of str
        Theme ids; ``other`` is one like any.
    limit : int
        Words listed, at most, for a comparison and year; those under 2.58 standard errors are left out.

    Yields
    ------
    theme : str
    terms : list of DistinctiveTerm
        By comparison, year (None first) and falling z.

    Notes
    -----
    An item with several themes counts for each of them, so that a word's counts "in other themes" may hold some of the
    same items: two themes that often go together look a little more alike than they are.

    References
    ----------
    Monroe, B. L., Colaresi, M. P., & Quinn, K. M. (2008). Fightin' Words: Lexical Feature Selection and Evaluation for
    Identifying the Content of Political Conflict. Political Analysis, 16(4), 372-403.
    """
    connection.execute(_MACROS)
    source, name = "read_parquet($path)", duckdb_path(path)
    everywhere = _BY_YEAR.format(source=source, condition="true")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE everywhere AS {everywhere}", {"path": name})
    mine = _BY_YEAR.format(source=source, condition="theme = $theme")
    for theme in themes:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE mine AS {mine}", {"path": name, "theme": theme})
        rows = connection.execute(_PAIRS, {"least": _LEAST_Z, "limit": limit}).fetchall()
        yield (
            theme,
            [DistinctiveTerm(cast("Comparison", comparison), *rest) for comparison, *rest in rows],
        )
