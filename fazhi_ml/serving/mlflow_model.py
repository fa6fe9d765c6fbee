"""A bundle as an MLflow model: ``mlflow.pyfunc.load_model`` and ``mlflow models serve`` tag texts with it.

A row of the input is a text (column ``text``) with the headings above it, if they are known (column ``headings``). A
row of the output holds ``themes`` (list), ``primary`` (theme id or ``other``), ``scores`` (theme id → probability) and
``items``. Parameters: ``granularity`` and ``thresholds``; see `fazhi_ml.serving.prediction.predict_frame`.
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fazhi_ml import __version__
from fazhi_ml.classifier.registered import quieten_mlflow
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import FazhiError, MissingExtraError, OutputError
from fazhi_ml.serving.prediction import GRANULARITIES

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

    from fazhi_ml.classifier.bundle import Bundle

__all__ = ["BUNDLE", "keep_texts_out_of_errors", "model_signature", "save_mlflow_model"]

BUNDLE = "bundle"
"""Name of the artifact that is the bundle's folder."""

_CODE = Path(__file__).with_name("pyfunc_code.py")
_SERVER = "mlflow.pyfunc.scoring_server"
_REQUEST = (
    "It takes a column text and, if known, a column headings, of strings or nulls: send JSON such as "
    '{"dataframe_records": [{"text": "…", "headings": "…"}], "params": {"granularity": "item", '
    '"thresholds": {"THEME": 0.5}}}, or CSV whose first line names the columns.'
)


def save_mlflow_model(bundle: Bundle, folder: str | os.PathLike[str]) -> None:
    """Write a bundle as an MLflow model from code, with the bundle as its artifact.

    Parameters
    ----------
    bundle : Bundle
    folder : str or path
        Must not exist or be empty.

    Raises
    ------
    OutputError
        The folder holds something, or cannot be written.
    MissingExtraError
        mlflow is not installed.
    """
    quieten_mlflow()
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="fazhi-model-") as scratch:
        # Warnings about type hints and input examples: the signature is given in full.
        warnings.simplefilter("ignore")
        try:
            import mlflow.pyfunc
            from mlflow.exceptions import MlflowException
        except ImportError as error:
            raise MissingExtraError(
                "mlflow is not installed", source=folder, remedy="Install fazhi-ml[train]."
            ) from error
        artifact = Path(scratch) / BUNDLE
        bundle.save(artifact)
        try:
            mlflow.pyfunc.save_model(
                os.fspath(folder),
                python_model=os.fspath(_CODE),
                artifacts={BUNDLE: os.fspath(artifact)},
                signature=model_signature(bundle.codebook),
                # Without this MLflow guesses: it runs the model in a process of its own to see what it imports.
                pip_requirements=[f"fazhi-ml=={__version__}"],
            )
        except (MlflowException, OSError) as error:
            raise OutputError(
                f"the MLflow model cannot be written ({type(error).__name__})",
                source=folder,
                remedy="Give an empty folder that can be written.",
            ) from error


def model_signature(codebook: Codebook) -> ModelSignature:
    """Return the MLflow signature of a model with this codebook: columns in, columns out, and parameters."""
    from mlflow.models import ModelSignature
    from mlflow.types import DataType, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import Array, ColSpec, Map, Object, Property

    themes, scores = Array(DataType.string), Map(DataType.double)
    item = Object(
        [
            Property("start", DataType.long),
            Property("end", DataType.long),
            Property("themes", themes),
            Property("primary", DataType.string),
            Property("scores", scores),
        ]
    )
    of_themes = Object([Property(theme, DataType.double, required=False) for theme in codebook.ids])
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.string, "text"), ColSpec(DataType.string, "headings", required=False)]),
        outputs=Schema(
            [
                ColSpec(themes, "themes", required=False),
                ColSpec(DataType.string, "primary", required=False),
                ColSpec(scores, "scores", required=False),
                ColSpec(Array(item), "items", required=False),
            ]
        ),
        params=ParamSchema(
            [ParamSpec("granularity", DataType.string, GRANULARITIES[0]), ParamSpec("thresholds", of_themes, {})]
        ),
    )


def keep_texts_out_of_errors() -> None:
    """Let MLflow quote no texts in its errors.

    MLflow's messages about a table that does not fit the signature hold the table; a switch of its own shortens them.
    Its scoring server puts the request into every message besides, and has no switch: where this process is such a
    server, its function that answers requests is wrapped.
    """
    os.environ.setdefault("MLFLOW_DISABLE_SCHEMA_DETAILS", "true")
    server: Any = sys.modules.get(_SERVER)
    if server is None or hasattr(server.invocations, "__wrapped__"):
        return
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import BAD_REQUEST

    answer = server.invocations

    @functools.wraps(answer)
    def answer_without_texts(*args: Any, **kwargs: Any) -> Any:
        try:
            return answer(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, its message may hold the request
            raise MlflowException(_public_message(error), error_code=BAD_REQUEST) from None

    server.invocations = answer_without_texts


def _public_message(error: Exception) -> str:
    """Return what a client may be told: our own errors hold no text, of others only the type is known to hold none."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, FazhiError):
            return str(cause)
        innermost, cause = cause, cause.__cause__ or cause.__context__
    return f"The request does not fit the model ({type(innermost).__name__}). {_REQUEST}"
