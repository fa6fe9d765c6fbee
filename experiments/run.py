"""Run experiments: ``python experiments/run.py 001 002``.

Each reads its ``config.toml``, cross-validates its variants on the training reports, writes ``result.json``, puts the
table into its ``README.md`` and prints it. When FAZHI_REAL_REPORTS names their folder, real reports are scored beside
it. Several experiments in one call share what they have in common.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from runner.crossval import Laboratory, read_data
from runner.results import draw_reliability, fill_readme, render_audit, render_table, run, summarise, write_json
from runner.settings import Experiment, find_experiment, read_experiment

from fazhi_ml.errors import FazhiError

HERE = Path(__file__).resolve().parent


class Progress:
    """One line on standard error that says what is being computed."""

    def __init__(self) -> None:
        self._experiment = self._variant = ""

    def start(self, experiment: Experiment) -> None:
        """Say which experiment comes next."""
        self._experiment = experiment.folder.name

    def announce(self, variant: str) -> None:
        """Say which variant comes next."""
        self._variant = variant

    def step(self, what: str) -> None:
        """Say which fit comes next."""
        sys.stderr.write(f"\r\x1b[K{self._experiment}: {self._variant}: {what}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Leave an empty line."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def run_experiment(experiment: Experiment, laboratory: Laboratory, announce: Callable[[str], None]) -> str:
    """Run an experiment, write its files and return its table."""
    runs, real = run(experiment, laboratory, announce)
    result = summarise(experiment, laboratory.data, runs, real)
    write_json(experiment.folder / "result.json", result)
    if experiment.reliability:
        draw_reliability(experiment, laboratory.data.train, runs)
    table = render_table(result)
    parts = {"results": table}
    if experiment.audit:
        parts["suspects"] = render_audit(result["suspects"])
    fill_readme(experiment.folder / "README.md", parts)
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the experiments whose numbers are given."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("numbers", nargs="+", metavar="NNN", help="number of an experiment, such as 001")
    numbers = parser.parse_args(arguments).numbers
    try:
        experiments = [read_experiment(find_experiment(HERE, number)) for number in numbers]
        data = read_data(HERE.parent, os.environ.get("FAZHI_REAL_REPORTS"))
    except FazhiError as error:
        parser.error(str(error))
    progress = Progress()
    laboratory = Laboratory(data, progress.step)
    for experiment in experiments:
        progress.start(experiment)
        table = run_experiment(experiment, laboratory, progress.announce)
        progress.clear()
        sys.stdout.write(f"{experiment.question}\n\n{table}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
