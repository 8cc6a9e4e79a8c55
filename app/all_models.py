"""Imports every module with tables, for Alembic and the architecture tests."""

import flask_appbuilder.security.sqla.models  # noqa: F401

import app.areas.models
import app.audit.models
import app.core.codes
import app.core.counters
import app.core.drafts
import app.core.extra.models
import app.core.files
import app.core.jobs
import app.core.numbering
import app.core.saved
import app.documents.models
import app.exchange.models
import app.inbox.models
import app.proxy.models
import app.registers.found
import app.registry.models
import app.worklog.models  # noqa: F401
