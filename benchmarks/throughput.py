"""How many items a second ``Tagger.predict`` tags on one core, against a scikit-learn pipeline that sees words only.

The tagger has everything on: words, characters, headings, sentence pooling. Both take turns in one process, so that
whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
WARM_UP = 200


def use_one_core() -> None:
    """Keep this process, and the threads of its numerical libraries, to one core; before numpy is imported."""
    for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMEXPR", "RAYON"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def rate(tag: Callable[[], object], n_items: int) -> float:
    """Return how many items a second `tag` gets done."""
    start = time.perf_counter()
    tag()
    return n_items / (time.perf_counter() - start)


def measure(model: str, n_items: int, rounds: int) -> list[tuple[float, float]]:
    """Print and return the rates of each round, the pipeline's first."""
    import baseline

    import fazhi_ml
    from fazhi_ml.labels.corpus import Corpus

    codebook = fazhi_ml.Codebook.read(ROOT / "configs" / "codebook.toml")
    corpus = Corpus.read(ROOT / "data" / "corpus", codebook).labelled_texts()
    pipeline = baseline.fit_pipeline(corpus.texts, corpus.labels == 1)
    tagger = fazhi_ml.load(model)
    # Neither side keeps anything from one text to the next, so repeated items cost as much as new ones.
    texts = list(islice(cycle(corpus.texts), n_items))
    headings = list(islice(cycle(corpus.headings), n_items))
    pipeline.predict(texts[:WARM_UP])
    tagger.predict(texts[:WARM_UP], headings[:WARM_UP])
    print("round      sklearn          fazhi   ratio")
    pairs = []
    for number in range(1, rounds + 1):
        slow = rate(lambda: pipeline.predict(texts), n_items)
        fast = rate(lambda: tagger.predict(texts, headings), n_items)
        pairs.append((slow, fast))
        print(f"{number:5} {slow:8,.0f} /s {fast:12,.0f} /s {fast / slow:6.1f}x", flush=True)
    return pairs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default", help="bundle to tag with; by default the shipped one")
    parser.add_argument("--items", type=int, default=20_000, help="items a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run (default: %(default)s)")
    options = parser.parse_args()
    use_one_core()
    rounds = measure(options.model, options.items, options.rounds)
    ratios = [fast / slow for slow, fast in rounds]
    slow, fast = (median(rates) for rates in zip(*rounds, strict=True))
    print(f"  mid {slow:8,.0f} /s {fast:12,.0f} /s {median(ratios):6.1f}x")
    print(f"Tagger.predict is {median(ratios):.1f} times faster (median; {min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
