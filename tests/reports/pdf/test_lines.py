from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from fazhi_ml.reports.pdf.lines import Glyph, Line, is_wide, page_frames

SIZE = 10.0


def glyphs(text: str, x: float = 0, y: float = 0, spacing: float = 0) -> list[Glyph]:
    placed = []
    for char in text:
        width = SIZE if is_wide(char) else SIZE / 2
        placed.append(Glyph(char, x, x + width, y, SIZE))
        x += width + spacing
    return placed


def texts(placed: list[Glyph]) -> list[list[str]]:
    return [[line.text for line in frame] for frame in page_frames(placed)[0]]


def columns(left: int, right: int, y: float = 0) -> list[Glyph]:
    """Running text in two columns of 16 characters, 20 points apart."""
    return [
        glyph
        for x, count, char in ((0, left, "左"), (180, right, "右"))
        for number in range(count)
        for glyph in glyphs(f"{char}{number:02}" + "文" * 14, x, y + 20 * number)
    ]


def test_an_empty_page_has_no_frames() -> None:
    assert page_frames([]) == ([], None)
    assert texts(glyphs("  \u3000")) == []


def test_lines_come_from_top_to_bottom_however_they_were_drawn() -> None:
    assert texts([*glyphs("第二行", y=20), *glyphs("第一行")]) == [["第一行", "第二行"]]


def test_a_line_drawn_font_by_font_is_one_line() -> None:
    chinese = [*glyphs("年", 20), *glyphs("月", 35)]
    digits = [*glyphs("2023", 0), *glyphs("5", 30)]
    assert texts([*chinese, *digits]) == [["2023年5月"]]


def test_superscripts_belong_to_their_line() -> None:
    raised = Glyph("2", 20, 23, -3, 6)
    assert texts([*glyphs("面积"), raised, *glyphs("万", 23)]) == [["面积2万"]]


def test_white_space_at_the_ends_counts_as_indent() -> None:
    (line,) = page_frames(glyphs("\u3000\u3000正文 "))[0][0]
    assert line == Line("正文", 20, 40, 0, SIZE)


def test_no_space_between_chinese_characters_however_far_apart_justified() -> None:
    assert texts(glyphs("推进依法行政", spacing=2.5)) == [["推进依法行政"]]


def test_a_gap_that_stands_out_is_a_space() -> None:
    assert texts([*glyphs("县政府办公室"), *glyphs("字体", 62.5)]) == [["县政府办公室 字体"]]
    assert texts([*glyphs("rule"), *glyphs("of", 22.5)]) == [["rule of"]]


def test_no_space_between_latin_and_chinese_set_apart() -> None:
    assert texts([*glyphs("共"), *glyphs("32", 12.5), *glyphs("项", 25)]) == [["共32项"]]


def test_characters_printed_twice_to_look_bold_count_once() -> None:
    assert texts([*glyphs("一、总体"), *glyphs("一、总体", 0.4)]) == [["一、总体"]]
    assert texts(glyphs("人人")) == [["人人"]]


def test_narrow_letters_next_to_each_other_are_not_printed_twice() -> None:
    width = 0.222 * SIZE
    assert texts([Glyph("l", number * width, (number + 1) * width, 0, SIZE) for number in range(3)]) == [["lll"]]
    bold = [Glyph("l", x, x + width, 0, SIZE) for x in (0, 0.3)]
    assert texts(bold) == [["l"]]


def test_cells_of_a_row_are_one_line_set_apart() -> None:
    frames, gutter = page_frames([*glyphs("事项"), *glyphs("数量", 100)])
    assert gutter is None
    assert frames == [[Line("事项\u3000数量", 0, 120, 0, SIZE, cells=True)]]


def test_columns_are_read_one_after_the_other() -> None:
    across = glyphs("横" * 34, 0, -40)
    frames, gutter = page_frames([*across, *columns(8, 7)])
    assert gutter is not None
    assert 160 < gutter < 180
    assert [[line.text[0] for line in frame] for frame in frames] == [["横"], ["左"] * 8, ["右"] * 7]


def test_a_line_across_ends_the_columns_above_it() -> None:
    placed = [*columns(8, 8), *glyphs("横" * 34, 0, 200), *columns(6, 6, y=240)]
    assert [frame[0].text[:3] for frame in page_frames(placed)[0]] == ["左00", "右00", "横横横", "左00", "右00"]


def test_columns_whose_lines_stand_at_other_heights() -> None:
    shifted = [glyph._replace(y=glyph.y + 9) if glyph.x0 >= 180 else glyph for glyph in columns(8, 8)]
    assert [frame[0].text[0] for frame in page_frames(shifted)[0]] == ["左", "右"]


def test_a_last_page_with_few_lines_has_the_columns_of_the_page_before() -> None:
    assert len(page_frames(columns(8, 2))[0]) == 1
    frames, gutter = page_frames(columns(8, 2), gutter=170)
    assert [frame[0].text[0] for frame in frames] == ["左", "右"]
    assert gutter == 170
    assert page_frames(glyphs("横" * 34), gutter=170)[1] is None


def test_a_large_title_beside_a_column_stands_for_itself() -> None:
    title = [Glyph("题", 22.0 * place, 22.0 * place + 22, 64, 22) for place in range(7)]
    rows = [glyph for glyph in columns(14, 14) if glyph.x0 >= 180 or glyph.y > 80]
    assert {line for frame in texts([*title, *rows]) for line in frame} >= {"题" * 7, "右03" + "文" * 14}


def test_a_table_is_not_columns() -> None:
    cells = [
        glyph
        for number in range(10)
        for text, x in ((f"事项{number}", 0), (f"说明{number}", 180))
        for glyph in glyphs(text, x, 20 * number)
    ]
    assert texts(cells) == [[f"事项{number}\u3000说明{number}" for number in range(10)]]


placed_glyphs = st.builds(
    lambda char, x, y, width, size: Glyph(char, x, x + width, y, size),
    st.sampled_from("文字a1 ，"),
    st.floats(-600, 600),
    st.floats(-600, 600),
    st.floats(0, 20),
    st.floats(1, 40),
)


@given(st.lists(placed_glyphs, max_size=60), st.none() | st.floats(-600, 600))
@example([Glyph("文", 0.0, 0.0, 0.0, 1.0)], 0.0)
def test_no_character_is_lost_or_made_up(placed: list[Glyph], gutter: float | None) -> None:
    kept = "".join(line.text for frame in page_frames(placed, gutter)[0] for line in frame)
    shown = {glyph.char for glyph in placed} - {" "}
    assert set(kept) - {" ", "\u3000"} == shown
    assert len("".join(kept.split())) <= sum(glyph.char != " " for glyph in placed)


def test_a_number_keeps_to_its_words_however_far_the_tab_stop_is() -> None:
    row = [*glyphs("1."), *glyphs("执法力量不足", x=32)]
    (line,) = page_frames(row)[0][0]
    assert (line.text, line.cells, line.words) == ("1. 执法力量不足", False, 32)
    (line,) = page_frames(glyphs("（一）加强领导"))[0][0]
    assert line.words == 30


def test_rows_of_tables_are_cells_though_they_begin_with_a_number() -> None:
    two = [*glyphs("1"), *glyphs("市场监管", x=32)]
    three = [*glyphs("1."), *glyphs("市场", x=32), *glyphs("318", x=90)]
    for row in (two, three):
        assert [line.cells for line in page_frames(row)[0][0]] == [True]
