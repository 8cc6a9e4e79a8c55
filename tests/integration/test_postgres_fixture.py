"""The tests' own PostgreSQL server: what it is set to, and that nothing of it stays."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.support.postgres import ephemeral_postgres

ROOT = Path(__file__).resolve().parents[2]
# root's Python may be out of reach for others, so the imports come before the change of user
AS_NOBODY = """
import os, psycopg
from tests.support.postgres import ephemeral_postgres
os.setgroups([]); os.setgid(65534); os.setuid(65534); os.environ["HOME"] = "/tmp"
with ephemeral_postgres() as url:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        print(connection.execute("SELECT 41 + 1").fetchone()[0])
"""

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def url():
    with ephemeral_postgres() as url:
        yield url


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("lc_collate", "C"),
        ("fsync", "off"),
        ("plan_cache_mode", "force_custom_plan"),
        ("listen_addresses", "127.0.0.1"),
    ],
)
def test_the_server_is_set_as_the_tests_need_it(url, setting, value):
    engine = create_engine(url)
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT current_setting(:name)"), {"name": setting}).scalar_one() == value
        )
    engine.dispose()


def test_nothing_is_left_when_the_block_ends():
    with ephemeral_postgres() as url:
        port = make_url(url).port
        with psycopg.connect(host="127.0.0.1", port=port, user="geban", dbname="postgres") as connection:
            row = connection.execute("SHOW unix_socket_directories").fetchone()
        folder = Path(row[0])
        assert folder.exists()
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=port, user="geban", dbname="postgres", connect_timeout=2)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_can_start_it_too():
    done = subprocess.run([sys.executable, "-c", AS_NOBODY], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "42"), done.stderr
