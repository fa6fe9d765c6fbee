"""Read mutated or hostile files in a watched child process, and say how that went.

``python -m tests.reports.fuzzing --reader docx --count 10000`` runs any number of mutants.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fazhi_ml.errors import ReportError
from fazhi_ml.reports.read import read_bytes
from tests.reports.invariants import check_report
from tests.reports.mutations import MUTATORS, mutate

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 10.0
# Of processor time, which other programs do not change; a file may keep its reader waiting for somewhat longer.
_MOST_WAITING_SECONDS = 3 * MOST_SECONDS
MOST_BYTES = 2**30
SUFFIXES = {"text": "txt", "html": "html", "docx": "docx", "pdf": "pdf", "doc": "doc"}
# Readers that work through another program.
_STARTING = frozenset({"pdf", "doc"})
_STARTS = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork"})
_LOOKUPS = ("socket.getaddrinfo", "socket.gethostby", "urllib.", "http.", "ftplib.")
# What makes or changes a file, and which argument is its path.
_WRITES = {"os.mkdir": 0, "os.truncate": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1}
# A child that says nothing for so long hangs where no Python code can measure it.
_SILENCE_SECONDS = 6 * MOST_SECONDS
_MOST_FAILURES = 20


@dataclass
class Summary:
    """What came of a run.

    Attributes
    ----------
    outcomes : Counter
        How many files gave a report, or which error.
    failures : list of str
        Everything that must not happen, with the file it happened on.
    worst_seconds, worst_file
        The slowest file, by the processor's time.
    peak_bytes : int
        Most memory that the reading process, or one that it started, held at once.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    worst_seconds: float = 0.0
    worst_file: str = ""
    peak_bytes: int = 0

    def add(self, line: Mapping[str, Any]) -> None:
        """Take in what the child says of one file."""
        self.outcomes[line["outcome"]] += 1
        self.failures += [f"{line['file']}: {failure}" for failure in line["failures"]]
        self.peak_bytes = max(self.peak_bytes, line["peak"])
        if line["seconds"] > self.worst_seconds:
            self.worst_seconds, self.worst_file = line["seconds"], line["file"]

    def __str__(self) -> str:
        counts = ", ".join(f"{outcome} {count}" for outcome, count in self.outcomes.most_common())
        return (
            f"{self.outcomes.total()} files: {counts}\n"
            f"slowest {self.worst_seconds:.2f} s ({self.worst_file}), peak memory {self.peak_bytes / 2**20:.0f} MiB, "
            f"failures {len(self.failures)}" + "".join(f"\n  {failure}" for failure in self.failures)
        )


def fuzz(reader: str, seeds: Sequence[bytes], count: int, *, first: int = 0) -> Summary:
    """Read the mutants of numbers `first` to ``first + count - 1``."""
    files = {f"{number:03}": seed for number, seed in enumerate(seeds)}
    return run(reader, files, [f"mutant {number}" for number in range(first, first + count)])


def read_hostile(reader: str, files: Mapping[str, bytes]) -> Summary:
    """Read files as they are."""
    return run(reader, files, list(files))


def run(reader: str, files: Mapping[str, bytes], names: list[str]) -> Summary:
    """Have children read `names`, a new one where one died."""
    summary = Summary()
    with tempfile.TemporaryDirectory() as folder:
        for part in ("files", "temporary", "working"):
            (Path(folder) / part).mkdir()
        for name, content in files.items():
            (Path(folder) / "files" / name).write_bytes(content)
        while names and len(summary.failures) < _MOST_FAILURES:
            done, cause = _watch_child(reader, Path(folder), names, summary)
            if done < len(names):
                summary.failures.append(f"{names[done]}: {cause}")
            names = names[done + 1 :]
        for part in ("temporary", "working"):
            left = sorted(path.name for path in (Path(folder) / part).iterdir())
            if left:
                summary.failures.append(f"files left in the {part} folder: {left[:5]}")
    return summary


def _watch_child(reader: str, folder: Path, names: Sequence[str], summary: Summary) -> tuple[int, str]:
    """Run one child; return how many files it read, and why it stopped at the next one."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder / "temporary"),
    }
    command = [sys.executable, "-m", "tests.reports.fuzzing", "--child", str(folder), "--reader", reader]
    (folder / "names").write_text("\n".join(names))
    done, cause = 0, ""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        # Unbuffered, or a line might wait in a buffer that the selector does not see.
        bufsize=0,
        cwd=folder / "working",
        env=environment,
        # A process group of its own: whatever the child started goes with it.
        start_new_session=True,
    ) as child:
        assert child.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while selector.select(_SILENCE_SECONDS):
                line = child.stdout.readline()
                if not line:
                    cause = f"the process died ({child.wait()})"
                    break
                summary.add(json.loads(line))
                done += 1
            else:
                cause = f"it hangs for {_SILENCE_SECONDS:.0f} s"
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return done, cause


class Watch:
    """An audit hook that notes what reading a file must not do."""

    def __init__(self, reader: str) -> None:
        self.violations: list[str] = []
        self._may_start_programs = reader in _STARTING
        self._temporary = (os.environ["TMPDIR"], "/dev/null")

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if set(mode or "") & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self._check(event, path)
        elif event in _WRITES:
            self._check(event, arguments[_WRITES[event]])
        elif event in {"socket.connect", "socket.sendto"}:
            # A path is the address of a local pipe.
            self._note(event, not isinstance(arguments[1], (str, bytes)))
        else:
            self._note(event, event.startswith(_LOOKUPS) or (event in _STARTS and not self._may_start_programs))

    def _note(self, event: str, forbidden: bool) -> None:
        if forbidden:
            self.violations.append(event)

    def _check(self, event: str, path: Any) -> None:
        if isinstance(path, int):
            return
        if not os.path.abspath(os.fsdecode(path)).startswith(self._temporary):  # noqa: PTH100
            self.violations.append(f"{event} {path!r}")


def _child(reader: str, folder: Path) -> None:
    """Read the files, or make and read the mutants, that the list in `folder` names, and write a line on each."""
    files = {path.name: path.read_bytes() for path in sorted((folder / "files").iterdir())}
    watch = Watch(reader)
    sys.addaudithook(watch)
    if reader != "doc":
        # Beyond what is mapped already; LibreOffice maps more than it uses.
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MOST_BYTES, resource.RLIM_INFINITY))
    for name in (folder / "names").read_text().splitlines():
        kind, _, number = name.partition(" ")
        data = mutate(MUTATORS[reader], list(files.values()), int(number)) if kind == "mutant" else files[name]
        watch.violations.clear()
        start, waited = _processor_seconds(), time.monotonic()
        outcome, failures = _read(data, f"mutant.{SUFFIXES[reader]}")
        seconds, waited = _processor_seconds() - start, time.monotonic() - waited
        peak = _peak()
        failures += watch.violations
        if seconds > MOST_SECONDS or waited > _MOST_WAITING_SECONDS:
            failures.append(f"it took {seconds:.1f} s of the processor's time, {waited:.1f} s in all")
        if peak > MOST_BYTES:
            failures.append(f"it took {peak / 2**20:.0f} MiB")
        line = {"file": name, "outcome": outcome, "failures": failures, "seconds": seconds, "peak": peak}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _read(data: bytes, name: str) -> tuple[str, list[str]]:
    try:
        report = read_bytes(data, name=name)
    except ReportError as error:
        return type(error).__name__, [] if error.source == name else [f"the error names {error.source!r}"]
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
        return "crash", [f"{type(error).__name__} at {where}"]
    if len(report.sections) * len(report.paragraphs) > 1_000_000:
        return "report", []  # checking it takes longer than reading it
    try:
        check_report(report)
    except AssertionError as error:
        return "report", [f"broken promise at line {traceback.extract_tb(error.__traceback__)[-1].lineno}"]
    return "report", []


def _processor_seconds() -> float:
    """Return the processor time of this process and of those it waited for."""
    return sum(os.times()[:4])


def _peak() -> int:
    """Return the most memory that this process, or one it waited for, held at once.

    Not what ``getrusage`` says of the process itself: that begins with what its parent held.
    """
    status = Path("/proc/self/status").read_text()
    own = int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a program; the exit code is 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader", choices=sorted(MUTATORS), required=True)
    parser.add_argument("--count", type=int, default=1000, help="how many mutants (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (default: %(default)s)")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        _child(options.reader, options.child)
        return 0
    from tests.reports.seeds import seeds

    summary = fuzz(options.reader, seeds(options.reader), options.count, first=options.first)
    print(summary)  # noqa: T201 - a program
    return int(bool(summary.failures))


if __name__ == "__main__":
    sys.exit(main())
