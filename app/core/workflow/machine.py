"""The machine over a table: what is open to whom, and what an action does."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.workflow.checks import problems
from app.core.workflow.table import Offer, Resume, State, Step, To, flat_names


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
        found = list(problems(self.table, self.finals, self.names, self.roles))
        if found:
            raise ValueError("; ".join(found))

    @property
    def states(self) -> tuple[State, ...]:
        """Every state of the enum that the table speaks of."""
        return tuple(type(self.finals[0]).__members__.values())

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
            resume=state if to.remembers else resume if to.keeps else None,
            given={name: facts[name] for name in (*flat_names(to.needs), *to.writes) if name in facts},
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
