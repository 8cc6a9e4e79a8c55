"""Attachments: encrypted, under random keys, visible inside the scope only, downloaded under a neutral name."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from PIL import Image
from sqlalchemy import select

from app.core import clock, files
from app.core.errors import NotAllowed, NotFound
from app.core.files import Attachment, LocalStore
from app.core.uploads import clean_image

pytestmark = pytest.mark.any_database


def photo():
    out = io.BytesIO()
    Image.effect_noise((80, 80), 50).convert("RGB").save(out, "JPEG")
    return clean_image(out.getvalue())


def owned(world, area="grid_a11", **more):
    return {
        "area_id": world.areas[area], "owner_kind": "note", "owner_uid": "0" * 36, "purpose": "material", **more,
    }  # fmt: skip


@pytest.fixture
def kept(acting, world):
    """An attachment of grid A11, made by its worker, and the session it was made in."""
    session = acting("worker_a")
    clean = photo()
    row = files.save(session, clean, **owned(world))
    session.commit()
    return row, clean


def test_what_lies_in_the_folder_is_ciphertext_under_a_random_key(kept):
    row, clean = kept
    path = files.store().path(row.storage_key)
    stored = path.read_bytes()
    assert clean.data not in stored
    assert b"JFIF" not in stored
    assert path.stat().st_mode & 0o077 == 0
    assert hashlib.sha256(stored).hexdigest() == row.sha256
    assert files.read(row) == clean.data


def test_equal_photos_share_nothing(acting, world):
    session, clean = acting("worker_a"), photo()
    one, two = (files.save(session, clean, **owned(world)) for _n in range(2))
    assert one.storage_key != two.storage_key
    assert one.sha256 != two.sha256


def test_a_file_copied_over_another_does_not_open(acting, world):
    session = acting("worker_a")
    one, two = (files.save(session, photo(), **owned(world)) for _n in range(2))
    files.store().path(one.storage_key).write_bytes(files.store().get(two.storage_key))
    with pytest.raises(InvalidTag):
        files.read(one)


def test_the_row_obeys_the_scope(kept, acting, world):
    row, _clean = kept
    query = select(Attachment).where(Attachment.uid == row.uid)
    assert acting("worker_a").scalars(query).one_or_none() is not None
    assert acting("worker_t").scalars(query).one_or_none() is None
    with pytest.raises(NotAllowed):
        files.save(acting("worker_t"), photo(), **owned(world))


def test_nothing_is_written_for_an_area_outside(acting, world):
    before = set(files.store().keys(clock.now() + timedelta(days=1)))
    with pytest.raises(NotAllowed):
        files.save(acting("worker_t"), photo(), **owned(world))
    assert set(files.store().keys(clock.now() + timedelta(days=1))) == before


@pytest.mark.parametrize(
    "key", ["../../keys/keys.json", "/etc/passwd", "", "0" * 63, "A" * 64, "0" * 63 + "/"]
)
def test_a_key_that_is_not_ours_touches_nothing(tmp_path, key):
    with pytest.raises(NotFound):
        LocalStore(tmp_path).get(key)


def test_a_download_has_a_neutral_name_and_runs_nothing(kept, app):
    row, clean = kept
    with app.test_request_context():
        answer = files.response(row)
        forced = files.response(row, inline=False)
    assert answer.data == clean.data
    assert answer.headers["Content-Disposition"] == f'inline; filename="{row.uid}.jpg"'
    assert forced.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_orphans_are_found_and_swept_after_a_day(kept, acting, world, system):
    row, _clean = kept
    session = acting("worker_a")
    lost = files.save(session, photo(), **owned(world)).storage_key
    session.rollback()
    now = clock.now()
    assert files.orphans(system, now) == []
    assert lost in files.orphans(system, now + timedelta(days=2))
    assert files.sweep(system, now + timedelta(days=2)) >= 1
    assert files.read(row)
    with pytest.raises(NotFound):
        files.store().get(lost)


def test_a_deleted_attachment_is_no_orphan(kept, system):
    row, _clean = kept
    stored = system.get(Attachment, row.id)
    stored.deleted_at = clock.now()
    system.commit()
    assert row.storage_key not in files.orphans(system, clock.now() + timedelta(days=2))
