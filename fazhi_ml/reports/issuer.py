"""Who issues a report: the place, and the agency when it is not the government itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fazhi_ml.reports.places import read_place

__all__ = [
    "Issuer",
    "is_publisher",
    "issuer_in_chrome",
    "issuer_in_name",
    "issuer_in_opening",
    "issuer_in_title",
    "speaker",
]

_LONGEST_NAME = 30
_HAN = r"[\u3400-\u9fff]"

# What may stand before the name of an issuer.
_BEFORE = re.compile(
    r"(?:关于|印发|报送|上报|呈报|转发|公布|发布|公开|中共|20\d\d年?(?:度(?!假))?|上半年|[《“\"【\[〈])*"
)
_PASSED_ON = re.compile(r"关于(?:印发|转发|报送|上报|呈报|公布|发布|公开)")
_CUTS = re.compile(r"[—:：|｜()（）【】\[\]《》_·•/、]+|-+")
_SEPARATORS = re.compile(r"[-_.·—【】\[\]]+")
_NUMBER = re.compile(rf"^(?:(?!20\d\d年|{_HAN}).)+")
_NATIONAL = re.compile(rf"(?:国家|中国|中华人民共和国){_HAN}{{1,14}}?(?:总局|局|银行|委员会|会)")

_ENDINGS = (
    "委员会|管委会|领导小组|办公室|办公厅|(?<![主承督交查创经])办|分局|总局|局|厅|委|署|(?<![干全内外])部|党校|"
    "联社|联合社|支队|总队|大队|中队|调查队|海关|中心|法院|检察院|研究院|医院|学院|大学|[小中]学|学校|幼儿园|集团|"
    "公司|银行|[分支]行|司法所|派出所|研究所|监管所|管理处|管理站|档案馆|图书馆|博物馆|协会|联合会|"
    "总工会|商会|证监会|银保监会"
)
_STOP = (
    r"$|关于|[\d(（《,，。:：—\-]|法治|法制|依法(?!治[省市县区州旗镇乡])|推进|"
    "落实|贯彻|年度|开展|行政执法|普法|工作|履行|述法"
)
# In prose a subject is followed by what it does.
_VERB = (
    "坚持|始终|认真|深入|全面|紧|以|按照|按|高度|围绕|严|着力|扎实|积极|切实|持续|推动|聚焦|立足|将|在|把|结合|牢|不断|"
    "根据|共|大力|充分|进一步|强化|深化|加强|加快|坚决|主动|统筹|突出|召开|组织|制定|印发|出台|对照|党组"
)
_NAME = rf"(?:(?!关于|报告|情况|总结){_HAN}){{0,{_LONGEST_NAME}}}?(?:{_ENDINGS})"
_AGENCY = re.compile(rf"({_NAME})(?:党组|党委)?(?={_STOP})")
_ENDS = re.compile(rf"(?:人民)?政府|{_STOP}")
_AGENCY_IN_PROSE = re.compile(rf"({_NAME})(?:党组|党委)?(?={_STOP}|{_VERB})")
_GOVERNMENT = re.compile(
    "(?:人民)?政府|行政公署|行署|(?:党工委)?(?:和)?(?:管理委员会|管委会)|党工委|党委|委员会|办事处|委"
)
_GOVERNMENT_IN_PROSE = re.compile(
    rf"(?:(?:[省市县区州盟旗镇乡]?(?:党?委|委员会|人民政府|政府)|管委会|办事处)[、和]?)*(?={_STOP}|{_VERB})"
)
# Words that begin a title without an issuer, and are no agency's name.
_NO_AGENCY = re.compile(
    "法治|法制|依法|推进|加强|围绕|深入|坚持|落实|贯彻|开展|统筹|强化|深化|优化|提升|聚焦|突出|持续|严格|规范|扎实|创新|"
    "打造|构建|筑牢|年度|工作|述职|述法|一年|今年|去年|近年|我|本|该|各|全[省市县区州]|为|在|以|按|根据|对|现"
)
# "县司法局", told from 市场监督管理局 and 乡村振兴局.
_RELATIVE = re.compile("(?:自治[区州县旗]|[省市县区州盟旗镇乡])(?!场|政园|容|域|村|镇|旗)(?=..)")
_PLACELESS = re.compile("^(?:国家|中国|中华)|(?:大学|学院|海关|公司|银行|集团|铁路局|部|总署|总局)$")

# A subject stands at the beginning of a line, behind its year, or behind "under the leadership of …".
_PERIOD = r"(?:自?20\d\d年(?:度|以来)?[，,]?|(?:一年|近年|今年以)来[，,]|过去的?一年[，,])"
_SUBJECT = re.compile(
    rf"(?:(?:^|\n)(?:现将)?{_PERIOD}?|[。；！](?:现将)?{_PERIOD}"
    "|(?:领导|指导|指引|支持|关怀|关心|帮助|监督)下[，,])(?:中共)?"
)
# Characters of sentences rather than of names, and "五是" and the like.
_SENTENCE = re.compile(
    "[在对将把被以为按照由从向与及并了的是有个到请报就使让给但也都又再更召因依各全我该本其它这那年月日级]|[组成设]立|"
    "会议|方案|单位|问题|制度|调整|充实|健全|完善|组织|制定|印发|出台|推动|聚焦|突出|统筹|深化"
)
_LONGEST_SUBJECT = 16
_FIRST_LINES = 3
# The report's first words are a place only when it is the issuer: "莲泾县地处圩区".
_DESCRIBED = re.compile("地处|位于|立足|紧邻|下?辖|[东西南北]?与|是|因|有|平均|曾|总面积")
_SELF = re.compile(
    "(?:我|本)(?:(?P<agency>局|委|厅|办|院|中心|校|公司|队|站|所|行|署|部|会)(?!议)"
    "|(?P<place>省|市|县|区|州|盟|旗|镇|乡|街道))"
)
_WHOLE = re.compile(
    rf"(?P<agency>局)党[组委](?:{_VERB})"
    rf"|(?:全|[\n。，,]|^)(?P<place>省|市|县|区|州|盟|旗|镇|乡|街道)(?:上下|(?:人民)?政府(?:{_VERB}))"
)
_PUBLISHER = re.compile(
    r"(?:(?P<office>(?:发布|发文|公开|制发|责任|供稿|制文)(?:机构|单位|机关|部门))|(?:信息|文章|稿件)?来源|稿源)"
    r"[:：]\s*(?P<name>[^\s:：]{2,40})"
)
_BREADCRUMB = re.compile(r"[>＞»›]")
_DATE = re.compile(r"[（(]?20\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?[）)]?")
# Offices that publish reports of the whole government.
_PUBLISHERS = re.compile("司法局|司法厅|办公室|办公厅|政府办|法制办|党政办|府办|司法所|[县市区]委|中心")


@dataclass(frozen=True, slots=True)
class Issuer:
    """A place and an agency, either of which may be None."""

    place: str | None = None
    agency: str | None = None

    @property
    def is_complete(self) -> bool:
        """True with a place, or an agency that has none: a ministry, a university, a customs office."""
        return self.place is not None or (self.agency is not None and _PLACELESS.search(self.agency) is not None)


def issuer_in_title(title: str) -> Issuer:
    """Read the issuer that a title or a file name states.

    Parameters
    ----------
    title : str
        Without white space.
    """
    passed_on = _PASSED_ON.search(title)
    parts = [title[passed_on.end() :]] if passed_on else []
    parts += [title, *_CUTS.split(title)]
    agency = None
    for part in parts:
        found = _issuer(part)
        if found.place:
            return found
        agency = agency or found.agency
    return Issuer(None, agency)


def issuer_in_name(stem: str) -> Issuer:
    """Read the issuer that a file name states: ``01_江西省-新余市-分宜县_2022``.

    Parameters
    ----------
    stem : str
        Without white space and extension.
    """
    joined = _SEPARATORS.sub("", _NUMBER.sub("", stem))
    found = issuer_in_title(joined)
    return found if found.place else issuer_in_title(stem)


def _issuer(words: str) -> Issuer:
    """Read the issuer at the beginning of `words`."""
    start = _BEFORE.match(words).end()  # type: ignore[union-attr]
    national = _NATIONAL.match(words, start)
    place = read_place(words, national.end() if national else start)
    if place is None:
        return Issuer(None, _lone_agency(words, start))
    agency = _AGENCY.match(words, place.end)
    if agency is None:
        return Issuer() if place.is_short and not _ENDS.match(words, place.end) else Issuer(place.name)
    if place.is_short and _PLACELESS.search(agency[1]):
        # 北京大学 is no agency of Beijing.
        return Issuer(None, words[start : agency.end(1)])
    return Issuer(place.name, _own_name(place.name, agency[1]))


def _own_name(place: str, agency: str) -> str | None:
    """Name an agency as its place knows it, None for the government: 委宣传部 of a county is 县委宣传部."""
    agency = agency.removeprefix("办事处")
    if not agency or _GOVERNMENT.fullmatch(agency):
        return None
    if agency.startswith("委") and not agency.startswith("委员会"):
        return place[-1] + agency
    return agency


def _lone_agency(words: str, start: int) -> str | None:
    """Read an agency that is named without a place: 生态环境部, 县司法局."""
    relative = _RELATIVE.match(words, start)
    first = relative.end() if relative else start
    if _NO_AGENCY.match(words, first):
        return None
    agency = _AGENCY.match(words, first)
    if agency is None or _GOVERNMENT.fullmatch(agency[1]):
        return None
    return agency[1]


def issuer_in_opening(opening: str) -> Issuer:
    """Read the issuer that the first paragraphs have as a subject; prose names many other places.

    Parameters
    ----------
    opening : str
        Lines without blanks.
    """
    for clause in _SUBJECT.finditer("\n".join(opening.split("\n", _FIRST_LINES)[:_FIRST_LINES])):
        start = clause.end()
        national = _NATIONAL.match(opening, start)
        place = read_place(opening, national.end() if national else start)
        if place is None:
            agency = _AGENCY_IN_PROSE.match(opening, start) if national else None
            if agency:
                return Issuer(None, agency[1])
        elif place.end - start <= _LONGEST_SUBJECT and not _SENTENCE.search(opening, start, place.end):
            agency = _AGENCY_IN_PROSE.match(opening, place.end)
            if agency and not _SENTENCE.search(agency[1]):
                return Issuer(place.name, _own_name(place.name, agency[1]))
            if _GOVERNMENT_IN_PROSE.match(opening, place.end) or (start == 0 and _DESCRIBED.match(opening, place.end)):
                return Issuer(place.name)
    return Issuer()


def speaker(opening: str) -> str | None:
    """Return what the report calls its issuer: ``局`` for 我局, ``县`` for 我县; None when it does not say."""
    said = _SELF.search(opening) or _WHOLE.search(opening)
    return (said["agency"] or said["place"]) if said else None


def is_publisher(agency: str | None) -> bool:
    """Tell whether an agency publishes reports of the whole government: 司法局, 政府办公室."""
    return agency is not None and _PUBLISHERS.search(agency) is not None


def issuer_in_chrome(chrome: str) -> Issuer:
    """Read the issuer from fields of the page, its signature or its breadcrumbs.

    Parameters
    ----------
    chrome : str
        Lines of the page around title and body.
    """
    fields = [(field["office"], field["name"]) for field in _PUBLISHER.finditer(chrome)]
    lines = ["".join(line.split()) for line in chrome.split("\n")]
    signatures = [_DATE.sub("", line) for line in reversed(lines) if line and len(line) <= 40 and line[-1] not in ":："]
    crumbs = [crumb for line in lines if _BREADCRUMB.search(line) for crumb in reversed(_BREADCRUMB.split(line))]
    sources = (
        [name for office, name in fields if office],
        signatures,
        [name for office, name in fields if not office],
        crumbs,
    )
    for name in (source for group in sources for source in group):
        found = _whole_issuer(name)
        if found.place:
            return found
    return Issuer()


def _whole_issuer(name: str) -> Issuer:
    """Read `name` as an issuer and nothing else."""
    name = name.strip("[]【】()（）|｜ ")
    if not name or len(name) > _LONGEST_NAME:
        return Issuer()
    found = _issuer(name)
    if (
        found.agency
        or found.place is None
        or name.endswith((found.place, "政府", "公署", "委", "委员会", "办事处", "会"))
    ):
        return found
    return Issuer()
