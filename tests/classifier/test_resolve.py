from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fazhi_ml.classifier import resolve
from fazhi_ml.classifier.resolve import resolve_bundle
from fazhi_ml.errors import BundleError, MissingExtraError


def test_folders_resolve_to_themselves(tmp_path: Path) -> None:
    assert resolve_bundle(tmp_path) == resolve_bundle(str(tmp_path)) == tmp_path


def test_the_shipped_model_lies_in_the_package_or_beside_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resolve, "_SHIPPED", (tmp_path / "wheel", tmp_path / "checkout"))
    for model in (None, "default"):
        with pytest.raises(BundleError, match="shipped model is missing"):
            resolve_bundle(model)
    (tmp_path / "checkout").mkdir()
    assert resolve_bundle() == tmp_path / "checkout"
    (tmp_path / "wheel").mkdir()
    assert resolve_bundle("default") == tmp_path / "wheel"


def test_an_mlflow_address_without_mlflow_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("mlflow", "mlflow.artifacts"):
        monkeypatch.setitem(sys.modules, module, None)
    for address in ("models:/fazhi@champion", "runs:/0123/bundle"):
        with pytest.raises(MissingExtraError) as caught:
            resolve_bundle(address)
        assert "fazhi-ml[train]" in str(caught.value)
        assert address in str(caught.value)
