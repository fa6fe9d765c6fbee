"""The code of a logged model: MLflow stores this file with the model and runs it when the model is loaded.

It stays this short so that a stored model keeps working with the installed fazhi_ml, whose files it names.
"""

from __future__ import annotations

from typing import Any

# MLflow reads the annotations when the class is made: the names have to be there.
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.serving.mlflow_model import BUNDLE, keep_texts_out_of_errors
from fazhi_ml.serving.prediction import predict_frame


class BundleModel(PythonModel):
    """A bundle as MLflow calls it."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the bundle from the model's artifacts."""
        self.bundle = Bundle.load(context.artifacts[BUNDLE])
        keep_texts_out_of_errors()

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Tag each row; see `fazhi_ml.serving.prediction.predict_frame`."""
        del context
        return predict_frame(self.bundle, model_input, params or {})


set_model(BundleModel())
