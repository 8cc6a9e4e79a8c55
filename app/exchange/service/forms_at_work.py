"""Forms of views where there is no page: a job brings rows to the same forms that clerks fill in."""

from app.core.views.at_work import forms_at_work as forms_of

__all__ = ["forms_of"]
