"""Closed lists of imports: states and steps of a batch, what is done with known rows, what a row did."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from app.core.choices import Choice


class BatchState(Choice):
    """Where a sheet stands on its way in."""

    uploaded = "uploaded", _("Columns to match"), "grey"
    mapped = "mapped", _("To be checked"), "blue"
    checking = "checking", _("Being checked"), "blue"
    checked = "checked", _("Checked through"), "yellow"
    running = "running", _("Being imported"), "blue"
    stopped = "stopped", _("Interrupted"), "red"
    done = "done", _("Imported"), "green"
    undoing = "undoing", _("Being undone"), "blue"
    halted = "halted", _("Undoing interrupted"), "red"
    undone = "undone", _("Undone"), "grey"
    dropped = "dropped", _("Given up"), "grey"


class BatchAction(Choice):
    """A step of a batch: what people do, and what its jobs report."""

    upload = "upload", _("Sheet uploaded")
    look = "look", _("Tab or headings chosen")
    map = "map", _("Columns matched")
    check = "check", _("Check begun")
    checked = "checked", _("Check ended")
    refuse = "refuse", _("Check broken off")
    run = "run", _("Import begun")
    finish = "finish", _("Import ended")
    stop = "stop", _("Import broken off")
    undo = "undo", _("Undoing begun")
    undone = "undone", _("Undoing ended")
    halt = "halt", _("Undoing broken off")
    drop = "drop", _("Sheet given up")


class KnownRule(Choice):
    """What is done with a row whose record is in the register already."""

    skip = "skip", _("Leave it as it is")
    fill = "fill", _("Fill in what is empty")
    update = "update", _("Take over the values of the sheet")
    new = "new", _("Enter it again as a new record")


class RowOutcome(Choice):
    """What a row of the sheet did, or would do."""

    made = "made", _("New"), "green"
    changed = "changed", _("Changed"), "blue"
    same = "same", _("Nothing new"), "grey"
    skipped = "skipped", _("Known already"), "grey"
    bad = "bad", _("Cannot go in"), "red"
    undone = "undone", _("Undone"), "grey"
    kept = "kept", _("Kept"), "yellow"
