"""Which papers a case asks for, and which of them are still missing.

Rules of the catalogue: a conditional paper counts when its condition was answered with yes; a paper the office can
fetch itself by data sharing is not asked of the resident unless sharing failed (State Council Office 2020 no. 42);
an ID card or a bank card is shown and returned, never kept (Resident ID Card Law art. 15).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask_babel import lazy_gettext as _

from app.proxy.choices import PaperForm, PaperState

DECIDED = ("approved", "refused")
YES, NO, CONDITIONAL = "yes", "no", "conditional"
BAD = "bad"

# resident ID card, bank card, bank book, deposit book: the words by which clerks write them
_NEVER_KEPT = re.compile(
    "\u8eab\u4efd\u8bc1|\u94f6\u884c\u5361|\u94f6\u884c\u5b58\u6298|\u5b58\u6298|\u793e\u4f1a\u4fdd\u969c\u5361|\u793e\u4fdd\u5361"
)


class PaperNeed(Protocol):
    """A paper as the item's version lists it (`ServiceMaterial`)."""

    name: str
    required: str
    condition: str | None
    share_exempt: bool


class Paper(Protocol):
    """A paper as it stands in a case (`CaseMaterial`)."""

    name: str
    required: bool
    applies: bool | None
    share_exempt: bool
    state: str
    mark: str | None


class Marked(Paper, Protocol):
    """A paper with what the department wrote about it, and the condition under which it is needed."""

    condition: str | None
    mark_note: str | None


@dataclass(frozen=True)
class PaperAnswer:
    """Whether a listed paper is demanded in this case; `applies` is None while the condition is unanswered."""

    need: Any
    required: bool
    applies: bool | None


def asks_for(need: PaperNeed, answers: Mapping[str, bool | None]) -> PaperAnswer:
    """One listed paper under the answers to the conditions (by the condition's text)."""
    if need.required == CONDITIONAL:
        answer = answers.get(need.condition or need.name)
        return PaperAnswer(need, True, answer)
    return PaperAnswer(need, need.required == YES, True)


def missing_materials(papers: Iterable[Paper]) -> list[str]:
    """Names of required papers that are not there, or that the department marked as bad; order kept."""
    return [paper.name for paper in papers if _is_missing(paper)]


def _is_missing(paper: Paper) -> bool:
    if not (paper.required and paper.applies):
        return False
    # what was to come by data sharing and is marked as bad has to be brought after all; what was waived is asked for first
    return paper.state == PaperState.asked or (paper.mark == BAD and paper.state != PaperState.waived)


def what_is_wrong(paper: Marked) -> Any:
    """Why a paper belongs on the one-time list, in a sentence: what the department said of it, that it is not there, or
    that nobody knows yet whether it is needed; None for a paper that is in order (Administrative Licensing Law art. 32).
    """
    if paper.applies is False:
        return None
    if paper.mark == BAD:
        return paper.mark_note or _("not in order")
    if paper.state == PaperState.asked and paper.applies is None:
        condition = paper.condition or paper.name
        return _("needed if: %(condition)s. Bring it, or say that this is not so.", condition=condition)
    return _("not handed over yet") if _is_missing(paper) else None


def kept_cards(papers: Iterable[tuple[str, str]]) -> list[str]:
    """Names among (name, form) that would keep an ID or bank card as an original."""
    return [name for name, form in papers if form == PaperForm.original and _NEVER_KEPT.search(name)]


def case_facts(
    *,
    papers: Iterable[Paper],
    custody: Iterable[Any] = (),
    kept: Iterable[tuple[str, str]] = (),
    asked_before: bool = False,
    unanswered: Iterable[str] = (),
    questions: Iterable[str] = (),
    publicity_needed: bool = False,
    publicity_held: bool = False,
    person_must_appear: str = "no",
    appeared: bool = False,
    delivery_needed: bool = True,
    outcome: str | None = None,
    opinions: Iterable[str] = (),
    callbacks: Iterable[str] = (),
    declaration_due: bool = False,
    verification_due: bool = False,
    consent_refused: bool = False,
) -> dict[str, Any]:
    """Everything the machine's bars and conditions ask of a case; merge it with what the clerk gave.

    `custody` are rows with `name` and `returned_at`; `kept` are (name, form) of what is about to be taken over.
    """
    return {
        "missing_materials": missing_materials(papers),
        "unanswered_conditions": list(unanswered),
        "unanswered_questions": list(questions),
        "originals_out": [row.name for row in custody if row.returned_at is None],
        "kept_cards": kept_cards(kept),
        "asked_before": asked_before,
        "publicity_due": publicity_needed and not publicity_held,
        "appearance_due": person_must_appear != "no" and not appeared,
        "no_delivery": not delivery_needed,
        "decided": outcome in DECIDED,
        "opinions_open": list(opinions),
        "callbacks_open": list(callbacks),
        "declaration_due": declaration_due,
        "verification_due": verification_due,
        "consent_refused": consent_refused,
    }
