"""Tag Chinese rule-of-law government reports (法治政府建设报告) with themes, paragraph by paragraph.

>>> import fazhi_ml
>>> tagger = fazhi_ml.load()
>>> tagger.predict(["开展行政执法案卷评查，抽查案卷40宗。"])
[('law_enforcement',)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fazhi_ml.classifier.bundle import Bundle
    from fazhi_ml.classifier.estimator import ThemeClassifier
    from fazhi_ml.codebook import Codebook, Theme
    from fazhi_ml.errors import (
        BundleError,
        CodebookError,
        ConfigError,
        CorpusError,
        FazhiError,
        InputError,
        MissingExtraError,
        OutputError,
        ReportError,
        TrackingError,
    )
    from fazhi_ml.reports.document import Heading, Item, Metadata, Paragraph, Provenance, Report, Section, Span
    from fazhi_ml.reports.read import read_report
    from fazhi_ml.tagging.evidence import Evidence, Explanation
    from fazhi_ml.tagging.results import TaggedItem, TaggedParagraph, TaggedReport
    from fazhi_ml.tagging.tagger import Tagger, load

__version__ = "0.1.0"

# Where each public name lives; it is imported when first used, so that importing the package costs nothing.
_HOMES = {
    "fazhi_ml.classifier.bundle": ("Bundle",),
    "fazhi_ml.classifier.estimator": ("ThemeClassifier",),
    "fazhi_ml.codebook": ("Codebook", "Theme"),
    "fazhi_ml.errors": (
        "BundleError",
        "CodebookError",
        "ConfigError",
        "CorpusError",
        "FazhiError",
        "InputError",
        "MissingExtraError",
        "OutputError",
        "ReportError",
        "TrackingError",
    ),
    "fazhi_ml.reports.document": (
        "Heading",
        "Item",
        "Metadata",
        "Paragraph",
        "Provenance",
        "Report",
        "Section",
        "Span",
    ),
    "fazhi_ml.reports.read": ("read_report",),
    "fazhi_ml.tagging.evidence": ("Evidence", "Explanation"),
    "fazhi_ml.tagging.results": ("TaggedItem", "TaggedParagraph", "TaggedReport"),
    "fazhi_ml.tagging.tagger": ("Tagger", "load"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
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


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
