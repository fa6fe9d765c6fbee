from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml import errors
from fazhi_ml.errors import FazhiError, InputError, MissingExtraError, ReportError, printable

KINDS = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_of_the_one_tree(kind: type[FazhiError]) -> None:
    assert issubclass(kind, FazhiError)
    assert kind.__doc__


def test_errors_are_also_what_python_calls_them() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(MissingExtraError, ImportError)
    for name in ("UnreadableFile", "EmptyReport", "Decoding", "UnsupportedFormat", "ReportTooLarge"):
        assert issubclass(getattr(errors, f"{name}Error"), ReportError)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FazhiError("it broke"), "it broke"),
        (FazhiError("it broke", source="a.txt"), "a.txt: it broke"),
        (FazhiError("it broke", source=Path("a.txt"), line=7), "a.txt:7: it broke"),
        (FazhiError("it broke.", source="a.txt", remedy="Mend it."), "a.txt: it broke. Mend it."),
        (FazhiError("it broke", remedy="Mend it."), "it broke. Mend it."),
    ],
)
def test_messages_name_source_cause_and_remedy(error: FazhiError, message: str) -> None:
    assert str(error) == message


@pytest.mark.parametrize("kind", KINDS)
def test_errors_survive_copying_and_pickling(kind: type[FazhiError]) -> None:
    error = kind("cause", source="a\n.txt", line=3, remedy="Mend it.")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(twin) is kind
        assert str(twin) == str(error)
        assert (twin.cause, twin.source, twin.line, twin.remedy) == ("cause", error.source, 3, "Mend it.")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("报告.txt", "报告.txt"),
        ("a\nb\x1b[31m", r"a\nb\x1b[31m"),
        ("\udcff", r"\udcff"),
        ("a\u202eb", r"a\u202eb"),
        ("\U000e0001", r"\U000e0001"),
        ("", ""),
    ],
)
def test_names_are_made_printable(name: str, shown: str) -> None:
    assert printable(name) == shown
    assert FazhiError("x", source=name).source == shown


@given(st.text(st.characters(codec=None)))
def test_any_name_prints(name: str) -> None:
    shown = printable(name)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert printable(shown) == shown
