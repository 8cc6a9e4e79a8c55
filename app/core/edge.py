"""The request edge: who may pass without signing in, security headers, error pages, redirects that stay here.

Every refusal reaches the clerk as one sentence, as a page or as JSON; nothing internal is shown (guards, section 4).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import (
    Flask,
    Request,
    Response,
    current_app,
    g,
    has_request_context,
    jsonify,
    render_template,
    request,
)
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from werkzeug.exceptions import BadRequest, HTTPException

from app.core.errors import DomainError, StaleVersion, Throttled

log = logging.getLogger(__name__)
View = TypeVar("View", bound=Callable[..., Any])

SENTENCES: dict[int, tuple[Any, Any]] = {
    400: (_("Something in the request is not right"), _("Go back, check what you entered and try again.")),
    401: (_("Please sign in"), _("Sign in and try again.")),
    403: (_("Not allowed"), _("Your post does not allow this.")),
    404: (_("Not found"), _("There is no such page or record, or it lies outside your area.")),
    405: (_("Not possible this way"), _("This step is done with a button on the page. Go back and use it.")),
    409: (_("Changed in the meantime"), _("Somebody else changed this record. Open it again.")),
    413: (_("Too large"), _("The file or form is too large. Make the picture smaller and try again.")),
    415: (_("Unknown kind of file"), _("This kind of file cannot be used here.")),
    422: (_("Please check what you entered"), _("Something in the form is not right.")),
    429: (_("Too many tries"), _("Please wait a while and try again.")),
    500: (
        _("Something went wrong"),
        _("Nothing was saved. Try again; if it happens again, tell the administrator."),
    ),
    503: (_("Busy"), _("The system is busy. Try again in a minute.")),
}
NOT_NOW = _("Not possible now")  # a 409 that says why; only a stale page is one that somebody else changed
NOT_SHOWN = _("The page cannot be shown. Try again; if it happens again, tell the administrator.")
STALE_FORM = _("This page was open for too long or in two windows. Reload it and send it again.")
BAD_HOST = _("This address is not one of this site.")


def public(view: View) -> View:
    """Mark a view function as open to visitors who have not signed in; an architecture test holds the list."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def wants_json() -> bool:
    """Whether the caller is a script: an API path, a JSON body, or JSON preferred over HTML."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def safe_next(target: str | None, fallback: str = "/") -> str:
    """A redirect target on this site as path and query, or the fallback.

    Refuses other hosts, ``//host``, backslashes (browsers read them as slashes), other schemes and control characters.
    """
    if not target or any(ord(c) < 32 or c in "\\\x7f" for c in target):
        return fallback
    try:
        parts = urlsplit(target)
    except ValueError:
        return fallback
    if (parts.scheme or parts.netloc) and (
        parts.scheme not in {"http", "https"} or parts.netloc != request.host
    ):
        return fallback
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return fallback
    return parts.path + (f"?{parts.query}" if parts.query else "")


# --- headers --------------------------------------------------------------------------------------------------


def csp_nonce() -> str:
    """The nonce of this response, for every inline script and style."""
    if not has_request_context():
        return ""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _policy() -> str:
    nonce = f"'nonce-{csp_nonce()}'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {nonce}",
            f"style-src 'self' {nonce}",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_static(endpoint: str | None) -> bool:
    """Whether an endpoint serves files of the program: the same for everybody, nothing personal."""
    return endpoint == "static" or bool(endpoint and endpoint.endswith(".static"))


def add_headers(response: Response) -> Response:
    """Security headers on every answer; ``no-store`` on everything but the program's own files."""
    for name, value in FIXED_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _policy())
    if request.is_secure or current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if not is_static(request.endpoint):
        response.headers["Cache-Control"] = "no-store"
    elif response.status_code == 200 and _is_stamped():
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _is_stamped() -> bool:
    """Whether the address of a file changes with its contents: it need never be asked for again."""
    return "v" in request.args or (request.view_args or {}).get("filename", "").startswith("vendor/")


# --- errors ---------------------------------------------------------------------------------------------------


def error_answer(
    status: int, sentence: Any, *, code: str = "", reference: str = "", **extra: Any
) -> Response:
    """An error as JSON or as a page, with a title, a sentence and (500) a reference that stands in the log."""
    title = SENTENCES.get(status, SENTENCES[400 if status < 500 else 500])[0]
    if status == 409 and code not in ("", StaleVersion.code):
        title = NOT_NOW
    if wants_json():
        body = {"code": code or str(status), "message": str(sentence), **extra}
        response = jsonify(body | ({"reference": reference} if reference else {}))
    else:
        response = Response(_page(status, title, sentence, code, reference, extra), mimetype="text/html")
    response.status_code = status
    return response


def _page(status: int, title: Any, sentence: Any, code: str, reference: str, extra: dict[str, Any]) -> str:
    try:
        return render_template(
            "appbuilder/error.html",
            status=status,
            title=title,
            sentence=sentence,
            code=code,
            reference=reference,
            extra=extra,
        )
    except Exception as problem:  # no template, no routing (wrong host), no database: a bare page
        log.warning("the error page fell back to plain HTML: %s", type(problem).__name__)
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{escape(str(title))}</title>'
        f"<h1>{escape(str(title))}</h1><p>{escape(str(sentence))}</p>"
        f'<p>{escape(reference)}</p><p><a href="/">GeBan</a></p></html>'
    )


def _domain_error(error: DomainError) -> Response:
    extra: dict[str, Any] = {"field": error.field} if error.field else {}
    extra |= {k: v for k, v in error.data.items() if isinstance(v, (str, int, float, bool, list, dict))}
    response = error_answer(error.status, error, code=error.code, **extra)
    if isinstance(error, Throttled) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _http_error(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error  # redirects are answers, not errors
    sentence = SENTENCES.get(status, SENTENCES[400 if status < 500 else 500])[1]
    if isinstance(error, CSRFError):
        return error_answer(status, STALE_FORM, code="csrf")
    if type(error).__name__ == "SecurityError":
        return error_answer(status, BAD_HOST, code="host")
    reference = ""
    if status >= 500:
        reference = secrets.token_hex(4)
        cause = getattr(error, "original_exception", None) or error
        log.error("error %s at %s: %s", reference, request.endpoint, cause, exc_info=cause)
    if status == 500 and request.method in {"GET", "HEAD"}:
        sentence = (
            NOT_SHOWN  # a page that only reads says nothing about saving: the step before may have saved
        )
    response = error_answer(status, sentence, reference=reference)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


class SiteRequest(Request):
    """Flask's request, for which JSON nested deeper than Python's stack is bad input and not an error of ours."""

    def get_json(self, *args: Any, **options: Any) -> Any:
        try:
            return super().get_json(*args, **options)
        except RecursionError as error:
            raise BadRequest from error


def install(app: Flask) -> None:
    """Hang headers, error handlers and the nonce on an app."""
    app.request_class = SiteRequest
    app.after_request(add_headers)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
