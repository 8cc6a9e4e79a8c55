"""Pages of the work log."""

from app.worklog.views.calendar import StaffAbsenceView, WorkSlotView
from app.worklog.views.visits import ServiceRecordView, VisitStopView, VisitView

__all__ = ["ServiceRecordView", "StaffAbsenceView", "VisitStopView", "VisitView", "WorkSlotView"]
