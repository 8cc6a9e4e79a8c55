"""Working folders of rendering processes lie in the site's home and do not outlive their owner; the press is warmed."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from app.documents import press
from app.documents.pool import RenderPool
from app.documents.scratch import Scratch, sweep
from config import ROOT

FONTS = Path(os.environ.get("GEBAN_FONTS") or ROOT / "var" / "fonts")
OWNER = (
    "import sys, time; from pathlib import Path; from app.documents.scratch import Scratch;"
    "print(Scratch(Path(sys.argv[1])).path, flush=True); time.sleep(60)"
)


def test_the_folder_of_a_killed_owner_is_swept_and_one_in_use_is_not(tmp_path):
    mine = Scratch(tmp_path)
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    theirs = Path(owner.stdout.readline().strip())
    (theirs / "page").write_text("a resident's page")
    assert sweep(tmp_path) == 0
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert theirs.is_dir()
    assert sweep(tmp_path) == 1
    assert not theirs.exists()
    assert mine.path.is_dir()
    mine.remove()
    assert not mine.path.exists()


def test_a_pool_works_below_its_root_and_sweeps_it_at_the_start(tmp_path):
    left = tmp_path / "print-left"
    left.mkdir()
    pool = RenderPool(FONTS, scratch_root=tmp_path, warm=1)
    pool.start()
    try:
        assert not left.exists()
        (folder,) = tmp_path.glob("print-*")
        assert folder.stat().st_mode & 0o077 == 0
        assert list(folder.glob("weasyprint-*"))
    finally:
        pool.close()
    assert list(tmp_path.glob("print-*")) == []


def test_a_web_process_warms_its_press_and_says_what_keeps_it_cold(app, monkeypatch, caplog):
    monkeypatch.setitem(app.extensions, "geban_press", None)
    opened = []
    monkeypatch.setattr(press, "_open", lambda *asked: opened.append(asked) or "a press")
    settings = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    seen = []
    monkeypatch.setattr(press.time, "sleep", seen.append)
    real = press.warm
    threads = []
    monkeypatch.setattr(press, "warm", lambda *a, **k: threads.append(real(*a, **k)))
    settings["post_worker_init"](SimpleNamespace(wsgi=app))
    threads[0].join(10)
    assert (opened, app.extensions["geban_press"], seen) == ([(app, None)], "a press", [2.0])

    def broken(*_asked):
        raise RuntimeError("no fonts")

    monkeypatch.setitem(app.extensions, "geban_press", None)
    monkeypatch.setattr(press, "_open", broken)
    real(app).join(10)
    assert "papers cannot be printed: RuntimeError: no fonts" in caplog.text
