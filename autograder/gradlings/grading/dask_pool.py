"""Judges on a Dask cluster: each Dask worker keeps a judge session of its own, and everything travels as bytes.

Nothing assumes a disk that all machines share. A Dask worker that is lost takes nothing with it: the scheduler gives
its submissions to another. A cluster belongs to whoever can reach its scheduler: protect it as its documentation
says (TLS), and start its workers with one thread each, since a judge grades one submission at a time.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from gradlings.grading import local_pool
from gradlings.grading.judge_session import AssignmentBundle, JudgeReply, JudgeSession
from gradlings.model.errors import InputError
from gradlings.submission.helpers.files import NO_HELPERS, Helpers
from gradlings.submission.shipped_kit import in_a_clone

_TIMEOUT_SECONDS = 30
"""For the scheduler to answer, and for a first worker to be there."""
_MAX_RETRIES = 3
T = TypeVar("T")
_log = logging.getLogger(__name__)


class DaskPool:
    """Judges in the workers of a running Dask cluster.

    Args:
        scheduler: its address, e.g. `tcp://10.0.0.1:8786`.
    """

    def __init__(self, bundle: AssignmentBundle, scheduler: str) -> None:
        self.bundle, self._scheduler = bundle, scheduler
        self._key = f"gradlings-{secrets.token_hex(8)}"
        self.protection = ""
        self.notes: tuple[str, ...] = ()
        self.capacity: int

    def __enter__(self) -> Self:
        """Connect, and start a judge in every worker.

        Raises:
            InputError: the cluster cannot be used, or one of its workers refuses to grade for marks.
        """
        try:
            from dask.distributed import Client
        except ImportError:
            needed = in_a_clone(".[cluster]")
            raise InputError(f"--engine dask needs Dask, which is not installed: {needed}") from None
        try:
            self._client = Client(self._scheduler, timeout=_TIMEOUT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(f"No Dask scheduler answers at {self._scheduler} ({error}).") from None
        try:
            self._set_up()
        except BaseException:
            self._client.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        try:
            self._client.unregister_worker_plugin(self._key)  # ends the sessions, too
        except (OSError, ValueError, RuntimeError):
            _log.debug("The cluster is gone, and its sessions with it.", exc_info=True)
        finally:
            self._client.close()

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """See `JudgePool.submit`."""
        return self._threads.submit(call, *args)

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
        """See `JudgePool.judge`."""
        try:
            reply: JudgeReply = self._call(JudgeSession.judge, data, filename, seed, helpers)
            return reply
        except InputError:
            raise
        except Exception as error:  # of Dask: e.g. every worker that took it died
            log = ("".join(traceback.format_exception(error)),)
            return JudgeReply(fault=f"{type(error).__name__}: {error}", protection=self.protection, log=log)

    def code_digest(self, data: bytes, filename: str) -> str:
        """See `JudgePool.code_digest`."""
        digest: str = self._call(JudgeSession.code_digest, data, filename)
        return digest

    def _call(self, call: Callable[..., Any], *args: Any) -> Any:
        future = self._client.submit(local_pool.in_session, self._key, call, *args, pure=False, retries=_MAX_RETRIES)
        return future.result()

    def _set_up(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_TIMEOUT_SECONDS)
        except TimeoutError:
            raise InputError(f"The Dask scheduler at {self._scheduler} has no workers.") from None
        self._client.register_plugin(_bundle_plugin(self._key, self.bundle), name=self._key)
        replies = self._client.run(local_pool.in_session, self._key, JudgeSession.active_protection, on_error="return")
        for worker, reply in replies.items():
            if isinstance(reply, InputError):
                raise InputError(f"The Dask worker {worker}: {reply}")
            if isinstance(reply, Exception):
                raise InputError(f"The Dask worker {worker} cannot grade ({type(reply).__name__}: {reply}).")
        self.capacity = max(4, 3 * len(replies))
        self._threads = ThreadPoolExecutor(self.capacity)
        self.protection = "; ".join(sorted({protection for protection, _ in replies.values()}))
        self.notes = tuple(sorted({note for _, notes in replies.values() for note in notes}))


def _bundle_plugin(key: str, bundle: AssignmentBundle) -> Any:
    """Return a plugin that gives the bundle to every worker of the cluster, also to those that join later."""
    from dask.distributed import WorkerPlugin

    class BundlePlugin(WorkerPlugin):
        name = key

        def setup(self, worker: Any) -> None:
            local_pool.add_bundle(key, bundle)

        def teardown(self, worker: Any) -> None:
            local_pool.remove_bundle(key)

    return BundlePlugin()
