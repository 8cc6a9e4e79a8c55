"""Forms of the proxy domain: one for each step, and the booking."""

from app.proxy.forms.booking import BookingForm, answers_of, conditions_of
from app.proxy.forms.questions import answers_given, question_form
from app.proxy.forms.steps import (
    LABELS,
    SIGNING,
    Asked,
    field_names,
    given_of,
    marks_of,
    paper_lines,
    step_form,
)
from app.proxy.forms.together import common_form, common_given

__all__ = [
    "LABELS",
    "SIGNING",
    "Asked",
    "BookingForm",
    "answers_given",
    "answers_of",
    "common_form",
    "common_given",
    "conditions_of",
    "field_names",
    "given_of",
    "marks_of",
    "paper_lines",
    "question_form",
    "step_form",
]
