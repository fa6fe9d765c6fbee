"""Stores with registered models, and variants of one model that are worse by design."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.serving.mlflow_model import save_mlflow_model
from fazhi_ml.training.registry import Registry
from fazhi_ml.training.tracking import open_store
from fazhi_ml.training.versions import Version

NewStore = Callable[[Path], str]
RegisterAll = Callable[..., tuple[Registry, list[Version]]]


def with_thresholds(bundle: Bundle, thresholds: Sequence[float]) -> Bundle:
    model = replace(bundle.scorer.model, thresholds=np.array(thresholds))
    return replace(bundle, scorer=replace(bundle.scorer, model=model))


def worse(bundle: Bundle) -> Bundle:
    """Return a model that gives its last theme to every text."""
    return with_thresholds(bundle, [*bundle.scorer.model.thresholds[:-1], 0.0])


@pytest.fixture
def better(bundle: Bundle) -> Bundle:
    """The small model with another, harmless threshold: a model of its own that decides alike."""
    thresholds = bundle.scorer.model.thresholds
    return with_thresholds(bundle, [*thresholds[:-1], thresholds[-1] + 1e-9])


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> NewStore:
    """Make a store in a folder from a copy of an empty database: MLflow takes seconds to set one up."""
    template = tmp_path_factory.mktemp("template") / "mlflow.db"
    open_store(f"sqlite:///{template}", "template")
    content = template.read_bytes()

    def make(folder: Path) -> str:
        (folder / "mlflow.db").write_bytes(content)
        return open_store(f"sqlite:///{folder}/mlflow.db", "fazhi").uri

    return make


@pytest.fixture(scope="session")
def register_all(new_store: NewStore, tmp_path_factory: pytest.TempPathFactory) -> RegisterAll:
    """Make a store in a folder and register bundles in it, in order."""
    models = tmp_path_factory.mktemp("mlflow-models")

    def register(folder: Path, *bundles: Bundle) -> tuple[Registry, list[Version]]:
        registry = Registry.open(new_store(folder))
        versions = []
        for bundle in bundles:
            if not (models / bundle.id).is_dir():
                save_mlflow_model(bundle, models / bundle.id)
            versions.append(registry.register(models / bundle.id, bundle))
        return registry, versions

    return register
