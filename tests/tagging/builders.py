"""Tagged reports made by hand, so that tests of the ways out need neither a model nor a reader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fazhi_ml.codebook import OTHER, Codebook, Theme
from fazhi_ml.reports.document import Heading, Item, Metadata, Paragraph, Provenance, Report, Role, Section, Span
from fazhi_ml.tagging.evidence import Evidence, Explanation
from fazhi_ml.tagging.results import TaggedItem, TaggedParagraph, TaggedReport

__all__ = ["CODEBOOK", "Chrome", "Head", "Part", "Unit", "codebook_of", "demo_report", "tagged_report"]

CODEBOOK = Codebook(
    name="demo",
    version="1",
    multi_label=True,
    themes=(
        Theme("business_environment", "营商环境", "Business environment"),
        Theme("law_enforcement", "行政执法", "Law enforcement"),
        Theme("dispute_resolution", "矛盾纠纷化解", "Dispute resolution"),
        Theme("supervision", "监督", "Supervision"),
        Theme("legal_publicity", "普法宣传", "Legal publicity"),
    ),
)
THRESHOLD = 0.5


def codebook_of(size: int, *, multi_label: bool = True) -> Codebook:
    """A codebook of `size` made-up themes."""
    themes = tuple(Theme(f"theme_{number}", f"主题{number}", f"Theme {number}") for number in range(size))
    return Codebook("many", "1", multi_label, themes)


@dataclass(frozen=True)
class Head:
    """A heading on a line of its own, or (run_in) at the start of the next paragraph."""

    level: int
    text: str
    role: Role = "other"
    run_in: bool = False


@dataclass(frozen=True)
class Chrome:
    """A line of page chrome."""

    text: str


@dataclass(frozen=True)
class Unit:
    """An item: its text, the probabilities that are not small, and the terms that speak for each theme given."""

    text: str
    scores: Mapping[str, float] = field(default_factory=dict)
    terms: Mapping[str, Sequence[str]] = field(default_factory=dict)


Part = Head | Chrome | Sequence[Unit]


def tagged_report(
    *parts: Part,
    codebook: Codebook = CODEBOOK,
    title: str | None = "某县2023年法治政府建设情况报告",
    path: str | None = "某县2023.txt",
    notes: tuple[str, ...] = (),
    metadata: Metadata | None = None,
) -> TaggedReport:
    """Lay `parts` out one a line and tag them as they say; a sequence of units is a paragraph."""
    text, headings, paragraphs, chrome, roles = "", [], [], [], []
    if title is not None:
        chrome.append(Span(0, len(title)))
        text = title + "\n"
    path_now: dict[int, str] = {}
    role: Role = "other"
    for part in parts:
        start = len(text)
        if isinstance(part, Head):
            span = Span(start, start + len(part.text))
            path_now = {level: name for level, name in path_now.items() if level < part.level} | {part.level: part.text}
            role = part.role
            headings.append(Heading(part.level, span, part.text, part.run_in))
            roles.append((tuple(path_now[level] for level in sorted(path_now)), role))
            text += "" if part.run_in else part.text + "\n"
        elif isinstance(part, Chrome):
            chrome.append(Span(start, start + len(part.text)))
            text += part.text + "\n"
        else:
            section = tuple(path_now[level] for level in sorted(path_now))
            paragraphs.append(_paragraph(part, start, section, role, codebook))
            text += paragraphs[-1].text + "\n"
    report = Report(
        text=text,
        title=title,
        metadata=metadata or Metadata(place="某县", level="county", year=2023),
        provenance=Provenance(path, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), "text", "utf-8"),
        headings=tuple(headings),
        sections=_sections(headings, roles, len(text)),
        paragraphs=tuple(
            Paragraph(each.span, each.text, each.section, each.role, tuple(Item(i.span, i.text) for i in each.items))
            for each in paragraphs
        ),
        chrome=tuple(chrome),
        notes=notes,
    )
    return TaggedReport(report, tuple(paragraphs), codebook, "default-0123456789ab", dict.fromkeys(codebook.ids, 0.5))


def _sections(
    headings: Sequence[Heading], roles: Sequence[tuple[tuple[str, ...], Role]], length: int
) -> tuple[Section, ...]:
    sections = []
    for number, (heading, (path, role)) in enumerate(zip(headings, roles, strict=True)):
        later = (other.span.start for other in headings[number + 1 :] if other.level <= heading.level)
        sections.append(Section(path, role, Span(heading.span.start, next(later, length))))
    return tuple(sections)


def _paragraph(
    units: Sequence[Unit], start: int, section: tuple[str, ...], role: Role, codebook: Codebook
) -> TaggedParagraph:
    items, at = [], start
    for unit in units:
        items.append(_item(unit, at, codebook))
        at += len(unit.text)
    scores = {theme: max(item.scores[theme] for item in items) for theme in codebook.ids}
    themes = tuple(theme for theme in codebook.ids if any(theme in item.themes for item in items))
    primary = max(themes, key=scores.__getitem__, default=OTHER)
    text = "".join(unit.text for unit in units)
    return TaggedParagraph(Span(start, at), text, section, role, tuple(items), themes, primary, scores)


def _item(unit: Unit, start: int, codebook: Codebook) -> TaggedItem:
    scores = {theme: unit.scores.get(theme, 0.02) for theme in codebook.ids}
    themes = tuple(theme for theme in codebook.ids if scores[theme] >= THRESHOLD)
    explanations = {theme: _explanation(unit, theme, scores[theme]) for theme in themes if unit.terms}
    primary = max(themes, key=scores.__getitem__, default=OTHER)
    return TaggedItem(Span(start, start + len(unit.text)), unit.text, themes, primary, scores, explanations)


def _explanation(unit: Unit, theme: str, probability: float) -> Explanation:
    evidence = []
    for rank, term in enumerate(unit.terms.get(theme, ())):
        spans = tuple(_occurrences(unit.text, term))
        evidence.append(Evidence(term, "words" if spans else "headings", 2.0 / (rank + 1), spans))
    evidence.append(Evidence("的", "characters", -0.3, ()))
    stop = unit.text.find("。") + 1 or len(unit.text)
    return Explanation(theme, probability, THRESHOLD, 1.5, -1.0, Span(0, stop), tuple(evidence))


def _occurrences(text: str, term: str) -> list[Span]:
    spans, at = [], text.find(term)
    while at >= 0:
        spans.append(Span(at, at + len(term)))
        at = text.find(term, at + len(term))
    return spans


def demo_report() -> TaggedReport:
    """A short report that shows every feature: sections, roles, run-in headings, several items, themes and chrome."""
    return tagged_report(
        Chrome("发布时间：2024-03-01 来源：县司法局 字体：【大 中 小】"),
        [Unit("2023年，某县坚持依法行政，法治政府建设取得新进展。现将有关情况报告如下。")],
        Head(1, "一、2023年主要工作", "achievements"),
        Head(2, "（一）优化营商环境", "achievements", run_in=True),
        [
            Unit(
                "（一）优化营商环境。推进“放管服”改革，取消证明事项32项，企业开办时间压缩至半天。",
                {"business_environment": 0.97},
                {"business_environment": ["企业开办", "放管服", "证明事项", "营商环境"]},
            )
        ],
        Head(2, "（二）规范行政执法", "achievements"),
        [
            Unit("全面推进严格规范公正文明执法。"),
            Unit(
                "一是落实行政执法三项制度，组织案卷评查2次，抽查案卷160件，对不合格的2家单位发出执法监督意见书。",
                {"law_enforcement": 0.93, "supervision": 0.61},
                {"law_enforcement": ["行政执法", "案卷评查", "三项制度"], "supervision": ["监督意见书", "监督"]},
            ),
            Unit(
                "二是推行首违不罚，为463户小微企业免除罚款214万元。",
                {"law_enforcement": 0.82, "business_environment": 0.58},
                {"law_enforcement": ["首违不罚", "罚款"], "business_environment": ["小微企业"]},
            ),
        ],
        Head(2, "（三）化解矛盾纠纷", "achievements"),
        [
            Unit(
                "办理行政复议案件85件，调解成功率达72%。负责人出庭应诉率100%。",
                {"dispute_resolution": 0.98},
                {"dispute_resolution": ["行政复议", "出庭应诉", "调解", "化解矛盾纠纷"]},
            )
        ],
        [
            Unit(
                "开展“宪法进万家”活动120场，发放宣传册2万份。",
                {"legal_publicity": 0.95},
                {"legal_publicity": ["宪法", "宣传册"]},
            )
        ],
        Head(1, "二、存在的主要问题", "problems"),
        [
            Unit(
                "执法人员业务能力参差不齐，案卷制作不够规范。",
                {"law_enforcement": 0.88},
                {"law_enforcement": ["执法人员", "案卷"]},
            )
        ],
        Head(1, "三、下一步工作打算", "plans"),
        [Unit("提请县政府制定规范性文件管理办法，健全合法性审查机制。")],
        [
            Unit(
                "加强政务公开，自觉接受人大和社会监督。",
                {"supervision": 0.94},
                {"supervision": ["政务公开", "接受", "社会监督"]},
            )
        ],
        Chrome("打印本页"),
        Chrome("关闭窗口"),
        notes=("Years before 2010 are rare in the training corpus.",),
    )
