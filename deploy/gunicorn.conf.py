"""Web server settings: `gunicorn -c deploy/gunicorn.conf.py run:app`. Environment: docs/operations.md.

Sync workers behind nginx use the least CPU and keep one request a process: nothing leaks between two users' threads.
"""

import gc
import os
from pathlib import Path

bind = f"{os.environ.get('GEBAN_BIND') or '127.0.0.1'}:{os.environ.get('GEBAN_PORT') or 8080}"
workers = int(os.environ.get("GEBAN_WEB_WORKERS") or min(4, os.cpu_count() or 1))
worker_class = "sync"
preload_app = False  # database connections and crypto keys belong to one process: made after the fork

timeout = 60  # longer work is a job with progress
graceful_timeout = 15  # below the 20 s that tools/supervise.py waits
max_requests = 5000  # a worker that slowly grows is replaced
max_requests_jitter = 500

# heartbeat files on a disk that hangs would make the master kill healthy workers
SHARED_MEMORY = Path("/dev", "shm")
worker_tmp_dir = str(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else None
control_socket_disable = True

errorlog = "-"
# off unless asked for, and never with the query: a search may hold personal data
accesslog = "-" if os.environ.get("GEBAN_ACCESS_LOG") == "1" else None
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(B)s %(D)s"


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """The rendering processes start beside the first requests: no clerk waits seconds for the first paper of a day.

    What was loaded at start stays for good, and a page makes some thousand objects that vanish with it: looking for
    rubbish among them after every 700 took a fifth of its time (docs/benchmarks.md).
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    from app.documents.press import warm

    warm(worker.wsgi, delay=2.0)
