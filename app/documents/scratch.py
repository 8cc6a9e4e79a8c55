"""Working folders of rendering processes: below the site's home, locked by their owner, swept when the owner is gone.

They hold copies of fonts and may hold pages of residents, so a killed web process must not leave them for ever, and
they do not lie in a folder that other users of the machine share.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "print-"
LOCK = ".lock"


class Scratch:
    """One folder, this process's as long as the lock is held; a lock ends with its process, however that ends."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(root):
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
            self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Take the folder away and let the lock go."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep(root: Path) -> int:
    """Remove the folders of owners that are gone; returns how many. Folders in use are left alone."""
    if not root.is_dir():
        return 0
    with _alone(root):
        gone = [folder for folder in root.glob(f"{PREFIX}*") if not _is_held(folder / LOCK)]
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """A folder is never seen between its making and its lock."""
    handle = os.open(root / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_held(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)
