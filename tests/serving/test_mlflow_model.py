from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fazhi_ml import __version__
from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.errors import InputError, MissingExtraError, OutputError
from fazhi_ml.serving import mlflow_model
from fazhi_ml.serving.mlflow_model import keep_texts_out_of_errors, save_mlflow_model

# Importing mlflow.pyfunc and loading a model warn about type hints.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow.pyfunc
import pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = model.predict(pd.DataFrame({"text": ["开展行政执法案卷评查，抽查案卷40宗。", None]}))
errors = []
for table in (pd.DataFrame({"txet": ["秘密"]}), pd.DataFrame({"秘密": ["秘密"]}), ["秘密"]):
    try:
        model.predict(table)
    except Exception as error:
        errors.append(str(error))
heavy = [name for name in ("sklearn", "jieba", "matplotlib", "fazhi_ml.training") if name in sys.modules]
print(json.dumps({"rows": rows.to_dict("records"), "errors": errors, "heavy": heavy}))
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # A loaded model sets it for its process.
    monkeypatch.setenv("MLFLOW_DISABLE_SCHEMA_DETAILS", "true")


@pytest.fixture(scope="module")
def model(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mlflow") / "model"
    save_mlflow_model(bundle, folder)
    return folder


def test_the_model_holds_code_bundle_requirements_and_signature(model: Path, bundle: Bundle) -> None:
    from mlflow.models import Model

    assert (model / "pyfunc_code.py").read_text() == (ROOT / "fazhi_ml" / "serving" / "pyfunc_code.py").read_text()
    assert not list(model.rglob("*.pkl"))
    assert Bundle.load(model / "artifacts" / "bundle").id == bundle.id
    assert f"fazhi-ml=={__version__}" in (model / "requirements.txt").read_text().splitlines()
    signature = Model.load(str(model)).signature
    assert signature.inputs.input_names() == ["text", "headings"]
    assert signature.inputs.required_input_names() == ["text"]
    assert signature.outputs.input_names() == ["themes", "primary", "scores", "items"]
    assert [(param.name, param.default) for param in signature.params] == [
        ("granularity", "paragraph"),
        ("thresholds", {}),
    ]


def test_it_loads_and_tags_in_a_process_without_training_libraries(model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(model)], capture_output=True, text=True, cwd=ROOT, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["rows"][0]["primary"] == "law_enforcement"
    assert result["rows"][1] == {"themes": None, "primary": None, "scores": None, "items": None}
    assert result["heavy"] == []
    assert len(result["errors"]) == 3
    assert not any("秘密" in error for error in result["errors"])


def test_a_folder_that_holds_something_is_left_alone(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(OutputError, match="empty folder"):
        save_mlflow_model(bundle, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_without_mlflow_the_extra_is_named(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.pyfunc", None)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[train\]"):
        save_mlflow_model(bundle, tmp_path / "model")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ValueError("秘密"), "ValueError"),
        (InputError("row 3 is int", source="column text"), "column text: row 3 is int"),
    ],
)
def test_a_scoring_server_tells_only_what_holds_no_text(
    raised: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException

    def invocations(data: str) -> str:
        # As MLflow does.
        error = MlflowException(f"Failed to predict data '{data}'. Error: {raised}")
        raise error from raised

    server = types.SimpleNamespace(invocations=invocations)
    monkeypatch.setitem(sys.modules, mlflow_model._SERVER, server)
    keep_texts_out_of_errors()
    wrapped = server.invocations
    keep_texts_out_of_errors()
    assert server.invocations is wrapped
    with pytest.raises(MlflowException) as caught:
        server.invocations("秘密")
    body: Any = caught.value.serialize_as_json()  # type: ignore[no-untyped-call]
    assert told in json.loads(body)["message"]
    assert "秘密" not in json.dumps(json.loads(body), ensure_ascii=False)
    assert json.loads(body)["error_code"] == "BAD_REQUEST"


def test_a_table_of_strings_is_what_it_takes(model: Path) -> None:
    import mlflow.pyfunc

    loaded = mlflow.pyfunc.load_model(str(model))
    table = pd.DataFrame({"headings": ["行政执法"], "text": ["抽查案卷40宗。"], "more": [1]})
    assert loaded.predict(table).shape == (1, 4)
    assert loaded.predict([{"text": "抽查案卷40宗。"}] * 3).shape == (3, 4)
    params = {"granularity": "item", "thresholds": {"supervision": 0.0}}
    assert "supervision" in loaded.predict(table, params=params)["themes"].iloc[0]
