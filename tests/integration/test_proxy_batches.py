"""One step for many cases from the work list: each by itself, what cannot go on says why (issue 5, line 7)."""

import pytest
from sqlalchemy import event, select, update

from app.core import clock
from app.proxy.models import Custody, ProxyCase
from app.registry.models import Person
from tests.factories.proxy import make_case, step, walk
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.pages import post, token_of

pytest_plugins = ("tests.support.proxy",)
URL = "/proxy/together"


@pytest.fixture
def three(system, world, sessions):
    """Uids of three cases of WJ-02 that lie at the window of the health department."""
    home = make_home(system, world.areas["grid_a11"], "33")
    make_household(system, home, [ResidentFactory(name=f"Elder {n}", male=True) for n in "ABC"])
    system.commit()
    worker, uids = sessions["worker"], []
    for person in worker.scalars(select(Person).where(Person.name.like("Elder _")).order_by(Person.name)):
        uids.append(make_case(worker, person).uid)
    for uid in uids:
        walk(sessions, uid, "submit")
    return uids


def states(session, uids):
    session.rollback()
    found = dict(session.execute(select(ProxyCase.uid, ProxyCase.state)).all())
    return [found[uid] for uid in uids]


def versions(session, uids):
    session.rollback()
    return {
        f"version-{uid}": str(v)
        for uid, v in session.execute(select(ProxyCase.uid, ProxyCase.version)).all()
        if uid in uids
    }


def test_from_the_list_to_the_decision(system, three, login_as):
    health = login_as("health")
    page = health.get("/proxy/").text
    assert all(f'value="{uid}"' in page for uid in three)
    look = post(health, URL, action="receive", case=three)
    assert (look.status_code, look.text.count('name="case"')) == (200, 3)
    assert states(system, three) == ["submitted"] * 3
    for action in ("receive", "accept", "process"):
        done = post(health, URL, action=action, case=three, _take="1", **versions(system, three))
        assert "3 cases went on" in done.text
    own = {f"result_no-{three[0]}": "WJ-1", f"result_until-{three[0]}": "not a day"}
    given = {"action": "approve", "case": three, "_take": "1", "decision": "approved", "appeared": "1"}
    wrong = post(health, URL, **given, **own, **versions(system, three))
    assert (wrong.status_code, "not a day" in wrong.text, "WJ-1" in wrong.text) == (400, True, True)
    # which of the cases it is: in the sentence and at the field
    assert f"{number_of(system, three[0])}, result valid until: Please write the date" in wrong.text
    assert wrong.text.count('aria-invalid="true"') == 1
    at = wrong.text.partition(f'name="result_until-{three[0]}"')[2].partition(">")[0]
    assert 'aria-invalid="true"' in at
    assert states(system, three) == ["processing"] * 3
    own[f"result_until-{three[0]}"] = "2099-12-31"
    assert "3 cases went on" in post(health, URL, **given, **own, **versions(system, three)).text
    system.rollback()
    numbers = dict(system.execute(select(ProxyCase.uid, ProxyCase.result_no)).all())
    assert [numbers[uid] for uid in three] == ["WJ-1", None, None]


@pytest.mark.any_database
def test_what_moved_meanwhile_stays_and_says_so(system, sessions, three, login_as):
    health = login_as("health")
    seen = versions(system, three)
    step(sessions["department"], three[0], "receive")
    step(sessions["worker"], three[1], "withdraw")
    page = post(health, URL, action="receive", case=three, _take="1", **seen).text
    # those that cannot take the step any more are told beforehand; nothing was taken with them
    assert "1 case went on" in page
    assert states(system, three) == ["prechecking", "cancelled", "prechecking"]
    stale = post(health, URL, action="accept", case=[three[0], three[2]], _take="1", **seen).text
    assert ("2 cases stay as they are" in stale, states(system, three)[0]) == (True, "prechecking")


@pytest.mark.any_database
def test_the_archive_of_what_is_not_at_its_end_asks_all_of_them_why(system, sessions, three, login_as):
    """One was withdrawn and needs no word, one was sent back to the worker: the page asks what any of them needs."""
    ended = three[:2]
    step(sessions["worker"], ended[0], "withdraw")
    step(sessions["department"], ended[1], "receive")
    step(sessions["department"], ended[1], "reject")
    system.execute(update(Custody).values(returned_at=clock.now()))
    system.commit()
    town = login_as("town_clerk_a")
    assert f'value="{ended[1]}"' not in town.get("/proxy/").text  # it waits for the worker
    assert f'value="{ended[1]}"' in town.get("/proxy/?tab=waiting").text
    given = {"action": "archive", "case": ended, "_take": "1"}
    mute = post(town, URL, **given, **versions(system, ended))
    assert (mute.status_code, 'name="reason"' in mute.text) == (422, True)
    assert states(system, ended) == ["cancelled", "precheck_rejected"]
    done = post(town, URL, **given, reason="moved away", **versions(system, ended))
    assert ("2 cases went on" in done.text, states(system, ended)) == (True, ["archived"] * 2)


@pytest.mark.any_database
def test_who_may_and_what_may(system, three, login_as):
    for who in ("worker_a", "worker_t", "leader"):
        assert post(login_as(who), URL, action="receive", case=three, _take="1").status_code in {400, 403}
    town = post(login_as("town_clerk_a"), URL, action="receive", case=three, _take="1")
    assert "None of these cases can take this step now" in town.text
    health = login_as("health")
    for values in (
        {"action": "refuse"},
        {"action": "deliver", "case": three},
        {"action": "x", "case": three},
    ):
        assert post(health, URL, **values).status_code == 400
    foreign = post(login_as("health"), URL, action="receive", case=["no-such-case"])
    assert "None of these cases" in foreign.text
    assert states(system, three) == ["submitted"] * 3


def test_the_list_is_narrowed_and_paged(three, login_as, world):
    health, worker = login_as("health"), login_as("worker_a")
    assert "Elder A" in worker.get(f"/proxy/?tab=all&area={world.uids['grid_a11']}").text
    other = health.get(f"/proxy/?tab=mine&area={world.uids['town_t']}")
    assert (other.status_code, "Nothing waits here" in other.text) in {(200, True), (404, False)}
    assert health.get("/proxy/?tab=asked").status_code == 200
    assert health.get("/proxy/?page=201").status_code == 400
    assert "Nothing waits here" in health.get("/proxy/?page=2").text


def test_the_list_costs_the_same_for_one_case_and_for_three(system, three, login_as):
    """Light columns and checks per row ask nothing of the database."""
    health = login_as("health")
    health.get("/proxy/")
    one = statements(system, health, f"/proxy/?number={number_of(system, three[0])}")
    assert one == statements(system, health, "/proxy/") <= 12


def statements(system, client, url):
    """How many statements a page takes."""
    asked, engine = [], system.get_bind().engine

    def note(*args):
        asked.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    client.get(url)
    event.remove(engine, "before_cursor_execute", note)
    return len(asked)


def number_of(session, uid):
    session.rollback()
    return session.scalar(select(ProxyCase.number).where(ProxyCase.uid == uid))


@pytest.mark.any_database
def test_a_token_is_needed(three, login_as):
    health = login_as("health")
    assert token_of(health)
    assert health.post(URL, data={"action": "receive", "case": three, "_take": "1"}).status_code == 400
