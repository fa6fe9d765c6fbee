"""Texts for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

_PIECES = [
    "放管服",
    "２０２３",
    "2023",
    "Ａpp",
    " ",
    "\u3000",
    "\r\n",
    "\u200b",
    "\0",
    "\ud800",
    "𠮷",
    "①",
    "½",
    "ß",
    "，",
    "! ",
]
_CLAUSES = [
    "推进行政执法公示制度和全过程记录，",
    "办结行政复议案件41件。",
    "开展普法宣传；",
    "!  a b ",
    "甲",
    "？",
    "\n",
]

anything = st.text(st.characters(codec=None), max_size=60)
mixed = st.lists(st.sampled_from(_PIECES) | anything, max_size=12).map("".join)
sentences = st.lists(st.sampled_from(_CLAUSES), max_size=30).map("".join)
