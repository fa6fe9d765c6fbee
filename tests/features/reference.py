"""Term extraction once more, in plain Python straight from its description: slow, and without the code under test."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from fazhi_ml.features.tokenizer import Tokenizer

Folded = list[tuple[str, int]]
_ENDS = "。;!?"


def fold(text: str, *, fold_digits: bool = True) -> Folded:
    """Return (folded character, position) pairs."""
    folded: Folded = []
    gap = False
    for position, character in enumerate(text):
        form = _form(character, fold_digits=fold_digits)
        if form == " ":
            gap = True
        elif form:
            if gap and folded and _is_latin(folded[-1][0]) and _is_latin(form):
                folded.append((" ", folded[-1][1] + 1))
            folded.append((form, position))
            gap = False
    return folded


def folded_text(text: str, *, fold_digits: bool = True) -> str:
    return "".join(character for character, _ in fold(text, fold_digits=fold_digits))


def sentences(text: str, min_sentence: int, *, fold_digits: bool = True) -> list[str]:
    """Return folded sentences: each, and what follows it, has at least `min_sentence` characters."""
    rest = folded_text(text, fold_digits=fold_digits)
    found, start = [], 0
    for place, character in enumerate(rest, start=1):
        if character in _ENDS and min(place - start, len(rest) - place) >= min_sentence:
            found.append(rest[start:place])
            start = place
    return [*found, rest[start:]]


def character_terms(rows: Sequence[str], longest: int = 3) -> list[str]:
    return [term for row in rows for term in _ngrams(row, longest, "")]


def word_terms(rows: Sequence[str], tokenizer: Tokenizer, longest: int = 2) -> list[str]:
    return [term for row in rows for run in _runs(tokenizer.cut(row)) for term in _ngrams(run, longest, " ")]


def _form(character: str, *, fold_digits: bool) -> str:
    """Return the folded form of a character, "" where it is dropped, " " where it is white space."""
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    if ord(character) > 0xFFFF or 0xE000 <= ord(character) < 0xF900:
        return character
    if character.isspace():
        return " "
    if not character.isprintable():
        # Hangul and Han take no part: what Python's Unicode version has not assigned there stays.
        return character if 0x3400 <= ord(character) < 0xE000 else ""
    if fold_digits and character.isdecimal() and not 0x3400 <= ord(character) < 0xF900:
        return "0"
    form = unicodedata.normalize("NFKC", character).lower()
    return form if len(form) == 1 and not 0x3400 <= ord(character) < 0xF900 else character


def _is_latin(character: str) -> bool:
    return character < "\u0250" and character.isalnum()


def _runs(tokens: Sequence[str]) -> Iterator[list[str]]:
    run: list[str] = []
    for token in tokens:
        if token[0].isalnum():
            run.append(token)
        else:
            yield run
            run = []
    yield run


def _ngrams(symbols: Sequence[str], longest: int, joint: str) -> list[str]:
    return [joint.join(symbols[i : i + n]) for n in range(1, longest + 1) for i in range(len(symbols) - n + 1)]
