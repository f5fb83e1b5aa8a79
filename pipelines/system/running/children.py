"""Processes that this one starts: they end when it does, in whatever way it ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess

SERVED_BY = "ICCS_SERVED_BY"
"""The variable that tells runs which process of ``iccs serve`` started them."""

_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
_LOOK_SECONDS = 1.0
_CLEAN_UP_SECONDS = 20


def end_with_parent(parent: int) -> None:
    """Have the system kill this process (SIGKILL) as soon as the one that started it is gone; on Linux only.

    Args:
        parent: the process that started this one; it may be gone already.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def end_children(processes: Sequence[BaseProcess]) -> None:
    """Ask processes to end, so that they remove their temporary files; kill those that take too long."""
    for process in processes:
        process.terminate()

    def kill() -> None:
        for process in processes:
            if process.is_alive():
                process.kill()

    if processes:
        killer = threading.Timer(_CLEAN_UP_SECONDS, kill)
        killer.daemon = True
        killer.start()


def end_with_server() -> None:
    """End this process when the ``iccs serve`` that started it is gone: its run would go on unseen, holding the lock.

    First by SIGTERM, so that temporary files are removed, then by SIGKILL if that takes too long. Elsewhere, as under a
    worker of another server, this does nothing.
    """
    server = int(os.environ.get(SERVED_BY, "0"))
    if os.getppid() != server:
        return

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_CLEAN_UP_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="server watch").start()
