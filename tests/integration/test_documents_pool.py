"""Rendering processes: what they answer, what happens to a slow, grown or dead one. No app, no database."""

import copy
import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.documents import registry, render
from app.documents.errors import ContextMismatch, EngineMissing, MissingGlyphs, RenderCrash, RenderTimeout
from app.documents.pool import Limits, RenderPool

FONTS = Path(os.environ.get("GEBAN_FONTS") or Path(__file__).resolve().parents[2] / "var" / "fonts")
F10 = registry.form("F10").sample


@pytest.fixture(scope="module")
def pool():
    """Two processes of a site that has secrets in its environment."""
    pool = RenderPool(FONTS, size=2)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GEBAN_SECRET_KEY", "secret-marker")
        environment.setenv("GEBAN_DATABASE_URL", "postgresql://secret-marker")
        pool.start()
    yield pool
    pool.close()


@pytest.fixture
def small_pool():
    made = []

    def make(**limits) -> RenderPool:
        made.append(RenderPool(FONTS, size=1, limits=Limits(**limits), warm=1))
        made[-1].start()
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def renamed(name: str) -> dict:
    context = copy.deepcopy(F10)
    context["principal"]["name"] = name
    return context


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_draws_the_same_bytes_as_the_caller_would(pool):
    assert pool.pdf("F10", F10) == render.render_pdf("F10", F10, fonts_root=FONTS)


def test_many_threads_share_few_processes(pool):
    names = [f"A{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(lambda name: pool.pdf("F10", renamed(name)), names))
    assert drawn == [render.render_pdf("F10", renamed(name), fonts_root=FONTS) for name in names]
    assert len(pool.pids()) == 2


def test_errors_cross_the_pipe_and_the_process_lives_on(pool):
    before = sorted(pool.pids())
    with pytest.raises(MissingGlyphs) as caught:
        pool.pdf("F10", renamed("\U0010fffd"))
    assert caught.value.characters == ["\U0010fffd"]
    with pytest.raises(ContextMismatch, match=r"principal\.name"):
        pool.pdf("F10", {"principal": {}} | {key: F10[key] for key in F10 if key != "principal"})
    assert pool.pdf("F10", F10).startswith(b"%PDF")
    assert sorted(pool.pids()) == before


def test_an_unexpected_error_tells_its_place_but_no_personal_data(pool):
    context = copy.deepcopy(F10)
    context["valid_from"] = "Li Guiying was born"
    with pytest.raises(RenderCrash) as caught:
        pool.pdf("F10", context)
    assert "ValueError at templating.py" in str(caught.value)
    assert "Guiying" not in str(caught.value)


def test_pictures_for_phones_come_from_the_pool(pool):
    from PIL import Image

    picture = pool.png(pool.pdf("F10", F10), width=600)
    assert Image.open(io.BytesIO(picture)).width == 600


def test_a_process_gets_no_secret_of_the_site(pool):
    for pid in pool.pids():
        assert b"PATH=" in Path(f"/proc/{pid}/environ").read_bytes()
        assert b"secret-marker" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_a_process_loads_no_web_framework_and_stays_small(pool):
    for pid in pool.pids():
        loaded = Path(f"/proc/{pid}/maps").read_text()
        assert "sqlalchemy" not in loaded
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
        assert resident < 250 * 2**20


def test_a_paper_that_takes_too_long_ends_its_process_only(small_pool):
    pool = small_pool(seconds=0.02)
    (before,) = pool.pids()
    with pytest.raises(RenderTimeout):
        pool.pdf("F10", F10)
    assert not is_alive(before)
    assert pool.pids() == []


def test_the_pool_goes_on_after_a_time_out(small_pool):
    pool = small_pool()
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGSTOP)
    object.__setattr__(pool.limits, "seconds", 0.05)
    with pytest.raises(RenderTimeout):
        pool.pdf("F10", F10)
    object.__setattr__(pool.limits, "seconds", 30.0)
    assert pool.pdf("F10", F10).startswith(b"%PDF")
    assert pool.pids() != [pid]


def test_a_process_that_died_while_idle_is_replaced(small_pool):
    pool = small_pool()
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGKILL)
    while is_alive(pid):
        time.sleep(0.01)
    assert pool.pdf("F10", F10).startswith(b"%PDF")
    assert pool.pids() != [pid]


@pytest.mark.parametrize("limits", [{"jobs": 1}, {"memory_mb": 1}])
def test_a_process_is_replaced_after_its_share_of_work_or_memory(small_pool, limits):
    pool = small_pool(**limits)
    (first,) = pool.pids()
    assert pool.pdf("F10", F10) == pool.pdf("F10", F10)
    assert first not in pool.pids()
    assert not is_alive(first)


def test_memory_beyond_the_hard_bound_is_an_error_not_a_full_machine(small_pool):
    pool = small_pool(hard_mb=700)
    with pytest.raises(RenderCrash):
        pool.png(pool.pdf("F10", F10), width=20_000)
    assert pool.pdf("F10", F10).startswith(b"%PDF")


def test_a_site_without_fonts_learns_it_at_start_up(tmp_path):
    with pytest.raises(EngineMissing, match="GEBAN_FONTS"):
        RenderPool(tmp_path).start()


def test_closing_ends_the_processes_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pool = RenderPool(FONTS, warm=1)
    pool.start()
    pids = pool.pids()
    assert any(tmp_path.iterdir())
    pool.close()
    assert [pid for pid in pids if is_alive(pid)] == []
    assert list(tmp_path.rglob("print-*")) == []


def test_a_forked_server_starts_processes_of_its_own(pool):
    before = pool.pids()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            is_fine = pool.pdf("F10", F10).startswith(b"%PDF") and not set(pool.pids()) & set(before)
            pool.close()
            code = 0 if is_fine else 2
        finally:
            sys.stdout.flush()
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool.pids() == before
    assert pool.pdf("F10", F10).startswith(b"%PDF")
    assert pool.pids() == before


def test_a_site_that_ends_without_closing_leaves_no_process_and_no_copies(tmp_path):
    script = (
        "import sys, types; package = types.ModuleType('app'); package.__path__ = [sys.argv[1] + '/app']\n"
        "sys.modules['app'] = package; sys.path.insert(0, sys.argv[1])\n"
        "import os; from pathlib import Path; from app.documents.pool import RenderPool\n"
        "pool = RenderPool(Path(sys.argv[2]), warm=1); pool.start(); print(pool.pids()[0], flush=True); os._exit(0)\n"
    )
    project = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script, project, str(FONTS)],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    deadline = time.monotonic() + 10
    while (is_alive(int(done.stdout)) or any(tmp_path.rglob("print-*"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(int(done.stdout))
    assert list(tmp_path.rglob("print-*")) == []
