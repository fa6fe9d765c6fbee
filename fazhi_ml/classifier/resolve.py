"""Finding a bundle by name: the shipped one, a folder, or a version in an MLflow registry."""

from __future__ import annotations

import os
from pathlib import Path

from fazhi_ml.errors import BundleError, InputError, MissingExtraError

__all__ = ["resolve_bundle"]

_PACKAGE = Path(__file__).resolve().parent.parent
# In a wheel the shipped bundle lies inside the package, in a checkout beside it.
_SHIPPED = (_PACKAGE / "models" / "default", _PACKAGE.parent / "models" / "default")
_REGISTRY_SCHEMES = ("models:/", "runs:/")


def resolve_bundle(model: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of a bundle.

    Parameters
    ----------
    model : str or path, optional
        A folder; an MLflow address such as ``models:/fazhi@champion`` or ``runs:/<run id>/bundle``; or None or
        ``"default"`` for the shipped model.

    Raises
    ------
    BundleError
        There is no such bundle.
    MissingExtraError
        An MLflow address, but mlflow is not installed.
    InputError
        `model` is no path.
    """
    if model is None or model == "default":
        return _shipped()
    name = os.fspath(model) if isinstance(model, (str, os.PathLike)) else None
    if not isinstance(name, str):
        raise InputError(
            "not a path", source="model", remedy="Give a folder or an MLflow address, as a string or path."
        )
    if not name.startswith(_REGISTRY_SCHEMES):
        return Path(name)
    # Not above: what it needs would slow every start.
    from fazhi_ml.classifier.registered import registered_bundle

    return registered_bundle(name) or _download(name)


def _shipped() -> Path:
    for folder in _SHIPPED:
        if folder.is_dir():
            return folder
    raise BundleError("the shipped model is missing", source=_SHIPPED[-1], remedy="Run `fazhi train`, or reinstall.")


def _download(address: str) -> Path:
    from fazhi_ml.classifier.registered import bundle_within, quieten_mlflow

    quieten_mlflow()
    try:
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise MissingExtraError(
            "mlflow is not installed", source=address, remedy="Install fazhi-ml[train], or give a folder."
        ) from error
    try:
        downloaded = Path(download_artifacts(artifact_uri=address))
    except (MlflowException, OSError) as error:
        raise BundleError(
            f"not found in the MLflow store ({type(error).__name__})",
            source=address,
            remedy="Set MLFLOW_TRACKING_URI to the store, and check that it was not moved.",
        ) from error
    return bundle_within(downloaded, source=address, remedy="Give the address of a logged bundle.")
