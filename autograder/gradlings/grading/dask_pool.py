"""Judges on a Dask cluster: each Dask worker keeps a bench of its own, and everything travels as bytes.

Nothing assumes a disk that all machines share. A Dask worker that is lost takes nothing with it: the scheduler gives
its submissions to another one. A cluster belongs to whoever can reach its scheduler: protect it as its documentation
says (TLS), and start its workers with one thread each, since a bench grades one submission at a time.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from gradlings.grading import local_pool
from gradlings.grading.judge_session import AssignmentBundle, JudgeReply
from gradlings.grading.local_pool import Job, flow
from gradlings.model.errors import InputError

_WAIT = 30
"""Seconds in which the scheduler must answer and a first worker be there."""
_RETRIES = 3


class DaskPool:
    """Judges in the workers of a running Dask cluster.

    Args:
        scheduler: its address, e.g. `tcp://10.0.0.1:8786`.
    """

    def __init__(self, brief: AssignmentBundle, scheduler: str) -> None:
        self.brief, self._scheduler = brief, scheduler
        self._key = f"gradlings-{secrets.token_hex(8)}"
        self.protection = ""
        self.notes: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        """Raises `InputError` where the cluster cannot be used, or one of its workers refuses to grade for marks."""
        try:
            from dask.distributed import Client
        except ImportError:
            raise InputError(
                "--engine dask needs Dask, which is not installed: pip install 'gradlings[cluster]'"
            ) from None
        try:
            self._client = Client(self._scheduler, timeout=_WAIT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(f"No Dask scheduler answers at {self._scheduler} ({error}).") from None
        try:
            self._set_up()
        except BaseException:
            self._client.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self._client.unregister_worker_plugin(self._key)  # ends the benches, too
        except (OSError, ValueError, RuntimeError):
            pass  # the cluster is gone, and its benches with it
        finally:
            self._client.close()

    def judged(self, jobs: Iterable[Job], seed: int) -> Iterator[tuple[Job, JudgeReply]]:
        executor = self._client.get_executor(pure=False, retries=_RETRIES)

        def submit(job: Job) -> Future[JudgeReply]:
            found: Future[JudgeReply] = executor.submit(local_pool.judge, self._key, job.data, job.filename, seed)
            return found

        for job, future in flow(jobs, submit, max(4, 3 * len(self._workers()))):
            try:
                yield job, future.result()
            except InputError:
                raise
            except Exception as error:  # of Dask: e.g. every worker that took it died
                yield job, JudgeReply(fault=f"{type(error).__name__}: {error}", protection=self.protection)

    def code_digest(self, data: bytes, filename: str) -> str:
        found: str = self._client.submit(local_pool.digest, self._key, data, filename, pure=False).result()
        return found

    def _workers(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return found

    def _set_up(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_WAIT)
        except TimeoutError:
            raise InputError(f"The Dask scheduler at {self._scheduler} has no workers.") from None
        self._client.register_plugin(_holding(self._key, self.brief), name=self._key)
        said = self._client.run(local_pool.set_up, self._key, on_error="return")
        for worker, answer in said.items():
            if isinstance(answer, InputError):
                raise InputError(f"The Dask worker {worker}: {answer}")
            if isinstance(answer, Exception):
                raise InputError(f"The Dask worker {worker} cannot grade ({type(answer).__name__}: {answer}).")
        self.protection = "; ".join(sorted({protection for protection, _ in said.values()}))
        self.notes = tuple(sorted({note for _, notes in said.values() for note in notes}))


def _holding(key: str, brief: AssignmentBundle) -> Any:
    """A plugin that gives the brief to every worker of the cluster, also to those that join later."""
    from dask.distributed import WorkerPlugin

    class Holding(WorkerPlugin):
        name = key

        def setup(self, worker: Any) -> None:
            local_pool.hold(key, brief)

        def teardown(self, worker: Any) -> None:
            local_pool.let_go(key)

    return Holding()
