"""The papers of a case: what is taken over, what is still open, what the department says about each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Conflict, Invalid
from app.proxy.choices import PaperForm, PaperMark, PaperState
from app.proxy.models import CaseMaterial, ProxyCase, ServiceItemVersion, need_allowed
from app.proxy.rules import asks_for
from app.proxy.rules.stages import MARKING_STATES

Given = Mapping[str, Any]
Taken = list[tuple[CaseMaterial, Mapping[str, Any]]]


@dataclass
class Seen:
    """A paper as it will stand after the step that is being judged; nothing is written yet."""

    name: str
    form: str
    required: bool
    applies: bool | None
    share_exempt: bool
    condition: str | None
    state: str
    mark: str | None


def materials_of(version: ServiceItemVersion, answers: Mapping[str, bool | None]) -> list[CaseMaterial]:
    """The papers of a new case: copied from the item's version, so that later versions change nothing here."""
    rows = []
    for need in version.materials:
        answer = asks_for(need, answers)
        rows.append(
            CaseMaterial(
                seq=need.seq,
                name=need.name,
                form=need.form,
                copies=need.copies,
                required=answer.required,
                applies=answer.applies,
                condition=(need.condition or need.name) if need.required == "conditional" else None,
                is_authorization=need.is_authorization,
                share_exempt=need.share_exempt,
                issuer=need.issuer,
                note=need.note,
            )
        )
    return rows


def by_seq(case: ProxyCase, seq: Any, field: str) -> CaseMaterial:
    """The paper with this number. Raises Invalid for one that the case does not have."""
    found = next((m for m in case.materials if str(m.seq) == str(seq)), None)
    if found is None:
        raise Invalid(_("This paper does not belong to the case."), field=field)
    return found


def taken_papers(case: ProxyCase, given: Given | None) -> Taken:
    """Pair what the worker ticked ({seq, state, note}) with the papers of the case.

    Raises Invalid for an unknown paper, for “shared” where the office cannot fetch it, and for waiving a required
    paper without saying why (it may follow: 容缺).
    """
    taken: Taken = []
    for entry in (given or {}).get("materials") or ():
        material = by_seq(case, entry["seq"], "materials")
        state = PaperState.parse(entry.get("state", PaperState.collected.value), field="materials")
        if state is PaperState.asked:
            continue
        if state is PaperState.shared and not material.share_exempt:
            raise Invalid(
                _("“%(paper)s” cannot be got by data sharing.", paper=material.name), field="materials"
            )
        needs_word = state is PaperState.waived and material.required and material.applies is not False
        if needs_word and not (entry.get("note") or "").strip():
            raise Invalid(
                _("Say why “%(paper)s” is not needed or may follow.", paper=material.name), field="materials"
            )
        taken.append((material, {**entry, "state": state.value}))
    return taken


def answers_given(case: ProxyCase, given: Given | None) -> dict[int, bool]:
    """Conditions answered in this step: number of the paper → needed or not. Invalid for a paper without one."""
    answered: dict[int, bool] = {}
    for seq, applies in ((given or {}).get("answers") or {}).items():
        material = by_seq(case, seq, "materials")
        if material.condition is None:
            raise Invalid(_("This paper has no condition to answer."), field="materials")
        answered[material.seq] = bool(applies)
    return answered


def seen(case: ProxyCase, given: Given | None = None) -> list[Seen]:
    """The papers as they will stand once `given` is written."""
    taken = {m.seq: entry["state"] for m, entry in taken_papers(case, given)}
    answers = answers_given(case, given)
    found = []
    for m in case.materials:
        # a conditional paper that is handed over answers its condition
        applies = answers.get(m.seq, True if m.applies is None and m.seq in taken else m.applies)
        state, mark = (taken[m.seq], None) if m.seq in taken else (m.state, m.mark)
        found.append(Seen(m.name, m.form, m.required, applies, m.share_exempt, m.condition, state, mark))
    return found


def stays(material: CaseMaterial, entry: Mapping[str, Any]) -> bool:
    """Whether an original leaves its owner's hands: the authorization letter is ours to keep and is no such thing."""
    collected = entry["state"] == PaperState.collected.value
    return collected and material.form == PaperForm.original.value and not material.is_authorization


def write_answers(case: ProxyCase, given: Given) -> None:
    """Keep the answers to conditions; a paper that does not apply is no longer marked as bad."""
    for seq, applies in answers_given(case, given).items():
        material = by_seq(case, seq, "materials")
        material.applies = applies
        if not applies:
            material.mark, material.mark_note = None, None


def write_taken(case: ProxyCase, given: Given, now: datetime) -> Taken:
    """Collected papers change their state; an earlier mark of the department belonged to the paper before."""
    taken = taken_papers(case, given)
    for material, entry in taken:
        material.state, material.collected_at = entry["state"], now
        material.mark, material.mark_note = None, None
        if material.applies is None:
            material.applies = True
        if entry.get("note"):
            material.note = entry["note"]
    return taken


def ask_for(case: ProxyCase, missing: Iterable[Mapping[str, Any]]) -> None:
    """Mark the papers of the one-time list as missing or bad, with what is wrong.

    Raises Invalid where the list would send somebody to a committee for a proof that it may not issue.
    """
    for entry in missing:
        material = by_seq(case, entry["seq"], "missing_list")
        field = f"missing-note-{material.seq}"
        need_allowed(material.name, material.issuer, note=entry.get("note"), field=field)
        material.mark, material.mark_note = PaperMark.bad.value, entry.get("note") or None
        material.required = True
        if material.state != PaperState.collected or material.source:
            # shared, waived or taken over, and not good enough: it is to be brought after all
            material.state, material.collected_at = PaperState.asked.value, None
            material.source = material.source_uid = material.source_note = None
        if material.condition is None or material.applies is False:
            # a condition that nobody has answered stays open: the resident says so, or brings the paper
            material.applies = True


def mark_papers(case: ProxyCase, marks: Mapping[int, tuple[str | None, str | None]]) -> list[dict[str, Any]]:
    """The department's word on single papers: number → (ok, bad or None, what is wrong). Returns what changed.

    Raises Conflict where nothing is being checked, Invalid for “bad” without a word.
    """
    if case.state not in MARKING_STATES:
        raise Conflict(_("Papers are marked while the case is being checked."))
    changed: list[dict[str, Any]] = []
    for seq, (mark, note) in marks.items():
        material = by_seq(case, seq, "marks")
        wanted = PaperMark.parse(mark, field="marks").value if mark else None
        note = (note or "").strip()[:200] or None
        if wanted == PaperMark.bad.value and note is None:
            raise Invalid(_("Say what is wrong with “%(paper)s”.", paper=material.name), field="marks")
        if note is not None:
            need_allowed(material.name, material.issuer, note=note, field=f"mark-note-{seq}")
        if (material.mark, material.mark_note) != (wanted, note):
            material.mark, material.mark_note = wanted, note
            changed.append({"seq": material.seq, "mark": wanted, "note": note})
    return changed
