"""The machine of a hazard: found, said to be put right, checked again; or passed on to those who may act.

The grid worker records and reports and never punishes (F09): what the worker cannot have put right goes to the
department with the powers, and only somebody who has looked at the place again closes a hazard.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from app.core.workflow import Machine, To
from app.registry.choices import HazardAction as A
from app.registry.choices import HazardState as S

INSPECTORS = ("grid_worker", "workstation", "town_staff")
NAMES = {
    "fix_by": _("To be put right by"),
    "note": _("What was seen or said"),
    "department": _("Passed on to"),
}
MACHINE = Machine(
    {
        (None, A.find): To(S.found, role=INSPECTORS, needs=("fix_by",)),
        (S.found, A.rectify): To(S.rectified, role=INSPECTORS, needs=("note",)),
        (S.found, A.give_time): To(S.found, role=INSPECTORS, needs=("fix_by", "note")),
        (S.found, A.report): To(S.reported, role=INSPECTORS, needs=("department", "note")),
        (S.rectified, A.passed): To(S.closed, role=INSPECTORS, needs=("note",)),
        (S.rectified, A.failed): To(S.found, role=INSPECTORS, needs=("fix_by", "note")),
        (S.rectified, A.report): To(S.reported, role=INSPECTORS, needs=("department", "note")),
        (S.reported, A.settle): To(S.closed, role=INSPECTORS, needs=("note",)),
        (S.reported, A.take_back): To(S.found, role=INSPECTORS, needs=("fix_by", "note")),
    },
    finals=(S.closed,),
    names=NAMES,
)
OPEN_STATES = (S.found, S.rectified, S.reported)
