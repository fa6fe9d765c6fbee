from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from fazhi_ml.reports.readers.limited import OutOfTimeError, run_limited

# Starts a child that outlives it, and says which.
CHILD = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"


def python(code: str, **limits: float) -> tuple[int, bytes]:
    return run_limited([sys.executable, "-c", code], **{"seconds": 30, **limits})  # type: ignore[arg-type]


def is_running(pid: int) -> bool:
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rsplit(") ", 1)[-1].startswith("Z"):
            return False
        time.sleep(0.1)
    return True


def test_hands_over_input_and_output() -> None:
    command = [sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read()[::-1]); sys.exit(3)"]
    assert run_limited(command, seconds=30, data=b"abc") == (3, b"cba")


def test_an_environment() -> None:
    command = [sys.executable, "-c", "import os; print(os.environ['HERE'])"]
    assert run_limited(command, seconds=30, env={**os.environ, "HERE": "x"})[1].split() == [b"x"]


def test_a_program_that_takes_too_long_is_stopped_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = CHILD.replace("print(", "p = (") + f"; open({str(note)!r}, 'w').write(str(p)); import time; time.sleep(60)"
    with pytest.raises(OutOfTimeError):
        python(code, seconds=2)
    assert not is_running(int(note.read_text()))


@pytest.mark.skipif(os.name != "posix", reason="process groups are of POSIX")
def test_children_left_behind_are_stopped() -> None:
    code = CHILD.replace("time.sleep(60)'])", "time.sleep(60)'], stdout=subprocess.DEVNULL)")
    assert not is_running(int(python(code)[1]))


def test_a_signal_is_a_negative_code() -> None:
    assert python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")[0] == -15


@pytest.mark.skipif(sys.platform != "linux", reason="limits of running processes are of Linux")
def test_memory_and_files_are_limited(tmp_path: Path) -> None:
    # The limits come a moment after the start.
    wait = "import sys, time; time.sleep(0.5)"
    code, _ = python(f"{wait}; bytes(2**31)", memory=2**30)
    assert code == 1
    target = tmp_path / "large"
    python(f"{wait}; open({str(target)!r}, 'wb').write(bytes(2000))", file_size=1000)
    assert target.stat().st_size <= 1000


def test_a_program_that_does_not_exist() -> None:
    with pytest.raises(FileNotFoundError):
        run_limited(["/nonexistent/program"], seconds=1)
