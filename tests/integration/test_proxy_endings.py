"""What the station gives an applicant whose case was refused or has ended: F32 and F33."""

import pytest
from sqlalchemy import select

from app.core import clock
from app.documents import registry
from app.documents.context import shape_faults
from app.documents.models import IssuedDocument
from app.proxy import papers
from app.proxy.models import Custody
from tests.factories.proxy import step, walk
from tests.integration.test_proxy_home import case_of
from tests.integration.test_proxy_views import press
from tests.support.pages import post

pytestmark = pytest.mark.any_database
pytest_plugins = ("tests.support.proxy",)
__all__ = ["press"]


def told(session, uid, make, code):
    """The context of a notice; its shape is that of the form."""
    context = make(session, case_of(session, uid), "Clerk")
    sample = {k: v for k, v in registry.form(code).sample.items() if k != "issue"}
    assert shape_faults(sample, context) == []
    return context


def offered(client, uid):
    page = client.get(f"/cases/show/{uid}").text
    return {code for code in ("F12", "F32", "F33") if f"/cases/{uid}/paper/{code}" in page}


def test_a_pre_check_that_is_not_passed_says_why_and_what_can_be_done(
    system, sessions, booked, login_as, press
):
    uid, clerk = booked(), login_as("clerk_a")
    walk(sessions, uid, "receive")
    assert offered(clerk, uid) == set()
    assert post(clerk, f"/cases/{uid}/paper/F32").status_code == 409
    paper = case_of(system, uid).materials[0]
    paper.mark, paper.mark_note = "bad", "stamp is missing"
    system.commit()
    step(sessions["department"], uid, "reject")
    context = told(system, uid, papers.refusal, "F32")
    assert (context["stage"], context["reason"], context["remedies"]) == (
        "precheck",
        "the form is the old one",
        "",
    )
    assert {"name": paper.name, "note": "stamp is missing"} in context["papers"]
    assert offered(clerk, uid) == {"F32"}
    assert post(clerk, f"/cases/{uid}/paper/F32").mimetype == "application/pdf"
    system.rollback()
    issued = system.scalars(select(IssuedDocument).where(IssuedDocument.owner_uid == uid)).one()
    assert (issued.form_code, issued.number.startswith("F32"), issued.context["number"]) == (
        "F32",
        True,
        case_of(system, uid).number,
    )
    assert post(login_as("health"), f"/cases/{uid}/paper/F32").status_code == 403
    # prepared again: no longer refused, and what was issued stays to be seen
    step(sessions["worker"], uid, "rework")
    assert post(clerk, f"/cases/{uid}/paper/F32").status_code == 409
    assert issued.number in clerk.get(f"/cases/show/{uid}").text


def test_a_refusal_names_the_decision_and_the_ways_to_object(system, sessions, booked, login_as):
    uid = booked()
    walk(sessions, uid, "process")
    step(sessions["department"], uid, "refuse", result_no="R-12")
    context = told(system, uid, papers.refusal, "F32")
    assert (context["stage"], context["decision_no"], context["remedies"], context["papers"]) == (
        "decision",
        "R-12",
        "appeal within 60 days",
        [],
    )
    assert context["accepted_on"] == context["decided_on"] == clock.today().isoformat()
    assert offered(login_as("worker_a"), uid) >= {"F32"}


@pytest.mark.parametrize(
    ("action", "who", "kind"), [("withdraw", "worker", "withdrawn"), ("lapse", "clerk", "lapsed")]
)
def test_an_end_lists_where_each_original_is(system, sessions, booked, login_as, action, who, kind):
    uid = booked()
    walk(sessions, uid, "collect")
    case = case_of(system, uid)
    kept = {"case_id": case.id, "copies": 1, "taken_at": clock.now(), "holder_staff_id": case.staff_id}
    system.add_all(
        [
            Custody(name="Card", **kept),
            Custody(name="Book", **kept, returned_at=clock.now(), returned_to="Elder Li"),
            Custody(name="Deed", **kept, lost_at=clock.now()),
            Custody(name="Letter", **kept | {"holder_staff_id": None, "holder_unit_id": case.department_id}),
        ]
    )
    system.commit()
    step(sessions[who], uid, action)
    context = told(system, uid, papers.ending, "F33")
    assert (context["kind"], context["stood"]) == (kind, "Papers collected")
    assert context["asked_by"] == ("Elder Li" if action == "withdraw" else "")
    states = {row["name"]: row["state"] for row in context["originals"]}
    # what lay with the department comes back to the worker with the end
    assert {n: states[n] for n in ("Card", "Book", "Deed", "Letter")} == {
        "Card": "held",
        "Book": "returned",
        "Deed": "lost",
        "Letter": "held",
    }
    assert offered(login_as("clerk_a"), uid) == {"F33"}
    page = login_as("clerk_a").get(f"/cases/show/{uid}").text
    assert "Notice of the end of a case (F33)" in page
