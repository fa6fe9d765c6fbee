from __future__ import annotations

import copy
import pickle
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.errors import ConfigError
from fazhi_ml.features.normalise import decode, encode, fold
from fazhi_ml.features.tokenizer import Tokenizer, UserWords, parse_user_dictionary
from fazhi_ml.labels import Corpus
from fazhi_ml.tagging.tagger import Tagger

ALPHABET = "abXY019.%-_+#&,;!? \n。，（）“”放管服改革行政执法䶮𠮷가ß\u0301龍①\ufffdﾊ"


@pytest.fixture(scope="module", params=["plain", "user dictionary"])
def engines(request: pytest.FixtureRequest, user_words: UserWords) -> tuple[Tokenizer, Tokenizer]:
    words = user_words if request.param == "user dictionary" else ()
    return Tokenizer(words, engine="rjieba"), Tokenizer(words, engine="jieba")


def test_both_engines_cut_the_whole_corpus_alike(engines: tuple[Tokenizer, Tokenizer], corpus: Corpus) -> None:
    rjieba, jieba = engines
    texts = {text for item in corpus.items for text in (item.text, " ".join(item.headings))}
    assert len(texts) > 4000
    for text in texts:
        seen = decode(fold(encode(text), fold_digits=True)[0])
        assert rjieba.cut(seen) == jieba.cut(seen)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(ALPHABET), max_size=40))
def test_both_engines_cut_any_text_alike_and_lose_nothing(engines: tuple[Tokenizer, Tokenizer], text: str) -> None:
    rjieba, jieba = engines
    tokens = rjieba.cut(text)
    assert tokens == jieba.cut(text)
    assert "".join(tokens) == text
    assert all(tokens)


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(st.text(st.sampled_from(ALPHABET.replace("\n", "")), max_size=20), max_size=6))
def test_a_batch_is_cut_like_its_lines(engines: tuple[Tokenizer, Tokenizer], lines: list[str]) -> None:
    rjieba, _ = engines
    expected = [token for line in lines for token in (*rjieba.cut(line), "\n")]
    assert rjieba.cut("".join(f"{line}\n" for line in lines)) == expected


def test_user_words_are_kept_whole(user_words: UserWords) -> None:
    assert Tokenizer(user_words).cut("深化放管服改革") == ["深化", "放管服", "改革"]
    assert "放管服" not in Tokenizer().cut("深化放管服改革")


def test_rjieba_is_preferred() -> None:
    assert Tokenizer().engine == "rjieba"


def test_jieba_takes_over_where_rjieba_is_missing(
    monkeypatch: pytest.MonkeyPatch, bundle: Bundle, tagger: Tagger, capfd: pytest.CaptureFixture[str]
) -> None:
    texts = ["开展行政执法案卷评查，抽查案卷40宗。", "深化“放管服”改革。"]
    expected = tagger.predict_proba(texts)
    monkeypatch.setitem(sys.modules, "rjieba", None)
    words = bundle.scorer.extractor.tokenizer.user_words
    tokenizer = Tokenizer(words)
    assert tokenizer.engine == "jieba"
    assert tokenizer.cut("深化放管服改革") == ["深化", "放管服", "改革"]
    assert capfd.readouterr() == ("", "")
    extractor = copy.copy(bundle.scorer.extractor)
    extractor.tokenizer = tokenizer
    scorer = copy.copy(bundle.scorer)
    object.__setattr__(scorer, "extractor", extractor)
    assert (scorer.probabilities(texts, [None, None]) == expected).all()


def test_a_pickled_tokenizer_cuts_alike(user_words: UserWords) -> None:
    tokenizer = Tokenizer(user_words)
    pickled = pickle.dumps(tokenizer)
    assert pickle.loads(pickled).cut("深化放管服改革") == tokenizer.cut("深化放管服改革")  # noqa: S301
    assert copy.deepcopy(tokenizer).cut("深化放管服改革") == tokenizer.cut("深化放管服改革")


def test_the_dictionary_text_reads_back(user_words: UserWords) -> None:
    tokenizer = Tokenizer(user_words)
    assert parse_user_dictionary(tokenizer.dictionary_text(), source="x") == user_words
    assert tokenizer.hash == Tokenizer(parse_user_dictionary(tokenizer.dictionary_text(), source="x")).hash
    assert tokenizer.hash != Tokenizer().hash


def test_parsing_skips_comments_and_blank_lines() -> None:
    assert parse_user_dictionary("# 注\n\n放管服 1000\r\n  双随机\t7  ", source="x") == (
        ("放管服", 1000),
        ("双随机", 7),
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("放管服", 1),
        ("放管服 1 n", 1),
        ("甲 1\n放管服 many", 2),
        ("放管服 -1", 1),
        ("放管服 0", 1),
        ("放管服 ²", 1),
        ("放管服 １", 1),
        ("放管服 1000000000", 1),
        ("放管服 " + "9" * 10_000, 1),
        ("放管服 " + "000000000001" + "0" * 30, 1),
        ("放管服 " + "000000000001" + "0" * 5_000, 1),
        ("放管服 1\n甲 1\n放管服 2", 3),
    ],
)
def test_a_malformed_dictionary_names_its_line(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_user_dictionary(text, source="words.txt")
    assert (caught.value.source, caught.value.line) == ("words.txt", line)


@given(st.text(max_size=60))
def test_parsing_any_text_gives_words_that_read_back_or_its_own_error(text: str) -> None:
    try:
        words = parse_user_dictionary(text, source="x")
    except ConfigError:
        return
    written = "".join(f"{word} {frequency}\n" for word, frequency in words)
    assert parse_user_dictionary(written, source="x") == words


@pytest.mark.parametrize(
    "words",
    [[("#甲", 5)], [("甲 乙", 5)], [("", 5)], [("甲\n", 5)], [("甲", 0)], [("甲", 10**9)], [("甲", 1), ("甲", 2)]],
    ids=repr,
)
def test_words_that_the_dictionary_file_cannot_hold_are_refused(words: list[tuple[str, int]]) -> None:
    with pytest.raises(ConfigError):
        Tokenizer(words)
