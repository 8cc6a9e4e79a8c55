"""The form of one step: its fields follow from what the machine says the step needs and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.extra import ExtraColumn
from app.core.views.fields import RecordForm
from app.core.widgets import (
    CheckField,
    ChoiceField,
    CodeField,
    DayField,
    LongTextField,
    MomentField,
    Needed,
    TextField,
)
from app.core.workflow import To
from app.core.workflow.table import flat_names
from app.proxy.choices import NAMES, RATINGS, Action, PaperState, Signed
from app.proxy.forms import delivery, hands
from app.proxy.forms.hands import originals_of
from app.proxy.forms.questions import answers_given, fields_of, show_answers
from app.proxy.models import ProxyCase
from app.proxy.rules import what_is_wrong
from app.proxy.service import custody
from app.proxy.service.questions import asked_at

PAPERS, MISSING = "papers", "missing"  # blocks of a line for each paper, beside the plain fields
SIGNING = frozenset({Action.entrust, Action.deliver, Action.pick_up, Action.withdraw})
DECISIONS = (("approved", _("Approved")), ("partly", _("Approved in part")))
ON_PAPER = [
    (s.value, s.label) for s in (Signed.paper, Signed.fingerprint)
]  # fingers draw on the phone's page
MOST_DAYS = 5  # how long a resident usually has for a missing paper


@dataclass(frozen=True)
class Asked:
    """A step that is about to be taken, as its form sees it."""

    action: Action
    to: To
    case: ProxyCase
    label: str  # of the acting person
    now: datetime
    bars: tuple[str, ...] = ()
    may_be_full: bool = False  # whether the worker may have no room on a new day

    @property
    def today(self) -> Any:
        return clock.to_local(self.now).date()

    @cached_property
    def questions(self) -> list[ExtraColumn]:
        """The questions of the service that come with this step."""
        return asked_at(self.case.item_version, self.action)

    @property
    def block(self) -> str:
        """Which list of papers the form shows, if any."""
        needs = flat_names(self.to.needs)
        return PAPERS if "materials" in needs else MISSING if "missing_list" in needs else ""


Maker = Callable[[Asked, Any, list[Any]], Any]


def _text(length: int, default: Callable[[Asked], Any] | None = None) -> Maker:
    return lambda asked, label, rules: TextField(
        label, rules, length=length, default=default(asked) if default else None
    )


def _long(length: int) -> Maker:
    return lambda asked, label, rules: LongTextField(label, rules, length=length)


def _day(default: Callable[[Asked], Any] | None = None) -> Maker:
    return lambda asked, label, rules: DayField(label, rules, default=default(asked) if default else None)


def _party(asked: Asked) -> str:
    return asked.case.party_name


CHECKED = frozenset(
    {"notice_left", "told_at_once", "appeared", "cannot_sign", "originals_returned", "overbook"}
)
# need, bar or extra → how it is asked for
FIELDS: dict[str, Maker] = {
    "reason": _long(300),
    "remedies": _long(300),
    "outcome": _long(300),
    "appointment": _day(),
    "slot": lambda a, label, rules: TextField(label, rules, length=11, description=_("e.g. 09:00-11:00")),
    "due_on": _day(lambda a: a.today + timedelta(days=MOST_DAYS)),
    "due_back_on": _day(),
    "window": _text(80, lambda a: a.case.item_version.department_name),
    "handler": _text(50, lambda a: a.label),
    "note": _long(300),
    "place": _text(160),
    "expert": _text(80),
    "decision": lambda a, label, rules: ChoiceField(label, rules, source=DECISIONS, default="approved"),
    "result": _text(120, lambda a: a.case.item_version.result_name),
    "result_no": _text(60),
    "result_until": _day(),
    "recipient": _text(50, _party),
    "applicant": _text(50, _party),
    "signed_by": _text(50, _party),
    "relation": _text(40),
    "witness": _text(50),
    "second_witness": _text(50),
    "attempted_at": lambda a, label, rules: MomentField(label, rules, default=a.now),
    "rating": lambda a, label, rules: CodeField(label, rules, source=RATINGS),
    "signature": lambda a, label, rules: ChoiceField(
        label, rules, source=ON_PAPER, default=Signed.paper.value
    ),
    **dict.fromkeys(CHECKED, lambda a, label, rules: CheckField(label)),
    "receipt": lambda a, label, rules: ChoiceField(label, rules, source=ON_PAPER, default=Signed.paper.value),
    "from_until": _day(),
    "until": _day(),
    **delivery.FIELDS,
    **hands.FIELDS,
}
LABELS: dict[str, Any] = {
    **NAMES,
    "slot": _("time of day"),
    "due_back_on": _("originals back by"),
    "note": _("remark"),
    "result_no": _("number of the result"),
    "result_until": _("result valid until"),
    "signed_by": _("signed by"),
    "relation": _("relation to the applicant"),
    "appeared": _("the resident has appeared in person"),
    "cannot_sign": _("cannot write: fingerprint with a witness"),
    "originals_returned": _("originals were handed back now"),
    "from_until": _("first day"),
    "until": _("last day"),
    "photo": _("photo of the signed paper"),
    "overbook": _("book all the same: the resident and the worker know"),
    **delivery.LABELS,
    **hands.LABELS,
}
# what a step may bring beside the needs of its row, in the order of the form
MORE: dict[Action, tuple[str, ...]] = {
    Action.rebook: ("slot",),
    Action.set_out: ("slot",),
    Action.entrust: ("signed_by", "consent", "cannot_sign", "witness"),
    **delivery.MORE,
}
NOT_A_FIELD = frozenset({"materials", "missing_list", "authorization_letter"})


def field_names(asked: Asked) -> list[tuple[str, bool]]:
    """(name, must be filled in) of the plain fields of a step, in the order of the form."""
    names: dict[str, bool] = {}
    for need in asked.to.needs:
        # of several that would do, the last is asked for on the screen
        name = need if isinstance(need, str) else need[-1]
        if name not in NOT_A_FIELD:
            names[name] = True
        if name == "from_until":
            names["until"] = True
    for name in (*asked.to.writes, *MORE.get(asked.action, ()), *_by_case(asked)):
        names.setdefault(name, name in hands.NEEDED)
    return list(names.items())


def _by_case(asked: Asked) -> list[str]:
    case, found = asked.case, []
    if asked.action is Action.withdraw and any(c.holder_unit_id is None for c in custody.held(case)):
        found.append("originals_returned")
    if asked.action is Action.collect and any(m.form == "original" for m in case.materials):
        found.append("due_back_on")
    if asked.action is Action.archive and any(c.lost_at for c in case.custody):
        found.append("reason")
    if asked.may_be_full:
        found.append("overbook")
    if "appearance_due" in asked.bars:
        found.append("appeared")
    return found


def step_form(asked: Asked, data: Any = None) -> RecordForm:
    """The bound form of a step; choices are loaded."""
    body: dict[str, Any] = {}
    for name, needed in field_names(asked):
        rules = [Needed()] if needed and name not in CHECKED else []
        body[name] = FIELDS[name](asked, LABELS[name], rules)
    body |= fields_of(asked.questions, needed=asked.action is not Action.collect)
    cls = type("StepForm", (RecordForm,), body)
    form: RecordForm = cls(formdata=data)
    for field in form:
        if isinstance(field, ChoiceField):
            field.load()
    if data is None:
        show_answers(form, asked.questions, asked.case.answers)
    return form


def given_of(form: RecordForm, asked: Asked, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the service takes: plain JSON values by name; empty fields are left out."""
    given: dict[str, Any] = {}
    for name, _needed in field_names(asked):
        value = plain(form[name])
        if value not in (None, "", False):
            given[name] = value
    if asked.questions:
        given["questions"] = answers_given(form, asked.questions)
    if "from_until" in given:
        given["from_until"] = [given["from_until"], given.pop("until", None)]
    if asked.block == PAPERS:
        given["materials"], given["answers"] = papers_of(asked.case, data)
        given["originals"] = originals_of(asked.case, data)
    if asked.block == MISSING:
        given["missing_list"] = missing_of(asked.case, data)
    return given


def plain(field: Any) -> Any:
    """A field's value as it is kept with the step."""
    value = field.data
    if isinstance(value, datetime):
        return clock.to_local(value).strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if hasattr(value, "isoformat") else value


def papers_of(case: ProxyCase, data: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, bool]]:
    """The papers block: (materials, answers to conditions)."""
    taken, answers = [], {}
    for material in case.materials:
        answer = data.get(f"answer-{material.seq}")
        if material.condition and answer in {"yes", "no"}:
            answers[str(material.seq)] = answer == "yes"
        state = data.get(f"paper-{material.seq}", "")
        if state and answer != "no":
            taken.append({"seq": material.seq, "state": state, "note": _note(data, f"note-{material.seq}")})
    return taken, answers


def missing_of(case: ProxyCase, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The one-time list: ticked papers with what is wrong."""
    return [
        {"seq": m.seq, "note": _note(data, f"missing-note-{m.seq}")}
        for m in case.materials
        if data.get(f"missing-{m.seq}")
    ]


def marks_of(case: ProxyCase, data: Mapping[str, Any]) -> dict[int, tuple[str | None, str | None]]:
    """The department's marks: number of the paper → (mark or None, what is wrong)."""
    return {
        m.seq: (data.get(f"mark-{m.seq}") or None, _note(data, f"mark-note-{m.seq}"))
        for m in case.materials
        if f"mark-{m.seq}" in data
    }


def _note(data: Mapping[str, Any], name: str) -> str | None:
    return str(data.get(name) or "").strip()[:200] or None


def paper_lines(case: ProxyCase, data: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Lines of the papers and missing blocks, with what was typed before."""
    typed, lines = data or {}, []
    for m in case.materials:
        first = PaperState.shared.value if m.share_exempt and m.state == PaperState.asked else str(m.state)
        if first == PaperState.asked:
            first = ""
        lines.append(
            {
                "material": m,
                "state": typed.get(f"paper-{m.seq}", first),
                "note": typed.get(f"note-{m.seq}", ""),
                "number": typed.get(f"docno-{m.seq}", ""),
                "answer": typed.get(f"answer-{m.seq}", _answer(m.applies)),
                "is_missing": bool(typed.get(f"missing-{m.seq}"))
                or (not typed and what_is_wrong(m) is not None),
                "missing_note": typed.get(f"missing-note-{m.seq}", str(what_is_wrong(m) or "")[:200]),
            }
        )
    return lines


def _answer(applies: bool | None) -> str:
    return "" if applies is None else "yes" if applies else "no"
