"""What gunicorn and `flask --app run` load."""

import gc
import sys

from app import create_app
from app.core.crypto import KeyProblem
from config import Refused

gc.disable()  # nothing that a start loads is garbage
try:
    app = create_app()
except (Refused, KeyProblem) as error:
    print(f"GeBan does not start: {error}", file=sys.stderr)
    # 3 is gunicorn's "worker failed to boot": it ends too, and does not try again for ever
    raise SystemExit(3) from None
# what a start has loaded stays as long as the process does
gc.freeze()
gc.enable()
