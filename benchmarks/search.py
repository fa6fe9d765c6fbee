"""How long a search of 50 trials takes, against 50 separate trainings: whole processes, both logged to MLflow.

``fazhi search`` includes the training of the best settings. Of the trainings only a few are run, half of them before
the search and half after it, and their mean stands for each of the 50: they differ little, since what takes the time
is the same for all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parents[1]
FAZHI = [sys.executable, "-m", "fazhi_ml"]


def seconds(command: Sequence[str]) -> float:
    """Return how long a command takes, start to end; what it prints is caught, and read when it fails."""
    start = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=50, help="trials of the search (default: %(default)s)")
    parser.add_argument("--trainings", type=int, default=5, help="trainings that are run (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store = ["--set", f"tracking.uri=sqlite:///{scratch}/mlflow.db", "--output", f"{scratch}/model", "--force"]
        train = [*FAZHI, "train", *store]
        search = [*FAZHI, "search", "--trials", str(options.trials), *store]
        # The first run writes bytecode, makes the store and brings the files into memory.
        seconds(train)
        before = [seconds(train) for _ in range(options.trainings // 2)]
        searched = seconds(search)
        trained = [*before, *(seconds(train) for _ in range(options.trainings - len(before)))]
    each = mean(trained)
    print(f"fazhi train: {each:.1f} s each ({len(trained)} runs, {min(trained):.1f} to {max(trained):.1f} s)")
    print(f"{options.trials} of them, by multiplication: {options.trials * each:.0f} s")
    print(f"fazhi search --trials {options.trials}: {searched:.1f} s")
    print(f"The search is {options.trials * each / searched:.1f} times faster")


if __name__ == "__main__":
    main()
