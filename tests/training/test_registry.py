from __future__ import annotations

import json
import multiprocessing
import shutil
from pathlib import Path

import pytest

import fazhi_ml
from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.cli.models import register_model
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import BundleError, FazhiError, InputError, TrackingError
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.comparison import Margins
from fazhi_ml.training.registry import PromotionRefusedError, Registry
from fazhi_ml.training.tracking import open_store
from tests.training.conftest import QUIET_MLFLOW, MakeTexts
from tests.training.registry_store import NewStore, RegisterAll, better, new_store, register_all, worse

__all__ = ["better", "new_store", "register_all"]

# Importing mlflow.pyfunc warns about type hints.
pytestmark = [pytest.mark.filterwarnings(QUIET_MLFLOW), pytest.mark.filterwarnings("ignore::UserWarning:mlflow")]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOGNAME", "tester")


def test_registering_makes_a_challenger_with_its_facts(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, tmp_path: Path
) -> None:
    registry, (first, second) = register_all(tmp_path, bundle, better)
    assert (first.number, first.aliases, first.bundle_id) == (1, ("challenger",), bundle.id)
    newest, oldest = registry.versions()
    assert (newest.number, newest.aliases, newest.bundle_id) == (2, ("challenger",), better.id)
    assert (oldest.number, oldest.aliases) == (1, ())
    assert second == newest
    assert newest.macro_f1 == {"folds": 0.5}
    assert newest.created.endswith("+00:00")
    assert newest.trail == ()
    assert registry.bundle(newest).id == better.id


def test_a_version_knows_its_run(new_store: NewStore, bundle: Bundle, tmp_path: Path) -> None:
    store = open_store(new_store(tmp_path), "other")
    with store.run("a run") as run:
        pass
    version = register_model(bundle, store.uri, run_id=run.id)
    assert (version.run_id, version.aliases) == (run.id, ("challenger",))
    assert (tmp_path / "mlartifacts" / "other" / "models").is_dir()


def test_many_versions_are_all_listed(register_all: RegisterAll, bundle: Bundle, tmp_path: Path) -> None:
    registry, (version,) = register_all(tmp_path, bundle)
    for _ in range(120):
        registry.client.create_model_version(registry.name, source=str(version.entity.source))
    assert [version.number for version in registry.versions()] == list(range(121, 0, -1))
    # Registered by other means: nothing is known of them.
    assert registry.version("121").to_dict()["model"] == ""


def test_the_first_champion_needs_no_data(register_all: RegisterAll, bundle: Bundle, tmp_path: Path) -> None:
    registry, _ = register_all(tmp_path, bundle)
    promotion = registry.promote(reason="the first")
    assert promotion.champion.aliases == ("champion",)
    assert promotion.previous is None
    (event,) = promotion.champion.trail
    assert (event["action"], event["version"], event["previous"]) == ("promoted", 1, None)
    assert (event["by"], event["reason"], event["forced"]) == ("tester", "the first", False)
    with pytest.raises(TrackingError, match="is the champion already"):
        registry.promote("1")


def test_a_model_that_is_no_worse_is_promoted(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, other_texts: LabelledTexts, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, bundle, better)
    registry.promote("1")
    promotion = registry.promote("challenger", other_texts)
    assert promotion.champion.number == 2
    assert promotion.champion.aliases == ("champion",)
    assert promotion.previous is not None
    assert promotion.previous.number == 1
    event = promotion.champion.trail[-1]
    figures = event["figures"]
    assert figures["macro_f1"] == pytest.approx(figures["macro_f1_before"])
    assert figures["texts"] == len(other_texts)
    assert event["previous"] == 1
    replaced = registry.version("1").trail[-1]
    assert (replaced["action"], replaced["version"], replaced["at"]) == ("replaced", 2, event["at"])


def test_a_worse_model_is_refused_unless_forced_with_a_reason(
    register_all: RegisterAll, bundle: Bundle, other_texts: LabelledTexts, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, bundle, worse(bundle))
    registry.promote("1")
    with pytest.raises(PromotionRefusedError, match=r"macro-F1 falls by .*F1 of legal_publicity falls by") as caught:
        registry.promote("2", other_texts)
    assert caught.value.comparison is not None
    assert caught.value.comparison.differences["f1/legal_publicity"].high < 0
    assert registry.version("champion").number == 1
    assert registry.version("2").aliases == ("challenger",)
    assert registry.version("2").trail == ()
    with pytest.raises(InputError, match="needs a reason"):
        registry.promote("2", other_texts, forced=True, reason=" ")

    promotion = registry.promote("2", other_texts, forced=True, reason="recall counts")
    assert promotion.champion.number == 2
    event = promotion.champion.trail[-1]
    assert (event["forced"], event["reason"]) == (True, "recall counts")
    assert event["objections"] == list(promotion.objections)
    assert len(promotion.objections) == 2


def test_margins_are_the_users(
    register_all: RegisterAll, bundle: Bundle, other_texts: LabelledTexts, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, worse(bundle), bundle)
    registry.promote("1")
    assert registry.promote("2", other_texts, margins=Margins(0, 0)).champion.number == 2


def test_a_comparison_that_is_not_fair_is_refused(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, other_texts: LabelledTexts, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, bundle, better)
    registry.promote("1")
    with pytest.raises(PromotionRefusedError, match="trained on 10 of the reports"):
        registry.promote("2", other_texts, corpus_hash=bundle.info["corpus"]["hash"])
    assert registry.version("champion").number == 1
    assert registry.promote("2", other_texts, corpus_hash="another").champion.number == 2


def test_what_cannot_be_compared_is_refused(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, make_texts: MakeTexts, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, bundle, better)
    registry.promote("1")
    with pytest.raises(PromotionRefusedError, match="no texts"):
        registry.promote("2")
    with pytest.raises(PromotionRefusedError, match="cannot be compared"):
        registry.promote("2", make_texts([[0, 1]]))
    with pytest.raises(TrackingError, match="other themes than the data"):
        registry.compare(registry.version("1"), registry.version("2"), make_texts([[0, 1]]))


def test_rollback_goes_back_step_by_step(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, bundle, better, worse(bundle))
    with pytest.raises(TrackingError, match="'champion'"):
        registry.rollback()
    for number in "123":
        registry.promote(number, forced=True, reason="for the test")
    back = registry.rollback(reason="complaints")
    assert back.champion.number == 2
    assert back.champion.trail[-1]["action"] == "restored"
    left = registry.version("3")
    assert left.aliases == ()
    assert (left.trail[-1]["action"], left.trail[-1]["reason"]) == ("rolled back", "complaints")
    # A new promotion after a rollback stands on what was restored.
    registry.promote("3", forced=True, reason="for the test")
    assert [registry.rollback().champion.number for _ in range(2)] == [2, 1]
    with pytest.raises(TrackingError, match="no champion before version 1"):
        registry.rollback()


def test_rollback_knows_champions_set_by_hand_and_skips_deleted_ones(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, bundle, better, worse(bundle))
    registry.promote("1")
    registry.client.set_registered_model_alias("fazhi", "champion", "2")
    registry.promote("3", forced=True, reason="for the test")
    registry.client.delete_model_version("fazhi", "2")
    assert registry.rollback().champion.number == 1


def test_a_damaged_trail_is_read_as_far_as_it_goes(register_all: RegisterAll, bundle: Bundle, tmp_path: Path) -> None:
    registry, _ = register_all(tmp_path, bundle)
    registry.promote()
    for key, value in (("fazhi.trail.x", "{"), ("fazhi.trail.y", "[1]"), ("fazhi.trail.z", '{"version": 7}')):
        registry.client.set_model_version_tag("fazhi", "1", key, value)
    assert len(registry.version("1").trail) == 2
    with pytest.raises(TrackingError, match="no champion before"):
        registry.rollback()


def test_the_champion_loads_by_its_address(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, _ = register_all(tmp_path, bundle, better)
    registry.promote("1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    assert fazhi_ml.load("models:/fazhi@champion").bundle.id == bundle.id
    assert fazhi_ml.load("models:/fazhi/2").bundle.id == better.id


def test_mlflow_loads_what_was_registered(
    register_all: RegisterAll, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.pyfunc

    registry, _ = register_all(tmp_path, bundle)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    monkeypatch.setenv("MLFLOW_DISABLE_SCHEMA_DETAILS", "true")
    model = mlflow.pyfunc.load_model("models:/fazhi@challenger")
    assert model.predict([{"text": "开展行政执法案卷评查。"}])["primary"].tolist() == ["law_enforcement"]


def test_a_store_whose_files_are_gone_says_so(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, bundle, better)
    shutil.rmtree(tmp_path / "mlartifacts")
    with pytest.raises(BundleError, match="the store was moved, or they were deleted"):
        registry.promote("1")
    assert registry.find("champion") is None


def test_without_a_store_or_a_model(new_store: NewStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrackingError, match="no MLflow store"):
        Registry.open()
    assert list(tmp_path.iterdir()) == []
    registry = Registry.open(new_store(tmp_path))
    assert Registry.open().uri == registry.uri
    assert registry.versions() == []
    with pytest.raises(TrackingError, match="train --register"):
        registry.version("champion")
    (tmp_path / "text.db").write_text("text")
    with pytest.raises(TrackingError, match="not a database"):
        Registry.open(f"sqlite:///{tmp_path}/text.db")


def promote_in_a_process(uri: str, number: str, cache: str) -> str:
    import os

    os.environ["XDG_CACHE_HOME"] = cache
    try:
        Registry.open(uri).promote(number, forced=True, reason="for the test")
    except FazhiError as error:
        return str(error)
    return ""


def test_two_processes_may_promote_at_once(
    register_all: RegisterAll, bundle: Bundle, better: Bundle, tmp_path: Path
) -> None:
    registry, _ = register_all(tmp_path, bundle, better, worse(bundle))
    registry.promote("1")
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        jobs = [(registry.uri, number, str(tmp_path / "cache")) for number in "23"]
        assert pool.starmap(promote_in_a_process, jobs) == ["", ""]
    last = registry.version("champion")
    other = registry.version("2" if last.number == 3 else "3")
    # One came after the other, and knew of it.
    assert last.trail[-1]["previous"] == other.number
    assert other.trail[0]["previous"] == 1
    assert [event["action"] for event in other.trail] == ["promoted", "replaced"]
    assert registry.rollback().champion.number == other.number


def test_json_values(register_all: RegisterAll, bundle: Bundle, codebook: Codebook, tmp_path: Path) -> None:
    registry, _ = register_all(tmp_path, bundle)
    registry.promote()
    values = json.loads(json.dumps(registry.version("champion").to_dict()))
    assert values["model"].startswith(codebook.name)
    assert (values["version"], values["aliases"]) == (1, ["champion"])
