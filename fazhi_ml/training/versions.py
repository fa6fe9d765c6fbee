"""Versions in the model registry, as read from MLflow's entities and their tags."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fazhi_ml.classifier.bundle import Bundle

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

__all__ = ["TRAIL", "Version", "read_version", "registration_tags", "reigns"]

TRAIL = "fazhi.trail."
"""Begins the tags that promotions and rollbacks leave; the rest is the UTC time, so that keys sort by it."""

_METRICS = "fazhi.macro_f1"
_BUNDLE_ID = "fazhi.bundle_id"


@dataclass(frozen=True)
class Version:
    """A registered version of a model.

    Attributes
    ----------
    name : str
        Name of the registered model.
    number : int
    aliases : tuple of str
    created : str
        UTC, ISO 8601.
    run_id : str or None
        The training run it comes from.
    bundle_id : str
    macro_f1 : mapping of str to float
        Of each evaluation in the training, such as ``folds`` and ``test``.
    trail : tuple of dict
        Promotions and rollbacks that concern it, oldest first: ``action`` (promoted, replaced, rolled back, restored),
        ``at``, ``by``, ``version`` (champion from then on), ``previous`` (champion until then), ``reason``, and for
        promotions ``forced``, ``objections`` and ``figures``.
    entity : mlflow.entities.model_registry.ModelVersion
    """

    name: str
    number: int
    aliases: tuple[str, ...]
    created: str
    run_id: str | None
    bundle_id: str
    macro_f1: Mapping[str, float | None]
    trail: tuple[dict[str, Any], ...]
    entity: ModelVersion = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "name": self.name,
            "version": self.number,
            "aliases": list(self.aliases),
            "created": self.created,
            "run_id": self.run_id,
            "model": self.bundle_id,
            "macro_f1": dict(self.macro_f1),
            "trail": list(self.trail),
        }


def registration_tags(bundle: Bundle) -> dict[str, str]:
    """Return the tags of a new version: what `Version` says of its bundle."""
    metrics = bundle.info.get("metrics", {})
    macro_f1 = {data: figures.get("macro_f1") for data, figures in metrics.items()}
    return {_BUNDLE_ID: bundle.id, _METRICS: json.dumps(macro_f1)}


def read_version(entity: ModelVersion, aliases: Iterable[str]) -> Version:
    """Read an entity of MLflow; versions that were registered by other means have no model id and no figures."""
    created = datetime.fromtimestamp(entity.creation_timestamp / 1000, UTC)
    events = [_read_tag(value) for key, value in sorted(entity.tags.items()) if key.startswith(TRAIL)]
    return Version(
        name=entity.name,
        number=int(entity.version),
        aliases=tuple(sorted(aliases)),
        created=created.isoformat(timespec="seconds"),
        run_id=entity.run_id or None,
        bundle_id=entity.tags.get(_BUNDLE_ID, ""),
        macro_f1=_read_tag(entity.tags.get(_METRICS, "")),
        trail=tuple(event for event in events if event),
        entity=entity,
    )


def reigns(versions: Iterable[Version]) -> list[int]:
    """Return the champions that a rollback may go back to, the present one last, from the trails of all versions.

    A promotion adds its version, a rollback takes away those after the version it restored. A champion that was set by
    other means, such as MLflow's user interface, is known from the next promotion, which names the one before.
    """
    events = [
        event
        for version in versions
        for event in version.trail
        if event.get("action") in ("promoted", "restored") and event.get("version") == version.number
    ]
    champions: list[int] = []
    for event in sorted(events, key=lambda event: str(event.get("stamp"))):
        number, previous = event["version"], event.get("previous")
        if event["action"] == "restored":
            while champions and champions[-1] != number:
                champions.pop()
            champions = champions or [number]
            continue
        if previous is not None and champions[-1:] != [previous]:
            champions.append(previous)
        champions.append(number)
    return champions


def _read_tag(value: str) -> dict[str, Any]:
    """Return the JSON object in a tag, which anyone may have edited: an empty one where there is none."""
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
