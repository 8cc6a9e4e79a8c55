"""The words of a state table: a row (`To`), a target known at run time (`Resume`), what a machine answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.sla import Tick

State = Any  # a Choice member; None stands for "not yet there"


@dataclass(frozen=True)
class Resume:
    """A target that is known only at run time: back to the remembered state, which must be one of these."""

    allowed: tuple[State, ...]


def resume_to(*allowed: State) -> Resume:
    return Resume(allowed)


def one_of(*names: str) -> tuple[str, ...]:
    """A need that any of these meets."""
    return names


@dataclass(frozen=True)
class To:
    """One row of the table. `role` lists the role codes that may do it."""

    state: State | Resume
    role: tuple[str, ...]
    needs: tuple[str | tuple[str, ...], ...] = ()
    writes: tuple[str, ...] = ()
    paper: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    clocks: tuple[Tick, ...] = ()
    remembers: bool = False
    keeps: bool = False
    reopens: bool = False

    @property
    def targets(self) -> tuple[State, ...]:
        return self.state.allowed if isinstance(self.state, Resume) else (self.state,)


@dataclass(frozen=True)
class Step:
    """What happened: the service writes it as a history row. `resume` is the state to remember from now on."""

    source: State
    action: Any
    target: State
    roles: tuple[str, ...]
    resume: State | None
    given: Mapping[str, Any]
    paper: tuple[str, ...]
    clocks: tuple[Tick, ...]


@dataclass(frozen=True)
class Offer:
    """An action open to the actor; `missing` names what still stands in the way (labels), for the button's hint."""

    action: Any
    to: To
    missing: tuple[Any, ...] = ()

    @property
    def ready(self) -> bool:
        return not self.missing


def flat_names(needs: Iterable[str | tuple[str, ...]]) -> list[str]:
    """Every name in the needs, groups opened."""
    return [name for need in needs for name in (need if isinstance(need, tuple) else (need,))]
