from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from fazhi_ml.archive.pool import run_batches
from fazhi_ml.errors import FazhiError, OutputError

KILLER = 13


def double(numbers: Sequence[int]) -> list[int]:
    return [2 * number for number in numbers]


def double_unless_killed(numbers: Sequence[int]) -> list[int]:
    if KILLER in numbers:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(numbers)


def double_once_killed(witness: Path, numbers: Sequence[int]) -> list[int]:
    """Be killed at the first try, as by want of memory that passes."""
    if KILLER in numbers and not witness.exists():
        witness.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return double(numbers)


def always_killed(numbers: Sequence[int]) -> list[int]:
    os.kill(os.getpid(), signal.SIGKILL)
    return double(numbers)


def run_out_of_space(numbers: Sequence[int]) -> list[int]:
    raise OutputError("cannot be written", source="part", remedy="Free some disk space.")


def settings(numbers: Sequence[int]) -> list[int]:
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return [os.getpid(), os.getppid(), int(os.environ["OMP_NUM_THREADS"]), int(ignored)]


def lost(number: int) -> int:
    return -number


def batches(count: int, size: int) -> list[list[int]]:
    return [list(range(start, start + size)) for start in range(0, count * size, size)]


def test_every_batch_is_done_once() -> None:
    results = list(run_batches(double, iter(batches(40, 3)), workers=2, lost=lost))
    assert sorted(chain.from_iterable(results)) == [2 * number for number in range(120)]


def test_batches_are_drawn_as_workers_become_free() -> None:
    drawn = 0

    def counted() -> object:
        nonlocal drawn
        for batch in batches(50, 1):
            drawn += 1
            yield batch

    results = run_batches(double, counted(), workers=1, lost=lost)  # type: ignore[arg-type]
    next(results)
    assert drawn <= 3
    results.close()


def test_workers_leave_ctrl_c_to_the_parent_and_use_one_thread() -> None:
    ((_, parent, threads, ignored),) = run_batches(settings, iter([[1]]), workers=1, lost=lost)
    assert (parent, threads, ignored) == (os.getpid(), 1, 1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_runs_outside_the_main_thread() -> None:
    results: list[list[int]] = []
    thread = threading.Thread(target=lambda: results.extend(run_batches(double, iter([[4]]), workers=1, lost=lost)))
    thread.start()
    thread.join()
    assert results == [[8]]


def test_the_source_that_kills_its_worker_is_found_and_the_others_are_done() -> None:
    results = list(run_batches(double_unless_killed, iter(batches(6, 4)), workers=2, lost=lost))
    done = sorted(chain.from_iterable(results))
    assert done == sorted([2 * number for number in range(24) if number != KILLER] + [-KILLER])


def test_a_worker_killed_by_chance_costs_nothing(tmp_path: Path) -> None:
    work = partial(double_once_killed, tmp_path / "witness")
    results = list(run_batches(work, iter(batches(6, 4)), workers=2, lost=lost))
    assert sorted(chain.from_iterable(results)) == [2 * number for number in range(24)]


def test_workers_that_cannot_begin_end_the_run() -> None:
    with pytest.raises(FazhiError, match="worker processes: they are killed before they have begun"):
        list(run_batches(always_killed, iter(batches(2, 2)), workers=1, lost=lost))


def test_what_work_raises_ends_the_run() -> None:
    with pytest.raises(OutputError, match="Free some disk space"):
        list(run_batches(run_out_of_space, iter(batches(9, 2)), workers=2, lost=lost))


def test_closing_ends_the_workers() -> None:
    results = run_batches(settings, iter([[1], [2], [3], [4]]), workers=1, lost=lost)
    pid = next(results)[0]
    results.close()
    end = time.monotonic() + 20
    while _is_alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
