"""The life of an issued paper, pure: issued, signed, handed out, void or replaced. Numbers are never deleted.

A paper is replaced only by its successor (``successor`` is the new number): nobody is offered that step by itself.
"""

from typing import Any

from flask_babel import lazy_gettext as _

from app.core.workflow import Machine, To
from app.documents.choices import DocumentAction as A
from app.documents.choices import DocumentState as S

NAMES: dict[str, Any] = {"reason": _("reason"), "collected_by": _("who took it")}
ISSUERS = ("grid_worker", "workstation", "office_clerk", "town_staff", "department")
KEEPERS = ("workstation", "office_clerk", "town_staff")
REPLACED = To(S.replaced, role=ISSUERS, needs=("reason",), when=("successor",))

MACHINE = Machine(
    {
        (None, A.issue): To(S.issued, role=ISSUERS),
        (S.issued, A.sign): To(S.signed, role=ISSUERS),
        (S.issued, A.collect): To(S.collected, role=ISSUERS, needs=("collected_by",)),
        (S.issued, A.void): To(S.voided, role=KEEPERS, needs=("reason",)),
        (S.issued, A.supersede): REPLACED,
        (S.issued, A.expire): To(S.expired, role=KEEPERS),
        (S.signed, A.collect): To(S.collected, role=ISSUERS, needs=("collected_by",)),
        (S.signed, A.void): To(S.voided, role=KEEPERS, needs=("reason",)),
        (S.signed, A.supersede): REPLACED,
        (S.signed, A.expire): To(S.expired, role=KEEPERS),
        (S.collected, A.void): To(S.voided, role=KEEPERS, needs=("reason",)),
        (S.collected, A.supersede): REPLACED,
        (S.collected, A.expire): To(S.expired, role=KEEPERS),
    },
    finals=(S.voided, S.replaced, S.expired),
    names=NAMES,
)


def stands(state: str) -> bool:
    """Whether a paper in this state may still be printed and shown."""
    return S(state) not in MACHINE.finals
