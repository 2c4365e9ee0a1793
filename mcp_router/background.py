"""Work that outlasts a call: threads by key, waited for briefly, stopped when the client goes away.

Threads are daemons: a model that never answers must not keep the process alive. What matters is in the memory
before a thread goes on, so nothing is lost when one is cut off.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mcp_router.errors import AcrouterError
from memory_store.journal import JournalError

logger = logging.getLogger(__name__)
ANSWER_WITHIN_S = 1.5
"""A call that has not ended by then says `running`: clients cut calls off, and dispatch the work twice."""


@dataclass
class Job:
    """One piece of work. `progress` is the last word on how far it is."""

    work: Callable[[Job], Any]
    cancel: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    progress: str = ""
    result: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        """Do the work; what it raises is kept for whoever waits."""
        try:
            self.result = self.work(self)
        except BaseException as error:
            self.error = error
            if not isinstance(error, AcrouterError | JournalError):
                logger.exception("%s failed", threading.current_thread().name)
        finally:
            self.ended.set()

    def wait(self, seconds: float) -> bool:
        """Whether the work has ended within so many seconds; inf waits for as long as it takes."""
        return self.ended.wait(None if seconds == math.inf else max(0.0, seconds))

    def outcome(self) -> Any:
        """The result of ended work.

        Raises:
            what the work raised.
        """
        if self.error is not None:
            raise self.error
        return self.result


class Background:
    """Jobs by key; a key is worked on by one job at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def start(self, key: str, work: Callable[[Job], Any]) -> Job:
        """The job of that key: the one that is running, else a new one."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and not job.ended.is_set():
                return job
            job = self._jobs[key] = Job(work)
            threading.Thread(target=job.run, name=key, daemon=True).start()
            return job

    def find(self, key: str) -> Job | None:
        """The job of that key, running or ended; None if there was none in this process."""
        with self._lock:
            return self._jobs.get(key)

    def failure(self, word: str) -> BaseException | None:
        """What a job whose key names `word` raised; None while one is running, and where none raised anything."""
        with self._lock:
            jobs = [job for key, job in self._jobs.items() if word in key.split(":")]
        if not all(job.ended.is_set() for job in jobs):
            return None
        return next((job.error for job in jobs if job.error is not None), None)

    def cancel(self, key: str) -> bool:
        """Ask a running job to stop; False if none is running."""
        job = self.find(key)
        if job is None or job.ended.is_set():
            return False
        job.cancel.set()
        return True

    def shutdown(self, seconds: float) -> list[str]:
        """Ask all to stop and wait for them together; the keys of those that did not."""
        with self._lock:
            running = {key: job for key, job in self._jobs.items() if not job.ended.is_set()}
        for job in running.values():
            job.cancel.set()
        deadline = time.monotonic() + seconds
        return [key for key, job in running.items() if not job.ended.wait(max(0.0, deadline - time.monotonic()))]
