"""Place, administrative level, agency and year covered, from a report's title, file name, opening text and page."""

from __future__ import annotations

from pathlib import PurePath

from fazhi_ml.reports.document import Metadata
from fazhi_ml.reports.issuer import (
    Issuer,
    is_publisher,
    issuer_in_chrome,
    issuer_in_name,
    issuer_in_opening,
    issuer_in_title,
    speaker,
)
from fazhi_ml.reports.places import Level, place_level
from fazhi_ml.reports.years import arabic_years, stated_year, told_year

__all__ = ["read_metadata"]

# A title is longer only by mistake.
_LONGEST = 300
# 我市 may be a city or a county, 我区 a county or an autonomous region.
_SPEAKER_LEVELS: dict[str, Level] = {
    "省": "province", "州": "city", "盟": "city", "县": "county", "旗": "county", "镇": "town", "乡": "town",
    "街道": "town",
}  # fmt: skip
_GOVERNMENTS = frozenset("省市区州盟县旗镇乡") | {"街道"}


def read_metadata(title: str | None, name: str | None, opening: str, chrome: str = "") -> Metadata:
    """Read what a report says about itself.

    Parameters
    ----------
    title : str or None
    name : str or None
        File name or path; only its last part without the extension is read.
    opening : str
        The first paragraphs.
    chrome : str
        Lines of the page around title and body: publisher, signature, source, breadcrumbs, date of publication.

    Returns
    -------
    Metadata
        Places come from where a document names its issuer, and from clauses of the opening that have one as their
        subject; other places in the text do not count.
    """
    title = _plain(title or "")
    stem = _plain(PurePath(name).stem) if name else ""
    issuer, year = issuer_in_title(title), stated_year(title) or stated_year(stem)
    said = None
    # Most titles say it all; the rest costs a tenth of reading a report.
    if not (issuer.is_complete and year):
        opening = "\n".join(_plain(line, len(line)) for line in opening.split("\n"))
        chrome = arabic_years(chrome)
        said = speaker(opening)
        issuer = _completed(issuer, stem, opening, chrome, said)
        year = year or told_year(opening, chrome, stem)
    return Metadata(issuer.place, _level(issuer, said), issuer.agency, year)


def _plain(text: str, limit: int = _LONGEST) -> str:
    """Drop white space, and write digits and years such as ``二〇二二年`` in ASCII."""
    return arabic_years("".join(text[:limit].split()))


def _completed(stated: Issuer, stem: str, opening: str, chrome: str, said: str | None) -> Issuer:
    """Take the place from the first source that names one, and the agency from there or from the title."""
    if stated.is_complete:
        return stated
    found = issuer_in_name(stem)
    for read, text in ((issuer_in_opening, opening), (issuer_in_chrome, chrome)):
        if found.place is None:
            found = _fitting(read(text), said)
    return Issuer(found.place, stated.agency or found.agency)


def _fitting(found: Issuer, said: str | None) -> Issuer:
    """Take what text and page say about an issuer only as far as it fits how the report speaks of itself."""
    if said in _GOVERNMENTS:
        return Issuer(found.place) if found.place and found.place.endswith(said) else Issuer()
    # A government's report lies on the page of the office that publishes it.
    return Issuer(found.place) if said is None and is_publisher(found.agency) else found


def _level(issuer: Issuer, said: str | None) -> Level | None:
    if issuer.agency:
        return "department"
    if issuer.place:
        return place_level(issuer.place)
    return _SPEAKER_LEVELS.get(said or "")
