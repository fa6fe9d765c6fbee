"""Themes and the codebook that defines them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from fazhi_ml.errors import CodebookError
from fazhi_ml.files import read_limited

__all__ = ["OTHER", "Codebook", "Theme", "with_other"]

OTHER = "other"
"""The label of a text that carries no theme; never the id of a theme."""

_MAX_BYTES = 1_000_000
_MAX_ID = 64


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme of a codebook.

    Attributes
    ----------
    id : str
        Identifier used in labels, records and columns: 1 to 64 printable characters, without a space at either end.
    zh, en : str
        Chinese and English display names.
    definition : str
    include, exclude : tuple of str
        What the theme covers and what looks like it but is not.
    heading_cues : tuple of str
        Words that announce the theme in a heading.
    """

    id: str
    zh: str = ""
    en: str = ""
    definition: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    heading_cues: tuple[str, ...] = ()

    def name(self, language: str = "zh") -> str:
        """Return the display name in `language` ("zh" or "en"), or the id when there is none."""
        return (self.zh if language == "zh" else self.en) or self.id


@dataclass(frozen=True)
class Codebook:
    """An ordered set of themes; single- or multi-label.

    Attributes
    ----------
    name, version : str
    multi_label : bool
        Whether a text may carry several themes, or none (``other``). A single-label codebook gives each text exactly
        one.
    themes : tuple of Theme
    """

    name: str
    version: str
    multi_label: bool
    themes: tuple[Theme, ...]

    def __post_init__(self) -> None:
        """Check the themes: at least one, valid ids, no duplicates."""
        seen: set[str] = set()
        for theme in self.themes:
            # A single-label codebook may name a class "other": it is then a label like any other.
            reserved = self.multi_label and theme.id == OTHER
            if not _is_id(theme.id) or reserved:
                raise CodebookError(
                    "a theme id is malformed" if not reserved else f"the theme id {OTHER!r} is reserved",
                    source=self.name,
                    remedy=f"Use 1 to {_MAX_ID} printable characters, without a space at either end.",
                )
            if theme.id in seen:
                raise CodebookError(f"the theme id {theme.id!r} stands twice", source=self.name, remedy="Rename one.")
            seen.add(theme.id)
        if not self.themes:
            raise CodebookError("no themes", source=self.name, remedy="Add at least one [[themes]] table.")

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Theme ids in codebook order."""
        return tuple(theme.id for theme in self.themes)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content (hex): equal for codebooks that mean the same, whatever their files look like."""
        canonical = json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    def theme(self, theme_id: str) -> Theme:
        """Return the theme with this id.

        Raises
        ------
        CodebookError
            There is none; the message lists the ids that exist.
        """
        for theme in self.themes:
            if theme.id == theme_id:
                return theme
        raise CodebookError(f"no theme {theme_id!r}", source=self.name, remedy=f"Themes: {', '.join(self.ids)}.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` turns back into an equal codebook."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, source: str | os.PathLike[str] = "codebook") -> Codebook:
        """Build a codebook from plain values (as in its TOML file).

        Raises
        ------
        CodebookError
            A field is missing, unknown or of the wrong type.
        """
        fields = dict(values)
        tables = fields.pop("themes", None)
        if not isinstance(tables, (list, tuple)) or not all(isinstance(table, Mapping) for table in tables):
            raise CodebookError("no list of themes", source=source, remedy="Write one [[themes]] table a theme.")
        multi_label = fields.pop("multi_label", True)
        name, version = fields.pop("name", ""), fields.pop("version", "")
        if fields:
            raise CodebookError(
                f"unknown field {min(fields)!r}",
                source=source,
                remedy="Fields: name, version, multi_label, themes.",
            )
        if not (isinstance(name, str) and isinstance(version, str) and isinstance(multi_label, bool)):
            raise CodebookError(
                "a field has the wrong type",
                source=source,
                remedy="name and version are strings, multi_label is true or false.",
            )
        themes = tuple(_theme(table, source) for table in tables)
        try:
            return cls(name, version, multi_label, themes)
        except CodebookError as error:
            raise CodebookError(error.cause, source=source, remedy=error.remedy) from error

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Codebook:
        """Read a codebook from a TOML file.

        Raises
        ------
        CodebookError
            The file cannot be read, is not TOML, or is not a codebook.
        """
        import tomllib  # here, since tagging reads the codebook from the bundle and should start fast

        data = read_limited(path, _MAX_BYTES, CodebookError)
        try:
            values = tomllib.loads(data.decode())
        except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not TOML, or a number of 5,000 digits
            kind = type(error).__name__
            raise CodebookError(f"not valid TOML ({kind})", source=path, remedy="Mend the file.") from error
        return cls.from_dict(values, source=path)


def _is_id(value: str) -> bool:
    return 0 < len(value) <= _MAX_ID and value.isprintable() and value == value.strip()


def _theme(table: Mapping[str, Any], source: str | os.PathLike[str]) -> Theme:
    values = dict(table)
    text = {key: values.pop(key, "") for key in ("id", "zh", "en", "definition")}
    lists = {key: values.pop(key, []) for key in ("include", "exclude", "heading_cues")}
    if values:
        raise CodebookError(
            f"unknown theme field {min(values)!r}",
            source=source,
            remedy="Fields: id, zh, en, definition, include, exclude, heading_cues.",
        )
    if not all(isinstance(value, str) for value in text.values()):
        raise CodebookError("id, zh, en and definition must be strings", source=source, remedy="Mend the theme.")
    for value in lists.values():
        if not isinstance(value, (list, tuple)) or not all(isinstance(entry, str) for entry in value):
            raise CodebookError(
                "include, exclude and heading_cues must be lists of strings", source=source, remedy="Mend the theme."
            )
    include, exclude, heading_cues = map(tuple, lists.values())
    return Theme(**text, include=include, exclude=exclude, heading_cues=heading_cues)


def with_other(themes: Sequence[str]) -> tuple[str, ...]:
    """Return theme ids and ``other``, once."""
    return tuple(themes) if OTHER in themes else (*themes, OTHER)
