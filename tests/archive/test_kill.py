"""Runs that are killed, stopped, or run out of room or memory, as whole processes."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fazhi_ml.archive.layout import Layout
from tests.archive.documents import BROKEN, contents, report_text, write_documents
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

COUNT = 150
KILLS = 20
KILLER = "要命的报告"

# What a worker does with the killer document; the interpreter runs such a file whenever it starts.
_KILLING_READER = f"""
import os, signal
from fazhi_ml.reports.readers.text import TextReader

extract = TextReader.extract

def extract_or_die(self, data):
    if {KILLER!r}.encode() in data:
        os.kill(os.getpid(), signal.SIGKILL)
    return extract(self, data)

TextReader.extract = extract_or_die
"""


class Command:
    """``fazhi archive`` as a process that leads a group of its own."""

    def __init__(self, folder: Path, output: Path, model: Path, *, workers: int = 2) -> None:
        self.arguments = [
            sys.executable, "-m", "fazhi_ml", "archive", str(folder), "-o", str(output), "-m", str(model),
            "-w", str(workers),
        ]  # fmt: skip
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            start_new_session=True,
        )

    def run(self) -> tuple[int, str]:
        """Return the exit code and what was told."""
        process = self.start()
        _, told = process.communicate(timeout=500)
        return process.returncode, told


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    write_documents(folder, COUNT)
    return folder


@pytest.fixture(scope="module")
def undisturbed(archive: Path, saved_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, float]:
    """Return the output of a run that nothing disturbs, and how many seconds it took."""
    layout = Layout(tmp_path_factory.mktemp("undisturbed") / "out")
    start = time.monotonic()
    code, told = Command(archive, layout.folder, saved_bundle).run()
    assert code == 1, told
    return layout, time.monotonic() - start


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the worker processes of a run."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == process.pid and b"popen_loky" in command:
            found.append(int(entry.name))
    return found


def wait_for_workers(process: subprocess.Popen[str]) -> list[int]:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if len(workers := workers_of(process)) == 2:
            return workers
        time.sleep(0.01)
    raise AssertionError("no workers were started")


def wait_for_parts(output: Path, count: int = 1) -> None:
    end = time.monotonic() + 60
    while len(list((output / ".fazhi" / "parts").glob("*.items.arrow"))) < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_run_killed_at_any_moment_ends_like_one_that_was_not(
    archive: Path, undisturbed: tuple[Layout, float], saved_bundle: Path, tmp_path: Path
) -> None:
    expected, duration = contents(undisturbed[0]), undisturbed[1]
    output = tmp_path / "out"
    command = Command(archive, output, saved_bundle)
    moments = random.Random(20)  # noqa: S311 - moments, not secrets
    completed = 0
    for _ in range(KILLS):
        process = command.start()
        time.sleep(moments.uniform(0, duration))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        if process.returncode != -signal.SIGKILL:
            # It was done before: begin anew, so that every kill meets a run at work.
            completed += 1
            shutil.rmtree(output)
    code, told = command.run()
    assert code == 1, told
    assert contents(Layout(output)) == expected
    assert completed < KILLS
    assert not list(output.rglob(".fazhi-*"))


def test_killing_again_and_again_comes_to_an_end(
    archive: Path, undisturbed: tuple[Layout, float], saved_bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = Command(archive, output, saved_bundle)
    for done in (1, 3, 5):
        process = command.start()
        wait_for_parts(output, done)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    code, told = command.run()
    assert code == 1, told
    done_before = COUNT + len(BROKEN) - int(told.rpartition(" of ")[2].split()[0])
    assert done_before > 0
    assert contents(Layout(output)) == contents(undisturbed[0])


def test_workers_do_not_outlive_a_killed_parent(archive: Path, saved_bundle: Path, tmp_path: Path) -> None:
    process = Command(archive, tmp_path / "out", saved_bundle).start()
    workers = wait_for_workers(process)
    process.kill()
    process.communicate(timeout=60)
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_ctrl_c_says_how_to_go_on(
    archive: Path, undisturbed: tuple[Layout, float], saved_bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = Command(archive, output, saved_bundle)
    process = command.start()
    wait_for_parts(output)
    os.killpg(process.pid, signal.SIGINT)
    out, told = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert told.endswith("stopped; run the same command again to go on\n")
    assert "Traceback" not in told
    assert not list(output.rglob("*.tmp"))
    assert command.run()[0] == 1
    assert contents(Layout(output)) == contents(undisturbed[0])


@pytest.mark.parametrize("delay", [0.0, 0.3, 0.6, 0.9])
def test_ctrl_c_is_quiet_even_while_workers_start(
    archive: Path, saved_bundle: Path, tmp_path: Path, delay: float
) -> None:
    process = Command(archive, tmp_path / "out", saved_bundle).start()
    end = time.monotonic() + 60
    while not (tmp_path / "out" / ".fazhi" / "manifest.sqlite").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told


def test_a_worker_killed_by_chance_costs_nothing(
    archive: Path, undisturbed: tuple[Layout, float], saved_bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    process = Command(archive, output, saved_bundle).start()
    os.kill(wait_for_workers(process)[0], signal.SIGKILL)
    process.communicate(timeout=300)
    assert process.returncode == 1
    assert contents(Layout(output)) == contents(undisturbed[0])


def test_a_document_that_kills_its_worker_is_an_error_like_others(saved_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    paths = write_documents(folder, 40)
    (folder / "killer.txt").write_text(report_text(77) + KILLER, encoding="utf-8")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(_KILLING_READER, encoding="utf-8")
    command = Command(folder, tmp_path / "out", saved_bundle)
    command.environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    code, told = command.run()
    assert code == 1, told
    layout = Layout(tmp_path / "out")
    assert pq.read_table(layout.reports)["path"].to_pylist() == paths
    errors = layout.errors.read_text(encoding="utf-8")
    assert 'killer.txt,,ReaderLimitError,"its worker was killed, probably for want of memory.' in errors
    assert errors.count("\n") == 2 + len(BROKEN)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with little room, where one may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if done.returncode:
        if os.environ.get("FAZHI_REQUIRE_TOOLS") == "1":
            pytest.fail("no file system can be mounted here")
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_keeps_what_was_done(
    archive: Path, undisturbed: tuple[Layout, float], saved_bundle: Path, small_disk: Path
) -> None:
    output = small_disk / "out"
    command = Command(archive, output, saved_bundle)
    for _ in range(2):
        code, told = command.run()
        assert code == 1
        assert "error: " in told
        assert "Traceback" not in told
        assert "then run the same command again: what was done is kept." in told or "Free some disk space" in told
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    code, told = command.run()
    assert code == 1, told
    assert contents(Layout(output)) == contents(undisturbed[0])


def test_a_limit_on_files_says_what_to_do(archive: Path, saved_bundle: Path, tmp_path: Path) -> None:
    command = Command(archive, tmp_path / "out", saved_bundle)
    process = subprocess.Popen(
        command.arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=command.environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16)),  # noqa: PLW1509 - one thread
    )
    _, told = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Traceback" not in told
    assert "error: " in told
    assert "run the same command again" in told
