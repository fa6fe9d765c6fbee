from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities.model_registry import ModelVersion, ModelVersionTag

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.training.versions import TRAIL, Version, read_version, registration_tags, reigns


def entity(number: int, tags: dict[str, str]) -> ModelVersion:
    return ModelVersion(
        name="fazhi",
        version=str(number),
        creation_timestamp=1_700_000_000_000,
        tags=[ModelVersionTag(key, value) for key, value in tags.items()],  # type: ignore[no-untyped-call]
    )


def versions(*events: tuple[str, int, int | None]) -> list[Version]:
    """Versions with the trail that a sequence of (action, champion from then on, champion until then) leaves."""
    trails: dict[int, dict[str, str]] = {number: {} for number in range(1, 6)}
    for step, (action, number, previous) in enumerate(events):
        stamp = f"20260101T00{step // 60:02}{step % 60:02}.000000Z"
        value = {"stamp": stamp, "version": number, "previous": previous}
        trails[number][TRAIL + stamp] = json.dumps({"action": action, **value})
        if previous is not None:
            other = {"promoted": "replaced", "restored": "rolled back"}[action]
            trails[previous][TRAIL + stamp] = json.dumps({"action": other, **value})
    return [read_version(entity(number, tags), ()) for number, tags in trails.items()]


def test_what_is_written_is_read(bundle: Bundle) -> None:
    version = read_version(entity(3, registration_tags(bundle)), ["b", "a"])
    assert (version.number, version.aliases, version.bundle_id) == (3, ("a", "b"), bundle.id)
    assert version.macro_f1 == {"folds": 0.5}
    assert version.created == "2023-11-14T22:13:20+00:00"
    assert registration_tags(replace(bundle, info={}))["fazhi.macro_f1"] == "{}"


@pytest.mark.parametrize("value", ["", "{", "[1]", "[" * 100_000, "null", '"x"'])
def test_tags_that_someone_broke_count_as_missing(value: str) -> None:
    version = read_version(entity(1, {"fazhi.macro_f1": value, TRAIL + "x": value}), ())
    assert version.macro_f1 == {}
    assert version.trail == ()
    assert reigns([version]) == []


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        ([("promoted", 1, None)], [1]),
        ([("promoted", 1, None), ("promoted", 2, 1)], [1, 2]),
        ([("promoted", 1, None), ("promoted", 2, 1), ("restored", 1, 2)], [1]),
        ([("promoted", 1, None), ("promoted", 2, 1), ("promoted", 1, 2)], [1, 2, 1]),
        # Version 4 was set by hand.
        ([("promoted", 1, None), ("promoted", 5, 4)], [1, 4, 5]),
        ([("restored", 2, 3)], [2]),
    ],
)
def test_reigns(events: list[tuple[str, int, int | None]], expected: list[int]) -> None:
    assert reigns(versions(*events)) == expected
    assert reigns(reversed(versions(*events))) == expected


@given(st.lists(st.one_of(st.integers(1, 5), st.none()), max_size=30))
def test_rollbacks_undo_promotions_like_a_stack(steps: list[int | None]) -> None:
    """A number promotes that version, None rolls back."""
    stack: list[int] = []
    events: list[Any] = []
    for step in steps:
        if step is None and len(stack) > 1:
            gone = stack.pop()
            events.append(("restored", stack[-1], gone))
        elif step is not None and stack[-1:] != [step]:
            events.append(("promoted", step, stack[-1] if stack else None))
            stack.append(step)
    assert reigns(versions(*events)) == stack
