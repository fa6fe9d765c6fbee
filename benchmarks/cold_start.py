"""How long one report takes from a cold start: ``fazhi tag`` against a script with a pickled scikit-learn pipeline.

Both tag the same paragraphs in a fresh process each time, in pairs one after the other, so that whatever else the
machine does falls on both. The script gets its paragraphs ready cut; ``fazhi tag`` reads and cuts the report itself.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import baseline
import joblib

from fazhi_ml import Codebook, read_report
from fazhi_ml.labels.corpus import Corpus

ROOT = Path(__file__).resolve().parents[1]


def seconds(command: Sequence[str]) -> float:
    """Return how long a command takes, start to end; what it prints is caught, and read when it fails."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def prepare(report: Path, folder: Path) -> tuple[Path, Path]:
    """Write what the script needs, a pipeline trained on the whole corpus and the paragraphs one a line."""
    corpus = Corpus.read(ROOT / "data" / "corpus", Codebook.read(ROOT / "configs" / "codebook.toml")).labelled_texts()
    pipeline = folder / "pipeline.joblib"
    joblib.dump(baseline.fit_pipeline(corpus.texts, corpus.labels == 1), pipeline)
    paragraphs = folder / "paragraphs.txt"
    lines = [" ".join(paragraph.text.split()) for paragraph in read_report(report).paragraphs]
    paragraphs.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return pipeline, paragraphs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", nargs="?", type=Path, default=ROOT / "data" / "samples" / "yunping-county-2023.txt")
    parser.add_argument("--model", default="default", help="bundle to tag with; by default the shipped one")
    parser.add_argument("--pairs", type=int, default=11, help="how often each is run (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pipeline, paragraphs = prepare(options.report, Path(scratch))
        script = [sys.executable, baseline.__file__, str(pipeline), str(paragraphs)]
        fazhi = [sys.executable, "-m", "fazhi_ml", "tag", str(options.report), "--format", "jsonl"]
        fazhi += ["--model", options.model]
        # The first runs write bytecode and jieba's cache, and bring the files into memory.
        seconds(script), seconds(fazhi)
        print("pair   sklearn    fazhi   ratio")
        pairs = []
        for number in range(1, options.pairs + 1):
            pairs.append((seconds(script), seconds(fazhi)))
            slow, fast = pairs[-1]
            print(f"{number:4} {slow:7.2f} s {fast:6.2f} s {slow / fast:6.1f}x", flush=True)
    ratios = [slow / fast for slow, fast in pairs]
    slow, fast = (median(times) for times in zip(*pairs, strict=True))
    print(f" mid {slow:7.2f} s {fast:6.2f} s {median(ratios):6.1f}x")
    print(f"fazhi tag is {median(ratios):.1f} times faster (median; {min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
