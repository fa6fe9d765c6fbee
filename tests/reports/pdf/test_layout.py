from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.reports.pdf.layout import lay_out
from fazhi_ml.reports.pdf.lines import Frame, Line, is_wide

SIZE = 16.0
PITCH = 28.0
LEFT = 80.0
WIDTH = 20  # characters to a line
PROSE = "全县各级各部门深入贯彻落实习近平法治思想扎实推进法治政府建设取得积极成效现将有关情况报告如下"


def width(text: str) -> float:
    return sum(SIZE if is_wide(char) else SIZE / 2 for char in text)


def at(text: str, y: float, indent: float = 0, size: float = SIZE) -> Line:
    x0 = LEFT + indent * SIZE
    return Line(text, x0, x0 + width(text) * size / SIZE, y, size)


def frame(lines: Sequence[str], top: float = 0) -> Frame:
    """Set lines below each other; ideographic spaces indent them."""
    return [
        at(line.strip("\u3000"), top + number * PITCH, len(line) - len(line.lstrip("\u3000")))
        for number, line in enumerate(lines)
        if line
    ]


def wrapped(text: str, *, first: int = 2, later: int = 0) -> list[str]:
    lines = ["\u3000" * first + text[: WIDTH - first]]
    rest = text[WIDTH - first :]
    step = WIDTH - later
    return lines + ["\u3000" * later + rest[start : start + step] for start in range(0, len(rest), step)]


TURNED = [PROSE[number:] + PROSE[:number] for number in range(0, 40, 3)]
PARAGRAPHS = [f"（{number}）{prose[: 30 + number]}。{prose[-9:]}。" for number, prose in enumerate(TURNED[:8], 1)]


@pytest.mark.parametrize(("first", "later"), [(2, 0), (0, 2), (4, 0)])
def test_indents_tell_paragraphs_apart(first: int, later: int) -> None:
    lines = [line for text in PARAGRAPHS for line in wrapped(text, first=first, later=later)]
    assert lay_out([[frame(lines)]]).splitlines() == PARAGRAPHS


def test_full_last_lines_do_not_join_indented_paragraphs() -> None:
    full = [PROSE[:18] + PROSE[:20], PROSE[5:23] + PROSE[5:25], PROSE[:18] + PROSE[9:29]]
    lines = [line for text in full for line in wrapped(text)]
    assert lay_out([[frame(lines)]]).splitlines() == full


def test_spacing_tells_paragraphs_without_indent_apart() -> None:
    full = [PROSE[:40], PROSE[3:43], PROSE[1:41]]
    placed = [
        at(text[start : start + WIDTH], number * 100 + row * PITCH)
        for number, text in enumerate(full)
        for row, start in enumerate((0, WIDTH))
    ]
    assert lay_out([[placed]]).splitlines() == full


def test_a_heading_on_a_line_of_its_own() -> None:
    lines = ["\u3000\u3000一、总体情况", *wrapped(PROSE), "\u3000\u3000二、存在的问题", *wrapped(PROSE[::-1])]
    assert lay_out([[frame(lines)]]).splitlines() == ["一、总体情况", PROSE, "二、存在的问题", PROSE[::-1]]


def test_a_flush_heading_below_a_full_line() -> None:
    body = PROSE[:37] + "。"
    lines = [*wrapped(body), "（四）健全制度", *wrapped(PROSE), *wrapped(PROSE)]
    assert lay_out([[frame(lines)]]).splitlines() == [body, "（四）健全制度", PROSE, PROSE]


def test_a_number_within_a_paragraph_begins_none() -> None:
    text = PROSE[:37] + "。2." + PROSE[:30]
    assert lay_out([[frame([*wrapped(text), *wrapped(PROSE)])]]).splitlines() == [text, PROSE]


def test_paragraphs_go_on_over_the_page() -> None:
    lines = [line for text in PARAGRAPHS for line in wrapped(text)]
    for cut in range(1, len(lines)):
        pages = [[frame(lines[:cut])], [frame(lines[cut:])]]
        assert lay_out(pages).splitlines() == PARAGRAPHS


def test_left_and_right_pages_have_their_own_margins() -> None:
    lines = [line for text in TURNED for line in wrapped(text)]
    pages = [[frame(lines[start : start + 12])] for start in range(0, len(lines), 12)]
    for page in pages[::2]:
        for line in page[0]:
            line.x0 += 40
            line.x1 += 40
    assert lay_out(pages).splitlines() == TURNED


@pytest.mark.parametrize(("short_by", "joined"), [(0, True), (6, False)])
def test_a_sentence_that_ends_with_a_page_of_justified_lines(short_by: float, joined: bool) -> None:
    first = PROSE[:39] + "。" + PROSE[:39] + "。"
    above = frame(wrapped(first, first=0))
    above[-1].x1 -= short_by
    pages = [[above], [frame([*wrapped(TURNED[1], first=0), *wrapped(TURNED[2], first=0)])]]
    wanted = [first + TURNED[1], TURNED[2]] if joined else [first, TURNED[1], TURNED[2]]
    assert lay_out(pages).splitlines() == wanted


def test_a_centred_line_goes_on_with_a_centred_one_that_had_no_room() -> None:
    upper, lower = "来源：某某县司法局办公室发布日期2024年", "1月15日"
    body = frame([*wrapped(PROSE), *wrapped(TURNED[1])], top=60)
    lines = [at(upper, 0, (WIDTH - width(upper) / SIZE) / 2), at(lower, 28, (WIDTH - width(lower) / SIZE) / 2), *body]
    assert lay_out([[lines]]).splitlines() == [upper + lower, PROSE, TURNED[1]]


def test_text_does_not_go_on_with_a_centred_line() -> None:
    centred = "某某县司法局二〇二四年一月"
    body = frame([*wrapped(PROSE, first=0), *wrapped(TURNED[1], first=0)], top=28)
    lines = [at(centred, 0, (WIDTH - len(centred)) / 2), *body]
    assert lay_out([[lines]]).splitlines()[0] == centred


def test_a_title_over_two_lines_is_one_line() -> None:
    title = [at("某某县人民政府关于", -120, 3.5, 22), at("法治政府建设情况的报告", -85, 2.1, 22)]
    dated = at("（2024年1月15日）", -40, 5.75)
    text = lay_out([[[*title, dated, *frame([*wrapped(PROSE), *wrapped(PROSE)])]]])
    assert text.splitlines() == ["某某县人民政府关于法治政府建设情况的报告", "（2024年1月15日）", PROSE, PROSE]


def test_a_row_of_a_table_stands_alone() -> None:
    row = Line("事项\u3000数量", LEFT, LEFT + 20 * SIZE, 500, SIZE, cells=True)
    assert lay_out([[[*frame(wrapped(PROSE)), row, *frame([PROSE[:20]], top=528)]]]).splitlines()[1:] == [
        row.text,
        PROSE[:20],
    ]


@pytest.mark.parametrize(
    "number",
    ["—{}—", "- {} -", "第 {} 页 共 9 页", "第{}页", "{}", "{} / 9", "Page {} of 9", "·{}·", "{}　|　9"],
)
def test_page_numbers_are_dropped(number: str) -> None:
    pages = [[[*frame(wrapped(TURNED[page])), at(number.format(page), 700, 9)]] for page in range(1, 5)]
    assert lay_out(pages).splitlines() == TURNED[1:5]
    assert lay_out(pages[:1]).splitlines() == TURNED[1:2]


def test_running_headers_are_dropped_and_titles_kept() -> None:
    pages = [
        [[at(f"法治政府建设年度报告 第{page}期", -60, 2), *frame(wrapped(TURNED[page])), at("网址：gov 1/4", 700)]]
        for page in range(4)
    ]
    pages[0][0].insert(1, at("法治政府建设年度报告 第0期", -30, 2))
    assert lay_out(pages).splitlines() == ["法治政府建设年度报告 第0期", *TURNED[:4]]


def test_numbers_in_the_text_are_kept() -> None:
    year = [at("2023", 0), *frame(wrapped(PROSE), top=PITCH), at("2023", 300)]
    assert lay_out([[year], [frame(wrapped(TURNED[1]))]]).splitlines() == ["2023", PROSE, "2023", TURNED[1]]
    # What repeats inside the page is no header.
    pages = [
        [[*frame([f"甲{page}", f"乙{page}x"]), *frame(["同一句话。", f"丙{page}"], top=60)]] for page in "天地玄黄"
    ]
    assert lay_out(pages).count("同一句话。") == 4


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        ("法治", "政府", "法治政府"),
        ("the rule", "of law", "the rule of law"),
        ("govern-", "ment", "government"),
        ("COVID-", "19", "COVID-19"),
        ("共20", "23件", "共2023件"),
        ("推进ABC", "建设", "推进ABC建设"),
    ],
)
def test_joining(above: str, below: str, joined: str) -> None:
    upper = Line(above, LEFT, LEFT + 300, 0, SIZE)
    lower = Line(below, LEFT, LEFT + 200, PITCH, SIZE)
    assert lay_out([[[upper, lower]]]) == joined


def test_a_short_document_has_no_full_lines() -> None:
    lines = ["\u3000\u3000一、加强组织领导", "\u3000\u3000推进法治建设。", "\u3000\u3000二、其他"]
    assert lay_out([[frame(lines)]]).splitlines() == [line.strip() for line in lines]


def test_nothing_gives_nothing() -> None:
    assert lay_out([]) == ""
    assert lay_out([[], []]) == ""


some_lines = st.builds(
    lambda text, x, y, length, size, cells: Line(text, x, x + length, y, size, cells),
    st.text("文字。，（一）12ab", min_size=1, max_size=12),
    st.floats(-1e5, 1e5),
    st.floats(-1e5, 1e5),
    st.floats(0, 1e4),
    st.floats(1, 1e5),
    st.booleans(),
)


@given(st.lists(some_lines, max_size=30))
def test_any_lines_keep_their_characters_in_order(lines: list[Line]) -> None:
    middle = [at("正文", 1e6 + number) for number in range(3)]
    around = [at("页眉", -2e6 - number) for number in range(3)]
    text = "".join(lay_out([[[*around, *lines, *middle]]]).split())
    assert text == "".join(line.text for line in (*around, *lines, *middle))


def test_headings_under_each_other_are_two_though_the_first_leaves_little_room() -> None:
    headings = ["一、党政主要负责人履行推进法治建设第一责任", "（一）带头学习宣传法治"]
    assert len(headings[0]) > WIDTH
    headings[0] = headings[0][: WIDTH - 3]
    lines = [*headings, *(line for text in PARAGRAPHS for line in wrapped(text))]
    assert lay_out([[frame(lines)]]).splitlines() == [*headings, *PARAGRAPHS]


def test_a_date_on_the_right_does_not_go_on_with_the_next_page() -> None:
    body = [line for text in PARAGRAPHS for line in wrapped(text)]
    signed = frame([*body, "\u3000" * 14 + "某年某月某日"])
    attached = frame(["附件", *body])
    assert lay_out([[signed], [attached]]).splitlines() == [*PARAGRAPHS, "某年某月某日", "附件", *PARAGRAPHS]


def test_a_percentage_that_found_no_room_goes_on_with_the_line_above() -> None:
    text = PROSE[:17] + "100%，" + PROSE[:17] + "。"
    lines: list[Line] = []
    for part in (text[:17], text[17:39], text[39:], *(part for one in PARAGRAPHS for part in wrapped(one, first=0))):
        lines.append(at(part, len(lines) * PITCH))
    lines[0].x1 -= 0.6 * SIZE
    assert lay_out([[lines]]).splitlines() == [text, *PARAGRAPHS]


def test_a_title_across_columns_is_centred_outside_of_their_margins() -> None:
    title = [at("全县各级各部门深入贯彻落实习近平", 0, size=24.0), at("法治思想", PITCH, 9, size=24.0)]
    column = [line for text in PARAGRAPHS for line in wrapped(text)]
    columns = [
        [replace(line, x0=line.x0 + shift, x1=line.x1 + shift) for line in frame(column, top=3 * PITCH)]
        for shift in (-60.0, 300.0)
    ]
    text = lay_out([[title, *columns]]).splitlines()
    assert text == ["全县各级各部门深入贯彻落实习近平法治思想", *PARAGRAPHS, *PARAGRAPHS]


@pytest.mark.parametrize("stop", [1.0, 2.0, 3.0])
def test_items_hang_from_the_tab_stop_after_their_number(stop: float) -> None:
    items = [f"{number}. {prose}。" for number, prose in enumerate(TURNED[:6], 1)]
    lines: list[Line] = []
    for paragraph in PARAGRAPHS:
        lines += frame(wrapped(paragraph), top=len(lines) * PITCH)
    for item in items:
        head, *rest = item[:18], item[18:35], item[35:]
        first = at(head, len(lines) * PITCH)
        first.words = LEFT + stop * SIZE
        first.x1 = LEFT + WIDTH * SIZE
        lines += [first, *(at(line, (len(lines) + number) * PITCH, stop) for number, line in enumerate(rest, 1))]
        lines[-2].x1 = LEFT + WIDTH * SIZE
    assert lay_out([[lines]]).splitlines() == PARAGRAPHS + items
