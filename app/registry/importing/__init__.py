"""The sheet "persons with households": a row is a person; people of one home or household number are a household.

Written by columns and chunks through ``core/bulk``, with the rows that the services make for one person
(registry/service); who is on record already goes through the services themselves.
"""

from flask_babel import lazy_gettext as _

from app.core.sheets import Sheet, declare
from app.registry.importing import settling as _settling  # noqa: F401 - registers its job
from app.registry.importing.fields import person_fields
from app.registry.importing.writer import PersonWriter
from app.registry.service import followers as _followers  # noqa: F401 - says what goes when an import is undone

PERSONS = "persons"
CHUNK = 2_000  # rows of one commit: half a second of the write lock on SQLite

declare(
    Sheet(
        PERSONS,
        _("Residents with households"),
        "PersonView",
        fields=person_fields,
        writer=lambda _session, actor, options: PersonWriter(actor, options),
        chunk=CHUNK,
    )
)

__all__ = ["PERSONS", "PersonWriter", "person_fields"]
