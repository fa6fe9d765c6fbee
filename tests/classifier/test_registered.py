from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.registered import cache_folder, registered_bundle, version_bundle
from fazhi_ml.errors import BundleError, MissingExtraError
from fazhi_ml.training.registry import Registry
from tests.training.conftest import QUIET_MLFLOW
from tests.training.registry_store import NewStore, RegisterAll, better, new_store, register_all

__all__ = ["better", "new_store", "register_all"]

# Importing mlflow.pyfunc warns about type hints.
pytestmark = [pytest.mark.filterwarnings(QUIET_MLFLOW), pytest.mark.filterwarnings("ignore::UserWarning:mlflow")]


@pytest.fixture
def registry(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Registry:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    registry, _ = register_all(tmp_path, bundle, better)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    return registry


def found(address: str) -> Path:
    folder = registered_bundle(address)
    assert folder is not None
    return folder


def test_aliases_and_numbers_lead_to_a_cached_bundle(registry: Registry, bundle: Bundle, better: Bundle) -> None:
    folder = found("models:/fazhi@challenger")
    assert folder.parent == cache_folder()
    assert Bundle.load(folder).id == better.id
    assert found("models:/fazhi/2") == folder
    assert Bundle.load(found("models:/fazhi/1")).id == bundle.id
    # An alias that moves is followed.
    registry.client.set_registered_model_alias("fazhi", "challenger", "1")
    assert Bundle.load(found("models:/fazhi@challenger")).id == bundle.id
    assert len(list(cache_folder().iterdir())) == 2


def test_a_cached_version_outlives_the_files_of_the_store(registry: Registry, tmp_path: Path, bundle: Bundle) -> None:
    found("models:/fazhi/1")
    shutil.rmtree(tmp_path / "mlartifacts")
    assert Bundle.load(found("models:/fazhi/1")).id == bundle.id
    with pytest.raises(BundleError, match="the store was moved, or they were deleted") as caught:
        registered_bundle("models:/fazhi/2")
    assert str(tmp_path / "mlartifacts") in str(caught.value)
    assert caught.value.source == "models:/fazhi/2"
    assert len(list(cache_folder().iterdir())) == 1


def test_a_store_begun_anew_is_another_store(
    registry: Registry, register_all: RegisterAll, better: Bundle, tmp_path: Path
) -> None:
    found("models:/fazhi/1")
    shutil.rmtree(tmp_path / "mlartifacts")
    again, _ = register_all(tmp_path, better)
    assert again.uri == registry.uri
    version = again.version("1")
    assert Bundle.load(version_bundle(again.client, version.entity)).id == better.id


def test_a_moved_database_is_named_by_its_old_artifacts(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "mlflow.db").rename(moved / "mlflow.db")
    (tmp_path / "mlartifacts").rename(moved / "mlartifacts")
    with pytest.raises(BundleError, match=r"there is no MLflow store .*to where it is now"):
        registered_bundle("models:/fazhi@challenger")
    assert not (tmp_path / "mlflow.db").exists()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{moved}/mlflow.db")
    with pytest.raises(BundleError, match="the store was moved") as caught:
        registered_bundle("models:/fazhi@challenger")
    assert str(tmp_path / "mlartifacts") in str(caught.value)


@pytest.mark.parametrize("address", ["models:/fazhi@champion", "models:/fazhi/9", "models:/unknown@champion"])
def test_what_is_not_registered(registry: Registry, address: str) -> None:
    with pytest.raises(BundleError, match=r"not in the registry .*fazhi models list") as caught:
        registered_bundle(address)
    assert caught.value.source == address


@pytest.mark.parametrize("address", ["models:/fazhi", "models:/fazhi/latest", "models:/m-0123", "models:/a/b/c", "a/b"])
def test_addresses_of_another_form_are_not_its_business(address: str) -> None:
    assert registered_bundle(address) is None


def test_a_version_without_a_bundle(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    registry.client.create_model_version("fazhi", source=(tmp_path / "other").as_uri())
    with pytest.raises(BundleError, match="holds no model bundle"):
        registered_bundle("models:/fazhi/3")


@pytest.mark.skipif(os.name != "posix", reason="needs a folder that is a file")
def test_a_cache_that_cannot_be_written(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(BundleError, match="set XDG_CACHE_HOME"):
        registered_bundle("models:/fazhi/1")


def test_without_mlflow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[train\]"):
        registered_bundle("models:/fazhi@champion")


def test_an_empty_store(new_store: NewStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    with pytest.raises(BundleError, match="not in the registry"):
        registered_bundle("models:/fazhi@champion")
