"""Bundles in an MLflow model registry: found by address, and kept in a local cache.

The cache is the folder ``fazhi_ml`` in ``$XDG_CACHE_HOME`` or ``~/.cache``; it may be deleted at any time. A version
never changes, so it is copied once; an alias such as ``champion`` is looked up each time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from fazhi_ml.errors import BundleError, MissingExtraError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

__all__ = [
    "SQLITE",
    "bundle_within",
    "cache_folder",
    "local_folder",
    "quieten_mlflow",
    "registered_bundle",
    "version_bundle",
]

SQLITE = "sqlite:///"
_ADDRESS = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>[0-9]+))\Z")


def quieten_mlflow() -> None:
    """Switch MLflow's telemetry and progress bars off, unless the user has decided; before its first import."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def cache_folder() -> Path:
    """Return the folder that registered bundles are kept in; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fazhi_ml" / "registered"


def registered_bundle(address: str) -> Path | None:
    """Return the folder of a registered version, from the store that MLflow is set to.

    Parameters
    ----------
    address : str
        ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.

    Returns
    -------
    pathlib.Path or None
        None for an address of another form.

    Raises
    ------
    BundleError
        There is no such store, model, alias or version, or its files are gone.
    MissingExtraError
        mlflow is not installed.
    """
    parts = _ADDRESS.match(address)
    if parts is None:
        return None
    quieten_mlflow()
    try:
        import mlflow
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise MissingExtraError(
            "mlflow is not installed", source=address, remedy="Install fazhi-ml[train], or give a folder."
        ) from error
    uri = mlflow.get_registry_uri()
    _check_store(uri, address)
    client = mlflow.MlflowClient(tracking_uri=uri)
    try:
        version = (
            client.get_model_version(parts["name"], parts["version"])
            if parts["alias"] is None
            else client.get_model_version_by_alias(parts["name"], parts["alias"])
        )
    except MlflowException as error:
        raise BundleError(
            f"not in the registry ({_first_line(error)})",
            source=address,
            remedy=f"The store is {uri}: see `fazhi models list`, or set MLFLOW_TRACKING_URI to another.",
        ) from error
    return version_bundle(client, version)


def version_bundle(client: MlflowClient, version: ModelVersion) -> Path:
    """Return the folder of a version's bundle in the cache, copied there on first use.

    Raises
    ------
    BundleError
        The files of the version are gone, hold no bundle, or the cache cannot be written.
    """
    # A store that is begun anew counts from 1 again: only the source, which holds a random id, tells versions apart.
    identity = "\n".join(map(str, (client.tracking_uri, version.source, version.creation_timestamp)))
    name = re.sub(r"[^\w.-]", "_", version.name)
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    cached = cache_folder() / f"{name}-{version.version}-{digest}"
    if not cached.is_dir():
        try:
            cached.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cached.parent) as scratch:
                fresh = Path(scratch) / "bundle"
                shutil.copytree(_fetch(client, version, Path(scratch)), fresh)
                _move_unless_there(fresh, cached)
        except OSError as error:
            raise BundleError(
                f"cannot be copied into the cache ({error.strerror})",
                source=cached,
                remedy="Check permissions and free space, or set XDG_CACHE_HOME to another folder.",
            ) from error
    return cached


def _check_store(uri: str, address: str) -> None:
    """Check that an sqlite store exists: MLflow would begin an empty one."""
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).is_file():
        raise BundleError(
            f"there is no MLflow store {uri}",
            source=address,
            remedy="Set MLFLOW_TRACKING_URI to the store, or run in its folder; if it was moved, to where it is now.",
        )


def _fetch(client: MlflowClient, version: ModelVersion, scratch: Path) -> Path:
    """Return the bundle's folder within the version's files, which are downloaded when the store is elsewhere."""
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    source = f"models:/{version.name}/{version.version}"
    location = version.source
    try:
        location = client.get_model_version_download_uri(version.name, version.version)
        files = local_folder(location)
        if files is None:
            files = Path(download_artifacts(location, dst_path=str(scratch), tracking_uri=client.tracking_uri))
        elif not files.is_dir():
            raise FileNotFoundError
    except (MlflowException, OSError) as error:
        raise BundleError(
            f"its files are not at {location}: the store was moved, or they were deleted",
            source=source,
            remedy="Move them back (MLflow stores absolute paths), or train and register the model again.",
        ) from error
    return bundle_within(files, source=source, remedy="Register one with fazhi train --register.")


def bundle_within(files: Path, *, source: str, remedy: str) -> Path:
    """Return the bundle's folder within downloaded files.

    Raises
    ------
    BundleError
        They hold no bundle; `source` and `remedy` are those of the error.
    """
    bundles = sorted(files.rglob("model.json"))
    if not bundles:
        raise BundleError("holds no model bundle", source=source, remedy=remedy)
    return bundles[0].parent


def local_folder(location: str) -> Path | None:
    """Return the folder that a location of artifacts names; None when it is not on this machine."""
    parts = urlsplit(location)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return Path(location) if not parts.scheme else None


def _move_unless_there(fresh: Path, cached: Path) -> None:
    try:
        fresh.rename(cached)
    except OSError:
        # Another process was first.
        if not cached.is_dir():
            raise


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
