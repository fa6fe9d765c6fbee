"""What a section of a report does, told from its headings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fazhi_ml.reports.document import Role
from fazhi_ml.reports.numbering import BLANKS, parse_marker

__all__ = ["UNANNOUNCED", "announced_role", "section_role"]

UNANNOUNCED: Role = "achievements"
"""Role of sections under headings that announce none."""

_LEADERSHIP = re.compile(r"第一责任人|党政主要负责|主要负责(?:人|同志).{0,12}(?:履行|履职|职责|责任|带头|述法)")
_DEFECT = r"(?:问题|不足|困难|短板|弱项|差距|薄弱环节|薄弱之处|欠账|难点|挑战|制约因素)"
_PROBLEMS = re.compile(
    rf"存在.{{0,10}}{_DEFECT}|(?:看到|正视|直面|查摆|反思|主要|面临的?|工作中的?|当前的?){_DEFECT}"
    rf"|^{_DEFECT}|{_DEFECT}(?:与|和|及|、).{{0,6}}(?:{_DEFECT}|原因|打算|安排|计划|思路|建议|整改)|不回避{_DEFECT}"
)
_PLAN = r"(?:打算|安排|计划|思路|要点|重点|谋划|设想|展望|怎么干|抓好)"
_YEAR = r"(?:20\d\d|二[〇○零O]..)年"
# A year's plan is past where the heading speaks of results: "2022年重点工作完成情况".
_DONE = r"(?:成效|成绩|完成|开展情况|落实情况|推进情况|回顾|做法|进展)"
_PLANS = re.compile(
    rf"下一?步|下一?阶段|下一?年度?|下半年|明年|来年|今后|{_YEAR}(?!.{{0,16}}{_DONE}).{{0,10}}{_PLAN}"
    r"|(?:工作|有关|主要|改进|总体)的?(?:打算|安排|计划|思路|设想|谋划|要点)(?=$|[和及与、（(])"
    r"|努力方向|改进(?:措施|方向|意见)|整改措施|^(?:打算|展望|思路)"
)
_ASIDE = re.compile(r"^(?:附件|附表|附录|名词解释|(?:意见|工作|有关|对策)(?:和|与|及)?建议)")


def announced_role(heading: str) -> Role | None:
    """Role that one heading announces by its own words, or None.

    A heading that names both problems and plans (``存在的问题和下一步打算``) counts as the one named first.
    """
    marker = parse_marker(heading)
    words = heading[marker.end if marker else 0 :][:80].strip(BLANKS + "、.．:：")
    if _LEADERSHIP.search(words):
        return "leadership"
    problems, plans = _PROBLEMS.search(words), _PLANS.search(words)
    if problems and (not plans or problems.start() <= plans.start()):
        return "problems"
    if plans:
        return "plans"
    return "other" if _ASIDE.search(words) else None


def section_role(path: Sequence[str]) -> Role:
    """Tell what the section under `path` does.

    Parameters
    ----------
    path : sequence of str
        Heading texts, outermost first, numbers included.

    Returns
    -------
    {"achievements", "problems", "plans", "leadership", "other"}
        What the innermost heading announces that announces anything. Sections under headings that announce nothing
        report work done, as most level-1 headings of the genre do (``一、依法全面履行政府职能``): achievements.
        Text above the first heading is other.
    """
    for heading in reversed(path):
        role = announced_role(heading)
        if role is not None:
            return role
    return UNANNOUNCED if path else "other"
