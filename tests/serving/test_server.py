from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.serving.mlflow_model import save_mlflow_model
from fazhi_ml.tagging.tagger import Tagger

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]

ROOT = Path(__file__).parents[2]
QUOTE = "秘密"
TEXT = QUOTE + "开展行政执法案卷评查，抽查案卷40宗。"
JSON, CSV = "application/json", "text/csv"


class Server:
    def __init__(self, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = log

    def post(self, body: bytes, content_type: str = JSON) -> tuple[int, str]:
        url, headers = f"{self.url}/invocations", {"Content-Type": content_type}
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def tag(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        status, answer = self.post(json.dumps(request).encode())
        assert status == 200, answer
        predictions: list[dict[str, Any]] = json.loads(answer)["predictions"]
        return predictions


@pytest.fixture(scope="module")
def server(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the small model as a user would: ``mlflow models serve``."""
    folder = tmp_path_factory.mktemp("served")
    save_mlflow_model(bundle, folder / "model")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder / "model")]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    # The server starts uvicorn by name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"},
            start_new_session=True,
        )
    served = Server(port, folder / "log")
    try:
        _wait(served, process)
        yield served
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{server.url}/ping", timeout=5):  # noqa: S310
                return
        except OSError:
            assert process.poll() is None, server.log.read_text()
            time.sleep(0.5)
    pytest.fail(server.log.read_text())


def records(*texts: object) -> list[dict[str, object]]:
    return [{"text": text} for text in texts]


def test_a_batch_with_nulls_and_empty_texts(server: Server, tagger: Tagger) -> None:
    texts = [TEXT, None, "", "化解矛盾纠纷，调解案件100件。"]
    answers = server.tag({"dataframe_records": records(*texts)})
    assert answers[1] == {"themes": None, "primary": None, "scores": None, "items": None}
    known = [text for text in texts if text is not None]
    assert [tuple(answer["themes"]) for answer in answers if answer["themes"] is not None] == tagger.predict(known)
    assert answers[2]["primary"] == "other"
    assert set(answers[0]["scores"]) == set(tagger.themes)


def test_every_way_to_send_a_table_gives_the_same(server: Server) -> None:
    expected = server.tag({"dataframe_records": records(TEXT, TEXT)})
    assert len(expected) == 2
    for request in (
        {"dataframe_split": {"columns": ["text"], "data": [[TEXT], [TEXT]]}},
        {"dataframe_split": {"columns": ["headings", "text"], "data": [[None, TEXT], [None, TEXT]]}},
        {"instances": records(TEXT, TEXT)},
        {"inputs": {"text": [TEXT, TEXT]}},
    ):
        assert server.tag(request) == expected
    status, answer = server.post(f"text\n{TEXT}\n{TEXT}\n".encode(), CSV)
    assert (status, json.loads(answer)["predictions"]) == (200, expected)


def test_a_table_without_rows(server: Server) -> None:
    assert server.tag({"dataframe_split": {"columns": ["text"], "data": []}}) == []


def test_parameters(server: Server) -> None:
    text = "一是开展行政执法案卷评查，抽查案卷40宗。二是化解矛盾纠纷，调解案件100件。"
    params = {"granularity": "item", "thresholds": {"supervision": 0.0}}
    answer = server.tag({"dataframe_records": records(text), "params": params})[0]
    assert [text[item["start"] : item["end"]][:2] for item in answer["items"]] == ["一是", "二是"]
    assert "supervision" in answer["themes"]


@pytest.mark.parametrize("granularity", ["paragraph", "item"])
def test_a_text_of_5_megabytes(server: Server, granularity: str) -> None:
    text = TEXT * (5_000_000 // len(TEXT.encode()))
    answer = server.tag({"dataframe_records": records(text, ""), "params": {"granularity": granularity}})
    assert answer[0]["primary"] == "law_enforcement"
    assert answer[1]["primary"] == "other"


def test_requests_at_once_do_not_mix(server: Server, tagger: Tagger) -> None:
    texts = [f"{TEXT}调解案件{number}件。" if number % 2 else f"公开信息{number}条。" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: server.tag({"dataframe_records": records(text)})[0], texts))
    assert [tuple(answer["themes"]) for answer in answers] == tagger.predict(texts)


def _encoded(request: object) -> bytes:
    return json.dumps(request, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        (_encoded({"dataframe_records": [{"txet": TEXT}]}), JSON, "a column text"),
        (_encoded({"dataframe_records": [{TEXT: 1}]}), JSON, "a column text"),
        (_encoded({"dataframe_records": []}), JSON, "a column text"),
        (_encoded({"dataframe_records": [TEXT]}), JSON, "a column text"),
        (_encoded({"dataframe_records": TEXT}), JSON, "a column text"),
        (_encoded({"instances": [TEXT]}), JSON, "a column text"),
        (_encoded({"text": TEXT}), JSON, "dataframe_records"),
        (_encoded(TEXT), JSON, "dataframe_records"),
        (_encoded([TEXT]), JSON, "dataframe_records"),
        (_encoded({"dataframe_records": records(TEXT)})[:-3], JSON, "dataframe_records"),
        (TEXT.encode("gb18030"), JSON, "dataframe_records"),
        (b"", JSON, "dataframe_records"),
        (_encoded({"dataframe_records": records(TEXT, 2)}), JSON, "row 1 is int"),
        (_encoded({"dataframe_records": records([TEXT])}), JSON, "row 0 is list"),
        (_encoded({"dataframe_records": [{"text": TEXT, "headings": 5}]}), JSON, "column headings"),
        (_encoded({"dataframe_records": records(TEXT), "params": {"granularity": "x"}}), JSON, "params: granularity"),
        (_encoded({"dataframe_records": records(TEXT), "params": {"thresholds": {"x": 1}}}), JSON, "thresholds"),
        (_encoded({"dataframe_records": records(""), "params": {"thresholds": {"supervision": 7.5}}}), JSON, "0 to 1"),
        (_encoded({"dataframe_records": records(TEXT), "params": [TEXT]}), JSON, "params"),
        (f"{TEXT}\n{TEXT}\n".encode(), CSV, "first line names the columns"),
        (f'text\n"{TEXT}\n'.encode(), CSV, "first line names the columns"),
        (TEXT.encode(), "text/plain", "content types"),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused_without_their_text(
    server: Server, body: bytes, content_type: str, told: str
) -> None:
    status, answer = server.post(body, content_type)
    assert status in (400, 415)
    assert told in (json.loads(answer)["message"] if status == 400 else answer)
    for quoted in (QUOTE, json.dumps(QUOTE)[1:-1], repr(QUOTE.encode())[2:-1]):
        assert quoted not in answer
        assert quoted not in server.log.read_text()
