"""The inbox is one's own: lines, reminders, jobs; messages to people outside wait in an outbox."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock, jobs
from app.core.jobs import registry, worker
from app.core.session import unit_of_work
from app.inbox import outbox, queries, service
from app.inbox.models import Notice, OutboxMessage
from tests.support.world import csrf_of


def tell(session, world, username, message="Case %(number)s has come in.", **more):
    with unit_of_work(session):
        return service.notify(
            session,
            clock.now(),
            [world.accounts[username].user_id],
            "proxy",
            message,
            {"number": "7"},
            **more,
        )


def test_one_reads_the_own_lines_and_no_others(login_as, world, system):
    tell(system, world, "worker_a")
    tell(system, world, "worker_t", "Secret line")
    client = login_as("worker_a")
    page = client.get("/inbox/")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "7" in text
    assert "Secret line" not in text
    assert client.get("/inbox/count").json == {"count": 1}


def test_opening_a_line_marks_it_read_and_goes_to_its_record(login_as, world, system):
    tell(system, world, "worker_a", link="/cases/show/x")
    uid = system.scalars(select(Notice.uid)).one()
    client = login_as("worker_a")
    token = csrf_of(client.get("/inbox/"))
    answer = client.post(f"/inbox/open/{uid}", data={"csrf_token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/cases/show/x")
    system.rollback()
    assert system.scalars(select(Notice.read_at)).one() is not None


def test_a_line_of_somebody_else_does_not_exist(login_as, world, system):
    tell(system, world, "worker_t")
    uid = system.scalars(select(Notice.uid)).one()
    client = login_as("worker_a")
    token = csrf_of(client.get("/inbox/"))
    assert client.post(f"/inbox/open/{uid}", data={"csrf_token": token}).status_code == 404
    client.post("/inbox/read-all", data={"csrf_token": token})
    system.rollback()
    assert system.scalars(select(Notice.read_at)).one() is None


def test_reading_needs_a_token(login_as, world, system):
    tell(system, world, "worker_a")
    client = login_as("worker_a")
    assert client.post("/inbox/read-all").status_code == 400
    system.rollback()
    assert system.scalars(select(Notice.read_at)).one() is None


def test_a_reminder_shows_from_its_time_on(world, system):
    user, now = world.accounts["worker_a"].user_id, clock.now()
    tell(system, world, "worker_a", show_from=now + timedelta(days=2))
    assert queries.unread_count(system, user, now) == 0
    assert queries.lines(system, user, now) == ([], False)
    assert queries.unread_count(system, user, now + timedelta(days=2)) == 1


def test_a_keyed_line_comes_once(world, system):
    assert [tell(system, world, "worker_a", key="due:7") for _ in range(2)] == [1, 0]


def test_bad_page_numbers_are_refused(login_as):
    client = login_as("worker_a")
    for page in ("-1", "x", "1e9", "99999999999", "\u2460", "\u00b2"):
        assert client.get(f"/inbox/?page={page}").status_code == 400


class TestJobs:
    @pytest.fixture(autouse=True)
    def kind(self, app, monkeypatch):
        monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))

        @jobs.handler("test.nothing")
        def _nothing(work):
            return None

    def order(self, acting, username):
        session = acting(username)
        with unit_of_work(session):
            return jobs.enqueue(session, "test.nothing", now=clock.now()).uid

    def test_the_owner_is_told_and_sees_the_progress(self, acting, login_as, world, system):
        uid = self.order(acting, "worker_a")
        client = login_as("worker_a")
        assert client.get(f"/inbox/job/{uid}").json["state"] == "queued"
        worker.run_one("tester")
        assert client.get(f"/inbox/job/{uid}").json["state"] == "done"
        (line,) = system.scalars(select(Notice)).all()
        assert (line.user_id, line.kind) == (world.accounts["worker_a"].user_id, "job_done")
        assert "test.nothing" in queries.words(line.message, line.params)

    def test_a_job_of_somebody_else_does_not_exist(self, acting, login_as):
        uid = self.order(acting, "worker_t")
        client = login_as("worker_a")
        token = csrf_of(client.get("/inbox/"))
        assert client.get(f"/inbox/job/{uid}").status_code == 404
        assert client.post(f"/inbox/job/{uid}/cancel", data={"csrf_token": token}).status_code == 404

    def test_the_owner_cancels(self, acting, login_as):
        uid = self.order(acting, "worker_a")
        client = login_as("worker_a")
        token = csrf_of(client.get("/inbox/"))
        assert client.post(f"/inbox/job/{uid}/cancel", data={"csrf_token": token}).status_code == 303
        assert worker.run_one("tester") is False

    def test_the_administrator_sees_all_jobs_without_arguments(self, acting, login_as):
        uid = self.order(acting, "worker_a")
        client = login_as("admin_system")
        assert client.get("/jobs/list/").status_code == 200
        page = client.get(f"/jobs/show/{uid}")
        assert page.status_code == 200
        assert "arguments" not in page.get_data(as_text=True)
        assert login_as("worker_a").get("/jobs/list/").status_code in {302, 303, 403}


class TestOutbox:
    def put(self, system, text="Your paper is ready"):
        with unit_of_work(system):
            outbox.send(system, "sms", "13812345678", text)

    def test_a_message_is_handed_over_once(self, system, tmp_path):
        self.put(system)
        give = outbox.adapter("file", tmp_path)
        assert [outbox.deliver(clock.now(), give) for _ in range(2)] == [1, 0]
        (path,) = (tmp_path / "outbox").iterdir()
        assert json.loads(path.read_text())["to"] == "13812345678"
        assert path.stat().st_mode & 0o077 == 0
        assert system.scalars(select(OutboxMessage.state)).one() == "sent"

    def test_what_is_rolled_back_is_not_sent(self, system, tmp_path):
        outbox.send(system, "sms", "13812345678", "x")
        system.flush()
        system.rollback()
        assert outbox.deliver(clock.now(), outbox.adapter("file", tmp_path)) == 0

    def test_a_failing_adapter_is_tried_five_times(self, system):
        self.put(system)

        def refuse(*_):
            raise OSError("13812345678 cannot be reached")

        for _ in range(7):
            outbox.deliver(clock.now(), refuse)
        system.rollback()
        message = system.scalars(select(OutboxMessage)).one()
        assert (message.state, message.attempts, message.error) == ("failed", 5, "OSError")

    def test_the_console_shows_no_text_and_no_full_number(self, system, caplog):
        self.put(system, "the text")
        outbox.deliver(clock.now(), outbox.adapter("console", None))
        assert "138****5678" in caplog.text
        assert "the text" not in caplog.text

    def test_messages_are_held_where_no_adapter_is_set(self, system, tmp_path):
        self.put(system)
        assert outbox.deliver(clock.now(), outbox.adapter("hold", tmp_path)) == 0
        assert system.scalars(select(OutboxMessage.state)).one() == "waiting"
        with pytest.raises(ValueError, match="GEBAN_OUTBOX"):
            outbox.adapter("pigeon", tmp_path)

    def test_the_payload_is_encrypted(self, system):
        self.put(system)
        stored = system.connection().exec_driver_sql("SELECT payload FROM outbox_message").scalar_one()
        assert b"138" not in bytes(stored)
