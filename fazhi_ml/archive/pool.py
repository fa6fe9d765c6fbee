"""Batches of work on processes, any of which may be killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from fazhi_ml.archive.files import AGAIN
from fazhi_ml.errors import FazhiError

__all__ = ["run_batches"]

Source = TypeVar("Source")
Result = TypeVar("Result")

_AHEAD = 2
"""Batches handed out for each worker: one to work on, and one to go on with."""

# Workers are as many as the cores: threads of libraries would only get in each other's way.
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "RAYON")}

_LOOK_AFTER_PARENT = 1.0


def run_batches(
    work: Callable[[Sequence[Source]], list[Result]],
    batches: Iterator[Sequence[Source]],
    *,
    workers: int,
    lost: Callable[[Source], Result],
) -> Generator[list[Result], None, None]:
    """Run `work` on every batch and yield the results, in the order in which they are ready.

    When a worker is killed, all workers start anew. The batches that were under way run again, each in a process of its
    own, and one that kills this process too is halved until the source that does it stands alone.

    Parameters
    ----------
    work : callable
        Takes a batch, and must not mind running on one again. It and the batches must pickle.
    batches : iterator of sequence
        Drawn from as workers become free.
    workers : int
        Number of processes.
    lost : callable
        Gives the result for a source that kills its worker.

    Raises
    ------
    FazhiError
        Workers are killed before they have begun.
    Exception
        Whatever `work` raises; the workers are ended then, as they are when the iterator is closed.
    """
    while True:
        suspects = yield from _run_until_killed(work, batches, workers)
        if not suspects:
            return
        for batch in suspects:
            yield from _run_alone(work, batch, lost)


def _run_until_killed(
    work: Callable[[Sequence[Source]], list[Result]], batches: Iterator[Sequence[Source]], workers: int
) -> Generator[list[Result], None, list[Sequence[Source]]]:
    """Run batches; return those that were under way when a worker was killed, and none when all is done."""
    suspects: list[Sequence[Source]] = []
    running: dict[Future[list[Result]], Sequence[Source]] = {}
    with _workers(workers) as executor:
        while True:
            for batch in islice(batches, 0 if suspects else _AHEAD * workers - len(running)):
                try:
                    running[executor.submit(work, batch)] = batch
                except BrokenProcessPool:
                    suspects.append(batch)
                    break
            if not running:
                return suspects
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                batch = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    suspects.append(batch)


def _run_alone(
    work: Callable[[Sequence[Source]], list[Result]], batch: Sequence[Source], lost: Callable[[Source], Result]
) -> Iterator[list[Result]]:
    parts = [batch]
    while parts:
        part = parts.pop()
        with _workers(1) as executor:
            try:
                executor.submit(work, []).result()
            except BrokenProcessPool as error:
                raise FazhiError(
                    "they are killed before they have begun",
                    source="worker processes",
                    remedy=f"Free some memory, {AGAIN}",
                ) from error
            try:
                yield executor.submit(work, part).result()
                continue
            except BrokenProcessPool:
                pass
        if len(part) == 1:
            yield [lost(part[0])]
        else:
            middle = len(part) // 2
            parts += [part[middle:], part[:middle]]


@contextmanager
def _workers(count: int) -> Iterator[Any]:
    # joblib's own executor rather than joblib.Parallel, which does not say which batches a killed worker had.
    from joblib.externals.loky import ProcessPoolExecutor

    executor = ProcessPoolExecutor(count, initializer=_begin, initargs=(os.getpid(),), env=_ONE_THREAD)
    try:
        with _interrupts_ignored():
            executor.submit(os.getpid)  # the first task starts all processes
        yield executor
    finally:
        with _interrupts_ignored():
            executor.shutdown(kill_workers=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl-C for a moment; processes started meanwhile ignore it for good, even while they start."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _begin(parent: int) -> None:
    """Prepare a worker: the parent alone decides about Ctrl-C, and a worker does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_AFTER_PARENT)
    os._exit(1)
