"""A table-driven state machine, pure: one table makes the buttons, the checks, the diagram and the tests.

    MACHINE = Machine({
        (None, Act.book): To(State.booked, role=("hotline",), needs=("applicant",)),
        (State.booked, Act.ask): To(State.waiting, role=..., needs=("missing",), remembers=True),
        (State.waiting, Act.bring): To(resume_to(State.booked), role=..., bars=("still_missing",)),
    }, finals=(State.archived,), names=NAMES)

Words of the table
  needs     what must be given with the action; `one_of("letter", "signature")` is met by either
  bars      facts that must be empty (a list of missing papers, originals that are out); the caller must state each
            of them, so that forgetting one is an error and not an open door
  when      facts of the record without which the action is not offered at all (no delivery needed)
  writes    what the step row keeps beside the needs; `paper` the form codes it prints; `clocks` what it does to clocks
  remembers the state that is left is kept, and an action with `resume_to` leads back to it
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.sla import Tick

State = Any  # a Choice member; None stands for "not yet there"
START = "start"


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


@dataclass(frozen=True)
class Machine:
    """A validated table. ValueError at import time when a state is unreachable, a dead end, or a word has no name.

    `names` gives the lazy label of every need and bar; `roles` the role codes that exist (unchecked when empty).
    """

    table: Mapping[tuple[State, Any], To]
    finals: tuple[State, ...]
    names: Mapping[str, Any] = field(default_factory=dict)
    roles: Collection[str] = ()

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def states(self) -> tuple[State, ...]:
        """Every state of the enum that the table speaks of."""
        return tuple(type(self.finals[0]))

    def rows(self) -> Iterator[tuple[State, Any, To]]:
        """(state, action, To) in table order."""
        for (state, action), to in self.table.items():
            yield state, action, to

    def actions(
        self, state: State, roles: Iterable[str], context: Mapping[str, Any] | None = None
    ) -> list[Offer]:
        """What these roles may do here. `context` holds the facts of the record (`when` and `bars`).

        A bar that the context does not state is left open here (a list page need not compute it); `apply` insists.
        """
        facts, mine = context or {}, set(roles)
        offers = []
        for source, action, to in self.rows():
            if source == state and mine & set(to.role) and all(facts.get(fact) for fact in to.when):
                blocked = tuple(self.names[bar] for bar in to.bars if facts.get(bar))
                offers.append(Offer(action, to, blocked))
        return offers

    def apply(
        self,
        state: State,
        action: Any,
        roles: Iterable[str],
        given: Mapping[str, Any] | None = None,
        *,
        resume: State | None = None,
    ) -> Step:
        """Check one action and return the step; changes nothing itself.

        `given` holds needs, bars and `when` facts by name; `resume` is the remembered state of the record.
        Raises Conflict (no such action here, a bar is not empty), NotAllowed (role), Invalid with `data["missing"]`
        and the labels in the message (needs). KeyError when a bar was not stated: that is a mistake of the caller.
        """
        facts = given or {}
        to = self.table.get((state, action))
        if to is None or not all(facts.get(fact) for fact in to.when):
            raise Conflict(_("This step is not possible in the present state."), action=str(action))
        acting = tuple(role for role in roles if role in to.role)
        if not acting:
            raise NotAllowed(_("Your post may not take this step."), action=str(action))
        self._check_needs(to, facts)
        self._check_bars(to, facts)
        target = self._target(to, resume)
        return Step(
            source=state,
            action=action,
            target=target,
            roles=acting,
            resume=state if to.remembers else None,
            given={name: facts[name] for name in (*_flat(to.needs), *to.writes) if name in facts},
            paper=to.paper,
            clocks=to.clocks,
        )

    def missing(self, to: To, given: Mapping[str, Any]) -> list[str]:
        """Names of the needs that `given` does not meet (the first name of a group)."""
        groups = [need if isinstance(need, tuple) else (need,) for need in to.needs]
        return [group[0] for group in groups if not any(_is_given(given.get(name)) for name in group)]

    def _check_needs(self, to: To, given: Mapping[str, Any]) -> None:
        missing = self.missing(to, given)
        if missing:
            text = _("Still missing: %(what)s", what=_Joined([self.names[name] for name in missing]))
            raise Invalid(text, field=missing[0], missing=missing)

    def _check_bars(self, to: To, given: Mapping[str, Any]) -> None:
        standing = [bar for bar in to.bars if given[bar]]
        if standing:
            text = _("Not possible yet: %(what)s", what=_Joined([self.names[bar] for bar in standing]))
            raise Conflict(text, bars=standing)

    def _target(self, to: To, resume: State | None) -> State:
        if not isinstance(to.state, Resume):
            return to.state
        if resume not in to.state.allowed:
            raise Conflict(_("The record does not say which step it came from."))
        return resume


class _Joined:
    """Lazy labels joined when the text is taken, in the reader's language."""

    def __init__(self, labels: list[Any]) -> None:
        self.labels = labels

    def __str__(self) -> str:
        return str(_(", ")).join(str(label) for label in self.labels)


def _is_given(value: Any) -> bool:
    """Blank text and empty lists are not given; a zero is."""
    if isinstance(value, str):
        return bool(value.strip())
    return len(value) > 0 if hasattr(value, "__len__") else value is not None and value is not False


def _flat(needs: Iterable[str | tuple[str, ...]]) -> list[str]:
    return [name for need in needs for name in (need if isinstance(need, tuple) else (need,))]


# Checking a table -----------------------------------------------------------------------------------------------


def _problems(machine: Machine) -> Iterator[str]:
    edges: dict[State, set[State]] = {}
    for state, action, to in machine.rows():
        edges.setdefault(state, set()).update(to.targets)
        yield from _row_problems(machine, f"{state or START}/{action}", to)
    reached = _closure({None}, edges)
    back: dict[State, set[State]] = {}
    for source, targets in edges.items():
        for target in targets:
            back.setdefault(target, set()).add(source)
    ending = _closure(set(machine.finals), back)
    for state in machine.states:
        if state not in reached:
            yield f"{state}: cannot be reached"
        if state in machine.finals and edges.get(state):
            yield f"{state}: is final but leads on"
        if state not in ending:
            yield f"{state}: no way out"
    yield from _memory_problems(machine)


def _row_problems(machine: Machine, row: str, to: To) -> Iterator[str]:
    if not to.role:
        yield f"{row}: nobody may do it"
    for role in to.role:
        if machine.roles and role not in machine.roles:
            yield f"{row}: unknown role {role}"
    for name in (*_flat(to.needs), *to.bars):
        if name not in machine.names:
            yield f"{row}: {name} has no name"


def _memory_problems(machine: Machine) -> Iterator[str]:
    """A state with a resuming action is entered only by rows that remember, from the states it may go back to."""
    resuming = {state for state, _action, to in machine.rows() if isinstance(to.state, Resume)}
    for state, action, to in machine.rows():
        if to.remembers and (state in resuming or not resuming.issuperset(to.targets)):
            # one place of memory: a second one on top would lose the first
            yield f"{state}/{action}: what it remembers is never used or overwrites another"
        if not isinstance(to.state, Resume):
            continue
        entries = [(source, entry) for source, _action, entry in machine.rows() if state in entry.targets]
        if not all(entry.remembers for _source, entry in entries):
            yield f"{state}/{action}: a way in does not remember where it came from"
        if {source for source, _entry in entries} != set(to.state.allowed):
            yield f"{state}/{action}: the ways in and the ways back differ"


def _closure(start: set[State], edges: Mapping[State, set[State]]) -> set[State]:
    seen, todo = set(start), list(start)
    while todo:
        for state in edges.get(todo.pop(), ()):
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return seen


# Diagram --------------------------------------------------------------------------------------------------------


def mermaid(machine: Machine) -> str:
    """The table as a Mermaid state diagram (text of the code block), labels in the language of the moment."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {state.name} : {state.label}" for state in machine.states]
    for state, action, to in machine.rows():
        source = "[*]" if state is None else state.name
        for target in to.targets:
            lines.append(f"    {source} --> {target.name} : {action.label}")
    lines += [f"    {state.name} --> [*]" for state in machine.finals]
    return "\n".join(lines) + "\n"


def table_rows(machine: Machine) -> list[dict[str, str]]:
    """The table as plain text rows for a document: state, action, target, role, needs, bars, clocks, paper."""
    return [
        {
            "state": str(state.label) if state is not None else "",
            "action": str(action.label),
            "target": ", ".join(str(target.label) for target in to.targets),
            "role": ", ".join(to.role),
            "needs": ", ".join(_need_text(machine, need) for need in to.needs),
            "bars": ", ".join(str(machine.names[bar]) for bar in to.bars),
            "clocks": ", ".join(f"{tick.op} {tick.clock} {tick.reason}".strip() for tick in to.clocks),
            "paper": ", ".join(to.paper),
        }
        for state, action, to in machine.rows()
    ]


def _need_text(machine: Machine, need: str | tuple[str, ...]) -> str:
    names = need if isinstance(need, tuple) else (need,)
    return " / ".join(str(machine.names[name]) for name in names)
