"""What a rule or a service raises when it refuses, and what it returns when it only wonders.

Messages are lazy strings: they are kept as given and turned into text when ``str()`` is taken, so a rule may
refuse without an application context and the reader still gets the words of the reader's language.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

ERROR = "error"
WARNING = "warning"


class DomainError(Exception):
    """The business says no. Shown to the clerk as a sentence; `status` is the HTTP status at the edge.

    `field` names the form field to mark; `data` holds machine-readable detail (never personal data, it reaches
    logs and API answers).
    """

    status = 400
    code = "refused"
    default: Any = _("This is not possible.")

    def __init__(self, message: Any = None, *, field: str | None = None, **data: Any) -> None:
        super().__init__()
        self.message = self.default if message is None else message
        self.field = field
        self.data = data

    def __str__(self) -> str:
        return str(self.message)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, field={self.field!r})"


class NotAllowed(DomainError):
    """The acting post lacks the role or the area."""

    status = 403
    code = "not_allowed"
    default = _("Your post does not allow this.")


class NotFound(DomainError):
    """There is no such row, or it is outside the actor's scope: the answer is the same for both."""

    status = 404
    code = "not_found"
    default = _("Nothing was found.")


class Invalid(DomainError):
    """Something was typed or sent that cannot be right; `field` says where."""

    status = 400
    code = "invalid"
    default = _("This value is not valid.")


class Conflict(DomainError):
    """The record is not in a state in which this can be done."""

    status = 409
    code = "conflict"
    default = _("The record is not in a state that allows this.")


class StaleVersion(Conflict):
    """Somebody else saved the record after it was opened; `data` may hold both versions' numbers."""

    code = "stale_version"
    default = _("Somebody else changed this record in the meantime.")


class Throttled(DomainError):
    """Too many tries; `retry_after` is in seconds."""

    status = 429
    code = "throttled"
    default = _("Too many tries. Please wait and try again.")

    def __init__(self, message: Any = None, *, retry_after: int | None = None, **data: Any) -> None:
        super().__init__(message, **data)
        self.retry_after = retry_after


@dataclass(frozen=True, eq=False)
class Finding:
    """Something a rule noticed. An error stops the saving; a warning does not, but may ask for a reason.

    `ref` says which of several rows is meant (a household member's place in the list, a grid's code).
    """

    code: str
    severity: str
    field: str | None
    message: Any
    needs_reason: bool = False
    ref: Any = None

    @property
    def is_error(self) -> bool:
        return self.severity == ERROR


def error(code: str, field: str | None, message: Any, ref: Any = None) -> Finding:
    return Finding(code, ERROR, field, message, False, ref)


def warning(
    code: str, field: str | None, message: Any, *, needs_reason: bool = False, ref: Any = None
) -> Finding:
    return Finding(code, WARNING, field, message, needs_reason, ref)


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raise Invalid for the first error among the findings; warnings pass."""
    for finding in findings:
        if finding.is_error:
            raise Invalid(finding.message, field=finding.field, finding=finding.code)
