from __future__ import annotations

import pytest

from fazhi_ml.reports.chrome import ends_sentence, is_chrome, is_office_or_date, is_title


@pytest.mark.parametrize(
    "line",
    [
        "发布时间：2023-03-02 16:20 信息来源：县政府办公室 字体：【大 中 小】",
        "日期:2025-06-25 15:27 作者: 访问量:1",
        "字体:【 打印",
        "索引号 LDQ-2022-0139 生成日期 2022-12-30",
        "首页>政务公开>法定主动公开内容 打印 关闭",
        "您当前的位置：首页 > 法治建设",
        "【打印本页】 【关闭窗口】",
        "扫一扫在手机打开当前页 【打印正文】",
        "回到顶部",
        "上一篇：无 下一篇：某局召开会议",
        "澜政发〔2017〕6号",
        "2017年3月6日",
        "二〇一〇年三月一日",
        "市人民政府：",
        "县委全面依法治县委员会办公室：",
        "附件下载：某市2023年报告.pdf",
        "1.某县规范性文件目录.xlsx",
        "—3—",
        "抄送：县委办公室，县人大常委会办公室，县法院，县检察院。",
        "版权所有 某县人民政府",
        "分享到：微信 微博",
    ],
)
def test_chrome(line: str) -> None:
    assert is_chrome(line)


@pytest.mark.parametrize(
    "line",
    [
        "一、组织领导",
        "2022年，我县依法行政工作取得成效。",
        "主要问题有：",
        "下一步打算",
        "信息公开",
        "政府网站全年发布信息来源：部门报送1.1万条。",
        "加强打印、复印等行业监管",
        "行政处罚决定书〔2017〕6号送达当事人",
    ],
)
def test_body_text_is_no_chrome(line: str) -> None:
    assert not is_chrome(line)


@pytest.mark.parametrize(
    "line",
    [
        "铸山区人民政府 2015年1月12日",
        "县政府办公室 2021-02-07 17:43 阅读：58",
        "澜港市公安局法制支队",
        "（省政府法制办公室 2011年2月）",
    ],
)
def test_signatures(line: str) -> None:
    assert is_office_or_date(line)


@pytest.mark.parametrize("line", ["没有标题。后面的话", "一年来，全县法治建设", "组织领导"])
def test_no_signatures(line: str) -> None:
    assert not is_office_or_date(line)


@pytest.mark.parametrize(
    "line",
    [
        "某县2022年度法治政府建设工作报告",
        "某镇2013年依法行政工作小结及2014年工作打算",
        "关于2021年工作情况的报告（2022年1月）",
    ],
)
def test_titles(line: str) -> None:
    assert is_title(line)


@pytest.mark.parametrize("line", ["现将有关情况报告如下：", "特此报告。", "组织领导"])
def test_no_titles(line: str) -> None:
    assert not is_title(line)


@pytest.mark.parametrize(
    ("line", "expected"), [("完成。", True), ("“无事不扰。”", True), ("完成；", True), ("完成", False), ("”）", False)]
)
def test_ends_sentence(line: str, expected: bool) -> None:
    assert ends_sentence(line) is expected


@pytest.mark.parametrize(
    "line",
    [
        "您访问的链接即将离开“莲泾县人民政府”门户网站 是否继续？",
        "继续访问",
        "放弃",
        "扫描二维码，在手机上查看当前页面。",
        "图为县司法局召开法治政府建设推进会",
    ],
)
def test_notices_and_captions_are_chrome(line: str) -> None:
    assert is_chrome(line)


@pytest.mark.parametrize("line", ["放弃行政处罚听证的，依法作出决定。", "图书馆开展宪法宣传活动3场。"])
def test_what_begins_like_a_notice_is_none(line: str) -> None:
    assert not is_chrome(line)
