"""The model registry: versions of a model in an MLflow store, and which of them is in use.

The alias ``champion`` names the version in use, ``challenger`` the one that was registered last. Promotions and
rollbacks leave tags ``fazhi.trail.<UTC time>`` on the versions they concern, see `fazhi_ml.training.versions.Version`.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.registered import SQLITE, version_bundle
from fazhi_ml.errors import InputError, TrackingError
from fazhi_ml.labels.dataset import LabelledTexts
from fazhi_ml.training.comparison import Comparison, Margins
from fazhi_ml.training.evaluate import evaluate
from fazhi_ml.training.tracking import (
    as_tracking_errors,
    check_database,
    locked,
    open_client,
    open_store,
    sqlite_file,
    store_uri,
)
from fazhi_ml.training.versions import TRAIL, Version, read_version, registration_tags, reigns

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

__all__ = ["CHALLENGER", "CHAMPION", "Promotion", "PromotionRefusedError", "Registry"]

CHAMPION = "champion"
CHALLENGER = "challenger"


class PromotionRefusedError(TrackingError):
    """The challenger is worse than the champion.

    Attributes
    ----------
    comparison : Comparison or None
        Its figures; None when the two cannot be compared.
    """

    comparison: Comparison | None = None


@dataclass(frozen=True)
class Promotion:
    """A change of champion.

    Attributes
    ----------
    champion : Version
        The new one.
    previous : Version or None
    comparison : Comparison or None
        None after a rollback, for a first champion, and for models that cannot be compared.
    objections : tuple of str
        What spoke against it and was overruled.
    """

    champion: Version
    previous: Version | None
    comparison: Comparison | None = None
    objections: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registry:
    """The versions of one model in an MLflow store; see `Registry.open`.

    Attributes
    ----------
    uri : str
        Tracking URI of the store.
    name : str
        Name of the registered model.
    client : mlflow.MlflowClient
    """

    uri: str
    name: str
    client: MlflowClient

    @classmethod
    def open(cls, uri: str | None = None, name: str = "fazhi") -> Registry:
        """Open the registry of a store that exists.

        Parameters
        ----------
        uri : str, optional
            MLflow tracking URI; by default as in `fazhi_ml.training.tracking.open_store`.
        name : str

        Raises
        ------
        TrackingError
            There is no such store, or it cannot be used.
        MissingExtraError
            mlflow is not installed.
        """
        uri = store_uri(uri)
        database = sqlite_file(uri)
        if database is None:
            return cls(uri, name, open_client(uri))
        if not database.is_file():
            # MLflow would begin an empty one.
            raise TrackingError(
                "there is no MLflow store", source=database, remedy="Give the store of your training runs (--store)."
            )
        with locked(database):
            check_database(database)
            resolved = SQLITE + database.as_posix()
            return cls(resolved, name, open_client(resolved))

    def register(self, model: Path, bundle: Bundle, *, run_id: str | None = None, alias: str = CHALLENGER) -> Version:
        """Make a version of an MLflow model and give it an alias, which an earlier version loses.

        Parameters
        ----------
        model : pathlib.Path
            Folder of the MLflow model that holds `bundle`; see `fazhi_ml.serving.mlflow_model.save_mlflow_model`.
        bundle : Bundle
        run_id : str, optional
            The training run that the model comes from. Without one its files go to the experiment ``fazhi``.
        alias : str

        Raises
        ------
        TrackingError
            The store refuses it, or is read-only.
        """
        with self._changing(), as_tracking_errors(self.uri):
            client = self.client
            experiment = (
                open_store(self.uri, "fazhi").experiment_id
                if run_id is None
                else client.get_run(run_id).info.experiment_id
            )
            logged = client.create_logged_model(experiment, name=self.name, source_run_id=run_id)
            client.log_model_artifacts(logged.model_id, str(model))
            client.finalize_logged_model(logged.model_id, "READY")
            if not client.search_registered_models(filter_string=f"name = '{self.name}'"):
                client.create_registered_model(self.name)
            # A server asks for the model; without one MLflow would look for it in the store of its global settings.
            is_file = sqlite_file(self.uri) is not None
            created = client.create_model_version(
                self.name,
                source=logged.artifact_location if is_file else f"models:/{logged.model_id}",
                run_id=run_id,
                model_id=None if is_file else logged.model_id,
                await_creation_for=0,
                tags=registration_tags(bundle),
            )
            client.set_registered_model_alias(self.name, alias, created.version)
        return self.version(str(created.version))

    def versions(self) -> list[Version]:
        """Return all versions, newest first; empty when the store does not know the model."""
        with as_tracking_errors(self.uri):
            models = self.client.search_registered_models(filter_string=f"name = '{self.name}'")
            if not models:
                return []
            # Entities of versions come without their aliases.
            aliases = self.client.get_registered_model(self.name).aliases
            entities: list[ModelVersion] = []
            token = None
            while token is None or token:
                page = self.client.search_model_versions(f"name = '{self.name}'", page_token=token)
                entities += page
                token = page.token or ""
        found = [
            read_version(entity, [alias for alias, number in aliases.items() if str(number) == str(entity.version)])
            for entity in entities
        ]
        return sorted(found, key=lambda version: -version.number)

    def find(self, reference: str) -> Version | None:
        """Return the version with this number or alias, None when there is none."""
        for version in self.versions():
            if reference in (str(version.number), *version.aliases):
                return version
        return None

    def version(self, reference: str) -> Version:
        """Return the version with this number or alias.

        Raises
        ------
        TrackingError
            There is none.
        """
        found = self.find(reference)
        if found is None:
            known = [name for version in self.versions() for name in (str(version.number), *version.aliases)]
            raise TrackingError(
                f"no version or alias {reference!r} of {self.name}",
                source=self.uri,
                remedy=f"There are: {', '.join(known)}." if known else "Register a model (fazhi train --register).",
            )
        return found

    def bundle(self, version: Version) -> Bundle:
        """Return the bundle of a version, from the local cache.

        Raises
        ------
        BundleError
            Its files are gone or damaged.
        """
        return Bundle.load(version_bundle(self.client, version.entity))

    def compare(self, champion: Version, challenger: Version, texts: LabelledTexts) -> Comparison:
        """Score two versions on the same texts.

        Parameters
        ----------
        champion, challenger : Version
        texts : LabelledTexts
            Labelled with the themes that both models have.

        Raises
        ------
        TrackingError
            A model has other themes than the texts.
        BundleError
            The files of a version are gone or damaged.
        """
        bundles = [self.bundle(version) for version in (champion, challenger)]
        for version, bundle in zip((champion, challenger), bundles, strict=True):
            if not _fits(bundle, texts):
                raise TrackingError(
                    "it has other themes than the data",
                    source=_title(version),
                    remedy=f"Its themes: {', '.join(bundle.codebook.ids)}.",
                )
        return Comparison(*(evaluate(bundle.scorer, texts) for bundle in bundles))

    def promote(
        self,
        reference: str = CHALLENGER,
        texts: LabelledTexts | None = None,
        *,
        corpus_hash: str | None = None,
        margins: Margins | None = None,
        forced: bool = False,
        reason: str | None = None,
    ) -> Promotion:
        """Make a version the champion, unless it is worse than the one that is.

        Parameters
        ----------
        reference : str
            Number or alias.
        texts : LabelledTexts, optional
            Texts that neither model was trained on; needed unless there is no champion yet.
        corpus_hash : str, optional
            Hash of the corpus that they come from: a version trained on reports among them is refused.
        margins : Margins, optional
            See `fazhi_ml.training.comparison.Comparison.objections`.
        forced : bool
            Whether to promote it whatever speaks against it; needs a reason.
        reason : str, optional
            Stored in the trail.

        Raises
        ------
        PromotionRefusedError
            It is worse, cannot be compared fairly, or no texts were given.
        InputError
            Forced without a reason.
        TrackingError
            There is no such version, it is the champion already, or the store refuses the change.
        BundleError
            The files of a version are gone or damaged.
        """
        if forced and not (reason or "").strip():
            raise InputError("a forced promotion needs a reason", source="--force", remedy='Add --reason "…".')
        with self._changing():
            challenger, champion = self.version(reference), self.find(CHAMPION)
            if champion is not None and champion.number == challenger.number:
                raise TrackingError(
                    f"version {champion.number} is the champion already",
                    source=self.name,
                    remedy="Nothing was changed.",
                )
            comparison: Comparison | None = None
            objections: list[str] = []
            if champion is None:
                self.bundle(challenger)
            else:
                comparison, objections = self._examine(champion, challenger, texts, corpus_hash)
                if comparison is not None:
                    objections += comparison.objections(margins or Margins())
            if objections and not forced:
                error = PromotionRefusedError(
                    f"not promoted: {'; '.join(objections)}",
                    source=_title(challenger),
                    remedy="Keep the champion, or overrule this with --force and a --reason, which is stored.",
                )
                error.comparison = comparison
                raise error
            facts: dict[str, Any] = {"forced": forced, "objections": objections}
            if comparison is not None:
                facts["figures"] = _headline(comparison)
            self._enthrone(challenger, champion, ("promoted", "replaced"), reason, facts)
            if CHALLENGER in challenger.aliases:
                with as_tracking_errors(self.uri):
                    self.client.delete_registered_model_alias(self.name, CHALLENGER)
            return Promotion(self.version(CHAMPION), champion, comparison, tuple(objections))

    def rollback(self, *, reason: str | None = None) -> Promotion:
        """Give the place of the champion back to the version that had it before; again: to the one before that.

        Raises
        ------
        TrackingError
            There is no champion or no earlier one, or the store refuses the change.
        BundleError
            The files of the earlier one are gone or damaged.
        """
        with self._changing():
            champion = self.version(CHAMPION)
            versions = {version.number: version for version in self.versions()}
            earlier = [number for number in reigns(versions.values()) if number in versions]
            while earlier and earlier[-1] == champion.number:
                earlier.pop()
            if not earlier:
                raise TrackingError(
                    f"there is no champion before version {champion.number} to go back to",
                    source=self.name,
                    remedy="Promote another version (fazhi models promote).",
                )
            restored = versions[earlier[-1]]
            self.bundle(restored)
            self._enthrone(restored, champion, ("restored", "rolled back"), reason, {})
            return Promotion(self.version(CHAMPION), champion)

    def _examine(
        self, champion: Version, challenger: Version, texts: LabelledTexts | None, corpus_hash: str | None
    ) -> tuple[Comparison | None, list[str]]:
        """Compare two versions, as far as they can be, and say what makes that unfair or impossible."""
        if texts is None:
            return None, ["there are no texts to compare it with the champion on"]
        candidate = self.bundle(challenger)
        if not (_fits(candidate, texts) and _fits(self.bundle(champion), texts)):
            return None, ["it cannot be compared with the champion: their themes and the data's are not the same"]
        n_seen = _reports_trained_on(candidate, texts, corpus_hash)
        objections = [f"it was trained on {n_seen} of the reports that it is tested on"] if n_seen else []
        return self.compare(champion, challenger, texts), objections

    def _enthrone(
        self,
        version: Version,
        before: Version | None,
        actions: tuple[str, str],
        reason: str | None,
        facts: Mapping[str, Any],
    ) -> None:
        """Move the alias, which is one step in the store, then write the trail."""
        now = datetime.now(UTC)
        stamp = f"{now:%Y%m%dT%H%M%S.%fZ}"
        event = {
            "stamp": stamp,
            "at": now.isoformat(timespec="seconds"),
            "by": _user(),
            "version": version.number,
            "previous": None if before is None else before.number,
            "reason": reason,
            **facts,
        }
        with as_tracking_errors(self.uri):
            self.client.set_registered_model_alias(self.name, CHAMPION, str(version.number))
            for concerned, action in zip((version, before), actions, strict=True):
                if concerned is not None:
                    value = json.dumps({"action": action, **event}, ensure_ascii=False)
                    self.client.set_model_version_tag(self.name, str(concerned.number), TRAIL + stamp, value)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let one process at a time change the versions of an sqlite store; a server's has no such lock."""
        database = sqlite_file(self.uri)
        if database is None:
            yield
            return
        # Not the lock of the store: training runs need not wait for an evaluation.
        with locked(database.with_name(f"{database.name}.registry")):
            yield


def _fits(bundle: Bundle, texts: LabelledTexts) -> bool:
    theirs, ours = bundle.codebook, texts.codebook
    return theirs.ids == ours.ids and theirs.multi_label == ours.multi_label


def _reports_trained_on(bundle: Bundle, texts: LabelledTexts, corpus_hash: str | None) -> int:
    """Return how many reports of the texts a bundle of the same corpus was not tested on, and so trained on."""
    corpus = bundle.info.get("corpus", {})
    if corpus_hash is None or corpus.get("hash") != corpus_hash:
        return 0
    return len(set(texts.groups) - set(corpus.get("test_reports", ())))


def _headline(comparison: Comparison) -> dict[str, Any]:
    """Return the figures that the trail keeps: few enough for a tag, whatever the codebook."""
    macro = comparison.differences.get("macro_f1")
    return {
        "texts": len(comparison.champion.labelled),
        "macro_f1": comparison.challenger.figures.macro_f1,
        "macro_f1_before": comparison.champion.figures.macro_f1,
        "difference": None if macro is None else [macro.value, macro.low, macro.high],
    }


def _title(version: Version) -> str:
    return f"{version.name} version {version.number}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # no name in the environment, and no entry in the user database
        return "unknown"
