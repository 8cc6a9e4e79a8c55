"""Rules of an import: the states of a batch, the mapping of columns, what may be undone (issue 4). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.core.workflow import Machine, To
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import BatchState as State
from app.exchange.choices import KnownRule

USER, JOB = "user", "job"
NEED, MAPPING, WHY = "problem", "columns", "reason"
UNWRITTEN, KEPT = "unwritten", "kept"  # facts: no row is written yet; rows stayed when the batch was undone

AREA_KEYS = ("area_id", "area")  # fields that say where a row belongs

MACHINE = Machine(
    {
        (None, Act.upload): To(State.uploaded, role=(USER,)),
        (State.uploaded, Act.map): To(State.mapped, role=(USER,), needs=(MAPPING,)),
        (State.mapped, Act.map): To(State.mapped, role=(USER,), needs=(MAPPING,)),
        (State.checked, Act.map): To(State.mapped, role=(USER,), needs=(MAPPING,)),
        (State.uploaded, Act.look): To(State.uploaded, role=(USER,)),
        (State.mapped, Act.look): To(State.uploaded, role=(USER,)),
        (State.checked, Act.look): To(State.uploaded, role=(USER,)),
        (State.mapped, Act.check): To(State.checking, role=(USER,)),
        (State.checked, Act.check): To(State.checking, role=(USER,)),
        (State.checking, Act.checked): To(State.checked, role=(JOB,)),
        # the mapping is kept: what was wrong is put right and checked again
        (State.checking, Act.refuse): To(State.mapped, role=(JOB,), needs=(NEED,)),
        (State.checked, Act.run): To(State.running, role=(USER,)),
        (State.running, Act.finish): To(State.done, role=(JOB,)),
        (State.running, Act.stop): To(State.stopped, role=(JOB,), needs=(NEED,)),
        (State.stopped, Act.run): To(State.running, role=(USER,)),
        # a field or a right has gone since the check: matched anew as long as nothing is written
        (State.stopped, Act.map): To(State.mapped, role=(USER,), needs=(MAPPING,), when=(UNWRITTEN,)),
        (State.stopped, Act.undo): To(State.undoing, role=(USER,), needs=(WHY,)),
        (State.done, Act.undo): To(State.undoing, role=(USER,), needs=(WHY,)),
        (State.undoing, Act.undone): To(State.undone, role=(JOB,)),
        (State.undoing, Act.halt): To(State.halted, role=(JOB,), needs=(NEED,)),
        (State.halted, Act.undo): To(State.undoing, role=(USER,), needs=(WHY,)),
        (State.undone, Act.undo): To(State.undoing, role=(USER,), needs=(WHY,), when=(KEPT,), reopens=True),
        (State.uploaded, Act.drop): To(State.dropped, role=(USER,)),
        (State.mapped, Act.drop): To(State.dropped, role=(USER,)),
        (State.checked, Act.drop): To(State.dropped, role=(USER,)),
    },
    finals=(State.undone, State.dropped),
    names={NEED: _("What went wrong"), MAPPING: _("Columns of the sheet"), WHY: _("Reason")},
    roles=(USER, JOB),
)

# states in which a job is at work, and the step by which it says that it came to nothing
WORKING = {
    State.checking: Act.refuse,
    State.running: Act.stop,
    State.undoing: Act.halt,
}
WRITTEN = (State.running, State.stopped, State.done, State.undoing, State.halted, State.undone)


@dataclass(frozen=True, slots=True)
class Target:
    """A field of ours as the mapping sees it."""

    key: str
    label: str
    needed: bool = False


def check_mapping(columns: Mapping[str, str], targets: Sequence[Target]) -> dict[str, str]:
    """The mapping {heading: key} without the columns that are left out.

    Raises Invalid: a field that does not exist or that the role may not write, a field twice, no field at all.
    """
    known = {t.key: t for t in targets}
    chosen = {heading: key for heading, key in columns.items() if key}
    for heading, key in chosen.items():
        if key not in known:
            raise Invalid(_("This choice does not exist."), field=heading)
    for key in chosen.values():
        twice = [heading for heading, other in chosen.items() if other == key]
        if len(twice) > 1:
            text = _("%(field)s is chosen for two columns: choose one of them.", field=known[key].label)
            raise Invalid(text, field=twice[1])
    if not chosen:
        raise Invalid(_("Please say of one column at least what it holds."))
    return chosen


def missing(columns: Mapping[str, str], fixed: Collection[str], targets: Sequence[Target]) -> list[Target]:
    """Needed fields that neither a column nor a value for every row brings: no row can go in."""
    brought = {*columns.values(), *fixed}
    return [t for t in targets if t.needed and t.key not in brought]


def is_change(rule: str) -> bool:
    """Whether a rule changes records that are known already."""
    return KnownRule.parse(rule, field="rule") in (KnownRule.fill, KnownRule.update)


def needed_rights(rule: str) -> tuple[str, ...]:
    """What the actor must hold on the register for a rule: records are entered by all, changed by two of them."""
    return ("can_add", "can_edit") if is_change(rule) else ("can_add",)


STEPS, LEAST = 10, 200


def chunk_of(rows: int, most: int) -> int:
    """Rows of one commit: a short sheet in ten steps too, so that its bar moves."""
    return min(most, max(LEAST, -(-rows // STEPS)))


def share(done: int, total: int) -> int:
    """Percent of a piece of work that is done; 0 where nothing is known yet."""
    return 0 if total <= 0 else min(100, done * 100 // total)


def seen_state(state: State, job_state: str | None) -> State:
    """The state as it is: a batch whose job was given up or cancelled is at work in name only."""
    ended = state in WORKING and job_state not in ("queued", "running")
    return MACHINE.apply(state, WORKING[state], (JOB,), {NEED: True}).target if ended else state


def may_undo(*, is_owner: bool, may_delete: bool) -> bool:
    """Whoever brought a sheet takes it back; of others whoever may delete the records by hand."""
    return is_owner or may_delete


def gone_fields(columns: Mapping[str, str], known: Collection[str]) -> list[str]:
    """Headings that were matched with fields which are no longer there for this role."""
    return [heading for heading, key in columns.items() if key and key not in known]


# why a row is not undone, as it is told
CHANGED_SINCE = _("Not undone: it was changed since the import.")
GONE = _("Not undone: it is no longer in the register.")
HELD = _("Not undone: other records hang on it by now.")
HOUSEHOLD = _("Not undone: something of its household stays, and a household goes as a whole or not at all.")
ACTED_ON = _("Not undone: others have gone on with this case since.")
NOT_BACK = _("Not undone: the step can no longer be taken back by you.")
WHY_KEPT = (CHANGED_SINCE, GONE, HELD, HOUSEHOLD, ACTED_ON, NOT_BACK)


def why_kept(
    touched: Collection[Any], gone: Collection[Any], held: Collection[Any], records: Collection[Any]
) -> Any | None:
    """Why a row stays as it is when the batch is undone; None when it goes back. One record is reason enough: a row is
    undone whole or not at all.
    """
    for sentence, among in ((GONE, gone), (CHANGED_SINCE, touched), (HELD, held)):
        if any(record in among for record in records):
            return sentence
    return None


def whole_or_none(reasons: Sequence[Any | None]) -> list[Any | None]:
    """Why each row of one household stays: where one does, the others stay with it."""
    if all(reason is None for reason in reasons):
        return list(reasons)
    return [HOUSEHOLD if reason is None else reason for reason in reasons]


def families(households: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """{first row: all rows} of rows that belong together, from (household, row) pairs; rows that stand alone are left out.

    Two households that share a row (somebody who belongs to both) go together.
    """
    leader: dict[int, int] = {}

    def first_of(row: int) -> int:
        while leader[row] != row:
            leader[row] = row = leader[leader[row]]
        return row

    owner: dict[int, int] = {}
    for household, row in households:
        leader.setdefault(row, row)
        one, other = sorted((first_of(row), first_of(owner.setdefault(household, row))))
        leader[other] = one
    found: dict[int, list[int]] = {}
    for row in sorted(leader):
        found.setdefault(first_of(row), []).append(row)
    return {row: rows for row, rows in found.items() if len(rows) > 1}
