"""Which papers are asked for and which are missing."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.proxy.rules import (
    MACHINE,
    asks_for,
    case_facts,
    kept_cards,
    missing_materials,
    what_is_wrong,
)


@dataclass
class Need:
    name: str
    required: str = "yes"
    condition: str | None = None
    share_exempt: bool = False


@dataclass
class Held:
    name: str
    required: bool = True
    applies: bool = True
    share_exempt: bool = False
    state: str = "asked"
    mark: str | None = None
    mark_note: str | None = None
    condition: str | None = None


@dataclass
class Kept:
    name: str
    returned_at: datetime | None = None


FORM, CARD = Need("form"), Need("card", share_exempt=True)
DISABLED = Need("disability card", "conditional", "somebody is disabled", share_exempt=True)
BILLS = Need("bills", "conditional", "ill")
PHOTO = Need("photo", "no")
ODD = Need("odd", "conditional")
ALL = [FORM, CARD, DISABLED, BILLS, PHOTO]


@pytest.mark.demand("S3-49")
def test_conditional_papers_count_when_the_answer_is_yes():
    answers = {"somebody is disabled": True, "ill": False}
    asked = [asks_for(need, answers) for need in ALL]
    assert [(one.required, one.applies) for one in asked] == [
        (True, True),
        (True, True),
        (True, True),
        (True, False),
        (False, True),
    ]


def test_an_unanswered_condition_stays_open():
    assert [asks_for(need, {}).applies for need in ALL] == [True, True, None, None, True]
    assert asks_for(ODD, {"odd": True}).applies is True


@pytest.mark.parametrize(
    ("paper", "missing"),
    [
        (Held("a"), True),
        (Held("a", state="collected"), False),
        (Held("a", state="shared"), False),
        (Held("a", state="waived"), False),
        (Held("a", required=False), False),
        (Held("a", applies=False), False),
        (Held("a", state="collected", mark="ok"), False),
        (Held("a", state="collected", mark="bad"), True),
        (Held("a", state="waived", mark="bad"), False),
    ],
)
def test_a_paper_is_missing_until_it_is_there_and_good(paper, missing):
    assert missing_materials([paper]) == (["a"] if missing else [])


ID_CARD, BANK, SOCIAL = (
    "\u5c45\u6c11\u8eab\u4efd\u8bc1",
    "\u94f6\u884c\u5361",
    "\u793e\u4f1a\u4fdd\u969c\u5361",
)


def test_id_cards_and_bank_cards_are_never_kept():
    senior = "\u8001\u5e74\u4eba\u4f18\u5f85\u8bc1"
    papers = [
        (ID_CARD, "original"),
        (ID_CARD, "check_copy"),
        (BANK, "original"),
        (SOCIAL, "original"),
        (senior, "original"),
    ]
    assert kept_cards(papers) == [ID_CARD, BANK, SOCIAL]


def test_facts_feed_the_bars_of_the_machine():
    facts = case_facts(
        papers=[Held("form")],
        custody=[Kept("senior card"), Kept("book", datetime(2026, 11, 2, tzinfo=UTC))],
        kept=[(ID_CARD, "original")],
        asked_before=True,
        unanswered=["ill"],
        questions=["income"],
        publicity_needed=True,
        person_must_appear="assessment",
        delivery_needed=False,
        outcome="refused",
        opinions=["RS"],
        declaration_due=True,
        consent_refused=True,
    )
    assert facts == {
        "missing_materials": ["form"],
        "unanswered_conditions": ["ill"],
        "unanswered_questions": ["income"],
        "originals_out": ["senior card"],
        "kept_cards": [ID_CARD],
        "asked_before": True,
        "publicity_due": True,
        "appearance_due": True,
        "no_delivery": True,
        "decided": True,
        "opinions_open": ["RS"],
        "callbacks_open": [],
        "declaration_due": True,
        "verification_due": False,
        "consent_refused": True,
    }
    named = {bar for _state, _action, to in MACHINE.rows() for bar in (*to.bars, *to.when)}
    assert named == set(facts)


def test_a_case_with_nothing_in_the_way():
    facts = case_facts(
        papers=[Held("form", state="collected")],
        publicity_needed=True,
        publicity_held=True,
        person_must_appear="home_meeting",
        appeared=True,
    )
    assert not any(facts.values())
    assert not any(case_facts(papers=[]).values())


@pytest.mark.demand("S3-49")
@pytest.mark.parametrize(
    ("paper", "words"),
    [
        (Held("a"), "not handed over yet"),
        (Held("a", state="collected"), None),
        (Held("a", required=False), None),
        (Held("a", state="collected", mark="bad", mark_note="page 2 is cut"), "page 2 is cut"),
        (Held("a", state="collected", mark="bad"), "not in order"),
        (Held("a", state="shared", mark="bad", mark_note="not found there"), "not found there"),
        (Held("a", applies=None, condition="somebody is disabled"), "needed if: somebody is disabled."),
        (Held("odd", applies=None), "needed if: odd."),
        (Held("a", applies=False, mark="bad"), None),
    ],
)
def test_the_one_time_list_says_of_each_paper_what_is_wrong(paper, words):
    found = what_is_wrong(paper)
    assert (None if found is None else str(found)[: len(words or "")]) == words
