"""Recognise page chrome: date and source lines, buttons, breadcrumbs, salutations, signatures, attachment lists."""

from __future__ import annotations

import re

__all__ = [
    "TOPIC",
    "YEAR",
    "ends_sentence",
    "is_chrome",
    "is_closing",
    "is_office_or_date",
    "is_title",
    "opens_attachments",
]

_LABEL = (
    "(?:发布|发文|成文|公开|生成|更新|上传|发表|印发|生效|废止|制发|刊发|信息)(?:时间|日期)|日期|时间|发布于|发表于|"
    "(?:信息|文章|稿件|新闻|内容)?来源|稿源|作者|(?:责任)?编辑|责编|审核|审稿|审签|校对|[初复终]审|撰稿|供稿|录入|签发|"
    "发布[人者]|(?:发布|发文|公开|制发|责任|主办|承办|供稿|制文)(?:机构|单位|机关|部门|方式|形式|类别|范围|属性)|"
    "(?:信息)?索引号?|文号|发文字号|文件编号|文件名称|信息名称|主题词|主题分类|信息分类|体裁分类|组配分类|公文种类|有效性|时效性|效力状态|"
    "(?:浏览|点击|阅读|访问|查看)(?:量|数|次数|率|人数)?|人气|字体大小|字体|字号|保护视力色|视力保护色|背景色?|"
    "分享到?|附件下载|相关附件|附件|联系电话|联系人|联系方式|上一[篇条页]|下一[篇条页]|"
    "(?:您)?(?:的)?(?:当前|现在)?(?:所在)?的?位置|相关链接|友情链接|关键[词字]|版权所有|技术支持|网站标识码|网站地图|主办单位|承办单位|抄送"
)
_FIELD = re.compile(rf"(?:^|[\s\[【(（|｜·])(?:{_LABEL})\s*[:：]")
# The only field that ends like a sentence.
_COPIES = re.compile(r"抄[送报]\s*[:：]")
_BARE_FIELD = re.compile(
    r"^(?:信息)?索引号|^您是第|^今天是|访问者|(?:建议|推荐)使用.{0,20}浏览器|^Produced|^(?:版权所有|Copyright|copyright|©)|ICP[备证]|公网安备|网站标识码"
)
_BUTTON = re.compile(
    r"扫一扫\S{0,16}|手机扫\S{0,12}|扫码\S{0,8}|(?:微信)?扫描\S{0,12}|打印(?:本页|正文|本文|此页|页面|内容)?|关闭(?:窗口|本页|页面|此页)?|"
    r"收藏(?:本页|此页)?|(?:一键)?分享(?:至|到)?|返回(?:顶部|首页|上一?[级页层]|列表)?|回到顶部|(?:我要)?纠错|复制链接|微信|微博|朋友圈|QQ(?:空间|好友)?|"
    r"放大|缩小|默认|大号?|中号?|小号?|[Tt][Oo][Pp]|朗读|语音播报|无障碍(?:浏览|阅读)?|关怀版|长者模式|正文|首页|网站地图|下载|责任编辑|"
    r"字体(?:大小)?|字号|A[+-]|阅读|来源|日期|本页|相关新闻|相关文章|相关信息|相关稿件|相关阅读|推荐阅读|上一[篇条页]|下一[篇条页]|没有了|"
    r"附件[:：]?|简体|繁体|移动版|手机版|登录|注册|[白绿蓝黄灰]|不?无"
)
_NOISE = re.compile(
    r"[\s\u3000\u200b\ufeff\[\]【】()（）<>《》〈〉|｜/／·.。:：,，、;；\-—_+*=~“”\"'！!↑↓←→▲▼△▽●■□◆◇★☆√×>»›#&]+"
)
_DAY = (
    r"(?:(?:19|20)\d\d\s*[-/.．—]\s*\d{1,2}\s*[-/.．—]\s*\d{1,2}"
    r"|(?:(?:19|20)\d\d|[二一][〇○零OoО0九][〇○零OoО0一二三四五六七八九]{2})\s*年\s*[\d一二三四五六七八九十]{1,3}\s*月(?:\s*[\d一二三四五六七八九十]{1,3}\s*日)?)"
)
_DATED = re.compile(_DAY)
_ONLY_DATE = re.compile(rf"[（(\[【]?\s*{_DAY}(?:\s*\d{{1,2}}[:：]\d\d(?:[:：]\d\d)?)?\s*[）)\]】]?")
_BREADCRUMB = re.compile(
    r"(?:首页|位置|网站|公开|信息|中心|专栏)\s*[>＞»›→](?!=)|[>＞»›]\s*[^>＞»›]{1,30}[>＞»›]|首页\s*[-—/|]\s*\S"
)
_DOCUMENT_NUMBER = re.compile(
    r"^[（(]?[\u4e00-\u9fff]{1,12}\s*[〔\[【(（﹝［]\s*(?:19|20)\d\d\s*[〕\]】)）﹞］]\s*第?\s*\d{1,5}\s*号[）)]?$"
)
_SALUTATION = re.compile(
    r"^(?:尊敬的)?(?:[\u4e00-\u9fff、（）()]{0,24}(?:人民政府|政府|委员会|办公室|办|委|局|厅|常委会|各位(?:代表|委员|领导|同志))"
    r"|各位[\u4e00-\u9fff、]{1,20}|主任[\u4e00-\u9fff、，]{1,24})[:：]$"
)
_PAGE_NUMBER = re.compile(r"^[—\-–－·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／共]\s*\d{1,4}\s*页?)?[—\-–－·\s]*$")
_FILE = re.compile(r"\.(?:docx?|pdf|xlsx?|wps|ofd|rar|zip|jpe?g|png|et)\s*(?:[（(].{0,20}[）)])?$", re.IGNORECASE)
_FIRST_ATTACHMENT = re.compile(r"附件\s*[:：]\s*1\s*[.．、]")
_OFFICE = re.compile(
    r"(?:政府|委员会|办公室|办公厅|局|厅|办事处|党政办|府办|司法所|法制办|网站?|中心|支队|大队|分局|机构|党组|委)$"
)
_TITLE = re.compile(
    r"(?:报告|总结|小结|汇报|情况|年报|要点|述职|材料|公报|白皮书|工作的?(?:安排|计划|打算|思路|要点))(?:的?(?:报告|说明|通报|公告|公示))?"
    r"\s*(?:[（(【\[].{0,20}[）)】\]])?$"
)
TOPIC = re.compile(r"法治|依法|法制|普法|行政执法")
"""What the title of a report names."""
YEAR = re.compile(r"20\d\d|二[〇○零OoО0]")
"""The year that most titles name."""
_PROSE = re.compile("[。；！？，,;!?]")
_SENTENCE_END = frozenset("。！？；!?;…")
_CLOSERS = "”’）)」』】》\"'"
# Notices that many sites keep in every page, and captions of photographs.
_NOTICE = re.compile(
    "您访问的链接即将离开|(?:欢迎进入.{0,30})?盲人用户使用操作智能引导"
    "|(?:微信|手机)?扫描?(?:一扫)?(?:上方|下方|右侧)?二维码|长按(?:识别)?二维码|声明：本网|(?:继续访问|放弃)$"
    "|[（(]?(?:图为|图\\d{0,2}[:：])"
)
# No chrome line is longer: page headers run up to a few dozen characters a field.
_LONGEST = 200
_LONGEST_NOTICE = 120


def ends_sentence(line: str) -> bool:
    """Tell whether `line` ends like a sentence, closing quotation marks aside."""
    stripped = line[-6:].rstrip(_CLOSERS)
    return bool(stripped) and stripped[-1] in _SENTENCE_END


def is_title(line: str) -> bool:
    """Tell whether `line` can be the title of a report."""
    return 5 <= len(line) <= 90 and not ends_sentence(line) and _TITLE.search(line) is not None


def is_chrome(line: str) -> bool:
    """Tell whether `line` is chrome wherever in the page it stands."""
    if len(line) > _LONGEST:
        return False
    if _PAGE_NUMBER.match(line) or _DOCUMENT_NUMBER.match(line) or _COPIES.match(line) or _is_salutation(line):
        return True
    if _NOTICE.match(line) and len(line) <= _LONGEST_NOTICE:
        return True
    if ends_sentence(line):
        return False
    return bool(
        _FIELD.search(line)
        or _BARE_FIELD.search(line)
        or _FILE.search(line)
        or _BREADCRUMB.search(line)
        or _is_buttons(line)
        or _ONLY_DATE.fullmatch(line)
    )


def opens_attachments(line: str) -> bool:
    """Tell whether `line` names the first of several attachments: ``附件：1.…``."""
    return _FIRST_ATTACHMENT.match(line) is not None and not ends_sentence(line)


def is_closing(line: str) -> bool:
    """Tell whether `line` may be chrome where it stands below the last line of the body."""
    if len(line) > _LONGEST or ends_sentence(line):
        return False
    return len(line) <= 40 or _DATED.search(line) is not None or is_chrome(line)


def is_office_or_date(line: str) -> bool:
    """Tell whether `line` names an office, a date or both, as signatures and page headers do."""
    if len(line) > 60 or _PROSE.search(line):
        return False
    undated = _ONLY_DATE.sub("", line)
    rest = _NOISE.sub("", undated)
    dated = undated != line and len(rest) <= 24
    return not rest or dated or (len(rest) <= 40 and _OFFICE.search(rest) is not None)


def _is_salutation(line: str) -> bool:
    """Tell whether `line` addresses somebody: ``市人民政府：``."""
    return len(line) <= 40 and line[-1] in ":：" and _SALUTATION.match(line) is not None


def _is_buttons(line: str) -> bool:
    """Tell whether nothing is left of `line` once button texts, dates and separators are taken out."""
    if len(line) > 80:
        return False
    rest = _ONLY_DATE.sub("", line)
    return not _NOISE.sub("", _BUTTON.sub("", _NOISE.sub(" ", rest)))
