"""Run a program on hostile input: limits to its time, memory and files, and nothing of it left behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import Popen

__all__ = ["OutOfTimeError", "run_limited"]


class OutOfTimeError(Exception):
    """A program ran out of time and was stopped, with all that it had started."""


def run_limited(
    command: Sequence[str],
    *,
    seconds: float,
    data: bytes = b"",
    env: Mapping[str, str] | None = None,
    memory: int | None = None,
    file_size: int | None = None,
) -> tuple[int, bytes]:
    """Run `command` in a process group of its own, and stop the group when time is up.

    Parameters
    ----------
    command : sequence of str
    seconds : float
        Wall-clock limit.
    data : bytes
        What the program reads from its standard input.
    env : mapping, optional
        Its environment; by default that of this process.
    memory, file_size : int, optional
        Limits in bytes to the address space of each of its processes, and to each file that it writes; on Linux only.

    Returns
    -------
    returncode : int
        Negative when a signal ended the program.
    output : bytes
        What it wrote to its standard output. Its standard error, which may hold text of documents, is dropped.

    Raises
    ------
    OutOfTimeError
    OSError
        The program cannot be started.
    """
    import subprocess

    process = subprocess.Popen(  # noqa: S603 - callers name the program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env,
        start_new_session=True,
    )
    try:
        _limit(process.pid, memory, file_size)
        output, _ = process.communicate(data, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise OutOfTimeError from None
    finally:
        # Also on success: a program may leave children behind.
        _stop(process)
    return process.returncode, output


def _limit(pid: int, memory: int | None, file_size: int | None) -> None:
    """Limit a process that has just started, and what it will start."""
    if sys.platform != "linux":
        return
    import resource
    from contextlib import suppress

    for kind, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, file_size)):
        if value is not None:
            # It may have ended already.
            with suppress(ProcessLookupError):
                resource.prlimit(pid, kind, (value, value))


def _stop(process: Popen[bytes]) -> None:
    import signal
    import subprocess
    from contextlib import suppress

    if os.name == "posix":
        # Nobody may be left in the group; macOS says so with EPERM.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        # Windows has no groups to signal; taskkill ends the tree below the process.
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], check=False, capture_output=True)  # noqa: S603, S607
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()
