"""How long a call may still take."""

from __future__ import annotations

import time


class Clock:
    """Counts a call's seconds down; ``None`` sets no bound."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.start()

    def start(self) -> None:
        """Begin again, with all the time."""
        self._end = None if self._seconds is None else time.monotonic() + self._seconds

    def left(self) -> float | None:
        """Give the seconds that are left; negative when the time is over."""
        return None if self._end is None else self._end - time.monotonic()

    def is_up(self) -> bool:
        """Report whether the time is over, or as good as over: the service's clock may say so first, and then resets the call."""
        left = self.left()
        return left is not None and left < min(0.1, 0.5 * (self._seconds or 0.0))
