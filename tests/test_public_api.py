from __future__ import annotations

import re
import subprocess
import sys

import pytest

import fazhi_ml
from tests.conftest import ROOT

PUBLIC = [
    "Bundle",
    "BundleError",
    "Codebook",
    "CodebookError",
    "ConfigError",
    "CorpusError",
    "Evidence",
    "Explanation",
    "FazhiError",
    "Heading",
    "InputError",
    "Item",
    "Metadata",
    "MissingExtraError",
    "OutputError",
    "Paragraph",
    "Provenance",
    "Report",
    "ReportError",
    "Section",
    "Span",
    "TaggedItem",
    "TaggedParagraph",
    "TaggedReport",
    "Tagger",
    "Theme",
    "ThemeClassifier",
    "TrackingError",
    "__version__",
    "load",
    "read_report",
]


def test_the_public_names_are_locked() -> None:
    assert fazhi_ml.__all__ == PUBLIC
    assert dir(fazhi_ml) == sorted(PUBLIC)


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(fazhi_ml, name)
    assert value.__name__ == name
    assert value.__doc__
    assert value.__module__.startswith("fazhi_ml.")


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="'fazhi_ml' has no attribute 'nothing'"):
        fazhi_ml.nothing  # noqa: B018


def test_the_version_is_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", fazhi_ml.__version__)


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "fazhi_ml" / "py.typed").is_file()


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys; before = set(sys.modules); import fazhi_ml; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert [name for name in done.stdout.split() if name.startswith("fazhi_ml")] == ["fazhi_ml"]
    assert "numpy" not in done.stdout.split()
