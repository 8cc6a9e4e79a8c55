"""Form fields of our own."""

from app.core.widgets.chosen import (
    ChoiceField,
    CodeField,
    RemoteField,
    YesNoField,
    choice_pairs,
    lookup_label,
    view_of,
)
from app.core.widgets.typed import (
    INT_MAX,
    INT_MIN,
    CheckField,
    DayField,
    LongTextField,
    MomentField,
    Needed,
    NumberField,
    SecretField,
    TextField,
    WholeField,
    Wire,
    clean,
)

__all__ = [
    "INT_MAX",
    "INT_MIN",
    "CheckField",
    "ChoiceField",
    "CodeField",
    "DayField",
    "LongTextField",
    "MomentField",
    "Needed",
    "NumberField",
    "RemoteField",
    "SecretField",
    "TextField",
    "WholeField",
    "Wire",
    "YesNoField",
    "choice_pairs",
    "clean",
    "lookup_label",
    "view_of",
]
