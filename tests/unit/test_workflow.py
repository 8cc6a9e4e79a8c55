"""The state machine on a small table, and the checks that a table must pass."""

import pytest
from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.sla import Tick
from app.core.workflow import Machine, To, mermaid, one_of, resume_to, table_rows


class S(Choice):
    new = "new", _("New")
    open = "open", _("Open")
    waiting = "waiting", _("Waiting")
    done = "done", _("Done")


class A(Choice):
    make = "make", _("Make")
    begin = "begin", _("Begin")
    ask = "ask", _("Ask")
    bring = "bring", _("Bring")
    end = "end", _("End")
    skip = "skip", _("Skip")


NAMES = {
    "letter": _("letter"),
    "signature": _("signature"),
    "reason": _("reason"),
    "owed": _("something is owed"),
}
TABLE = {
    (None, A.make): To(S.new, role=("clerk",)),
    (S.new, A.begin): To(
        S.open,
        role=("clerk", "worker"),
        needs=(one_of("letter", "signature"), "reason"),
        writes=("note",),
        paper=("F10",),
        clocks=(Tick("pause", "promise", "because"),),
    ),
    (S.new, A.skip): To(S.done, role=("clerk",), when=("trivial",)),
    (S.new, A.ask): To(S.waiting, role=("clerk",), remembers=True),
    (S.open, A.ask): To(S.waiting, role=("clerk",), remembers=True),
    (S.waiting, A.bring): To(resume_to(S.new, S.open), role=("worker",), bars=("owed",)),
    (S.open, A.end): To(S.done, role=("clerk",), bars=("owed",)),
}
MACHINE = Machine(TABLE, finals=(S.done,), names=NAMES, roles=("clerk", "worker"))


def changed(**rows):
    """The table with rows replaced (by key `state_action`) or, where None, taken out."""
    table = dict(TABLE)
    for key, to in rows.items():
        state, action = key.split("_")
        place = (None if state == "none" else S[state], A[action])
        if to is None:
            del table[place]
        else:
            table[place] = to
    return table


def test_a_step_says_all_that_the_history_keeps():
    given = {"signature": "s", "reason": "why", "note": "n", "other": 1}
    step = MACHINE.apply(S.new, A.begin, ["leader", "worker"], given)
    assert (step.source, step.action, step.target) == (S.new, A.begin, S.open)
    assert step.roles == ("worker",)
    assert step.given == {"signature": "s", "reason": "why", "note": "n"}
    assert step.paper == ("F10",)
    assert step.clocks[0].reason == "because"
    assert step.resume is None
    assert MACHINE.apply(S.new, A.begin, ["worker"], {"letter": ["one sheet"], "reason": 0}).target is S.open


def test_the_first_step_begins_from_nothing():
    assert MACHINE.apply(None, A.make, ["clerk"]).target is S.new


@pytest.mark.parametrize("origin", [S.new, S.open])
def test_a_supplement_leads_back_to_where_it_was_asked(origin):
    asked = MACHINE.apply(origin, A.ask, ["clerk"])
    assert (asked.target, asked.resume) == (S.waiting, origin)
    back = MACHINE.apply(S.waiting, A.bring, ["worker"], {"owed": []}, resume=asked.resume)
    assert (back.target, back.resume) == (origin, None)


@pytest.mark.parametrize("resume", [None, S.done])
def test_without_a_remembered_state_nothing_resumes(resume):
    with pytest.raises(Conflict):
        MACHINE.apply(S.waiting, A.bring, ["worker"], {"owed": []}, resume=resume)


def test_a_step_that_is_not_in_the_table_conflicts():
    for state, action in ((S.done, A.begin), (S.open, A.begin), (None, A.begin)):
        with pytest.raises(Conflict) as refused:
            MACHINE.apply(state, action, ["clerk"])
        assert refused.value.data == {"action": "begin"}


def test_roles_are_asked_before_anything_is_said_about_the_record():
    with pytest.raises(NotAllowed):
        MACHINE.apply(S.open, A.end, ["worker"], {})
    with pytest.raises(NotAllowed):
        MACHINE.apply(S.open, A.end, [], {"owed": []})


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, ["letter", "reason"]),
        ({"letter": "x"}, ["reason"]),
        ({"signature": "x", "reason": "  "}, ["reason"]),
        ({"letter": [], "signature": None, "reason": "y"}, ["letter"]),
        ({"letter": False, "reason": 0}, ["letter"]),
    ],
)
def test_what_is_missing_is_named(given, missing):
    with pytest.raises(Invalid) as refused:
        MACHINE.apply(S.new, A.begin, ["clerk"], given)
    assert refused.value.data == {"missing": missing}
    assert refused.value.field == missing[0]
    assert str(refused.value) == "Still missing: " + ", ".join(missing)


def test_a_bar_must_be_stated_and_empty():
    with pytest.raises(KeyError):
        MACHINE.apply(S.open, A.end, ["clerk"], {})
    with pytest.raises(Conflict) as refused:
        MACHINE.apply(S.open, A.end, ["clerk"], {"owed": ["a book"]})
    assert (str(refused.value), refused.value.data) == (
        "Not possible yet: something is owed",
        {"bars": ["owed"]},
    )
    assert MACHINE.apply(S.open, A.end, ["clerk"], {"owed": []}).target is S.done


def test_a_condition_hides_the_action_and_closes_it():
    with pytest.raises(Conflict):
        MACHINE.apply(S.new, A.skip, ["clerk"])
    assert MACHINE.apply(S.new, A.skip, ["clerk"], {"trivial": True}).target is S.done
    assert [offer.action for offer in MACHINE.actions(S.new, ["clerk"])] == [A.begin, A.ask]
    assert A.skip in [offer.action for offer in MACHINE.actions(S.new, ["clerk"], {"trivial": True})]


def test_offers_say_what_stands_in_the_way():
    (ask, end) = MACHINE.actions(S.open, ["clerk"], {"owed": ["a book"]})
    assert (ask.action, ask.ready) == (A.ask, True)
    assert (end.action, end.ready, [str(name) for name in end.missing]) == (
        A.end,
        False,
        ["something is owed"],
    )
    assert all(offer.ready for offer in MACHINE.actions(S.open, ["clerk"]))
    assert MACHINE.actions(S.open, ["worker"]) == []
    assert MACHINE.actions(S.done, ["clerk", "worker"]) == []
    assert [offer.action for offer in MACHINE.actions(None, ["clerk"])] == [A.make]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (changed(new_begin=None), "open: cannot be reached"),
        (changed(open_end=None, new_skip=None), "no way out"),
        (changed(done_begin=To(S.open, role=("clerk",))), "done: is final but leads on"),
        (changed(new_begin=To(S.open, role=())), "new/begin: nobody may do it"),
        (changed(new_begin=To(S.open, role=("boss",))), "new/begin: unknown role boss"),
        (changed(new_begin=To(S.open, role=("clerk",), needs=("hat",))), "new/begin: hat has no name"),
        (changed(new_begin=To(S.open, role=("clerk",), needs=(("reason", "hat"),))), "hat has no name"),
        (changed(new_begin=To(S.open, role=("clerk",), bars=("debt",))), "new/begin: debt has no name"),
        (changed(none_make=To(S.new, role=("boss",))), "start/make: unknown role boss"),
        (changed(new_begin=To(S.open, role=("clerk",), remembers=True)), "never used"),
        (changed(open_ask=To(S.waiting, role=("clerk",))), "does not remember"),
        (changed(open_ask=None), "ways in and the ways back differ"),
        (changed(waiting_ask=To(S.waiting, role=("clerk",), remembers=True)), "overwrites another"),
        (changed(new_begin=To(S.open, role=("clerk",), keeps=True)), "keeps what nothing remembers"),
    ],
)
def test_an_unsound_table_never_gets_into_service(table, problem):
    with pytest.raises(ValueError, match=problem):
        Machine(table, finals=(S.done,), names=NAMES, roles=("clerk", "worker"))


def test_roles_are_not_checked_where_none_are_given():
    assert Machine(changed(none_make=To(S.new, role=("boss",))), finals=(S.done,), names=NAMES)


def test_the_diagram_shows_every_row_and_every_way_back():
    lines = mermaid(MACHINE).splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert "    new : New" in lines
    assert "    [*] --> new : Make" in lines
    assert {"    waiting --> new : Bring", "    waiting --> open : Bring"} <= set(lines)
    assert lines[-1] == "    done --> [*]"
    assert len(lines) == 1 + 4 + 8 + 1


def test_the_rows_of_the_table_in_words():
    rows = {(row["state"], row["action"]): row for row in table_rows(MACHINE)}
    assert rows["", "Make"]["target"] == "New"
    begin = rows["New", "Begin"]
    assert begin["needs"] == "letter / signature, reason"
    assert (begin["clocks"], begin["paper"], begin["role"]) == (
        "pause promise because",
        "F10",
        "clerk, worker",
    )
    assert rows["Waiting", "Bring"]["target"] == "New, Open"
    assert rows["Waiting", "Bring"]["bars"] == "something is owed"
