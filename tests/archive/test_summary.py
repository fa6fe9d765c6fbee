from __future__ import annotations

from typing import Any

from fazhi_ml.archive.schema import SCOPES
from fazhi_ml.archive.summary import Tally


def row(level: str | None, year: int | None, items: int, problems: int, supervision: int) -> dict[str, Any]:
    share = supervision / items if items else 0.0
    shares = {"items": {"supervision": share, "other": 1 - share}} if items else None
    return {
        "level": level,
        "year": year,
        "items": {"all": items, "problems": problems},
        "characters": {"all": 10 * items, "problems": 10 * problems},
        "shares": {"all": shares},
    }


def test_reports_are_counted() -> None:
    tally = Tally(("supervision", "other"))
    for entry in (row("county", 2022, 7, 2, 3), row("city", 2021, 3, 0, 1), row(None, None, 0, 0, 0)):
        tally.add(entry)
    assert tally.to_dict() == {
        "reports": 3,
        "items": {**dict.fromkeys(SCOPES, 0), "all": 10, "problems": 2},
        "characters": {**dict.fromkeys(SCOPES, 0), "all": 100, "problems": 20},
        "themes": {"supervision": 0.4, "other": 0.6},
        "levels": {"city": 1, "county": 1, "unknown": 1},
        "years": {"2021": 1, "2022": 1, "unknown": 1},
    }


def test_no_reports_have_no_shares() -> None:
    assert Tally(("other",)).to_dict()["themes"] == {"other": 0.0}
