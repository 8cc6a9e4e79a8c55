"""What gunicorn and `flask --app run` load."""

from app import create_app

app = create_app()
