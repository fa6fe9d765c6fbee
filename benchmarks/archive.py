"""How fast ``fazhi archive`` is with two workers against one, what memory its parent takes, and what a re-run costs.

Archives are those of make_archive.py. Every run is a process of its own, and the two numbers of workers take turns, so
that whatever else the machine does falls on both. Memory is the parent's own peak, workers aside.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]

# The command, followed by a line with its peak memory.
_COMMAND = """
import json, resource, sys
from fazhi_ml.cli.app import main
code = main(sys.argv[1:])
print(json.dumps([code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


class Cost(NamedTuple):
    """What a run took: seconds, and MB of memory in the parent."""

    seconds: float
    memory: float


def run(archive: Path, output: Path, workers: int) -> Cost:
    """Run ``fazhi archive`` on whatever is to be done."""
    arguments = ["archive", str(archive), "-o", str(output), "--workers", str(workers)]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    seconds = time.perf_counter() - start
    code, kilobytes = json.loads(done.stdout.splitlines()[-1])
    if code not in (0, 1):
        raise SystemExit(done.stderr)
    return Cost(seconds, kilobytes / 1024)


def make_archive(folder: Path, reports: int) -> Path:
    """Return an archive of `reports` files, made unless it is there."""
    target = folder / str(reports)
    if not target.exists():
        command = [sys.executable, str(ROOT / "benchmarks" / "make_archive.py"), str(target), "--reports", str(reports)]
        subprocess.run(command, check=True, stdout=sys.stderr)
    return target / "reports"


def measure(archive: Path, scratch: Path, reports: int, rounds: int) -> None:
    """Print the cost of tagging an archive with one and with two workers, and of running again."""
    costs: dict[int, list[Cost]] = {1: [], 2: []}
    again = []
    for _ in range(rounds):
        for workers, of_workers in costs.items():
            output = scratch / "out"
            shutil.rmtree(output, ignore_errors=True)
            of_workers.append(run(archive, output, workers))
        again.append(run(archive, output, 2))
    for workers, of_workers in costs.items():
        seconds = median(cost.seconds for cost in of_workers)
        memory = max(cost.memory for cost in of_workers)
        name = f"{workers} worker{'s' * (workers > 1)}"
        print(f"{reports:7,} reports, {name:<12} {seconds:7.1f} s {reports / seconds:5.0f} /s {memory:5.0f} MB")
    seconds = median(cost.seconds for cost in again)
    print(f"{reports:7,} reports, nothing new  {seconds:8.2f} s {max(cost.memory for cost in again):13.0f} MB")
    ratios = [one.seconds / two.seconds for one, two in zip(costs[1], costs[2], strict=True)]
    print(f"two workers are {median(ratios):.2f} times one ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, nargs="+", default=[1_000, 5_000], help="sizes (default: 1000 5000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run (default: %(default)s)")
    parser.add_argument("--archives", type=Path, help="folder to keep the archives in; by default they are removed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fazhi-archive-") as scratch:
        for reports in options.reports:
            archive = make_archive(options.archives or Path(scratch), reports)
            measure(archive, Path(scratch), reports, options.rounds)


if __name__ == "__main__":
    main()
