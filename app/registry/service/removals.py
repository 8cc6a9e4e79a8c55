"""The steps of the registry that take rows away, and where each is undone (guards, section 1)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from app.core import removal

MERGED = removal.step(
    "merge",
    _("Two records were made one"),
    _("This went with a merge of two records. Take that merge apart (Merges) to have it back."),
)
REVOKED = removal.step(
    "revocation",
    _("The life event that made it was revoked"),
    _("This was made by a life event that was revoked. Enter the event again to have it back."),
)
CORRECTED = removal.step(
    "correction",
    _("Typed wrongly and corrected"),
    _("This number was typed wrongly and has been corrected. Correct the document in force if it was right."),
)
