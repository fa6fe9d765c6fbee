"""Names of places as Chinese offices write them: where one ends, what lies within what, and at which level."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Level", "Place", "place_level", "read_place"]

Level = Literal["province", "city", "county", "town", "department"]

_MUNICIPALITIES = frozenset({"北京市", "上海市", "天津市", "重庆市"})

_PROVINCES = {
    "北京": "北京市", "天津": "天津市", "上海": "上海市", "重庆": "重庆市", "河北": "河北省", "山西": "山西省",
    "辽宁": "辽宁省", "吉林": "吉林省", "黑龙江": "黑龙江省", "江苏": "江苏省", "浙江": "浙江省", "安徽": "安徽省",
    "福建": "福建省", "江西": "江西省", "山东": "山东省", "河南": "河南省", "湖北": "湖北省", "湖南": "湖南省",
    "广东": "广东省", "海南": "海南省", "四川": "四川省", "贵州": "贵州省", "云南": "云南省", "陕西": "陕西省",
    "甘肃": "甘肃省", "青海": "青海省", "内蒙古": "内蒙古自治区", "广西": "广西壮族自治区", "西藏": "西藏自治区",
    "宁夏": "宁夏回族自治区", "新疆": "新疆维吾尔自治区",
}  # fmt: skip
_CORPS = "新疆生产建设兵团"

_COUNTY_CITY_NAMES = """
    万宁 万源 三河 上虞 东兴 东台 东宁 东方 东港 东阳 个旧 丰城 丰镇 临夏 临安 临江 临海 临清 临湘
    丹江口 丹阳 义乌 义马 乌兰浩特 乌苏 乐平 乐昌 乐清 乐陵 九台 乳山 二连浩特 五大连池 五家渠 五常
    五指山 井冈山 京山 什邡 仁怀 介休 从化 仙桃 仪征 任丘 伊宁 会理 余姚 侯马 信宜 偃师 兖州 公主岭
    兰溪 共青城 兴义 兴仁 兴化 兴城 兴宁 兴平 冀州 冷水江 凌海 凌源 凤城 凭祥 凯里 利川 化州 北安
    北屯 北流 北票 北镇 华亭 华蓥 华阴 南安 南宫 南康 南雄 博乐 卫辉 即墨 原平 双城 双河 双辽 古交
    句容 可克达拉 台山 合作 合山 吉首 同仁 同江 启东 吴川 吴江 和田 和龙 喀什 四会 图们 图木舒克
    塔城 增城 大丰 大冶 大安 大理 大石桥 天长 天门 太仓 奉化 奎屯 如皋 姜堰 嫩江 子长 孝义 孟州
    宁乡 宁国 宁安 安丘 安国 安宁 安达 安陆 定州 宜兴 宜城 宜州 宜都 宣威 密山 富锦 富阳 寿光 射洪
    尚志 岑溪 峨眉山 崇州 嵊州 巢湖 巩义 常宁 常熟 平度 平果 平泉 平湖 广德 广水 广汉 庄河 庐山
    库尔勒 库车 应城 康定 廉江 延吉 建德 建瓯 建阳 开原 开平 开远 张家港 弥勒 当阳 彬州 彭州 德令哈
    德兴 德惠 怀仁 恩平 恩施 慈溪 扎兰屯 扬中 扶余 抚远 招远 敦化 敦煌 文山 文昌 文登 新乐 新密
    新星 新民 新沂 新泰 新郑 无为 旬阳 昆山 昆玉 昌吉 昌邑 明光 晋州 晋江 普兰店 普宁 景洪 曲阜
    松滋 林州 枝江 枣阳 栖霞 根河 格尔木 桂平 桐乡 桐城 桦甸 梅河口 楚雄 榆树 樟树 横州 武冈 武夷山
    武安 武穴 水富 永城 永安 永康 永济 汉川 汝州 江山 江油 江都 江阴 汨罗 汾阳 沁阳 沅江 沙河 沙湾 河津
    河间 泊头 泰兴 泸水 津市 洪江 洪湖 洮南 济源 浏阳 海伦 海城 海宁 海安 海林 海门 海阳 涟源 涿州
    深州 清镇 温岭 湘乡 溧阳 滕州 满洲里 滦州 漠河 漳平 潜山 潜江 潞城 澄江 灯塔 灵宝 灵武 牙克石
    玉树 玉环 玉门 珲春 琼海 瑞丽 瑞安 瑞昌 瑞金 瓦房店 界首 登封 白杨 监利 盖州 盘州 石河子 石狮
    石首 磐石 祁阳 神木 禄丰 福安 福泉 福清 福鼎 禹城 禹州 穆棱 章丘 简阳 米林 米泉 绥芬河 绵竹
    罗定 老河口 耒阳 肇东 肥城 胡杨河 胶南 胶州 腾冲 舒兰 舞钢 芒 英德 茫崖 荔浦 荣成 荥阳 莱州
    莱西 莱阳 蒙自 蓬莱 藁城 虎林 蛟河 西昌 讷河 诸城 诸暨 调兵山 贵溪 资兴 赤壁 赤水 辉县 辛集
    迁安 连州 通州 遵化 邓州 邛崃 邳州 邵东 邵武 邹城 邹平 都匀 都江堰 醴陵 金坛 钟祥 铁力 铁门关
    错那 锡林浩特 长乐 长垣 长葛 阆中 阜康 阳春 阿克苏 阿勒泰 阿图什 阿城 阿尔山 阿拉尔 阿拉山口 陆丰
    隆昌 集安 雷州 霍尔果斯 霍州 霍林郭勒 霸州 青州 青铜峡 靖江 靖西 韩城 韶山 项城 额尔古纳 香格里拉
    马尔康 高安 高密 高州 高平 高碑店 高要 高邮 鹤山 鹿泉 麻城 黄骅 黔西 龙井 龙南 龙口 龙泉 龙海
    龙港
"""
# County-level cities (县级市): those of the division codes for statistics of 2023 (国家统计局, 统计用区划代码), and
# those that became districts since 2006, whose older reports are still about. Every other 市 ranks higher.
_COUNTY_CITIES = frozenset(_COUNTY_CITY_NAMES.split())

# Short names in use for autonomous prefectures; 州 ends the names of many other cities (杭州, 柳州).
_PREFECTURES = (
    "恩施|湘西|凉山|甘孜|阿坝|延边|黔东南|黔南|黔西南|楚雄|红河|文山|西双版纳|大理|德宏|怒江|迪庆|临夏|甘南|海北|"
    "黄南|海南|果洛|玉树|海西|昌吉|博尔塔拉|博|巴音郭楞|巴|克孜勒苏|克|伊犁"
)
# Words that end like a kind of place and begin no name (城 and 山 are part of many: 盐城市, 南山区), and words that no
# name holds.
_NO_NAMES = (
    "城市|城乡(?!一体)|城镇|乡村|乡镇|村镇|辖区|片区|校区|小区|库区|灾区|山区|牧区|县区|旗县|市县|市区|州县|省市|"
    "县市|自治[区州县旗]|[我各本该][省市县区州盟旗镇乡]|全[省市县区盟旗镇乡]|全面|深入|坚持"
)
_NOT_IN_NAMES = (
    "城市(?:[管更综社]|建设)|城乡[建规统管]|社区|市场|市容(?![县城])|县域|区域|法治|法制|依法|政府|建设|工作|推进|"
    "加强|情况|报告|总结|行政执法|监督|年度|贯彻|落实|关于|地处|位于|立足|紧邻|下辖"
)
_WHOLE_NAMES = rf"{_CORPS}|(?:{_PREFECTURES})州(?![市区县])|津市市|辉县市|第[一二三四五六七八九十]{{1,3}}师"
# A town called after an old county, market or fort: 旧县乡, 周市镇.
_TOWN = "[镇乡](?:人民|政府|党|20\\d\\d|关于|法治|$)"
_SUFFIXES = (
    f"特别行政区|自治区|自治州|自治县|自治旗|地区|街道|苏木(?!苏木)|省(?![级直])|(?!.(?:街道|{_TOWN}))(?:"
    "市(?![场级域]|容(?![县城])|区(?!域)|[中南北]区)|县(?![级域区])|区(?![域划块间别位])|旗(?![区县镇乡街帜杆寨])|(?<![联同民])盟(?!佤)"
    "|州(?=人民政府|委|20\\d\\d|法治|关于|推进|$)"
    "|镇(?![市镇县]|[江海远平安雄康沅赉巴坪原宁](?:市|区|县|彝|布))|乡(?![市县区族镇村]|[宁城]县|塘区|一体))"
)
_UNIT = re.compile(
    rf"(?:{_WHOLE_NAMES})|(?P<name>(?!{_NO_NAMES})(?:(?!{_NOT_IN_NAMES}|[局厅委])[\u3400-\u9fff]){{1,14}}?)"
    # "青岛市南区" is short for 青岛市市南区.
    rf"(?:(?P<suffix>{_SUFFIXES})|(?=市[中南北]区))"
)
_SHORT_PROVINCE = re.compile("|".join(_PROVINCES))
# A district's name is longer than one character, but for these.
_SHORT_NAMES = frozenset({"城区", "郊区", "矿区", "东区", "西区", "芒市"})
_RELATIVE = frozenset("我全本各该市州旗省镇乡区城郊辖属自")
_NAMED_LIKE_PROVINCES = frozenset({"海南藏族自治州", "河南蒙古族自治县", *_PROVINCES.values()})
_ZONES = ("开发区", "高新区", "经开区", "示范区", "试验区", "合作区")
_ZONE = re.compile(
    "(?:国家级?|省级)?(?:城乡一体化|[东西南北]部|高新|经济|经开|技术|产业|工业|农业|科技|旅游|生态|文化|综合|保税|开发|集聚|集中|化工|物流|循环|现代|新型|示范)*"
    "(?:开发|高新|经开|园|产业园|保税|度假|示范|试验|集聚|集中|景|新)区"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The innermost of the places that a text names one after the other, outermost first.

    Attributes
    ----------
    name : str
        Such as ``分宜县`` for ``江西省新余市分宜县``; a zone without a name of its own keeps that of its place:
        ``抚州市高新区``.
    end : int
        Offset behind the name.
    is_short : bool
        True when the text has the short name of a province (江西), which may begin a longer name.
    """

    name: str
    end: int
    is_short: bool = False


def read_place(text: str, start: int = 0) -> Place | None:
    """Read the place that `text` names at `start`, if it does.

    Parameters
    ----------
    text : str
        Without white space.
    start : int
    """
    units: list[str] = []
    end = start
    while match := _UNIT.match(text, end):
        if not _is_name(match):
            break
        units.append(match[0])
        end = match.end()
    names = [unit for unit in units if place_level(unit)]
    if not names:
        short = _SHORT_PROVINCE.match(text, start)
        return Place(_PROVINCES[short[0]], short.end(), is_short=True) if short else None
    name = _without_province(names[-1])
    if len(names) > 1 and _ZONE.fullmatch(name):
        name = names[-2] + name
    return Place(name, end)


def _is_name(match: re.Match[str]) -> bool:
    """Tell whether the match is a name rather than a word such as 市区, 各县 or 自治州."""
    name = match["name"]
    if name is None or len(name) > 1:
        return True
    if match["suffix"] == "县":
        return name not in _RELATIVE
    return match[0] in _SHORT_NAMES or (match["suffix"] in {"镇", "乡"} and name not in _RELATIVE)


def _without_province(name: str) -> str:
    """Drop the short name of a province before the name of a city or county: ``江西分宜县``."""
    short = _SHORT_PROVINCE.match(name)
    if short is None or name in _NAMED_LIKE_PROVINCES or name.endswith(_ZONES) or place_level(name) == "town":
        return name
    rest = _UNIT.fullmatch(name, short.end())
    return rest[0] if rest and len(rest["name"] or "") > 1 else name


def place_level(name: str) -> Level | None:
    """Tell the administrative level of a place from its name.

    Returns
    -------
    {"province", "city", "county", "town"} or None
        None when `name` ends like no place. Development zones and scenic areas count as counties.
    """
    if name in _MUNICIPALITIES or name == _CORPS or name.endswith(("省", "自治区", "特别行政区")):
        return "province"
    if name.endswith("市"):
        return "county" if name[:-1] in _COUNTY_CITIES else "city"
    if name.endswith(("州", "盟", "地区", "师")):
        return "city"
    if name.endswith(("县", "区", "旗")):
        return "county"
    return "town" if name.endswith(("镇", "乡", "苏木", "街道")) else None
