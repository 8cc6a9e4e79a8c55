"""Jobs: the row is the truth. Whatever happens to a worker, each step takes effect exactly once (guards, section 6)."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock, jobs
from app.core.errors import Conflict, Invalid
from app.core.jobs import registry, worker
from app.core.scope import acting_as, unscoped
from app.core.session import unit_of_work
from app.registry.models import Dwelling
from tests.support.commands import start


@pytest.fixture(autouse=True)
def only_our_kinds(app, monkeypatch):
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "_daily", {})
    monkeypatch.setattr(registry, "_notifiers", [])


@pytest.fixture
def told(monkeypatch):
    found = []
    registry.use_notifier(lambda _session, job: found.append((job["kind"], job["state"])))
    return found


def build(kind="homes.build", fail_at=None, error=ZeroDivisionError):
    """A kind of job that writes one dwelling a step; returns the list of runs."""
    runs = []

    @jobs.handler(kind)
    def _build(work):
        runs.append(work.done)
        work.total = work.arguments["n"]
        for n in work.steps():
            with work.step(f"home {n}") as session:
                session.add(Dwelling(area_id=work.arguments["area"], address=f"Road {n}"))
                session.flush()
                if n == fail_at and len(runs) == 1:
                    raise error
        return {"built": work.total}

    return runs


def order(acting, world, n=4, username="worker_a", grid="grid_a11", **kw):
    session = acting(username)
    with unit_of_work(session):
        return jobs.enqueue(
            session, "homes.build", {"n": n, "area": world.areas[grid]}, now=clock.now(), **kw
        ).id


def run(times=1):
    return [worker.run_one("tester") for _ in range(times)]


def job_row(job_id):
    with unscoped("tests arrange and assert") as session:
        return session.get(jobs.Job, job_id)


def addresses():
    with unscoped("tests arrange and assert") as session:
        return sorted(session.scalars(select(Dwelling.address)))


def test_a_job_runs_as_its_user_with_progress_and_result(acting, world, told):
    build()
    job_id = order(acting, world)
    assert run(2) == [True, False]
    job = job_row(job_id)
    assert (job.state, job.done_steps, job.total_steps, job.message) == ("done", 4, 4, "home 3")
    assert (job.result, job.lease_owner, job.error) == ({"built": 4}, None, None)
    assert job.finished_at is not None
    assert told == [("homes.build", "done")]
    with unscoped("tests arrange and assert") as session:
        who = set(session.scalars(select(Dwelling.created_by)))
    assert who == {world.accounts["worker_a"].user_id}


def test_arguments_and_result_are_encrypted(acting, world, system):
    build()
    order(acting, world)
    run()
    stored = system.connection().exec_driver_sql("SELECT arguments, result FROM job").one()
    assert all(b"area" not in bytes(v) and b"built" not in bytes(v) for v in stored)


def test_the_scope_of_the_user_binds_the_job(acting, world):
    build()
    job_id = order(acting, world, grid="grid_t11")
    run()
    job = job_row(job_id)
    assert (job.state, job.attempts, addresses()) == ("failed", 1, [])


def test_a_post_that_has_ended_gives_no_rights(acting, world, system):
    from app.areas.models import Post

    build()
    job_id = order(acting, world)
    with unit_of_work(system):
        post = system.scalars(select(Post).where(Post.staff_id == world.accounts["worker_a"].staff_id)).one()
        post.valid_to = clock.today() - timedelta(days=1)
    run()
    assert (job_row(job_id).state, addresses()) == ("failed", [])


def test_another_post_of_the_user_lends_no_rights(acting, world, system):
    """Who ordered the job as a worker and is a clerk only by now does not finish it as a clerk."""
    from app.areas.models import Post

    build()
    job_id = order(acting, world, n=0)  # nothing to write: only the missing post can stop it
    with unit_of_work(system):
        post = system.scalars(select(Post).where(Post.staff_id == world.accounts["worker_a"].staff_id)).one()
        post.valid_to = clock.today() - timedelta(days=1)
        system.add(
            Post(
                staff_id=post.staff_id,
                role="workstation",
                position="grid_informant",
                area_id=world.areas["com_a1"],
                employment="full_time",
                valid_from=clock.today(),
            )
        )
    run()
    assert job_row(job_id).state == "failed"


def test_a_job_stands_and_falls_with_the_business_transaction(acting, world, system):
    build()
    session = acting("worker_a")
    jobs.enqueue(session, "homes.build", {"n": 1}, now=clock.now())
    session.rollback()
    assert system.scalar(select(func.count()).select_from(jobs.Job)) == 0


def test_an_error_keeps_what_is_done_and_tries_the_rest_later(acting, world):
    runs = build(fail_at=2)
    job_id = order(acting, world)
    with clock.frozen(clock.now()) as watch:
        run()
        job = job_row(job_id)
        assert (job.state, job.done_steps, addresses()) == ("queued", 2, ["Road 0", "Road 1"])
        assert job.error.startswith("ZeroDivisionError at test_jobs.py")
        assert run() == [False]  # not before the wait is over
        watch.move(seconds=31)
        run()
    assert job_row(job_id).state == "done"
    assert runs == [0, 2]
    assert addresses() == [f"Road {n}" for n in range(4)]


def test_the_wait_grows_and_ends(acting, world, told):
    @jobs.handler("homes.build")
    def _always(work):
        raise ZeroDivisionError

    job_id = order(acting, world, max_attempts=3)
    waits = []
    with clock.frozen(clock.now()) as watch:
        for _ in range(2):
            run()
            waits.append((job_row(job_id).run_at - clock.now()).total_seconds())
            watch.move(hours=1)
        run()
    assert waits == [30, 60]
    assert (job_row(job_id).state, told) == ("failed", [("homes.build", "failed")])


def test_a_refusal_is_not_tried_again_and_its_sentence_is_kept(acting, world):
    build(fail_at=1, error=Invalid("No such grid."))
    job_id = order(acting, world)
    run()
    job = job_row(job_id)
    assert (job.state, job.error, job.done_steps) == ("failed", "No such grid.", 1)


def test_errors_hold_no_data(acting, world):
    @jobs.handler("homes.build")
    def _leak(work):
        raise ValueError("430281198502211234")

    job_id = order(acting, world)
    run()
    assert "430281" not in job_row(job_id).error


def test_the_same_request_makes_one_job(acting, world, system):
    build()
    assert order(acting, world, unique_key="once") == order(acting, world, unique_key="once")
    assert system.scalar(select(func.count()).select_from(jobs.Job)) == 1


def test_only_known_kinds_and_known_users(acting, world):
    build()
    session = acting("worker_a")
    with pytest.raises(ValueError, match="no handler"):
        jobs.enqueue(session, "nonsense", now=clock.now())
    with acting_as(worker.QUEUE) as nobody, pytest.raises(ValueError, match="needs an acting user"):
        jobs.enqueue(nobody, "homes.build", now=clock.now())


class TestCancel:
    def test_a_queued_job_never_runs(self, acting, world):
        build()
        job_id = order(acting, world)
        session = acting("worker_a")
        with unit_of_work(session):
            jobs.cancel(session, session.get(jobs.Job, job_id), clock.now())
        assert run() == [False]
        assert (job_row(job_id).state, addresses()) == ("cancelled", [])
        with pytest.raises(Conflict), unit_of_work(session):
            jobs.cancel(session, session.get(jobs.Job, job_id), clock.now())

    def test_a_running_job_stops_before_its_next_step(self, acting, world):
        @jobs.handler("homes.build")
        def _build(work):
            work.total = 3
            for n in work.steps():
                with work.step() as session:
                    session.add(Dwelling(area_id=work.arguments["area"], address=f"Road {n}"))
                if n == 0:
                    other = acting("worker_a")
                    with unit_of_work(other):
                        jobs.cancel(other, other.get(jobs.Job, work.id), clock.now())

        job_id = order(acting, world)
        run()
        assert (job_row(job_id).state, addresses()) == ("cancelled", ["Road 0"])


class TestLease:
    def test_a_worker_that_lost_its_job_writes_nothing_more(self, acting, world):
        """The first worker sleeps past its lease; the second finishes; the first wakes up inside its handler."""
        second = []

        @jobs.handler("homes.build")
        def _build(work):
            work.total = 2
            for n in work.steps():
                with work.step() as session:
                    session.add(Dwelling(area_id=work.arguments["area"], address=f"Road {n}"))
                if not second:
                    second.append(True)
                    watch.move(minutes=3)
                    worker.run_one("second")

        with clock.frozen(clock.now()) as watch:
            job_id = order(acting, world)
            worker.run_one("first")
        assert (job_row(job_id).state, addresses()) == ("done", ["Road 0", "Road 1"])

    def test_a_job_is_claimed_once(self, acting, world):
        build()
        order(acting, world)
        with acting_as(worker.QUEUE) as session:
            from app.core.jobs import queue

            with unit_of_work(session):
                assert queue.claim(session, "first", clock.now(), registry.LEASE)
            with unit_of_work(session):
                assert queue.claim(session, "second", clock.now(), registry.LEASE) is None

    def test_a_job_that_kills_its_workers_is_given_up(self, acting, world, told):
        from app.core.jobs import queue

        build()
        job_id = order(acting, world, max_attempts=2)
        with clock.frozen(clock.now()) as watch, acting_as(worker.QUEUE) as session:
            for _ in range(2):  # claimed, never heard of again
                with unit_of_work(session):
                    assert queue.claim(session, "dies", clock.now(), registry.LEASE)
                watch.move(minutes=3)
            assert run() == [True]
        assert (job_row(job_id).state, told) == ("failed", [("homes.build", "failed")])

    def test_a_worker_that_ends_in_good_order_gives_the_job_back(self, acting, world):
        build()
        job_id = order(acting, world)
        worker.run_one("tester", stopping=lambda: True)
        job = job_row(job_id)
        assert (job.state, job.attempts, job.lease_owner) == ("queued", 0, None)
        run()
        assert job_row(job_id).state == "done"


def test_daily_jobs_run_once_a_local_day(app, monkeypatch):
    days = []

    @jobs.handler("night.count", system=True)
    def _night(work):
        days.append(clock.to_local(work.now).date().isoformat())

    jobs.daily("night.count", at="02:30")
    with clock.frozen(clock.day_bounds(clock.today())[0]) as watch:  # local midnight
        for _minutes in range(0, 48 * 60, 30):
            worker.enqueue_daily(clock.now())
            run()
            watch.move(minutes=30)
    assert len(days) == len(set(days)) == 2


WORKER = """
    import sys, time
    from pathlib import Path
    from datetime import timedelta
    from app import create_app
    from config import TestConfig
    from app.core import jobs
    from app.core.jobs import worker
    from app.registry.models import Dwelling

    application = create_app(TestConfig())
    mark, slow = Path(sys.argv[1]), sys.argv[2] == "slow"

    @jobs.handler("homes.build", lease=timedelta(seconds=3))
    def build(work):
        work.total = work.arguments["n"]
        for n in work.steps():
            with work.step() as session:
                session.add(Dwelling(area_id=work.arguments["area"], address=f"Road {n}"))
                session.flush()
                if n == 2 and slow:
                    mark.write_text("in the middle of step 2")
                    time.sleep(60)
        return {"built": work.total}

    with application.app_context():
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not worker.run_one(worker.new_owner()):
            time.sleep(0.1)
"""


def start_worker(mark, pace):
    return start("-c", textwrap.dedent(WORKER), str(mark), pace, env=dict(os.environ))


def test_a_killed_worker_loses_nothing_and_doubles_nothing(acting, world, tmp_path, request):
    """kill -9 in the middle of a step: the step is undone, the next worker goes on with exactly that step."""
    build()
    job_id, mark = order(acting, world, n=5), tmp_path / "mark"
    first = start_worker(mark, "slow")
    try:
        deadline = time.monotonic() + 40
        while not mark.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert mark.exists()
        assert (job_row(job_id).state, job_row(job_id).done_steps) == ("running", 2)
        os.kill(first.pid, signal.SIGKILL)
        first.wait(10)
        assert addresses() == ["Road 0", "Road 1"]
        second = start_worker(mark, "fast")  # waits for the lease to run out
        second.communicate(60)
        assert second.returncode == 0
    finally:
        first.kill()
        database = request.getfixturevalue("_database")
        if hasattr(database, "touch_all"):
            database.touch_all()
    job = job_row(job_id)
    assert (job.state, job.done_steps, job.result) == ("done", 5, {"built": 5})
    assert addresses() == [f"Road {n}" for n in range(5)]
