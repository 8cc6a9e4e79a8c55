"""What can go wrong between a plain dict and a sheet of paper.

Plain exceptions with plain attributes: they cross the pipe from the rendering process, so every child can be
rebuilt from ``args`` alone. The edge turns them into sentences for clerks.
"""

from __future__ import annotations


class PaperError(Exception):
    """Base of all errors of the rendering side."""


class EngineMissing(PaperError):
    """A library or the fonts of the engine are not on this machine; args: (what to install or run,)."""


class FormFolderError(PaperError):
    """A form folder is incomplete or contradicts itself; args: (code, list of faults)."""

    @property
    def faults(self) -> list[str]:
        return list(self.args[1])

    def __str__(self) -> str:
        return f"form {self.args[0]}: " + "; ".join(self.args[1])


class ContextMismatch(PaperError):
    """The dict does not have the shape of the form's sample; args: (code, list of faults)."""

    @property
    def faults(self) -> list[str]:
        return list(self.args[1])

    def __str__(self) -> str:
        return f"context of form {self.args[0]}: " + "; ".join(self.args[1])


class MissingGlyphs(PaperError):
    """Characters that no face of the family stack can draw; args: (sorted list of characters,).

    Nothing is printed or numbered then: an empty box in a name makes a paper void.
    """

    @property
    def characters(self) -> list[str]:
        return list(self.args[0])

    def __str__(self) -> str:
        return "no font has: " + ", ".join(f"{char} (U+{ord(char):04X})" for char in self.args[0])


class BlockedResource(PaperError):
    """A form asked for a file or address that printing must not read; args: (address,)."""

    def __str__(self) -> str:
        return f"resource refused: {self.args[0]}"


class RenderTimeout(PaperError):
    """A sheet took longer than the pool's limit; the process was ended; args: (form code, seconds)."""

    def __str__(self) -> str:
        return f"form {self.args[0]} was not ready after {self.args[1]} s"


class RenderCrash(PaperError):
    """The rendering process died (memory limit, signal) or failed unexpectedly; args: (form code, detail)."""

    def __str__(self) -> str:
        return f"form {self.args[0]} could not be rendered: {self.args[1]}"
