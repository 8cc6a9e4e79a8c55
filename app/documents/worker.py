"""The rendering process: takes jobs from one pipe, answers on it, leaves when it has grown too large.

Started by ``pool`` as ``python -I worker.py <pipe> <project folder> <fonts root> <scratch folder> <limits>``: a new
interpreter, not a fork (threads, WeasyPrint) and not multiprocessing's spawn (it would import the site's main module).
Its environment holds no keys and no database address: what draws a page needs none of them.
"""

from __future__ import annotations

import atexit
import gc
import json
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import types
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


def _bare_package(project: Path) -> None:
    """``app/__init__`` builds the web site and imports its frameworks; a bare package of that name is all we need."""
    package = types.ModuleType("app")
    package.__path__ = [str(project / "app")]
    sys.modules["app"] = package


def _resident_mb() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 2**20


def _do(kind: str, arguments: dict[str, Any], fonts_root: Path) -> Any:
    from app.documents.preview import png_page
    from app.documents.render import render_pdf
    from app.documents.tables import numbers_pdf, part_pdf

    if kind == "pdf":
        return render_pdf(**arguments, fonts_root=fonts_root)
    if kind == "png":
        return png_page(**arguments)
    if kind == "table":
        return part_pdf(**arguments, fonts_root=fonts_root)
    if kind == "numbers":
        return numbers_pdf(**arguments, fonts_root=fonts_root)
    raise ValueError(kind)


def _answer(kind: str, arguments: dict[str, Any], fonts_root: Path) -> tuple[str, Any]:
    """("ok", result), or the error. Of an unexpected one only kind and place go out: its text may name a resident."""
    from app.documents.errors import PaperError, RenderCrash

    try:
        return "ok", _do(kind, arguments, fonts_root)
    except PaperError as error:
        return "error", error
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        return "error", RenderCrash(str(arguments.get("form_code", kind)), where)


def _warm_up(fonts_root: Path, forms: int | None) -> None:
    """Draw a sample of each form, so that the first clerk does not wait for it, or of the first ``forms`` only; then
    take what is loaded out of the collector.
    """
    from app.documents.registry import load_forms
    from app.documents.render import render_pdf

    for form in list(load_forms().values())[:forms]:
        render_pdf(form.code, form.sample, fonts_root=fonts_root)
    gc.collect()
    gc.freeze()


def serve(pipe: Connection, fonts_root: Path, *, jobs: int, memory_mb: int, warm: int | None) -> None:
    """Answer (kind, arguments) with (status, value, leaving) until the pipe closes or a bound is reached."""
    from app.documents.errors import PaperError

    try:
        _warm_up(fonts_root, warm)
    except PaperError as error:
        pipe.send(("error", error, True))
        return
    pipe.send(("ok", "ready", False))
    for done in range(1, jobs + 1):
        try:
            kind, arguments = pipe.recv()
        except EOFError:
            return
        status, value = _answer(kind, arguments, fonts_root)
        gc.collect(0)  # pages of the last paper; the frozen rest is not looked at
        leaving = done == jobs or _resident_mb() > memory_mb
        pipe.send((status, value, leaving))
        if leaving:
            return


def main() -> None:
    handle, project, fonts_root, scratch, settings = sys.argv[1:6]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the site; its end closes the pipe
    tempfile.tempdir = scratch
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    sys.path.insert(0, project)
    _bare_package(Path(project))
    limits = json.loads(settings)
    hard = limits.pop("hard_mb") * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    with Connection(int(handle)) as pipe:
        serve(pipe, Path(fonts_root), **limits)


if __name__ == "__main__":
    main()
