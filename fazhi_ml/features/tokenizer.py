"""Word segmentation: rjieba where it is installed, else jieba; with HMM off both give the same tokens."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable
from typing import Any

from fazhi_ml.errors import ConfigError

__all__ = ["Tokenizer", "parse_user_dictionary"]

# Larger than any frequency of jieba's dictionary, and small enough for a 32-bit integer.
_FREQUENCY = re.compile(r"[1-9][0-9]{0,8}\Z")

UserWords = tuple[tuple[str, int], ...]


class Tokenizer:
    """Cuts text into words with the jieba dictionary and a user dictionary.

    Parameters
    ----------
    user_words : iterable of (word, frequency)
        Frequencies are explicit: jieba and rjieba would each guess another one.
    engine : {"rjieba", "jieba"}, optional
        Default: rjieba, and jieba where rjieba is not installed.

    Raises
    ------
    ConfigError
        A word cannot stand in a user dictionary file, has no valid frequency, or stands twice.

    Notes
    -----
    HMM is off because the two engines differ with it (jieba: https://github.com/fxsjy/jieba, rjieba:
    https://github.com/messense/rjieba-py).
    """

    def __init__(self, user_words: Iterable[tuple[str, int]] = (), *, engine: str | None = None) -> None:
        self.user_words = _checked_words(user_words)
        self.engine = engine or _available_engine()
        self._cut = _ENGINES[self.engine](self.user_words)

    def cut(self, text: str) -> list[str]:
        """Return the tokens of `text`; joined, they are `text` again."""
        tokens: list[str] = self._cut(text, False)
        return tokens

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the user dictionary."""
        return hashlib.sha256(self.dictionary_text().encode()).hexdigest()

    def dictionary_text(self) -> str:
        """Return the user dictionary in jieba's file format: a word and its frequency a line."""
        return "".join(f"{word} {frequency}\n" for word, frequency in self.user_words)

    def __getstate__(self) -> dict[str, Any]:
        # Neither engine pickles (a lock, a Rust object): rebuild from the words.
        return {"user_words": self.user_words, "engine": self.engine}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["user_words"], engine=state["engine"])  # type: ignore[misc]


def parse_user_dictionary(text: str, *, source: str) -> UserWords:
    """Parse a user dictionary: one ``word frequency`` a line, blank lines and ``#`` comments aside.

    Raises
    ------
    ConfigError
        A line is malformed or a word stands twice; the message names the line.
    """
    words: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        if len(fields) != 2 or not _FREQUENCY.match(fields[1]):
            raise ConfigError(
                "not a word and a frequency", source=source, line=number, remedy="Write e.g. 放管服 1000."
            )
        if fields[0] in words:
            raise ConfigError("a word stands twice", source=source, line=number, remedy="Remove one of them.")
        words[fields[0]] = int(fields[1])
    return tuple(words.items())


def _checked_words(user_words: Iterable[tuple[str, int]]) -> UserWords:
    """Return words that their dictionary file gives back, since a bundle carries them in one."""
    try:
        words = tuple((word, int(frequency)) for word, frequency in user_words)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(
            "not pairs of a word and a frequency", source="user_words", remedy="Give e.g. [('放管服', 1000)]."
        ) from error
    written = "".join(f"{word} {frequency}\n" for word, frequency in words)
    if parse_user_dictionary(written, source="user_words") != words:
        raise ConfigError(
            "a word is empty, or holds white space or a leading #", source="user_words", remedy="Remove it."
        )
    return words


def _available_engine() -> str:
    try:
        import rjieba  # noqa: F401
    except ImportError:
        return "jieba"
    return "rjieba"


def _rjieba(user_words: UserWords) -> Any:
    import rjieba

    if not user_words:
        # Importing rjieba builds this dictionary already; one of our own would double the time to start.
        return rjieba.cut
    cutter = rjieba.Jieba()
    for word, frequency in user_words:
        cutter.add_word(word, frequency, None)
    return cutter.cut


def _jieba(user_words: UserWords) -> Any:
    import jieba

    # jieba reports its dictionary loading on stderr.
    jieba.setLogLevel(logging.WARNING)
    cutter = jieba.Tokenizer()
    for word, frequency in user_words:
        cutter.add_word(word, frequency)
    return lambda text, hmm: cutter.lcut(text, HMM=hmm)


_ENGINES = {"rjieba": _rjieba, "jieba": _jieba}
