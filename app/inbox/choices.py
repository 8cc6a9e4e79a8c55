"""Words of the lines that the house itself puts into inboxes."""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice


class NoticeLevel(Choice):
    """How loud a line is."""

    info = "info", _("Information"), "blue"
    warn = "warn", _("Please look"), "yellow"
    alarm = "alarm", _("Urgent"), "red"


class SiteNotice(Choice):
    """Lines about jobs, about the logs, and about what should have happened on a day."""

    job_done = "job_done", _("Done: %(job)s"), "green"
    job_failed = "job_failed", _("Failed: %(job)s. Please try again or tell the administrator."), "yellow"
    job_cancelled = "job_cancelled", _("Cancelled: %(job)s"), "grey"
    log_flaw = "log_flaw", _("The nightly check of the logs found something wrong. Run verify-audit."), "red"
    plan_refused = (
        "plan_refused",
        _("The plan %(plan)s should have taken effect on %(day)s and could not: %(why)s"),
        "red",
    )

    @property
    def msgid(self) -> str:
        """The English text, which the inbox translates for its reader."""
        return str(self.label._args[0])


class JobState(Choice):
    """Where a job is."""

    queued = "queued", _("Waiting"), "grey"
    running = "running", _("Running"), "blue"
    done = "done", _("Done"), "green"
    failed = "failed", _("Failed"), "red"
    cancelled = "cancelled", _("Cancelled"), "grey"
