"""Lines of progress: how far, what is being done, how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable

Say = Callable[[str], None]


class Progress:
    """Shares of the whole add up to 1; the time left is the time used, spread over what is left."""

    def __init__(self, say: Say, seconds: Callable[[], float] = time.monotonic) -> None:
        self.say, self.seconds = say, seconds
        self.began, self.done = seconds(), 0.0

    def add(self, share: float, what: str) -> None:
        """One piece of the work is done; say so."""
        self.done = min(1.0, self.done + share)
        used = self.seconds() - self.began
        left = used / self.done - used if self.done else 0.0
        rest = f", about {_time(left)} left" if self.done < 1 else ""
        self.say(f"{self.done:4.0%}  {what}{rest}")


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
