"""What gunicorn and `flask --app run` load."""

import gc

from app import create_app

app = create_app()
# what a start has loaded stays as long as the process does: looking it through again and again took a fifth of a first start
gc.freeze()
