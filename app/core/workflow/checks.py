"""What makes a state table sound: every state can be reached and left, every word has a name, memory is kept."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from app.core.workflow.table import Resume, State, To, flat_names

START = "start"


def problems(
    table: Mapping[tuple[State, Any], To],
    finals: tuple[State, ...],
    names: Mapping[str, Any],
    roles: Collection[str],
) -> Iterator[str]:
    """Sentences about everything that is wrong with a table; none when it is sound."""
    edges: dict[State, set[State]] = {}
    onward: dict[State, set[State]] = {}
    for (state, action), to in table.items():
        if not to.reopens:
            edges.setdefault(state, set()).update(to.targets)
        # going back to a remembered state reaches nothing that was not reached before
        onward.setdefault(state, set()).update(() if isinstance(to.state, Resume) else to.targets)
        yield from _row_problems(names, roles, f"{state or START}/{action}", to)
    reached = _closure({None}, onward)
    back: dict[State, set[State]] = {}
    for source, targets in edges.items():
        for target in targets:
            back.setdefault(target, set()).add(source)
    ending = _closure(set(finals), back)
    for state in type(finals[0]):
        if state not in reached:
            yield f"{state}: cannot be reached"
        if state in finals and edges.get(state):
            yield f"{state}: is final but leads on"
        if state not in ending:
            yield f"{state}: no way out"
    yield from _memory_problems(table)


def _row_problems(names: Mapping[str, Any], roles: Collection[str], row: str, to: To) -> Iterator[str]:
    if not to.role:
        yield f"{row}: nobody may do it"
    for role in to.role:
        if roles and role not in roles:
            yield f"{row}: unknown role {role}"
    for name in (*flat_names(to.needs), *to.bars):
        if name not in names:
            yield f"{row}: {name} has no name"


def _memory_problems(table: Mapping[tuple[State, Any], To]) -> Iterator[str]:
    """A state with a resuming action is entered only by rows that remember, from the states it may go back to."""
    resuming = {state for (state, _action), to in table.items() if isinstance(to.state, Resume)}
    for (state, action), to in table.items():
        if to.keeps and (to.remembers or state not in resuming):
            yield f"{state}/{action}: it keeps what nothing remembers"
        if to.remembers and (state in resuming or not resuming.issuperset(to.targets)):
            # one place of memory: a second one on top would lose the first
            yield f"{state}/{action}: what it remembers is never used or overwrites another"
        if not isinstance(to.state, Resume):
            continue
        entries = [(source, entry) for (source, _action), entry in table.items() if state in entry.targets]
        if not all(entry.remembers or entry.keeps for _source, entry in entries):
            yield f"{state}/{action}: a way in does not remember where it came from"
        if _remembered(table, entries) != set(to.state.allowed):
            yield f"{state}/{action}: the ways in and the ways back differ"


def _remembered(table: Mapping[tuple[State, Any], To], entries: list[tuple[State, To]]) -> set[State]:
    """The states that these ways in may have written down: the one left, or what that one remembered itself."""
    found: set[State] = set()
    for source, entry in entries:
        if entry.keeps:
            for (state, _action), to in table.items():
                if state == source and isinstance(to.state, Resume):
                    found |= set(to.state.allowed)
        else:
            found.add(source)
    return found


def _closure(start: set[State], edges: Mapping[State, set[State]]) -> set[State]:
    seen, todo = set(start), list(start)
    while todo:
        for state in edges.get(todo.pop(), ()):
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return seen
